"""Rows that replace a quotient or a difference: the new form has the slope that the reference gives the old one."""

from __future__ import annotations

import numpy as np
import torch
from each import each

from gradcli.language.parser import parse
from gradcli.language.rewrite import removable
from gradcli.language.rewrite.identities import ROUNDING
from gradcli.language.rewrite.rule import Identity
from gradcli.numerics import reference
from gradcli.numerics.evaluate import Context, evaluate

DISTANCES = (1e-9, 1e-4, 1.9e-3, 2.1e-3, 9e-3, 0.011, 0.09, 0.11, 0.3, 0.7)
"""From the point where a quotient is 0/0: on both sides of where its first terms give way to it."""
CONTEXT = Context(torch.float64, "cpu", 10_000)
AROUND_ONE = ("acos", "(x - 1)", "(x + 1)")


def points(row: Identity) -> np.ndarray:
    """Inputs around the point of a row, on the sides where it is defined."""
    far = np.array(DISTANCES)
    return 1 - far if any(sign in row.pattern for sign in AROUND_ONE) else np.concatenate([far, -far])


def slope_error(row: Identity, x: np.ndarray) -> float:
    """The largest error of PyTorch's float64 slope of the new form, against the reference's of the old one."""
    pattern, template = parse(row.pattern), parse(row.template)
    # k: the condition of a where, which takes the quotient and not the constant
    others = {"a": np.array(0.5), "b": np.array(2.0), "c": np.array(1.0), "k": np.array(row.pattern.endswith(", c)"))}
    inputs = {"x": x, **{name: others[name] for name in pattern.free_names if name != "x"}}
    exact = reference.slopes(pattern, inputs, ["x"], elementwise=True)["x"]
    leaf = torch.tensor(x, requires_grad=True)
    tensors = {name: torch.tensor(value) for name, value in inputs.items() if name != "x"}
    evaluate(template, {"x": leaf, **tensors}, CONTEXT).sum().backward()
    assert leaf.grad is not None
    true = np.array([float(slope.value) for slope in exact])
    return float(np.max(np.abs(leaf.grad.numpy() - true) / np.maximum(np.abs(true), 1e-3)))


@each("row", removable.ROWS, ids=lambda row: f"{row.pattern}, {row.template[:30]}")
def test_a_removable_quotient_keeps_its_slope_near_the_point_and_far_from_it(row: Identity) -> None:
    x = points(row)
    if row.template.count("sinc") and "where" not in row.template:
        x = x[np.abs(x) > 0.01]  # PyTorch's slope of sinc loses its digits closer to 0
    assert slope_error(row, x) < 1e-7


@each("row", [r for r in ROUNDING if "y" not in r.pattern], ids=lambda row: str(row.pattern))
def test_a_difference_keeps_its_slope(row: Identity) -> None:
    assert slope_error(row, np.array([0.8, 0.9])) < 1e-12


def test_a_wrong_term_is_noticed() -> None:
    row = next(row for row in removable.ROWS if row.pattern == "log(1 + x)/x")
    wrong = Identity(row.name, row.pattern, row.template.replace("x**2/3", "x**2/2"))
    assert wrong != row
    assert slope_error(row, np.array(DISTANCES)) < 1e-7 < slope_error(wrong, np.array(DISTANCES))
