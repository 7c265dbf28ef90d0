"""Sizes of small gradients together, against each by itself."""

from __future__ import annotations

import math
import warnings

import pytest
import torch

from gradcli.inspections.watching.sizes import MOST_COPIED, SmallGradients, is_finite, sizes_of


def gradients(dtype: torch.dtype = torch.float32) -> list[torch.Tensor]:
    shapes = ((3, 4), (4,), (), (2, 1, 3))
    return [torch.arange(1.0, 1 + math.prod(shape), dtype=dtype).reshape(shape) for shape in shapes]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_each_size_is_that_of_its_own_elements(dtype: torch.dtype) -> None:
    small, given = SmallGradients(), gradients(dtype)
    parameters = gradients(dtype)
    for _ in range(2):
        assert small.sizes(parameters, given) == [float(one.sum()) for one in given]
        given = [one.t() if one.ndim == 2 else -one for one in given]
        given = [one.abs() for one in given]
    given[1].zero_()
    given[3][0, 0, 1] = torch.nan
    found = small.sizes(parameters, given)
    assert found is not None
    assert [size == 0 for size in found] == [False, True, False, False]
    assert [math.isfinite(size) for size in found] == [math.isfinite(size) for size in sizes_of(given).tolist()]


def test_a_sum_that_overflows_warns_nobody_and_is_no_infinity_among_the_elements() -> None:
    given = [torch.full((4,), 3e38), torch.ones(2)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = SmallGradients().sizes(given, given)
    assert found == [math.inf, 2]
    assert is_finite(found, given)


def test_a_gradient_that_is_differentiated_in_turn_has_a_size() -> None:
    given = [torch.ones(3, requires_grad=True) * 2]
    assert SmallGradients().sizes(given, given) == [6]


@pytest.mark.parametrize(
    "given",
    [
        [torch.ones(MOST_COPIED + 1)],
        [torch.ones(2), torch.ones(2, dtype=torch.float64)],
        [torch.ones(2, dtype=torch.bfloat16)],
        [torch.ones(2, dtype=torch.complex64)],
        [torch.ones(2), torch.ones(0)],
        [torch.ones(2), torch.sparse_coo_tensor(torch.tensor([[1]]), torch.ones(1), (3,), check_invariants=False)],
    ],
    ids=["large", "two dtypes", "half", "complex", "empty", "sparse"],
)
def test_others_are_measured_one_by_one(given: list[torch.Tensor]) -> None:
    small = SmallGradients()
    assert [small.sizes(given, given) for _ in range(2)] == [None, None]


def test_other_gradients_of_the_same_parameters_are_not_taken_for_the_first() -> None:
    small, parameters = SmallGradients(), gradients()
    assert small.sizes(parameters, gradients()) is not None
    assert small.sizes(parameters, [*gradients()[:3], torch.ones(7)]) is None
    assert small.sizes(parameters, [*gradients()[:3], torch.ones(7)]) == [78, 10, 1, 7]
