"""What the log of a program keeps alive, and what it can still run again."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Self
from weakref import ref

import pytest
import torch
from each import each
from logs import again, logged, weights
from torch import Tensor

from gradcli.model.place import Place, Source
from gradcli.numerics.graph import storage_of
from gradcli.recording.program import calls, undifferentiated
from gradcli.recording.program.entries import GoneError, mapped, tensors_among


@pytest.fixture(autouse=True, params=[calls.MOST_HELD, -1], ids=["held", "named"])
def room(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log names the tensors of small calls later than those of large ones, and it is one log."""
    monkeypatch.setattr(calls, "MOST_HELD", request.param)


def test_what_the_graph_lets_go_of_is_not_kept() -> None:
    with logged() as log:
        hidden = weights() * 2
        loss = (hidden + 1).sum()  # neither needs its operands for the backward pass
        gone = ref(hidden)
        del hidden
        log.calls.settle()
        assert gone() is None
        assert len(again(log, loss).tape.steps) == 4


def test_what_a_backward_pass_has_used_is_not_kept_and_is_computed_again() -> None:
    with logged() as log:
        hidden = weights() * 3
        loss = hidden.exp().square().sum()
        gone = ref(hidden)
        del hidden
        loss.backward()
        log.calls.settle()
        assert gone() is None
        found = again(log, loss)
        assert found.differs is None
        assert {step.name for step in found.tape.steps} >= {"mul", "exp", "square", "sum"}


@pytest.mark.parametrize(
    "made", [lambda: torch.randn(4), lambda: torch.zeros(4), lambda: torch.rand_like(torch.zeros(4))]
)
def test_what_no_call_gives_again_is_kept(made: object) -> None:
    assert callable(made)
    with logged() as log:
        loss = (weights() * made()).exp().sum()
        assert again(log, loss).differs is None


def test_what_was_computed_without_gradients_is_kept_where_it_goes_in() -> None:
    with logged() as log:
        with torch.no_grad():
            target = torch.randn(4) * 2
        loss = (weights() - target).square().sum()
        del target
        loss.backward()
        assert again(log, loss).differs is None


def test_a_tensor_changed_in_place_is_kept_once_as_it_was_before() -> None:
    with logged() as log:
        buffer = torch.zeros(4)
        for number in range(3):
            buffer[number] = weights().sum()
        loss = buffer.sum()
        assert [entry.before is not None for entry in log.calls.recorded() if entry.changes] == [True, False, False]
        del buffer
        assert again(log, loss).differs is None


def test_a_result_changed_in_place_needs_no_copy() -> None:
    with logged() as log:
        hidden = weights() * 3
        hidden.add_(1)
        loss = hidden.square().sum()
        assert all(entry.before is None for entry in log.calls.recorded())
        assert again(log, loss).differs is None


def test_an_input_beyond_the_budget_is_used_as_long_as_the_program_has_it() -> None:
    batch = torch.randn(4)
    with logged(budget=8) as log:
        loss = (weights() * batch).sum()
        assert again(log, loss).differs is None
        del batch
        loss.backward()
        with pytest.raises(GoneError, match="is not there any more"):
            again(log, loss)


class Point(tuple[int, int]):
    def __new__(cls, x: int, y: int) -> Self:
        return super().__new__(cls, (x, y))


class Pair(NamedTuple):
    tensor: Tensor
    others: list[object]


def test_the_tensors_in_containers_are_changed_and_the_containers_stay_what_they_are() -> None:
    one, two = torch.ones(2), torch.zeros(2)
    given = {"a": [one, 3], "b": (two, "x"), "c": Pair(one, [two]), "d": torch.max(one, 0), "e": torch.Size([2])}
    given["f"] = point = Point(1, 2)
    changed = mapped(given, lambda tensor: tensor + 1)
    assert {name: type(value) for name, value in changed.items()} == {n: type(value) for n, value in given.items()}
    assert [one.tolist() for one in tensors_among(changed.values())] == [
        (one + 1).tolist() for one in tensors_among(given.values())
    ]
    assert changed["f"] is point
    assert (changed["a"][1], changed["b"][1], changed["e"]) == (3, "x", torch.Size([2]))


@each("text, told", [("x *\n  2", "x * 2 at line 1"), ("", "a tensor at line 1")])
def test_what_is_gone_is_told_by_what_is_written_on_one_line(text: str, told: str) -> None:
    assert str(GoneError(Place(Source(text), 0, len(text)))).startswith(told)


def test_a_tensor_changed_in_place_beyond_the_budget_is_not_taken_for_what_it_was() -> None:
    batch = torch.randn(4)
    with logged(budget=8) as log:
        loss = (weights() * batch).sum() + batch.add_(1).sum()
        with pytest.raises(GoneError):
            again(log, loss)


def test_the_budget_is_that_of_all_that_is_kept() -> None:
    batches = [torch.randn(4) for _ in range(5)]
    with logged(budget=3 * 16) as log:
        loss = weights().sum()
        for batch in batches:
            loss = loss + (weights() * batch).sum()
        kept = [
            tensor for entry in log.calls.entries for tensor in entry[4] if getattr(tensor, "value", None) is not None
        ]
        assert len({id(one) for one in kept}) == 3


def test_an_evaluation_keeps_nothing_and_is_not_followed_without_end() -> None:
    given = torch.ones(4)
    with logged() as log:
        gone = ref(made := given * 2)
        with torch.no_grad():
            for _ in range(4000):
                made = made * 1
                given.add_(1)  # what is held is changed: none of that leads to nothing
        assert gone() is None
        assert 2000 < len(log.calls.entries) < 5000
        log.clear()
        with torch.no_grad():
            made = made * 1
        assert len(log.calls.entries) == 1


def test_the_latest_changes_in_place_are_remembered() -> None:
    given = [torch.zeros(1) for _ in range(2000)]
    with logged() as log, torch.no_grad():
        for one in given:
            one.add_(1)
        changed = [change.memory for change in log.changes.latest()]
    assert 100 < len(changed) < 1000
    assert changed == [storage_of(one) for one in given[-len(changed) :]]


def test_forward_passes_that_nobody_differentiates_are_forgotten_and_what_the_program_holds_is_not() -> None:
    with logged() as log:
        given, held = torch.randn(4), weights() * 3
        for _ in range(1500):
            weights().sin()
        assert len(log.calls.entries) < 1000
        names = [step.name for step in again(log, (held * given).sum()).tape.steps]
    assert names == ["randn", "leaf", "mul", "mul", "sum"]


@each(
    "draw",
    [lambda: torch.randn(4), lambda: torch.rand_like(torch.ones(4)), lambda: torch.dropout(torch.ones(4), 0.5, True)],
)
def test_what_draws_without_gradients_is_not_run_again(draw: Callable[[], Tensor]) -> None:
    """It would draw other numbers; the calls behind it have their own."""
    with logged() as log:
        with torch.no_grad():
            target = (draw() * 0).log()
        loss = (weights() * target).sum()
        (chain,) = undifferentiated.chains(log.calls.recorded()).values()
        assert [entry.function.__name__ for entry in chain] == ["mul", "log"]
        assert loss.isinf()


@each(
    "compute, change, same",
    [
        (lambda held: (held * 0).log(), 0, True),
        (lambda held: (held * 0).sum(dim=0, keepdim=True).log(), 0, True),
        (lambda held: (held * 0).log_(), 0, True),
        (lambda held: (held - 1).log(), 1, False),  # what it is computed of is another by now
        (lambda held: held.mul_(torch.inf), 0, False),  # nobody knows what it was before
    ],
)
def test_a_target_is_computed_again_where_the_calls_behind_it_give_what_they_gave(
    compute: Callable[[Tensor], Tensor], change: float, same: bool
) -> None:
    with logged() as log:
        with torch.no_grad():
            target = compute(held := torch.ones(4))
        loss = (weights() * target).sum()
        (chain,) = undifferentiated.chains(log.calls.recorded()).values()
    held.add_(change)
    assert not loss.isfinite()
    assert undifferentiated.gives_the_same(chain, {id(held): held}) == same
    assert not undifferentiated.gives_the_same(chain, {id(held): None})
    nothing = [*chain[:-1], chain[-1]._replace(out=None, changes=False)]
    assert not undifferentiated.gives_the_same(nothing, {id(held): held})
    other = [*chain[:-1], chain[-1]._replace(function=lambda *_: None, out=target.clone(), changes=False)]
    assert not undifferentiated.gives_the_same(other, {id(held): held})


def test_what_a_step_computes_is_looked_for_behind_a_target_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Tensor] = []
    behind = undifferentiated._behind
    monkeypatch.setattr(undifferentiated, "_behind", lambda before, one: (looked.append(one), behind(before, one))[1])
    with logged() as log:
        with torch.no_grad():
            held = torch.ones(4) * 2
            target = (held * 0).log()
        hidden = weights() * torch.inf
        kept = [hidden := hidden.sin() for _ in range(9)]
        loss = (hidden * target + target).sum() + held.sum()
        found = undifferentiated.chains(log.calls.recorded())
    assert [one is target for one in looked] == [True]  # however many others are not finite
    assert [[one.function.__name__ for one in chain] for chain in found.values()] == [["mul", "log"]]
    assert len(kept) == 9
    assert loss.isnan()


def test_a_mask_whose_origin_is_gone_is_taken_as_it_is() -> None:
    """The backward pass of the first loss drops what it was made of, and the mask was made of that too."""
    with logged() as log:
        hidden = weights() * 3
        mask = (hidden > 1).float()
        first = hidden.square().sum()
        first.backward()
        log.calls.drop_behind([first])
        del hidden, first
        loss = (weights() * mask).sum()
        found = again(log, loss)
        assert found.differs is None
        assert found.tape.output.item() == 4
