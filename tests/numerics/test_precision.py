"""Spacing and shortest decimals, held against the neighbours that PyTorch and numpy give."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gradcli.numerics.precision import half_the_digits, shortest, smallest_subnormal, ulp

DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
BITS = {torch.float16: torch.int16, torch.bfloat16: torch.int16, torch.float32: torch.int32, torch.float64: torch.int64}

of_each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=str)


def next_above(value: float, dtype: torch.dtype) -> float:
    """The neighbour of a positive number, by its bits."""
    return float((torch.tensor(value, dtype=dtype).view(BITS[dtype]) + 1).view(dtype))


@of_each_dtype
@given(size=st.floats(-13, 14))
def test_an_ulp_is_the_distance_to_the_next_number(dtype: torch.dtype, size: float):
    value = float(torch.tensor(2.0**size, dtype=dtype))
    assert ulp(value, dtype) == next_above(value, dtype) - value
    assert ulp(-value, dtype) == ulp(value, dtype)


@of_each_dtype
def test_below_the_normal_numbers_all_distances_are_the_smallest_number(dtype: torch.dtype):
    assert smallest_subnormal(dtype) == next_above(0.0, dtype)
    assert ulp(0.0, dtype) == smallest_subnormal(dtype)
    assert ulp(torch.finfo(dtype).smallest_normal / 2, dtype) == smallest_subnormal(dtype)


@of_each_dtype
def test_beyond_the_largest_number_the_distance_stays(dtype: torch.dtype):
    most = torch.finfo(dtype).max
    assert ulp(math.inf, dtype) == ulp(most, dtype)
    assert math.isfinite(ulp(most, dtype))


@of_each_dtype
def test_half_of_the_digits_twice_are_all_digits(dtype: torch.dtype):
    assert half_the_digits(dtype) ** 2 == pytest.approx(torch.finfo(dtype).eps)


@of_each_dtype
@given(value=st.floats(allow_nan=False))
def test_the_shortest_decimal_reads_back_to_the_same_number(dtype: torch.dtype, value: float):
    rounded = float(torch.tensor(value, dtype=torch.float64).to(dtype))
    assert torch.tensor(shortest(rounded, dtype), dtype=torch.float64).to(dtype).item() == rounded


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (0.1, torch.float16, "0.1"),
        (0.1, torch.bfloat16, "0.1"),
        (0.1, torch.float32, "0.1"),
        (1 / 3, torch.bfloat16, "0.334"),
    ],
)
def test_the_shortest_decimal_is_short(value: float, dtype: torch.dtype, text: str):
    assert repr(shortest(float(torch.tensor(value, dtype=dtype)), dtype)) == text


@of_each_dtype
@pytest.mark.parametrize("value", [math.inf, -math.inf, 0.0])
def test_what_has_no_digits_stays_what_it_is(dtype: torch.dtype, value: float):
    assert shortest(value, dtype) == value


def test_nan_stays_nan():
    assert math.isnan(shortest(math.nan, torch.float16))
