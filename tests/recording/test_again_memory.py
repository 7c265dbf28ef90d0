"""Memory that a step run again has from outside, or changes in part: views, buffers, and what a library hands over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from each import each
from logs import again, logged
from torch import Tensor


@each("keeps", [True, False])
def test_a_buffer_of_which_a_part_was_changed_is_not_compared_with_what_it_became(keeps: bool) -> None:
    x, y = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([0.5, -1.0], requires_grad=True)
    with logged() as log:
        buffer = torch.zeros(2)
        row = buffer[:1]
        row.add_(y[:1])
        if not keeps:
            del row
        found = again(log, (x * buffer).sum())
    assert found.differs is None
    assert [one.tolist() for one in found.tape.gradients.values() if one is not None] == [[1.0, 0.0], [0.5, 0.0]]


@each(
    "looks",
    [
        lambda outside, view: outside.sum(),
        lambda outside, view: (outside.sum(), view.sum()),
    ],
)
def test_a_view_from_outside_may_be_changed_after_a_look_at_all_of_it(
    looks: Callable[[Tensor, Tensor], object],
) -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    outside = torch.ones(2)
    view = outside[:1]
    with logged() as log:
        looks(outside, view)
        view.add_(1)
        found = again(log, (x + outside).square().sum())
    (gradient,) = found.tape.gradients.values()
    assert gradient is not None
    assert gradient.tolist() == [6.0, 6.0]  # 2 * ([1, 2] + [2, 1])


def test_a_row_that_is_reset_behind_the_pass_that_made_it_is_run_again() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with logged() as log:
        hidden = x * 3
        row = hidden[:1]
        loss = hidden.sum()
        loss.backward()
        log.calls.drop_behind([loss])
        row.zero_()
        found = again(log, (x[:1] * row + x).sum())
    assert found.differs is None
    assert found.tape.output.item() == 3.0
    assert (found.tape.gradients["x"] + 0).tolist() == [1.0, 1.0]


@each("keeps", [True, False])
def test_a_tensor_of_an_earlier_step_is_changed_on_a_copy_also_where_it_is_gone(keeps: bool) -> None:
    x = torch.tensor([0.0, 0.5], requires_grad=True)
    earlier = x * 2
    with logged() as log:
        loss = earlier.mul_(3).exp().sum()
        if not keeps:
            del earlier
        (gradient,) = again(log, loss).tape.gradients.values()
    assert gradient is not None
    torch.testing.assert_close(gradient, 3 * torch.tensor([0.0, 3.0]).exp())


SPACE: dict[str, Any] = {"torch": torch}
LIBRARY = """
def filled():
    return torch.full((2,), 3.0)

def handed_over():
    return torch.empty(2)
"""
exec(compile(LIBRARY, "<string>", "exec"), SPACE)
filled, handed_over = SPACE["filled"], SPACE["handed_over"]


@each(
    "make, step",
    [
        (lambda: torch.empty(2), "empty"),  # whoever writes it is told that it holds anything
        (lambda: handed_over(), "leaf"),  # as a loader does with what a worker has made
        (lambda: filled(), "full"),
    ],
)
def test_what_a_library_makes_empty_is_an_input(make: Callable[[], Tensor], step: str) -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with logged() as log:
        made = make()
        made.numpy()[:] = 3.0
        tape = again(log, (made * x).sum()).tape
    assert [one.name for one in tape.steps] == [step, "leaf", "mul", "sum"]
    assert tape.output.item() == 9.0
