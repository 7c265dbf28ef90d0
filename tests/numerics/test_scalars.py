"""Arithmetic on plain numbers is IEEE 754's, as PyTorch's is on tensors of one number."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

import pytest
import torch
from command_line import answered, failed
from each import each
from hypothesis import given
from hypothesis import strategies as st

from gradcli.numerics.scalars import FUNCTIONS, bounded, compute, is_number, refusal


@each(
    "name, operands, value",
    [
        ("div", (1, 0), math.inf),
        ("div", (-1, 0), -math.inf),
        ("div", (1.0, -0.0), -math.inf),
        ("div", (0, 0), math.nan),
        ("floor_divide", (5, 0), math.inf),
        ("remainder", (5.0, 0), math.nan),
        ("pow", (9, 9**9), math.inf),
        ("pow", (-2, 2**40 + 1), -math.inf),
        ("pow", (10.0, 400), math.inf),
        ("pow", (0, -1), math.inf),
        ("pow", (2, -1), 0.5),
        ("pow", (2, 10), 1024),
        ("pow", (-8, 1 / 3), math.nan),
        ("mul", (2**40, 2**40), 2.0**80),
        ("add", (2**63 - 1, 1), 2.0**63),
        ("remainder", (-7, 3), 2),
        ("floor_divide", (-7, 2), -4),
        ("bitwise_not", (5,), -6),
        ("neg", (2**63,), -(2.0**63)),
    ],
)
def test_an_operation_gives_a_number_and_no_exception(name: str, operands: tuple[float, ...], value: float) -> None:
    found = compute(name, *operands)
    assert isinstance(found, int | float)
    assert math.isnan(found) if math.isnan(value) else found == value


def test_not_of_a_truth_value_is_a_truth_value() -> None:
    assert compute("bitwise_not", True) is False
    assert compute("bitwise_not", 1) == -2


def test_an_integer_stays_an_integer_within_64_bits_and_no_further() -> None:
    assert type(compute("add", 2**62, 1)) is int
    assert type(compute("add", 2**62, 2**62)) is float


@pytest.mark.parametrize(
    ("value", "expected"),
    [(2**63 - 1, 2**63 - 1), (2**63, 2.0**63), (-(2**70), -(2.0**70)), (10**400, math.inf), (-(10**400), -math.inf)],
)
def test_an_integer_beyond_64_bits_is_a_float(value: int, expected: float) -> None:
    assert bounded(value) == expected
    assert type(bounded(value)) is type(expected)


def test_truth_values_and_complex_numbers_are_numbers_and_texts_are_not() -> None:
    assert all(map(is_number, (True, 1, 1.5, 1j)))
    assert not any(map(is_number, ("1", None, torch.ones(()), [1])))


REAL = st.floats(-1e300, 1e300)
ARITHMETIC: dict[str, Callable[..., torch.Tensor]] = {
    name: getattr(operator, python)
    for name, python in {"add": "add", "sub": "sub", "mul": "mul", "div": "truediv", "pow": "pow"}.items()
}


@given(st.sampled_from(sorted(ARITHMETIC)), REAL, REAL)
def test_numbers_and_tensors_of_one_number_agree(name: str, left: float, right: float) -> None:
    tensors = (torch.tensor(left, dtype=torch.float64), torch.tensor(right, dtype=torch.float64))
    expected = ARITHMETIC[name](*tensors).item()
    found = compute(name, left, right)
    assert not isinstance(found, complex)
    assert found == pytest.approx(expected, rel=1e-14, abs=5e-324, nan_ok=True)


@given(st.sampled_from(sorted(FUNCTIONS)), st.integers(-(10**25), 10**25), st.integers(-(10**25), 10**25))
def test_no_pair_of_integers_hangs_or_grows_without_end(name: str, left: int, right: int) -> None:
    operands = (left,) if name in ("neg", "positive", "bitwise_not") else (left, right)
    if refusal(name, *operands):  # a float among the bits, @ between numbers, a shift to nowhere
        assert name == "matmul" or name.startswith("bitwise_")
        with pytest.raises((TypeError, ValueError)):
            compute(name, *operands)
        return
    found = compute(name, *operands)
    assert not isinstance(found, int) or found.bit_length() <= 63


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("x * (1 << -1)", "a number cannot be shifted by -1 places"),
        ("x * (5 >> -2)", "a number cannot be shifted by -2 places"),
        ("x * (1 << 2**70)", "bits are those of whole numbers of at most 64 bits"),
        ("x * (5 & 1.5)", "bits are those of whole numbers of at most 64 bits"),
        ("x * ~1.5", "bits are those of whole numbers of at most 64 bits"),
        ("x * (2 @ 3)", "'@' multiplies tensors, not plain numbers"),
    ],
)
def test_what_numbers_have_no_operation_for_is_refused_in_words(expression: str, said: str) -> None:
    assert failed(["grad", expression, "x=1"], 2)["message"] == said


def test_its_neighbours_are_computed() -> None:
    assert answered(["grad", "x * ((1 << 0) + (5 >> 64) + (5 & 3) + ~True)", "x=1"])["output"]["values"] == 2
