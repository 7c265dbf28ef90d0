"""The log of a program: an entry for each operation since the last step, as PyTorch is told of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import get_ident
from typing import Any, TypeVar

import torch
from torch.overrides import TorchFunctionMode

from gradcli.recording.program.calls import ARE_PLAIN, Calls, stay, stay_by_name
from gradcli.recording.program.changes import Changes
from gradcli.recording.program.entries import Entry, WeakTensor
from gradcli.recording.program.kinds import (
    CHANGING,
    DRAWING,
    DRAWS_IN_PLACE,
    HANDLED,
    LEAVES_PYTORCH,
    PLAIN,
    SWITCHED,
    SWITCHES_GRADIENTS,
    changes_first,
    kind_of,
)
from gradcli.recording.program.places import UserCode
from gradcli.recording.program.surroundings import GeneratorState, autocast_now

Value = TypeVar("Value")
Handler = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], Any]

_sequence_number = torch._C._autograd._get_sequence_nr
_in_transform = torch._C._functorch.peek_interpreter_stack
_are_gradients_on = torch.is_grad_enabled
_SETS_LEAF = torch.Tensor.requires_grad.__set__  # type: ignore[attr-defined]

MOST_UNDIFFERENTIATED = 4096
"""Calls without gradients that a step has: more are an evaluation, of which no step computes."""


class Log(TorchFunctionMode):
    """Sees every call while it is on.

    handlers: who takes over a call, by its function.
    in_optimizer: whether an optimizer changes its parameters, which it does at one place of the program.
    is_on: whether it is. everything: whether what leaves PyTorch is logged too.
    repeats: whether what it hears is no call of the program's, but computed once more.
    has_heard: whether there was any call since somebody has set it to False, even of what is not logged.
    changes: what was changed in place.
    """

    def __init__(self, user: UserCode, handlers: Mapping[Any, Handler], budget: int | None = None) -> None:
        super().__init__()
        self.calls = Calls(budget)
        self.user = user
        self.is_on = False
        self.everything = False
        self.in_optimizer = False
        self.repeats = False
        self.has_heard = False
        self.changes = Changes(user)
        self._handlers = {_SETS_LEAF: self._sets_leaf, **handlers}
        self._kinds: dict[Any, int] = {}
        self._rests = False
        self._thread = 0
        self._undifferentiated = 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        self.has_heard = True
        kind = self._kinds.get(func)
        if kind is None:
            kind = self._kinds[func] = HANDLED if func in self._handlers else kind_of(func)
        if kind < PLAIN:
            return self._aside(kind, func, args, kwargs or {})
        if not _are_gradients_on():
            return self._without_gradients(kind, func, args, kwargs or {})
        calls = self.calls
        if (
            (kind != PLAIN and kind != SWITCHED)
            or not (ARE_PLAIN(map(type, args)) or stay(args))
            or (kwargs and not stay_by_name(kwargs))
            or _in_transform() is not None
        ):
            return self._carefully(kind, func, args, kwargs)
        out = func(*args, **kwargs) if kwargs else func(*args)
        frame = self.user.innermost(sys._getframe(1))
        if frame is not None:
            spot = _sequence_number(), frame.f_code, frame.f_lasti
            calls.add_held((*spot, func, args, kwargs, out, autocast_now()), out)
        return out

    def _carefully(self, kind: int, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any] | None) -> Any:
        """A call whose tensors are named at once."""
        calls = self.calls
        calls.settle()
        before = generator = base = None
        changes = False
        if kind > PLAIN:
            changes = changes_first(kind, args, kwargs)
            if changes:
                self.changes.note(func, args[:1], has_entry=True)
                base = calls.kept.base(args[0])
                before = calls.kept.before(args[0])
            elif kind == CHANGING:
                self.changes.note(func, args)
            if kind == DRAWING or func.__name__ in DRAWS_IN_PLACE:
                generator = calls.kept.state(args, kwargs)
        if kwargs and "out" in kwargs:
            self.changes.note(func, (kwargs["out"],))
        out = func(*args, **kwargs) if kwargs else func(*args)
        frame = self.user.innermost(sys._getframe(2))
        if frame is not None:
            spot = _sequence_number(), frame.f_code, frame.f_lasti
            if _in_transform() is None:
                calls.count(out)
                named = calls.named(kind, args, kwargs, out)
                calls.add((*spot, func, *named, changes, before, autocast_now(), generator, True, base))
            else:  # the tensors of torch.func's transforms die with them
                calls.add((*spot, func, (), None, None, False, None, None, None))
        return out

    def _aside(self, kind: int, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """A call that is no operation of the step."""
        if kind == HANDLED and not self.repeats:
            return self._handlers[function](function, args, kwargs)
        were_on = self.everything and _are_gradients_on()
        out = function(*args, **kwargs)
        if kind == HANDLED and function is torch.autograd.grad:  # it may be differentiated in turn
            self.add(function, args, kwargs, out)
        elif self.everything and (
            function.__name__ in LEAVES_PYTORCH
            or (function.__name__ == SWITCHES_GRADIENTS and were_on and not _are_gradients_on())
        ):
            self.add(function, args, kwargs, None)
        return out

    def _sets_leaf(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """`x.requires_grad = True` is the method of another name."""
        self.calls.settle()
        function(*args, **kwargs)
        self.add(torch.Tensor.requires_grad_, args, kwargs, args[0])

    def _without_gradients(self, kind: int, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        self.calls.settle()
        out = function(*args, **kwargs)
        if not self.in_optimizer and (kind == CHANGING or "out" in kwargs):
            self.changes.note(function, (*args[: kind == CHANGING], kwargs.get("out")))
        if self.in_optimizer or self._undifferentiated > MOST_UNDIFFERENTIATED:
            return out
        if (frame := self.user.innermost(sys._getframe(2))) is not None:
            self._undifferentiated += 1
            name, spot = self.calls.kept.named, (_sequence_number(), frame.f_code, frame.f_lasti)
            named = dict(zip(kwargs, name(kwargs.values()), strict=True)) if kwargs else None
            changes = changes_first(kind, args, kwargs)
            entry = (*spot, function, name(args), named, *name((out,)), changes, None, autocast_now(), None, False)
            self.calls.add(entry)
        return out

    def state(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> GeneratorState:
        """The state of the generator that a call may draw from."""
        return self.calls.kept.state(args, kwargs)

    def add(
        self,
        function: Any,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        out: Any,
        generator: GeneratorState | None = None,
    ) -> None:
        """An entry for a call that PyTorch does not tell of. generator: its state before, where the call may draw."""
        calls = self.calls
        calls.settle()
        frame = self.user.innermost(sys._getframe(1))
        enabled = _are_gradients_on()
        if frame is not None:
            kept = calls.kept
            if enabled:
                calls.count(out)
                tensors = kept.arguments(args), kept.keywords(kwargs), kept.result(out)
            else:
                tensors = kept.named((args, kwargs, out))
            spot = _sequence_number(), frame.f_code, frame.f_lasti
            calls.add((*spot, function, *tensors, False, None, autocast_now(), generator, enabled))

    @property
    def is_here(self) -> bool:
        """Whether it is on, and in the thread that runs now: a mode belongs to one."""
        return self.is_on and self._thread == get_ident()

    @property
    def hears(self) -> bool:
        """Whether it is told of the calls that are made now."""
        stack = range(torch._C._len_torch_function_stack() if self.is_here else 0)
        return any(torch._C._get_function_stack_at(number) is self for number in stack)

    def put_on(self) -> None:
        self.is_on = True
        self._thread = get_ident()
        self._rests = False
        torch._C._push_on_torch_function_stack(self)

    def take_off(self) -> None:
        if self.is_on:
            self.rest()
            self.is_on = False
            self.clear()

    def rest(self) -> bool:
        """See nothing until `wake`; a mode that was put on since stays, and so does the log under it.

        The answer: whether it saw what is called, and does not any more.
        """
        if not self.is_here or self._rests or not torch._C._len_torch_function_stack():
            return False
        top = torch._C._pop_torch_function_stack()
        self._rests = top is self
        if not self._rests:
            torch._C._push_on_torch_function_stack(top)
        return self._rests

    def wake(self) -> None:
        if self.is_here and self._rests:
            self._rests = False
            torch._C._push_on_torch_function_stack(self)

    @contextmanager
    def out(self) -> Iterator[None]:
        """Hear nothing of a block, of which every other mode is told as before."""
        above = []
        while (top := torch._C._pop_torch_function_stack()) is not self:
            above.append(top)
        for mode in reversed(above):
            torch._C._push_on_torch_function_stack(mode)
        try:
            yield
        finally:
            for _ in above:
                torch._C._pop_torch_function_stack()
            for mode in (self, *reversed(above)):
                torch._C._push_on_torch_function_stack(mode)

    def repeated(self, compute: Callable[[], Value]) -> tuple[Value, list[Entry]]:
        """What a computation gives, and its calls, which are none of the program's: while the log hears nothing."""
        own, self.calls, self.repeats = self.calls, Calls(), True
        torch._C._push_on_torch_function_stack(self)
        try:
            return compute(), self.calls.recorded()
        finally:
            torch._C._pop_torch_function_stack()
            self.calls, self.repeats = own, False

    def named(self, tensors: Iterable[torch.Tensor]) -> list[WeakTensor]:
        """The names that the log has for tensors."""
        return [*map(self.calls.kept.name, tensors)]

    def clear(self, roots: Sequence[torch.Tensor] = ()) -> None:
        """Drop every call, or only those behind these tensors and those that lead to no tensor the program holds."""
        if roots:
            self.calls.drop_behind(roots)
        else:
            self.calls.clear()
        self._undifferentiated = 0
