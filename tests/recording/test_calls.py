"""Until when the log of a program holds the tensors of small calls, and that of large ones none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import ref

import pytest
import torch
from each import each
from logs import again, logged, weights
from torch import Tensor

from gradcli.recording.program.calls import FEWEST, MOST_HELD, stay, stay_by_name
from gradcli.recording.program.untold import Untold

FLOATS = MOST_HELD // 4


def test_small_results_are_held_until_the_step_is_over() -> None:
    with logged() as log:
        hidden = weights() * 2
        gone = ref(hidden)
        del hidden
        assert gone() is not None
        log.clear()
        assert gone() is None


def test_results_that_are_large_together_are_not_held_nor_any_of_that_step() -> None:
    with logged() as log:
        first = weights().repeat(FLOATS // 16) + 1  # a quarter of the room each
        gone = ref(first)
        del first
        assert gone() is not None
        second = weights().repeat(FLOATS // 8).exp()  # half of the room each
        later = second.sum()
        going, last = ref(second), ref(later)
        del second, later
        assert [one() for one in (gone, going, last)] == [None, None, None]
        log.clear()
        small = weights() * 2
        gone = ref(small)
        del small
        assert gone() is not None


def into_a_list() -> Tensor:
    return torch.cat([weights().repeat(FLOATS // 6)] * 2)


def sparse() -> Tensor:
    return weights().to_sparse()


def pair() -> Tensor:
    return torch.max(weights().reshape(2, 2), 0).values


def by_a_function_of_its_own() -> Tensor:
    return Doubled.apply(weights().repeat(FLOATS // 6))


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return torch.cat([x, x])

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize("large", [into_a_list, sparse, pair, by_a_function_of_its_own])
def test_after_a_large_result_or_one_of_unknown_size_nothing_is_held(large: Callable[[], Tensor]) -> None:
    with logged() as log:
        untold = Untold(log)
        untold.put_on()
        try:
            kept = large()
        finally:
            untold.take_off()
        small = kept.sum()
        gone = ref(small)
        del small
        assert gone() is None
        assert [entry.function.__name__ for entry in log.calls.recorded()][-1] == "sum"


def test_calls_stay_in_their_order_whoever_tells_of_them() -> None:
    with logged() as log:
        h = weights() * 2
        log.add(Doubled.apply, (h,), {}, h.neg())
        h.exp()
        names = [getattr(entry.function, "__name__", "") for entry in log.calls.recorded()]
        assert names == ["ones", "mul", "neg", "apply", "exp"]
        h.exp()
        log.clear()
        h.sin()
        assert [entry.function.__name__ for entry in log.calls.recorded()] == ["sin"]


def test_nothing_is_held_of_a_transform() -> None:
    with logged() as log:
        torch.func.vmap(lambda row: (row * 2).sum())(weights().reshape(2, 2))
        inside = [entry for entry in log.calls.recorded() if entry.function.__name__ in ("mul", "sum")]
        assert [(entry.args, entry.out) for entry in inside] == [((), None)] * 2


def test_calls_without_a_backward_pass_are_let_go_of_by_their_number() -> None:
    with logged() as log:
        hidden = weights() * 2
        gone = ref(hidden)
        del hidden
        for _ in range(FEWEST):
            weights().exp()
        assert gone() is None
        assert len(log.calls.entries) < FEWEST


def changed_by_number() -> Tensor:
    x = weights()
    h = x * 2
    with torch.no_grad():
        h += 1
    return h.exp().sum()


def changed_in_place() -> Tensor:
    given = torch.arange(4.0)
    h = weights() * given
    given.add_(1)
    return (h * given).sum()


def set_later() -> Tensor:
    given = torch.arange(4.0)
    first = given * 3
    given.requires_grad_()
    return (first * given).sum()


def set_as_an_attribute() -> Tensor:
    given = torch.arange(4.0)
    first = given * 3
    given.requires_grad = True
    return (first * given).sum()


def list_that_grows() -> Tensor:
    parts = [weights()]
    joined = torch.cat(parts)
    parts.append(weights() * 2)
    return joined.sum() + torch.cat(parts).sum()


def index_that_changes() -> Tensor:
    rows = [0, 1]
    chosen = weights()[rows]
    rows[0] = 3
    return chosen.sum()


def index_that_changes_in_a_tuple() -> Tensor:
    rows = [0, 1]
    chosen = weights().reshape(2, 2)[:, rows]
    rows.reverse()
    return (chosen * torch.arange(4.0).reshape(2, 2)).sum()


def into_a_given_tensor() -> Tensor:
    out = torch.empty(4)
    torch.mul(torch.arange(4.0), 2, out=out)
    return (weights() * out).sum()


def switched() -> Tensor:
    h = weights() - 2
    return torch.nn.functional.relu(h + 1.5, inplace=True).sum() + torch.nn.functional.elu(h, inplace=False).sum()


@pytest.mark.parametrize(
    ("program", "changes", "agrees"),
    [
        (changed_by_number, 1, False),  # without gradients, of which nothing is computed again
        (changed_in_place, 1, True),
        (set_later, 0, True),
        (set_as_an_attribute, 0, True),
        (list_that_grows, 0, True),
        (index_that_changes, 0, True),
        (index_that_changes_in_a_tuple, 0, True),
        (into_a_given_tensor, 0, True),
        (switched, 1, True),
    ],
)
def test_what_is_held_is_what_was_called_with(
    program: Callable[[], Tensor], changes: int, agrees: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that names each tensor at once has the calls that the other has, and both compute as much again."""
    found = []
    for most in (MOST_HELD, -1):
        monkeypatch.setattr("gradcli.recording.program.calls.MOST_HELD", most)
        with logged() as log:
            loss = program()
            repeated = again(log, loss)
            entries = log.calls.recorded()
        assert sum(entry.changes for entry in entries) == changes
        assert (repeated.differs is None) == agrees
        graph = [[tensor.requires_grad for tensor in (*entry.tensors, *entry.made)] for entry in entries]
        found.append(([step.name for step in repeated.tape.steps], [entry.function for entry in entries], graph))
    assert found[0] == found[1]


@each(
    "args, does",
    [
        ((torch.nn.Parameter(torch.ones(2)), 1, None, "mean"), True),
        (((2, 2), torch.Size([1])), True),
        (([1],), False),
        (((slice(None), [0]),), False),
        ((((1,),),), False),
        ((torch.ones(1).numpy(),), False),
    ],
)
def test_what_stays_is_what_no_program_changes_but_by_an_operation(args: tuple[Any, ...], does: bool) -> None:
    assert stay(args) is does
    assert stay_by_name(dict(zip("abcd", args, strict=False))) is does


def test_a_call_that_writes_into_an_argument_changes_it() -> None:
    assert not stay_by_name({"out": torch.ones(1)})
    assert not stay_by_name({"inplace": True})
    assert stay_by_name({"inplace": False})
