"""Sums of gradients, which tell what their norms tell: whether all are finite, and which may be zero."""

from __future__ import annotations

import math
import warnings

import pytest
import torch

from gradcli.inspections.watching.sizes import is_finite, sizes_of, sums_of

DTYPES = (torch.float32, torch.float64, torch.bfloat16, torch.float16, torch.complex64)


def gradients(dtype: torch.dtype = torch.float32) -> list[torch.Tensor]:
    shapes = ((3, 4), (4,), (), (2, 1, 3))
    return [torch.arange(1.0, 1 + math.prod(shape)).to(dtype).reshape(shape) for shape in shapes]


@pytest.mark.parametrize("dtype", DTYPES)
def test_each_sum_is_that_of_its_own_elements(dtype: torch.dtype) -> None:
    assert sums_of(gradients(dtype)) == [78, 10, 1, 21]
    assert sums_of([-one for one in gradients(dtype)]) == [78, 10, 1, 21]
    assert sums_of([one.t() if one.ndim == 2 else one for one in gradients(dtype)]) == [78, 10, 1, 21]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("broken", [(math.nan,), (math.inf,), (-math.inf,), (math.inf, -math.inf)], ids=str)
def test_what_is_not_finite_is_seen_as_in_the_norms(dtype: torch.dtype, broken: tuple[float, ...]) -> None:
    given = gradients(dtype)
    given[1].zero_()
    for place, value in enumerate(broken):
        given[3][0, 0, place] = value
    found = sums_of(given)
    assert found is not None
    assert [size == 0 for size in found] == [False, True, False, False]
    assert [math.isfinite(size) for size in found] == [True, True, True, False]
    assert [math.isfinite(size) for size in sizes_of(given).abs().tolist()] == [True, True, True, False]
    assert not is_finite(found, given)


def test_infinities_of_two_gradients_do_not_meet_to_something_finite() -> None:
    given = [torch.tensor([math.inf]), torch.tensor([-math.inf])]
    found = sums_of(given)
    assert found is not None
    assert not is_finite(found, given)


def test_a_sum_that_overflows_warns_nobody_and_is_no_infinity_among_the_elements() -> None:
    given = [torch.full((4,), 3e38), torch.ones(2)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = sums_of(given)
    assert found == [math.inf, 2]
    assert is_finite(found, given)


def test_a_gradient_that_is_differentiated_in_turn_has_a_sum() -> None:
    assert sums_of([torch.ones(3, requires_grad=True) * 2]) == [6]


def test_one_without_elements_is_zero() -> None:
    assert sums_of([torch.ones(2), torch.ones(0)]) == [2, 0]


@pytest.mark.parametrize(
    "other",
    [
        torch.sparse_coo_tensor(torch.tensor([[1]]), torch.ones(1), (3,), check_invariants=False),
        torch.ones(2, device="meta"),
    ],
    ids=["sparse", "on a device"],
)
def test_others_are_measured_by_their_norms(other: torch.Tensor) -> None:
    assert sums_of([torch.ones(2), other]) is None
