"""Every number is written as the shortest decimal that reads back to it in its own dtype."""

from __future__ import annotations

import json
import math
import re
import time

import numpy as np
import pytest
from each import each
from hypothesis import example, given
from hypothesis import strategies as st

from gradcli.render.numbers import (
    as_one_column,
    exact_texts,
    json_array,
    json_float,
    rounded_texts,
    shortest,
    shortest_float,
)

WIDTHS = {"float16": np.uint16, "float32": np.uint32, "float64": np.uint64}
SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def read(text: bytes) -> np.ndarray:
    """What a strict JSON reader makes of an array: it reads float64."""

    def refuse(name: str) -> float:
        raise AssertionError(f"{name} is not JSON")

    values = json.loads(text, parse_constant=refuse)
    return np.array([SPECIAL[value] if isinstance(value, str) else value for value in values], dtype=np.float64)


def from_bits(bits: list[int], dtype: str) -> np.ndarray:
    return np.array(bits, dtype=WIDTHS[dtype]).view(dtype)


def as_bfloat16(bits: np.ndarray) -> np.ndarray:
    return (bits.astype(np.uint32) << 16).view(np.float32)


def round_to_bfloat16(values: np.ndarray) -> np.ndarray:
    """Nearest, ties to even, by way of float32 as PyTorch does it."""
    with np.errstate(over="ignore", invalid="ignore"):
        bits = values.astype(np.float32).view(np.uint32)
    return (((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16) << 16).view(np.float32)


def same(read_back: np.ndarray, values: np.ndarray) -> bool:
    """Equal bit for bit, but for the payload of NaNs."""
    number = ~np.isnan(values)
    return bool(
        np.array_equal(np.isnan(read_back), ~number)
        and np.array_equal(read_back[number], values[number])
        and np.array_equal(np.signbit(read_back[number]), np.signbit(values[number]))
    )


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1))
@example([0x15AE43FD, 0x95AE43FD, 0x80000000, 0x7F800000, 0x7FC00000, 0x7F800001, 1])
def test_every_float32_survives_json(bits: list[int]) -> None:
    values = from_bits(bits, "float32")
    with np.errstate(over="ignore"):
        assert same(read(json_array(values)).astype(np.float32), values)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1))
@example([1 << 63, 1, 0x7FF0000000000001, 0x7FEFFFFFFFFFFFFF])
def test_every_float64_survives_json(bits: list[int]) -> None:
    values = from_bits(bits, "float64")
    assert same(read(json_array(values)), values)


def test_every_float16_survives_json() -> None:
    values = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    assert same(read(json_array(values)).astype(np.float16), values)


def test_every_bfloat16_survives_json() -> None:
    values = as_bfloat16(np.arange(1 << 16))
    assert same(round_to_bfloat16(read(json_array(values, "bfloat16"))), values)


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (0.7310585975646973, "float32", "0.7310586"),
        (0.7310585975646973, "float64", "0.7310585975646973"),
        (0.1, "float16", "0.1"),
        (3.140625, "float16", "3.14"),
        (3.140625, "bfloat16", "3.14"),
        (3.140625, "float32", "3.140625"),
        (-0.0, "float32", "-0.0"),
        (0.0, "float32", "0.0"),
    ],
)
def test_a_number_has_the_digits_of_its_dtype(value: float, dtype: str, text: str) -> None:
    held = np.array(value, dtype="float32" if dtype == "bfloat16" else dtype)
    assert json_array(held, dtype).decode() == text
    assert exact_texts(held, dtype) == [text]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_no_shorter_decimal_would_do_for_sixteen_bits(dtype: str) -> None:
    bits = np.arange(0x0400, 0x7000, 7, dtype=np.uint16)
    values = bits.view(np.float16) if dtype == "float16" else as_bfloat16(bits)
    for text, value in zip(exact_texts(values, dtype), values.astype(np.float64).tolist(), strict=True):
        digits = len(re.sub(r"e.*|[.-]|^0\.0*", "", text).strip("0")) or 1
        if digits > 1:
            shorter = np.array(float(f"{value:.{digits - 2}e}"))
            back = shorter.astype(np.float16) if dtype == "float16" else round_to_bfloat16(shorter)
            assert float(back) != value, text


def test_values_that_bfloat16_cannot_hold_are_not_rounded_to_it() -> None:
    assert json_array(np.array([0.7310586], dtype=np.float32), "bfloat16") == b"[0.7310586]"


@each(
    "values, text",
    [
        (np.zeros(0), "[]"),
        (np.zeros((2, 0)), "[[],[]]"),
        (np.zeros((0, 2)), "[]"),
        (np.array(2.5), "2.5"),
        (np.array(math.nan), '"NaN"'),
        (np.array([[1, math.inf], [-math.inf, 2]]), '[[1.0,"Infinity"],["-Infinity",2.0]]'),
        (np.array([[1.0, 2], [3, 4]]).T, "[[1.0,3.0],[2.0,4.0]]"),
        (np.array([1, 2], dtype=">f4"), "[1.0,2.0]"),
        (np.broadcast_to(np.float32(2), (2,)), "[2.0,2.0]"),
        (np.array([2**63 - 1]), "[9223372036854775807]"),
        (np.array([True, False]), "[true,false]"),
        (np.array([1 + 2j, complex(0, math.nan)]), '[[1.0,2.0],[0.0,"NaN"]]'),
        (np.array(1j, dtype=np.complex64), "[0.0,1.0]"),
    ],
)
def test_arrays_of_every_shape_and_kind_are_json(values: np.ndarray, text: str) -> None:
    assert json_array(values).decode() == text


def test_non_finite_numbers_keep_their_places() -> None:
    values = np.array([math.nan, 1, math.inf, 2, -math.inf], dtype=np.float32)
    assert exact_texts(values) == ["NaN", "1.0", "Infinity", "2.0", "-Infinity"]


def test_a_float_of_a_float32_tensor_is_short() -> None:
    assert shortest_float(0.7310585975646973, "float32") == 0.7310586


@pytest.mark.parametrize(("value", "dtype"), [(0.7310586, "float32"), (1e300, "float32"), (0.1, None), (0.1, "int64")])
def test_a_float_that_is_no_value_of_the_dtype_is_left_alone(value: float, dtype: str | None) -> None:
    assert shortest_float(value, dtype) == value


def test_a_non_finite_float_is_a_string() -> None:
    assert [json_float(value, "float32") for value in SPECIAL.values()] == list(SPECIAL)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.1, 6, "0.1"),
        (0.1, 12, "0.1"),
        (1 / 3, 6, "0.333333"),
        (1 / 3, None, "0.33333334"),
        (4.5416677e-05, 6, "4.54167e-05"),
        (-0.0, 6, "0"),
        (-0.0, None, "0.0"),
        (math.nan, 6, "nan"),
        (-math.inf, 6, "-inf"),
    ],
)
def test_rounding_shows_no_digits_that_the_dtype_does_not_hold(value: float, digits: int | None, text: str) -> None:
    assert rounded_texts(np.array([value], dtype=np.float32), "float32", digits) == [text]


def test_integers_and_booleans_are_not_rounded() -> None:
    assert rounded_texts(np.array([123456789]), None, 3) == ["123456789"]
    assert rounded_texts(np.array([True]), None, 3) == ["true"]


def test_complex_numbers_are_one_text_each() -> None:
    assert rounded_texts(np.array([1 - 2j, complex(1 / 3, 1)]), None, 3) == ["1-2j", "0.333+1j"]


def test_tensors_of_one_dtype_share_a_column_with_it() -> None:
    values, dtype = as_one_column([(np.float32([1]), "float32"), (np.float32([[2]]), "float32")])
    assert (values.tolist(), values.dtype, dtype) == ([1, 2], np.float32, "float32")


def test_tensors_of_different_dtypes_keep_their_own_decimals() -> None:
    values, dtype = as_one_column([(np.float32([0.1]), "float32"), (np.array([2**62 + 1]), "int64")])
    assert exact_texts(values, dtype) == ["0.1", str(2**62 + 1)]


def test_a_signalling_nan_raises_no_warning() -> None:
    values = np.array([0x7F800001], dtype=np.uint32).view(np.float32)
    assert np.isnan(shortest(values)).all()


def test_a_million_numbers_take_less_than_a_second() -> None:
    values = np.random.default_rng(0).standard_normal(1_000_000).astype(np.float32)
    start = time.perf_counter()
    json_array(values)
    assert time.perf_counter() - start < 1
