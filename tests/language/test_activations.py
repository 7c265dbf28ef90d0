"""Formulas and derivatives of activations: PyTorch's, and those of the reference."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from activation_rows import (
    BY_NAME,
    PYTORCH_HAS_NO_DERIVATIVE,
    PYTORCH_IS_INEXACT,
    STARTS_AT,
    Parameters,
    elementwise_cases,
    every_elementwise_case,
    every_row,
    kinks,
    pytorch,
    real,
    run,
    slope,
)
from each import each

from gradcli.language.catalogue.activations import ACTIVATIONS
from gradcli.language.catalogue.rows import Activation
from gradcli.language.parser import parse

DATA = Path(__file__).parents[1] / "data"
REFERENCE = json.loads((DATA / "activations.json").read_text(encoding="utf-8"))["functions"]

EXPRESSION_FAILS: dict[str, tuple[Callable[[torch.Tensor], torch.Tensor], str]] = {
    "sigmoid": (lambda x: x < -700, "exp(-x) overflows where the result is not yet 0"),
    "silu": (lambda x: x < -700, "exp(-x) overflows where the result is not yet 0"),
    "tanh": (lambda x: (x.abs() < 0.1) | (x.abs() > 700), "exp(x) - exp(-x) cancels near 0; exp overflows far out"),
    "elu": (lambda x: (x < 0) & (x > -0.1), "exp(x) - 1 cancels just below 0"),
    "selu": (lambda x: (x < 0) & (x > -0.1), "exp(x) - 1 cancels just below 0"),
    "celu": (lambda x: (x < 0) & (x > -0.1), "exp(x / alpha) - 1 cancels just below 0"),
    "logsigmoid": (lambda x: x < -700, "exp(-x) overflows"),
    "gelu": (lambda x: x < -3, "1 + erf(x / sqrt(2)) cancels in the left tail"),
    "tanhshrink": (lambda x: x.abs() < 0.1, "x - tanh(x) cancels near 0"),
    "log1p": (lambda x: x.abs() < 0.1, "1 + x rounds near 0"),
    "exp": (lambda x: x.abs() > 100, "the rounding of e is raised to a power"),
}
"""Where a textbook formula is true and its evaluation in float64 is not: only the absolute error is small there."""


def points(row: Activation) -> torch.Tensor:
    extremes = [1e-8, 1e-3, 0.25, 0.5, 1.0, 2.0, 3.0, 6.0, 10.0, 20.0, 100.0, 700.0, 1000.0]
    signed = torch.tensor([sign * x for x in extremes for sign in (1, -1)], dtype=torch.float64)
    x = torch.cat([torch.linspace(-30, 30, 193, dtype=torch.float64), signed])
    return x[x > STARTS_AT[row.name]] if row.name in STARTS_AT else x


def assert_close(found: torch.Tensor, wanted: torch.Tensor, x: torch.Tensor, *, relative: float, name: str) -> None:
    """Close in relative terms, in absolute terms where the table says that the formula cancels or overflows."""
    fails = EXPRESSION_FAILS[name][0](x) if name in EXPRESSION_FAILS else torch.zeros_like(x, dtype=torch.bool)
    torch.testing.assert_close(found[~fails], wanted[~fails], rtol=relative, atol=0)
    near = fails & found.isfinite()
    torch.testing.assert_close(found[near], wanted[near], rtol=1e-12, atol=1e-14)


@every_row
def test_every_expression_of_a_row_is_one_of_the_language(row: Activation) -> None:
    known = {"x", *dict(row.parameters)} | (set() if row.elementwise else {"y", "n", "i", "j"})
    optional = [text for text in (row.flat, row.largest_slope, row.subject) if text is not None]
    for text in (row.formula, row.derivative, *row.kinks, *optional):
        assert set(parse(text, bound=known).free_names) <= known, text


@every_elementwise_case
def test_the_formula_gives_what_pytorch_gives(row: Activation, parameters: Parameters) -> None:
    x = points(row)
    wanted = pytorch(row, x, parameters)
    assert_close(run(row.formula, x=x, **parameters).expand_as(x), wanted, x, relative=1e-12, name=row.name)


@each(
    "row, parameters",
    [case for case in elementwise_cases() if case[0].name not in PYTORCH_HAS_NO_DERIVATIVE],
)
def test_the_derivative_gives_what_autograd_gives_at_the_kinks_too(row: Activation, parameters: Parameters) -> None:
    x = torch.cat([points(row), torch.tensor(kinks(row, parameters), dtype=torch.float64)])
    found = real(run(row.derivative, x=x, **parameters)).expand_as(x)
    relative = PYTORCH_IS_INEXACT.get(row.name, (1e-12, ""))[0]
    torch.testing.assert_close(found, slope(row, x, parameters), rtol=relative, atol=1e-15)


@pytest.mark.parametrize("name", PYTORCH_HAS_NO_DERIVATIVE)
def test_pytorch_still_refuses_to_differentiate_a_step(name: str) -> None:
    x = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
    row = BY_NAME[name]
    output = pytorch(row, x, dict(row.parameters))
    with pytest.raises(RuntimeError, match=PYTORCH_HAS_NO_DERIVATIVE[name]):
        output.sum().backward()


@pytest.mark.parametrize("row", [row for row in ACTIVATIONS if not row.elementwise], ids=lambda row: row.name)
def test_the_formula_and_the_jacobian_of_a_row_that_is_not_elementwise_are_pytorchs(row: Activation) -> None:
    x = torch.tensor([0.3, -1.2, 2.0, 0.7, -0.4, 1.1], dtype=torch.float64)
    parameters = dict(row.parameters)
    y = pytorch(row, x, parameters)
    torch.testing.assert_close(run(row.formula, x=x, **parameters), y, rtol=1e-12, atol=0)
    wanted = torch.autograd.functional.jacobian(lambda x: pytorch(row, x, parameters), x)
    n = len(y)
    entries: Parameters = {"x": x, "y": y.tolist(), "n": n, "exp": math.exp}
    found = [[float(run(row.derivative, **entries, i=i, j=j)) for j in range(len(x))] for i in range(n)]
    torch.testing.assert_close(torch.tensor(found, dtype=torch.float64), wanted, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("row", [row for row in ACTIVATIONS if not row.elementwise], ids=lambda row: row.name)
def test_the_formula_works_along_any_dim(row: Activation) -> None:
    x = torch.randn(4, 6, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for dim in (0, 1, -1):
        torch.testing.assert_close(run(row.formula, x=x, dim=dim), pytorch(row, x, {"dim": dim}), rtol=1e-12, atol=0)


@every_elementwise_case
def test_a_elementwise_row_maps_each_element_alone(row: Activation, parameters: Parameters) -> None:
    x = torch.linspace(0.05, 5, 6, dtype=torch.float64)
    together = pytorch(row, x, parameters)
    alone = torch.stack([pytorch(row, element, parameters) for element in x])
    torch.testing.assert_close(together, alone, rtol=1e-14, atol=0)


def number(value: Any) -> float:
    return float(value)  # also 'NaN', 'Infinity'


def reference_cases() -> list[Any]:
    return [
        entry
        for entry in REFERENCE
        if entry["name"] != "glu" and entry["params"].get("approximate") != "tanh"  # glu: below; tanh: not the formula
    ]


every_reference = each("entry", reference_cases(), ids=lambda entry: (entry["name"], *entry["params"].values()))


@every_reference
def test_formula_and_derivative_agree_with_the_reference(entry: dict[str, Any]) -> None:
    row = BY_NAME[entry["name"]]
    inside = [
        p
        for p in [*entry["points"], *entry["random_points"]]
        if "kink" not in p and p.get("domain") is None and math.isfinite(number(p["f"]))
    ]
    assert len(inside) >= 20
    x = torch.tensor([p["x"] for p in inside], dtype=torch.float64)
    value = torch.tensor([number(p["f"]) for p in inside], dtype=torch.float64)
    derivative = torch.tensor([number(p["f1"]) for p in inside], dtype=torch.float64)
    parameters = dict(row.parameters) | entry["params"]
    assert_close(run(row.formula, x=x, **parameters), value, x, relative=1e-12, name=row.name)
    torch.testing.assert_close(run(row.derivative, x=x, **parameters), derivative, rtol=1e-12, atol=1e-15)


@every_reference
def test_a_kink_is_where_the_reference_has_different_limits_of_the_value_or_the_slope(entry: dict[str, Any]) -> None:
    row = BY_NAME[entry["name"]]
    parameters = dict(row.parameters) | entry["params"]
    stated = kinks(row, parameters)
    assert set(stated) <= set(entry["kink_points"])
    for point in entry["points"]:
        if point.get("kink") and point["left"] is not None:  # None: the edge of the domain
            jumps = any(point["left"][key] != point["right"][key] for key in ("f", "f1"))
            assert jumps == (point["x"] in stated), point["x"]


def test_glu_agrees_with_the_reference() -> None:
    row = BY_NAME["glu"]
    entry = next(entry for entry in REFERENCE if entry["name"] == "glu")
    for point in entry["points"]:
        x = torch.tensor([point["a"], point["b"]], dtype=torch.float64)
        y = run(row.formula, x=x, dim=-1)
        assert float(y) == pytest.approx(number(point["f"]), rel=1e-12, abs=1e-300)
        for j, key in enumerate(("da", "db")):
            found = float(run(row.derivative, x=x, y=y, n=1, i=0, j=j))
            assert found == pytest.approx(number(point[key]), rel=1e-12, abs=1e-15 * max(1, abs(point["a"])))


def test_every_reference_activation_has_a_row() -> None:
    assert {entry["name"] for entry in REFERENCE} <= set(BY_NAME)
