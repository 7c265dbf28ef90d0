"""What the log is spared: calls that are no part of a step, during which it rests."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
import torch
from logs import USER, weights
from torch import Tensor
from torch.autograd.profiler import record_function
from torch.overrides import TorchFunctionMode

from gradcli.recording.program.log import Log
from gradcli.recording.program.transforms import Taken
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


class Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):  # type: ignore[no-untyped-def]
        return x * 2

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        return gradient * 2


@pytest.mark.parametrize("call", [lambda x: Twice.apply(x), lambda x: torch.func.vmap(torch.sin)(x)])
def test_what_is_one_operation_is_none_while_the_log_rests(log: Heard, call: Callable[[Tensor], Tensor]) -> None:
    x = weights()
    made = call(x)
    assert [entry.out is made for entry in log.calls.recorded()][-1]
    before = len(log.calls.entries)
    log.rest()
    assert torch.equal(call(x), made)
    log.wake()
    assert len(log.calls.entries) == before


def test_a_compiled_function_is_one_operation_and_a_module_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    """What torch.compile makes is made by a context of dynamo's, whose import takes a second."""

    class Context:
        def __call__(self, function: object) -> object:
            return function

    original = Context.__call__
    monkeypatch.setitem(sys.modules, "torch._dynamo.eval_frame", SimpleNamespace(_TorchDynamoContext=Context))
    monkeypatch.setattr(torch, "compile", lambda function: Context()(function))
    log = Heard()
    for compiles in (False, True):
        untold = Untold(log)
        untold.put_on()
        log.put_on()
        if compiles:
            module = torch.nn.Identity()
            assert torch.compile(module) is module
            assert torch.compile(3) == 3  # type: ignore[call-overload]
            log.heard.clear()
            torch.compile(lambda x: x.sin().cos())(weights())
            assert not {"sin", "cos"} & {*log.heard}
            assert [entry.function.__name__ for entry in log.calls.recorded()] == ["ones", "<lambda>"]
        log.take_off()
        untold.take_off()
        assert Context.__call__ is original


class Other(TorchFunctionMode):
    """A mode of the program's own."""

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        return func(*args, **(kwargs or {}))


def stack() -> list[object]:
    return [torch._C._get_function_stack_at(number) for number in range(torch._C._len_torch_function_stack())]


def test_a_log_rests_and_wakes_where_it_is_on_and_leaves_other_modes_alone() -> None:
    log = Heard()
    with Other() as other:
        assert (log.is_here, log.hears, log.rest(), stack()) == (False, False, False, [other])
        log.put_on()
        assert (log.is_here, log.hears, stack()) == (True, True, [other, log])
        assert (log.rest(), log.hears, stack()) == (True, False, [other])
        assert (log.rest(), stack()) == (False, [other])
        log.wake()
        log.wake()
        assert (log.hears, stack()) == (True, [other, log])
        log.take_off()
        assert (log.is_here, log.rest(), stack()) == (False, False, [other])
        log.wake()
        assert stack() == [other]


def test_a_mode_that_was_put_on_since_stays_and_so_does_the_log() -> None:
    log = Heard()
    log.put_on()
    with Other() as other:
        assert (log.hears, log.rest(), stack()) == (True, False, [log, other])
        log.take_off()
        assert stack() == [log, other]
    assert (log.hears, log.rest(), stack()) == (False, False, [log])
    torch._C._pop_torch_function_stack()


def test_another_thread_changes_nothing_of_a_log() -> None:
    log = Heard()
    log.put_on()
    log.rest()
    seen: list[object] = []

    def elsewhere() -> None:
        log.wake()
        seen.append((log.is_here, log.hears, stack()))
        with Other() as other:
            seen.append((log.rest(), stack() == [other]))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [(False, False, []), (False, True)]
    log.wake()
    assert stack() == [log]
    log.take_off()


def test_a_handler_runs_without_the_log_which_need_not_rest() -> None:
    log = Log(USER, {torch.sin: lambda function, args, kwargs: (log.rest(), function(*args, **kwargs))})
    log.put_on()
    rests, value = torch.sin(weights())  # type: ignore[misc]
    log.take_off()
    assert (rests, value.tolist()) == (False, weights().sin().tolist())


def test_what_is_out_of_the_log_is_still_told_to_the_modes_of_the_program() -> None:
    log = Log(USER, {})
    told: list[str] = []

    class Telling(Other):
        def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            told.append(func.__name__)
            return func(*args, **(kwargs or {}))

    log.put_on()
    with Telling() as mode, Other() as top:
        x = weights()
        told.clear()
        with log.out():
            assert stack() == [mode, top]
            torch.sin(x)
        assert stack() == [log, mode, top]
        with pytest.raises(KeyError), log.out():
            raise KeyError
        assert stack() == [log, mode, top]
    assert told == ["sin"]
    assert [entry.function.__name__ for entry in log.calls.recorded()] == ["ones"]
    log.take_off()


def test_what_is_computed_once_more_is_none_of_the_programs_calls() -> None:
    handled: list[object] = []

    def handler(function: Callable[..., Tensor], args: tuple[Tensor, ...], kwargs: dict[str, Tensor]) -> Tensor:
        handled.append(function)
        return function(*args, **kwargs)

    log = Log(USER, {torch.autograd.grad: handler, torch.Tensor.backward: handler})
    log.put_on()
    x = weights()

    def compute() -> None:
        (slope,) = torch.autograd.grad(torch.sin(x).sum(), x, create_graph=True)
        slope.sum().backward()

    with log.out():
        own = log.calls
        _, entries = log.repeated(compute)
        assert log.calls is own
        assert stack() == []
    log.take_off()
    assert [entry.function.__name__ for entry in entries] == ["sin", "sum", "grad", "sum"]
    assert handled == []


def test_gradients_that_torch_func_takes_are_told_once_and_not_where_the_log_hears_nothing() -> None:
    told: list[Taken] = []
    log = Log(USER, {})
    untold = Untold(log, told.append)
    untold.put_on()
    log.put_on()
    try:
        x = weights()

        def cubes(w: Tensor) -> Tensor:
            return (w**3).sum()

        torch.func.grad(cubes)(x)
        torch.func.jacrev(torch.func.grad(cubes))(x)
        torch.func.vmap(torch.func.grad_and_value(cubes))(x)
        torch.func.vmap(torch.sin)(x)
        torch.func.vjp(torch.func.grad(cubes), x)  # of what goes away with vjp
        log.rest()
        torch.func.grad(cubes)(x)
        log.wake()
        with log.out():
            log.repeated(lambda: torch.func.grad(cubes)(x))
    finally:
        log.take_off()
        untold.take_off()
    assert [one.transformed.name for one in told] == ["grad", "jacrev", "vmap"]
    assert [one.args[0] is x for one in told] == [True] * 3
    assert [one.gradients[0].tolist() for one in told] == [
        [3.0] * 4,
        [[6.0 * (i == j) for i in range(4)] for j in range(4)],
        [3.0] * 4,
    ]
