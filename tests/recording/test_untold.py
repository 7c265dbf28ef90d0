"""What the log is spared: calls that are no part of a step, during which it rests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from logs import USER, weights
from torch.autograd.profiler import record_function

from gradcli.recording.program.log import Log
from gradcli.recording.program.untold import Untold


class Heard(Log):
    """A log that keeps what it is told of, an operation of the step or not."""

    def __init__(self) -> None:
        super().__init__(USER, {})
        self.heard: list[str] = []

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        self.heard.append(func.__name__)
        return super().__torch_function__(func, types, args, kwargs)


@pytest.fixture
def log() -> Iterator[Heard]:
    heard = Heard()
    untold = Untold(heard)
    untold.put_on()
    heard.put_on()
    try:
        yield heard
    finally:
        heard.take_off()
        untold.take_off()


def test_an_optimizer_is_told_of_nothing_but_its_steps_and_is_heard_afterwards(log: Heard) -> None:
    x = weights()
    optimizer = torch.optim.SGD([x], lr=0.1)
    x.sum().backward()
    log.heard.clear()
    optimizer.zero_grad()
    with record_function("mine"):
        assert log.heard == []
        torch.exp(x)
    assert log.heard == ["exp"], "the mark of the profiler alone is nothing to tell"
    torch.sin(x)
    assert log.heard == ["exp", "sin"]


def test_a_log_at_rest_is_not_woken_by_a_mark_of_the_profiler(log: Heard) -> None:
    x = weights()
    log.heard.clear()
    log.rest()
    with record_function("mine"):
        torch.exp(x)
    assert log.heard == []
    log.wake()
    torch.sin(x)
    assert log.heard == ["sin"]


def test_what_was_patched_is_as_it_was() -> None:
    before = (record_function.__enter__, record_function.__exit__, torch.optim.Optimizer.zero_grad)
    untold = Untold(Heard())
    untold.put_on()
    assert record_function.__enter__ is not before[0]
    untold.take_off()
    assert (record_function.__enter__, record_function.__exit__, torch.optim.Optimizer.zero_grad) == before
