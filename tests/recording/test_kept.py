"""What a log knows of the tensors of a program: their names, what it keeps of them, and how much that is."""

from __future__ import annotations

import math
from collections.abc import Callable
from weakref import ref

import pytest
import torch
from each import each
from logs import USER, again, logged, weights
from torch import Tensor

from gradcli.numerics.graph import storage_of
from gradcli.recording.program.again import run_again
from gradcli.recording.program.entries import Entry, WeakTensor
from gradcli.recording.program.kept import Kept, is_held
from gradcli.recording.program.log import Log
from gradcli.recording.program.surroundings import GeneratorState

MANY = 1500
"""More calls than the log has entries before it looks which of them lead to a tensor that is held."""


def names_in(log: Log) -> list[str]:
    return [entry.function.__name__ for entry in log.calls.recorded()]


def bytes_in(log: Log) -> int:
    """What its entries keep, each tensor once."""
    entries = [Entry(*entry) for entry in log.calls.entries]
    named = {one for entry in entries for one in map(id, (*entry.tensors, *entry.made))}
    values = {
        id(own): own.value for entry in entries for own in (*entry.tensors, *entry.made) if isinstance(own, WeakTensor)
    }
    assert named >= values.keys()
    kept = [*values.values(), *(entry.before for entry in entries)]
    return sum(one.untyped_storage().nbytes() for one in kept if one is not None)


def another_with_the_id_of(gone: int) -> Tensor:
    """A new tensor that Python puts where a dead one was, as it does most often."""
    others = []
    for _ in range(1000):
        others.append(torch.full((4,), 2.0))
        if id(others[-1]) == gone:
            return others[-1]
    pytest.skip("Python has not used the memory again")


@each("made_with_gradients", [True, False])
def test_a_new_tensor_where_a_dead_one_was_is_not_taken_for_it(made_with_gradients: bool) -> None:
    for use in (
        lambda other: other * 1,
        lambda other: torch.stack([other, other]).sum(dim=0) / 2,
        lambda other: other.add_(1).sub_(1),
        lambda other: torch.where(weights() > 2, without_gradients(other), other),
    ):
        with logged() as log:
            with torch.set_grad_enabled(made_with_gradients):
                hidden = weights() * 3
            gone = id(hidden)
            log.calls.settle()
            del hidden
            log.rest()
            other = another_with_the_id_of(gone)
            log.wake()
            loss = (weights() * use(other)).sum()
            log.rest()
            found = run_again(log.calls.recorded(), [loss], [None], {id(other): "batch"}, USER)
        assert found.differs is None
        assert found.tape.output.item() == 8.0
        assert "batch" in [step.variable for step in found.tape.steps]


@torch.no_grad()
def without_gradients(tensor: Tensor) -> Tensor:
    return (tensor * 0).log()


def test_the_tensors_in_lists_and_tuples_are_not_kept_either() -> None:
    def stacked(hidden: Tensor) -> Tensor:
        return torch.stack((hidden, hidden)).sum() + torch.cat([hidden, hidden]).sum() + torch.sum(input=hidden)

    for enabled in (True, False):
        with logged() as log, torch.set_grad_enabled(enabled):
            hidden = weights() * 2
            total = stacked(hidden)
            log.calls.settle()
            named = [
                own for entry in log.calls.entries for own in Entry(*entry).tensors if type(own) is not torch.Tensor
            ]
            assert len(named) == sum(len(Entry(*entry).tensors) for entry in log.calls.entries)
            (own,) = {id(own): own for own in named if isinstance(own, WeakTensor) and own() is hidden}.values()
            del hidden
            assert own() is None
            assert total.item() == 40


def test_what_is_kept_is_counted_once_and_no_more_when_it_is_dropped() -> None:
    batch = torch.ones(1000)
    with logged(budget=10**6) as log:
        held = [weights().sum() * batch[:4]]
        for number in range(MANY):
            weights().sin()
            if number % 500 == 0:
                held.append(weights() * batch[:4])
        assert log.calls.kept.bytes >= bytes_in(log) >= 4000
        assert log.calls.kept.bytes < 10**5
        log.calls._forget_what_nobody_holds()
        assert log.calls.kept.bytes == bytes_in(log)
        log.clear()
        assert log.calls.kept.bytes == 0
    assert len(held) == 4


def test_a_view_has_all_of_its_memory_stay() -> None:
    kept = Kept(5000)
    for given, stays in ((torch.ones(1000)[:4], True), (torch.ones(1000)[:4], False), (torch.ones(250), True)):
        (own,) = kept.arguments([given])
        assert (own.value is given) == stays
    assert kept.bytes == 5000
    assert Kept(0).arguments([torch.ones(0)])[0].value is not None


@pytest.mark.filterwarnings("ignore:Sparse")
@each(
    "made, size",
    [
        (lambda eye: eye.to_sparse(), 4 * (2 * 8 + 4)),
        (lambda eye: eye.to_sparse_csr(), 5 * 8 + 4 * 8 + 4 * 4),
        (lambda eye: eye.to_sparse_csc(), 5 * 8 + 4 * 8 + 4 * 4),
        (lambda eye: eye.to_sparse_bsr((2, 2)), 3 * 8 + 2 * 8 + 8 * 4),
        (lambda eye: eye.to_sparse_bsc((2, 2)), 3 * 8 + 2 * 8 + 8 * 4),
        (lambda eye: eye.to_mkldnn(), 16 * 4),
    ],
)
def test_a_tensor_that_is_not_strided_has_the_size_of_its_parts(made: Callable[[Tensor], Tensor], size: int) -> None:
    given = made(torch.eye(4))
    for budget, stays in ((size, True), (size - 1, False)):
        kept = Kept(budget)
        (own,) = kept.arguments([given])
        assert (own.value is given) == stays
        assert kept.bytes == size * stays


def test_a_program_of_sparse_tensors_is_logged_as_long_as_it_runs() -> None:
    adjacency = torch.eye(4).to_sparse()
    with logged(budget=10**6) as log:
        states = [torch.ones(4, 1, requires_grad=True)]
        for _ in range(MANY):
            states.append(adjacency @ states[-1])
        entries = len(log.calls.entries)
        log.calls.drop_behind([states[2]])
        assert len(log.calls.entries) == entries - 3  # that of the first state, and two products
        assert log.calls.kept.bytes == 4 * (2 * 8 + 4)


def test_what_is_used_again_behind_a_backward_pass_that_dropped_its_origin_is_kept() -> None:
    with logged() as log:
        hidden = weights() * 3
        mask = (hidden > 1).float()
        first = hidden.square().sum()
        first.backward()
        log.calls.drop_behind([first])
        loss = (weights() * mask + hidden.detach() * 2).sum()
        del hidden
        found = again(log, loss)
    assert found.differs is None
    assert found.tape.output.item() == 4 + 4 * 6


def test_a_target_and_the_calls_behind_it_stay_together_while_others_are_forgotten() -> None:
    held = torch.ones(4)
    with logged() as log:
        with torch.no_grad():
            first = held * 0
        log.calls._forget_what_nobody_holds()
        with torch.no_grad():
            target = first.log()
        del first
        for _ in range(MANY):
            weights().sin()
        loss = (weights() * target).sum()
        assert [step.name for step in again(log, loss).tape.steps] == ["leaf", "mul", "log", "leaf", "mul", "sum"]


def test_a_result_has_one_name_with_gradients_and_without() -> None:
    with logged() as log:
        hidden = weights() * 0
        with torch.no_grad():
            target = hidden.log()
        del hidden
        loss = (weights() * target).sum()
        names = [step.name for step in again(log, loss).tape.steps]
    assert names == ["leaf", "mul", "log", "leaf", "mul", "sum"]


def test_what_leads_to_what_is_held_stays_though_the_program_has_let_it_go() -> None:
    with logged() as log:
        first = weights() * 2
        second = torch.max(torch.stack([first, first.sin()]), dim=0)
        held = second.values.exp()
        buffer = torch.ones(4)
        scaled = weights() + buffer
        buffer.add_(1)
        del first, second, buffer
        for _ in range(MANY):
            torch.max(weights().sin(), dim=0)
        found = again(log, (held + scaled).sum())
        assert "add_" not in names_in(log)
    assert found.differs is None
    assert found.tape.output.item() == pytest.approx(4 * (math.exp(2) + 2))


def test_an_input_stays_though_the_first_call_that_used_it_is_forgotten() -> None:
    with logged() as log:
        log.rest()
        batch = torch.full((4,), 3.0)
        log.wake()
        torch.max(batch, dim=0)
        held = weights() + batch
        log.calls.settle()
        del batch
        log.calls._forget_what_nobody_holds()
        assert names_in(log) == ["ones", "add"]
        assert again(log, held.sum()).tape.output.item() == 16


@pytest.mark.parametrize("with_gradients", [True, False])
@pytest.mark.parametrize("dead_with_gradients", [True, False])
def test_a_result_where_a_dead_one_was_is_not_taken_for_it(dead_with_gradients: bool, with_gradients: bool) -> None:
    zeros = torch.zeros(4)
    with logged(budget=10**6) as log:
        with torch.set_grad_enabled(dead_with_gradients):
            dead = [zeros * 3 for _ in range(50)]
            gone = {*map(id, dead)}
            del dead
        with torch.set_grad_enabled(with_gradients):
            kept = [zeros.log()]
            while id(kept[-1]) not in gone and len(kept) < 1000:
                kept.append(zeros.log())
        if id(kept[-1]) not in gone:
            pytest.skip("Python has not used the memory again")
        found = again(log, (weights() * kept[-1]).sum())
    assert [step.name for step in found.tape.steps] == ["leaf", "log", "leaf", "mul", "sum"]


def test_what_is_made_of_nothing_that_is_told_is_not_kept() -> None:
    """It is a result of a tensor that the log does not see, and has memory of the program's."""

    class Box:
        tensor = torch.ones(4, requires_grad=True)

    def unboxed(box: Box) -> Tensor:
        return box.tensor * 2

    with logged() as log:
        log.rest()
        made = log.__torch_function__(unboxed, (), (Box(),))
        gone = ref(made)
        del made
        assert gone() is None
        log.wake()
        made = torch.neg(input=weights().detach())
        log.calls.settle()
        gone = ref(made)
        del made
        assert gone() is None


def test_an_optimizer_changes_its_parameters_at_one_place_and_nothing_of_it_is_told() -> None:
    parameter, other = torch.nn.Parameter(torch.ones(4)), torch.ones(2)
    with logged() as log:
        log.in_optimizer = True
        with torch.no_grad():
            parameter.mul_(2)
            other.add_(1)
        log.in_optimizer = False
        assert (log.changes.latest(), log.calls.entries) == ([], [])
        log.changes.note_step([parameter])
        (change,) = log.changes.latest()
    assert (change.memory, change.by_optimizer) == (storage_of(parameter), True)
    assert "note_step" in change.spot.place.text


def test_a_draw_has_the_state_of_its_generator_and_nothing_else_has() -> None:
    with logged() as log:
        made = (weights() * 2).add_(1).uniform_()
        assert [entry.generator is not None for entry in log.calls.recorded()] == [False, False, False, True]
    assert made.requires_grad


def test_a_parameter_is_held_whatever_happens() -> None:
    parameter = torch.nn.Parameter(torch.ones(4))
    assert is_held(parameter)
    with logged() as log:
        with torch.no_grad():
            parameter.mul_(3)
        for _ in range(MANY):
            weights().sin()
        assert names_in(log)[0] == "mul_"


def test_the_generator_is_that_of_the_tensors_device_or_the_one_that_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    state = GeneratorState(torch.zeros(1))
    monkeypatch.setattr(
        "gradcli.recording.program.kept.generator_state", lambda *given: (asked.append(given), state)[1]
    )
    mean, generator = torch.zeros(2), torch.Generator()
    kept = Kept()
    assert kept.state((mean, 1.0), {}) is state
    assert kept.state((), {"mean": mean, "generator": generator}) is state
    assert kept.state((2, 3), None) is state
    assert [(one is mean, other) for one, other in asked] == [(True, None), (True, generator), (False, None)]


def test_the_names_that_are_released_keep_nothing_and_stay_the_same_for_one_tensor() -> None:
    batch = torch.ones(4)
    with logged() as log:
        kept = [weights() * batch, torch.ones(4) * batch]
        entries = log.calls.names()
    own = [one for entry in entries for one in entry.tensors if isinstance(one, WeakTensor) and one() is batch]
    assert len(own) == 2
    assert own[0] is own[1]
    assert all(
        one.value is None for entry in entries for one in (*entry.tensors, *entry.made) if isinstance(one, WeakTensor)
    )
    assert len(kept) == 2


@each(
    "call, changed",
    [
        (lambda x, out: torch.relu_(x), 0),
        (lambda x, out: torch.mul(x, 2, out=out), 1),
        (lambda x, out: torch._foreach_add_([x, out], 1.0), 2),
        (lambda x, out: torch.nn.functional.relu(x, inplace=True), 0),
        (lambda x, out: torch.nn.functional.relu(x), None),
        (lambda x, out: x.add(1), None),
        (lambda x, out: x.requires_grad_(), None),
    ],
)
def test_changes_that_no_entry_tells_of_are_noted(
    call: Callable[[Tensor, Tensor], object], changed: int | None
) -> None:
    """With gradients an entry tells that its first argument was changed."""
    for enabled in (True, False):
        x, out = torch.ones(2), torch.ones(2)
        expected = {0: [x], 1: [out], 2: [x, out], None: []}[changed]
        with logged() as log, torch.set_grad_enabled(enabled):
            call(x, out)
            noted = [change.memory for change in log.changes.latest() if not change.by_optimizer]
            noted += [storage_of(entry.args[0]) for entry in log.calls.recorded() if entry.changes]
        assert sorted(set(noted)) == sorted(map(storage_of, expected)), enabled
