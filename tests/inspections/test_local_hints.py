"""Masks and integers that came as numbers, and derivatives inside: the hint says what to type, and it works."""

from __future__ import annotations

import pytest
from command_line import captured, failed
from each import each

MASKS = [
    ("where(m, x, 0*x)", "m:bool=1,0"),
    ("where(condition=m, input=x, other=0*x)", "m:bool=1,0"),
    ("x.where(m, 0*x)", "m:bool=1,0"),
    ("masked_fill(x, m, 0)", "m:bool=1,0"),
    ("masked_fill(x, mask=m, value=0)", "m:bool=1,0"),
    ("x.masked_select(m)", "m:bool=1,0"),
    ("x.masked_scatter(m, x)", "m:bool=1,0"),
    ("x * (m & m)", "m:bool=1,0"),
    ("x * (m | m)", "m:bool=1,0"),
    ("x * (m ^ m)", "m:bool=1,0"),
    ("x * ~m", "m:bool=1,0"),
    ("x[m]", "m:bool=1,0"),
    ("x[m]", "m:int64=1,0"),
    ("x * (m << 2)", "m:int64=1,0"),
    ("x * (m >> 1)", "m:int64=1,0"),
]


@each("text, word", MASKS)
def test_a_mask_that_came_as_numbers_is_given_its_dtype(text: str, word: str) -> None:
    raised = failed(["grad", text, "x=1,2", "m=1,0"], 1)
    assert word in raised["hint"]
    assert captured(["grad", text, "x=1,2", word])[0] == 0


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("where(x - 1, x, 0*x)", "(x - 1) != 0"),
        ("where(x, x, 0*x)", "x != 0"),  # 1 and 2 are no mask
        ("x.masked_fill(relu(x), 0)", "relu(x) != 0"),
    ],
)
def test_what_is_computed_becomes_a_mask_by_a_comparison(text: str, instead: str) -> None:
    raised = failed(["grad", text, "x=1,2"], 1)
    assert f"A mask is boolean: {instead}." in raised["hint"]


def test_an_index_that_is_no_mask_is_not_called_one() -> None:
    assert "bool" not in failed(["grad", "x[i]", "x=1,2,3", "i=2,0"], 1)["hint"]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("torch.autograd.grad(x**2, x)[0]", "Write grad(x**2, x), which takes a cotangent of ones"),
        ("torch.autograd.grad(sum(x**2), w)[0]", "grad(sum(x**2), w), which gives zeros there"),
        ("h = x.detach(); torch.autograd.grad(sum(x), h)[0]", "Nothing leads from h to sum(x)"),
    ],
)
def test_a_derivative_inside_says_what_to_write(text: str, hint: str) -> None:
    assert hint in failed(["grad", text, "x=1,2", "w=3"], 1)["hint"]
