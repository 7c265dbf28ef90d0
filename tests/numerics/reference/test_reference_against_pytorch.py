"""Every rule against PyTorch in float64, where PyTorch is right: two independent ways to the same numbers."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from each import each
from reference_calls import CALLS, INPUTS

from gradcli.language import catalogue
from gradcli.language.catalogue.rows import Row
from gradcli.language.catalogue.signature import signatures_of
from gradcli.language.parser import parse
from gradcli.language.syntax import Program
from gradcli.numerics import autodiff
from gradcli.numerics.capture import TorchError
from gradcli.numerics.evaluate import Context, evaluate
from gradcli.numerics.reference import slopes, value
from gradcli.numerics.reference.calls import known

Arrays = dict[str, np.ndarray]
Evaluated = tuple[torch.Tensor, dict[str, torch.Tensor]]

WITH_REFERENCE = [row for row in catalogue.all_rows() if known(row)]

PYTORCH_IS_INEXACT = {"hardsigmoid": 1e-7}
"""The relative difference allowed where PyTorch rounds: f' is the float32 value of 1/6."""

PYTORCH_HAS_NO_GRADIENT = {
    "heaviside": "derivative for aten::heaviside is not implemented",
    "floor_divide": "derivative for aten::floor_divide is not implemented",
    "scatter": "derivative for aten::scatter is not implemented",  # with reduce
    "special.zeta": "the derivative for 'zeta' is not implemented",
    "linalg.cond": "modified by an inplace operation",
    "vander": "modified by an inplace operation",
}
"""What PyTorch says in backward; only values are compared then."""

NOT_PART_OF_A_GRAPH = frozenset(
    {
        *("ge", "gt", "isfinite", "isreal", "le", "lt", "ne", "signbit"),  # truth values
        *("detach", "special.airy_ai", "special.spherical_bessel_j0"),
        *(row.name for row in WITH_REFERENCE if "bessel_" in row.name or "polynomial" in row.name),
    }
)
"""Results that PyTorch cuts off from the graph, and special functions whose derivative it does not have."""


def call_of(row: Row) -> str | None:
    """The table's call, else the row on numbers between 0.1 and 0.9, and a second operand above 1."""
    if row.name in CALLS:
        return CALLS[row.name]
    required = [p for p in signatures_of(row)[0].parameters if p.required]
    if not row.elementwise or len(required) > 2 or any(p.kind != "tensor" for p in required):
        return None
    operands = ("p", "q")[: len(required)]
    return f"{row.name}({', '.join(operands)})" if row.function else f"p.{row.name}({', '.join(operands[1:])})"


@cache
def asked(row: Row) -> tuple[Program, Arrays, list[str]]:
    """The call, its inputs, and which of them are floating."""
    program = parse(call_of(row) or "", bound=list(INPUTS))
    inputs = {name: INPUTS[name] for name in program.free_names}
    return program, inputs, [name for name, array in inputs.items() if array.dtype == float]


@cache
def by_pytorch(row: Row) -> Evaluated:
    """The result of the call and its floating inputs, which one test may differentiate."""
    return evaluated(*asked(row))


def evaluated(program: Program, inputs: Arrays, floating: list[str]) -> Evaluated:
    """The result of a call, and those of its inputs that it may be differentiated by."""
    leaves = {name: torch.tensor(array, requires_grad=name in floating) for name, array in inputs.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's advice about shapes and beta functions is not at issue
        return evaluate(program, leaves, Context(torch.float64)), {name: leaves[name] for name in floating}


def numbers(array: np.ndarray) -> np.ndarray:
    return np.array([float(x) for x in array.ravel()]).reshape(array.shape)


every_row = each("row", WITH_REFERENCE, ids=lambda row: row.name)


@every_row
def test_the_value_of_a_call_is_the_one_pytorch_gives(row: Row) -> None:
    program, inputs, _ = asked(row)
    output, _ = by_pytorch(row)
    found = numbers(value(program, inputs, digits=20))
    assert found.shape == tuple(output.shape)
    np.testing.assert_allclose(found, output.detach().double().numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "row",
    [row for row in WITH_REFERENCE if row.name not in {*NOT_PART_OF_A_GRAPH, *PYTORCH_HAS_NO_GRADIENT}],
    ids=lambda row: row.name,
)
def test_the_slopes_of_a_call_are_the_gradient_pytorch_gives(row: Row) -> None:
    program, inputs, floating = asked(row)
    output, leaves = by_pytorch(row)
    gradients = autodiff.gradients(output, leaves, cotangent=torch.ones_like(output))
    found = slopes(program, inputs, floating, elementwise=False, digits=20)
    for name, gradient in gradients.items():
        kinds = {slope.kind for slope in found[name].ravel()}
        assert kinds <= {"smooth"}, (name, kinds)
        expected = np.zeros(inputs[name].shape) if gradient is None else gradient.numpy()
        answer = numbers(np.array([slope.value for slope in found[name].ravel()])).reshape(expected.shape)
        np.testing.assert_allclose(answer, expected, rtol=PYTORCH_IS_INEXACT.get(row.name, 1e-8), atol=1e-11)


@pytest.mark.parametrize(("name", "words"), PYTORCH_HAS_NO_GRADIENT.items())
def test_the_reference_has_slopes_where_pytorch_raises(name: str, words: str) -> None:
    row = catalogue.find(name)
    assert row is not None
    program, inputs, floating = asked(row)
    output, leaves = by_pytorch(row)
    with pytest.raises(TorchError, match=words):
        autodiff.gradients(output, leaves, cotangent=torch.ones_like(output))
    found: dict[str, Any] = slopes(program, inputs, floating, elementwise=False, digits=20)
    assert {slope.kind for array in found.values() for slope in array.ravel()} == {"smooth"}


@each("name", sorted(NOT_PART_OF_A_GRAPH))
def test_a_result_listed_as_outside_of_the_graph_is_outside(name: str) -> None:
    row = catalogue.find(name)
    assert row is not None
    assert not by_pytorch(row)[0].requires_grad


def test_every_row_with_a_reference_has_a_call_here() -> None:
    assert [row.name for row in WITH_REFERENCE if call_of(row) is None] == []


def test_every_call_is_of_a_row_with_a_reference_and_names_it() -> None:
    rows = {row.name: row for row in WITH_REFERENCE}
    assert set(CALLS) <= set(rows)
    operators = {"bitwise_not", "bitwise_and", "bitwise_or", "bitwise_xor"}
    missing = [
        name for name, text in CALLS.items() if f"{name.removeprefix('Tensor')}(" not in text and name not in operators
    ]
    assert missing == []
