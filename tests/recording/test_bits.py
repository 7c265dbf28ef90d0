"""Tensors of a program that are computed again are the same to the bit."""

from __future__ import annotations

import pytest
import torch

from gradcli.recording.program.bits import same_bits

DTYPES = (torch.bool, torch.uint8, torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64)


@pytest.mark.parametrize("dtype", DTYPES)
def test_equal_numbers_are_the_same_and_others_are_not(dtype: torch.dtype) -> None:
    one = torch.tensor([0, 1, 0, 1]).to(dtype)
    assert same_bits(one, one.clone())
    assert not same_bits(one, one.flip(0))
    assert not same_bits(one, one[:2])


def test_nothing_is_the_same_in_one_shape_alone_and_a_sparse_tensor_is_not_compared() -> None:
    assert same_bits(torch.zeros(0, 3), torch.zeros(0, 3))
    assert not same_bits(torch.zeros(0, 3), torch.zeros(0))
    sparse = torch.eye(2).to_sparse()
    assert same_bits(sparse, sparse.clone())


@pytest.mark.parametrize("dtype", [dtype for dtype in DTYPES if dtype.is_floating_point or dtype.is_complex])
def test_a_nan_is_the_same_nan_and_minus_zero_is_not_zero(dtype: torch.dtype) -> None:
    nan, zero = torch.full((2,), torch.nan, dtype=dtype), torch.zeros(2, dtype=dtype)
    assert same_bits(nan, nan.clone())
    assert not same_bits(zero, -zero)
    assert not same_bits(zero, torch.zeros(2, dtype=torch.int8))
