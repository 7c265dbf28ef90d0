"""What functions of torch.func give: where the gradients are in a result, and what the value is."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from each import each
from torch import Tensor

from gradcli.recording.program.surroundings import UNKEPT
from gradcli.recording.program.transforms import Taken, Transformed, note, transformed, with_paths


def cubes(w: Tensor, x: Tensor) -> Tensor:
    return (w**3 * x).sum()


def cubes_of_one(w: Tensor, x: Tensor) -> Tensor:
    return w**3 * x


def with_more_of_one(w: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    return w**3 * x, 2 * w


def with_more(w: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    return cubes(w, x), 2 * w


W, X = torch.tensor([1.0, 2.0]), torch.tensor([3.0, -1.0])
BY_W, BY_X, VALUE = [9.0, -12.0], [1.0, 8.0], -5.0
"""3 w^2 x, w^3, and the value, by hand."""


def made(name: str, *args: Any, **kwargs: Any) -> tuple[Callable[..., Any], Transformed]:
    function = getattr(torch.func, name)(*args, **kwargs)
    known = Transformed.of(name, args, kwargs)
    note(function, known)
    return function, known


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
        (
            lambda: Taken(made("jacfwd", with_more, (1,), True)[1], (W, X), {}, ((X,), W), UNKEPT),
            [[3.0, -1.0]],
            [],
            [X],
        ),
        (lambda: taken("vmap", made("grad", cubes_of_one, 1)[0]), [BY_X], [], [X]),
        (lambda: taken("vmap", made("grad_and_value", cubes_of_one)[0]), [BY_W], [[3.0, -8.0]], [W]),
        (lambda: taken("vmap", made("grad", with_more_of_one, has_aux=True)[0]), [BY_W], [], [W]),
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


def several(w: Tensor, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return w**2, w[0] * x[0], x * torch.inf


def rows(w: Tensor, x: Tensor) -> Tensor:
    """Of a column of numbers each: what is mapped over is the second dimension."""
    return w**3 * x[:, 0]


EACH = torch.tensor([[3.0, -1.0], [1.0, 1.0]])
SUM = "the sum of "


@each(
    "name, function, options, args, total, told, slopes",
    [
        ("grad", cubes, {}, (W, X), VALUE, "", BY_W),
        ("grad", with_more, {"has_aux": True}, (W, X), VALUE, "", BY_W),
        ("grad", lambda w, x: x.sum(), {}, (W, X), 2.0, "", None),
        ("grad_and_value", cubes, {"argnums": 1}, (W, X), VALUE, "", BY_X),
        ("jacrev", lambda w, x: w**3 * x, {}, (W, X), VALUE, SUM, BY_W),
        ("jacfwd", lambda w, x: (w**3 * x)[:1], {}, (W, X), 3.0, SUM, [9.0, 0.0]),
        ("jacrev", several, {}, (W, X), 5 + 3, SUM, [2 + 3.0, 4.0]),  # the last is differentiated by nothing
        ("jacrev", several, {"argnums": 1}, (W, X), -torch.inf + torch.inf, SUM, [torch.inf] * 2),
        ("jacfwd", cubes, {"argnums": None}, (W, X), VALUE, "", [BY_W, BY_X]),
        ("grad", cubes, {"argnums": (1, 0)}, (W, X), VALUE, "", [BY_X, BY_W]),
        ("hessian", cubes, {}, (W, X), sum(BY_W), SUM, [18.0, -12.0]),
        ("hessian", cubes, {"argnums": 1}, (W, X), sum(BY_X), SUM, None),
        ("jacrev", made("grad", cubes)[0], {}, (W, X), sum(BY_W), SUM, [18.0, -12.0]),
        ("vmap", made("grad", cubes)[0], {"in_dims": (None, 0)}, (W, EACH), VALUE + 9, SUM, [12.0, 0.0]),
        ("vmap", made("grad", cubes)[0], {"in_dims": (None, 1), "out_dims": 1}, (W, EACH.T), VALUE + 9, SUM,
         [12.0, 0.0]),
        ("vmap", made("jacrev", rows)[0], {"in_dims": (None, 0)}, (W, EACH[:, :, None]), VALUE + 9, SUM, [12.0, 0.0]),
        ("vmap", made("vmap", made("grad", cubes_of_one)[0])[0], {}, (EACH, EACH), 81 + 1 + 2, SUM,
         [[81.0, -3.0], [3.0, 3.0]]),
    ],
)  # fmt: skip
def test_the_value_is_computed_on_copies_and_differentiated_as_torch_func_does(
    name: str,
    function: Callable[..., Any],
    options: dict[str, Any],
    args: tuple[Tensor, Tensor],
    total: float,
    told: str,
    slopes: list[Any] | None,
) -> None:
    """Where there are several numbers, their sum is differentiated, and of a Hessian that of the gradient."""
    compute, copies = Taken(made(name, function, **options)[1], args, {}, None, UNKEPT).on_copies()
    value, made_of_it = compute()
    torch.testing.assert_close(value, torch.tensor(float(total)), equal_nan=True)
    assert made_of_it == told
    assert all(copy.is_leaf for copy in copies)
    assert not any(one is copy or one.requires_grad for one in args for copy in copies)
    assert value.requires_grad == (slopes is not None)
    if slopes is not None:
        torch.testing.assert_close(torch.stack(torch.autograd.grad(value, copies)).squeeze(0), torch.tensor(slopes))


def test_a_batch_whose_numbers_are_drawn_is_computed_with_its_own_randomness() -> None:
    def drawing(w: Tensor) -> Tensor:
        return (torch.nn.functional.dropout(w, 0.5) * w).sum()

    slope, _ = made("grad", drawing)
    compute, _ = Taken(made("vmap", slope, 0, 0, "different")[1], (EACH,), {}, None, UNKEPT).on_copies()
    assert compute()[1] == SUM


def test_what_is_pulled_back_is_the_gradient_of_the_value_with_the_cotangent() -> None:
    """2*1*3 - 1*8*(-1), whose gradients are those of both numbers, doubled and with the other sign."""
    known = Transformed("vjp", {"func": cubes_of_one, "argnums": (0, 1)})
    compute, copies = Taken(known, (W, X), {}, None, UNKEPT, torch.tensor([2.0, -1.0])).on_copies()
    value, told = compute()
    assert (value.item(), told) == (14, "the cotangent times ")
    slopes = [slope.tolist() for slope in torch.autograd.grad(value, copies)]
    assert slopes == [[2 * BY_W[0], -BY_W[1]], [2 * BY_X[0], -BY_X[1]]]


def test_what_a_batch_is_made_of_is_told_from_one_gradient() -> None:
    slope, known = made("grad", cubes)
    _, batched = made("vmap", slope, in_dims=(None, 0))
    assert batched.inner is known
    assert (batched.has_gradients, batched.is_plain) == (True, False)
    assert (known.has_gradients, known.is_plain) == (True, True)
    assert made("grad_and_value", cubes)[1].is_plain


def test_what_is_no_gradient_is_told_from_one() -> None:
    assert made("vmap", torch.sin)[1].inner is None
    assert made("vmap", made("vmap", torch.sin)[0])[1].inner is None
    assert transformed(torch.sin) is None
    assert transformed(3) is None
    for name in ("jacrev", "jacfwd", "hessian"):
        _, jacobian = made(name, torch.sin)
        assert jacobian.inner is jacobian
        assert not jacobian.has_gradients


@each(
    "name, function, called",
    [
        ("grad", cubes, "cubes"),
        ("grad_and_value", cubes, "cubes"),
        ("grad", lambda w: w, "the function"),
        ("grad", partial(cubes, X), "the function"),
        ("jacrev", made("vmap", cubes)[0], "cubes"),
        ("vmap", made("grad", cubes)[0], "cubes"),
        ("hessian", cubes, "the gradient of cubes"),
        ("jacrev", made("grad", cubes)[0], "the gradient of cubes"),
        ("jacfwd", made("jacrev", lambda w: w)[0], "the gradient of the function"),
        ("grad", made("hessian", cubes)[0], "the gradient of the gradient of cubes"),
        ("hessian", made("jacfwd", cubes)[0], "the gradient of the gradient of cubes"),
        ("grad", made("vmap", made("grad_and_value", cubes)[0])[0], "the gradient of cubes"),
    ],
)
def test_the_value_is_named_by_the_function(name: str, function: Callable[..., Any], called: str) -> None:
    assert made(name, function)[1].name_of_value == called


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
