"""What functions of torch.func give: where the gradients are in a result, and what the value is."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from gradcli.recording.program.surroundings import UNKEPT
from gradcli.recording.program.transforms import Taken, Transformed, note, transformed, with_paths


def cubes(w: Tensor, x: Tensor) -> Tensor:
    return (w**3 * x).sum()


def with_more(w: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    return cubes(w, x), 2 * w


W, X = torch.tensor([1.0, 2.0]), torch.tensor([3.0, -1.0])
BY_W, BY_X, VALUE = [9.0, -12.0], [1.0, 8.0], -5.0
"""3 w^2 x, w^3, and the value, by hand."""


def made(name: str, *args: Any, **kwargs: Any) -> tuple[Callable[..., Any], Transformed]:
    function = getattr(torch.func, name)(*args, **kwargs)
    return function, Transformed.of(name, args, kwargs)


def taken(name: str, *args: Any, **kwargs: Any) -> Taken:
    function, known = made(name, *args, **kwargs)
    return Taken(known, (W, X), {}, function(W, X), UNKEPT)


@pytest.mark.parametrize(
    ("call", "gradients", "values", "leaves"),
    [
        (lambda: taken("grad", cubes), [BY_W], [], [W]),
        (lambda: taken("grad", cubes, 1), [BY_X], [], [X]),
        (lambda: taken("grad", cubes, argnums=(1, 0)), [BY_X, BY_W], [], [X, W]),
        (lambda: taken("grad", cubes, -1), [BY_X], [], [X]),
        (lambda: taken("grad", with_more, has_aux=True), [BY_W], [], [W]),
        (lambda: taken("grad", with_more, 1, True), [BY_X], [], [X]),
        (lambda: taken("grad_and_value", cubes), [BY_W], [VALUE], [W]),
        (lambda: taken("grad_and_value", with_more, has_aux=True), [BY_W], [VALUE], [W]),
        (lambda: taken("jacrev", cubes), [BY_W], [], [W]),
        (lambda: taken("jacrev", with_more, has_aux=True), [BY_W], [], [W]),
    ],
)
def test_gradients_and_values_are_found_in_a_result(
    call: Callable[[], Taken], gradients: list[Any], values: list[Any], leaves: list[Tensor]
) -> None:
    found = call()
    assert [one.tolist() for one in found.gradients] == gradients
    assert [one.tolist() for one in found.values] == values
    assert all(one is other for one, other in zip(found.leaves, leaves, strict=True))
    assert found.is_alike


def test_the_value_is_computed_on_copies_and_differentiated_as_torch_func_does() -> None:
    of_hessian = Taken(Transformed.of("hessian", (cubes,), {}), (W, X), {}, None, UNKEPT)
    for call, total, is_sum in [
        (taken("grad", with_more, has_aux=True), VALUE, False),
        (taken("grad", cubes), VALUE, False),
        (of_hessian, sum(BY_W), True),
    ]:
        compute, copies = call.on_copies()
        value, summed = compute()
        assert (value.item(), summed) == (total, is_sum)
        assert copies[0].is_leaf
        assert copies[0] is not W
        assert not W.requires_grad
    (slope,) = torch.autograd.grad(value, copies)
    assert slope.tolist() == [18.0, -12.0], "of the sum of the gradient: the sums of the rows of the Hessian"


def test_a_batch_of_gradients_is_of_the_sum_of_the_values() -> None:
    slope, known = made("grad", cubes)
    note(slope, known)
    each, batched = made("vmap", slope, in_dims=(None, 0))
    x = torch.tensor([[3.0, -1.0], [1.0, 1.0]])
    call = Taken(batched, (W, x), {}, each(W, x), UNKEPT)
    assert batched.inner is known
    assert batched.has_gradients
    assert not batched.is_plain
    assert [one.tolist() for one in call.gradients] == [[BY_W, [3.0, 12.0]]]
    compute, copies = call.on_copies()
    value, is_sum = compute()
    assert (value.item(), is_sum) == (VALUE + 9.0, True)
    (slope_of_sum,) = torch.autograd.grad(value, copies)
    assert slope_of_sum.tolist() == [12.0, 0.0]


def test_what_is_no_gradient_is_told_from_one() -> None:
    _, plain = made("vmap", torch.sin)
    assert plain.inner is None
    assert not plain.has_gradients
    assert transformed(torch.sin) is None
    assert transformed(3) is None
    _, jacobian = made("jacrev", torch.sin)
    assert jacobian.inner is jacobian
    assert not jacobian.has_gradients


def test_the_value_is_named_by_the_function() -> None:
    assert made("grad", cubes)[1].name_of_value == "cubes"
    assert Transformed.of("hessian", (cubes,), {}).name_of_value == "the gradient of cubes"
    assert made("grad", lambda w: w)[1].name_of_value == "the function"


def test_tensors_have_the_path_that_leads_to_them() -> None:
    pair = namedtuple("Pair", "first second")
    value = {"head.bias": W, 3: [X, {"x": W}], "pair": pair(X, (W,)), "rate": 0.1}
    assert [path for _, path in with_paths(value, "state")] == [
        'state["head.bias"]',
        "state[3][0]",
        'state[3][1]["x"]',
        'state["pair"].first',
        'state["pair"].second[0]',
    ]
    assert [path for _, path in with_paths(W, "w")] == ["w"]
