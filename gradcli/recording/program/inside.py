"""The steps inside of a call that the log has as one operation: of a compiled function, of a function under a transform
of torch.func, of a reentrant checkpoint.

The function is run again without the compiler or the checkpoint, and each call in it becomes a step. Under a transform
a step has the whole batch, and cannot be applied again: the transform has changed what its operation does.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import torch
from torch._functorch.pyfunctorch import temporarily_clear_interpreter_stack
from torch.overrides import TorchFunctionMode

from gradcli.exceptions import ArgumentError
from gradcli.model.place import Place
from gradcli.recording.program.entries import AnyTensor, Entry, mapped, tensors_among, whole
from gradcli.recording.program.gradient_steps import with_gradient_steps
from gradcli.recording.program.kinds import IGNORED, changes_first, kind_of
from gradcli.recording.program.operations import CallOperation, arguments_of, operation_of
from gradcli.recording.program.places import Spot, UserCode
from gradcli.recording.recorder import Recorder

_TRANSFORMS = "/torch/_functorch/"


class Copies(Protocol):
    """What stands for the program's own tensors while a step is run again."""

    def stand_in(self, tensor: torch.Tensor, place: Place) -> torch.Tensor:
        """The copy of a tensor of the program."""


def function_inside(function: Any, args: tuple[Any, ...]) -> tuple[Callable[..., Any], tuple[Any, ...]] | None:
    """The function that a call runs without telling of it, with its arguments; None if the call is a plain one."""
    owner = getattr(function, "__self__", None)
    if isinstance(owner, type) and owner.__module__ == "torch.utils.checkpoint":
        return args[0], args[2:]  # behind whether the random numbers are the same
    compiled = getattr(function, "_torchdynamo_orig_callable", None)
    if compiled is not None:
        return compiled, args
    code = getattr(function, "__code__", None)
    return (function, args) if code is not None and _TRANSFORMS in code.co_filename else None


def _closed_over(entry: Entry) -> Iterator[AnyTensor]:
    """The tensors that the function inside of a call uses without being given them, as far as Python tells."""
    found = function_inside(entry.function, entry.args)
    function = None if found is None else inspect.unwrap(found[0])
    if inspect.isfunction(function):
        around = inspect.getclosurevars(function)
        yield from tensors_among((*around.nonlocals.values(), *around.globals.values()))


def calls_behind(entries: Sequence[Entry], roots: Sequence[torch.Tensor]) -> list[Entry]:
    """The calls that the roots were made by."""
    needed = set(map(id, roots))
    found = []
    for entry in reversed(entries):
        if any(id(tensor) in needed for tensor in entry.made):
            needed.update(map(id, (*entry.tensors, *_closed_over(entry))))
            found.append(entry)
    return found[::-1]


class StepsInside(TorchFunctionMode):
    """Adds a step for each call while it is on.

    call: where the function is called. found: the numbers of these steps.
    """

    def __init__(self, recorder: Recorder, user: UserCode, copies: Copies, call: Spot) -> None:
        super().__init__()
        self.found: list[int] = []
        self._call = call
        self._around = user.innermost(sys._getframe(1))
        self._number = torch._C._autograd._get_sequence_nr()
        self._recorder = recorder
        self._user = user
        self._copies = copies

    @property
    def last(self) -> tuple[int, ...]:
        """Those that no other one reads."""
        read = {operand for number in self.found for operand in self._recorder.steps[number].operands}
        return tuple(number for number in self.found if number not in read)

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kind, frame = kind_of(func), self._user.innermost(sys._getframe(1))
        is_told = func is torch.autograd.grad or (kind != IGNORED and func is not torch.Tensor.requires_grad_)
        if not is_told or frame is None or not torch.is_grad_enabled():
            return func(*args, **(kwargs or {}))
        code, instruction = self._call if frame is self._around else (frame.f_code, frame.f_lasti)
        entry = Entry(0, code, instruction, func, args, kwargs, None, changes_first(kind, args, kwargs))
        place = entry.spot.place
        with temporarily_clear_interpreter_stack():  # under a transform no tensor can be detached or become a leaf
            args, kwargs = mapped((args, dict(kwargs or {})), lambda one: self._stand_in(one, place))
            seen = entry._replace(args=mapped(args, whole), kwargs=mapped(kwargs, whole))
            arguments, named = arguments_of(seen)
            given = [*arguments, *named.values()]
            kept = [self._recorder.kept(value) for value in given]
        operands = tuple(dict.fromkeys(step for value in given for step in self._recorder.steps_of(value)))
        if func is torch.autograd.grad:
            outputs = args[0] if args else kwargs["outputs"]
            out, steps = with_gradient_steps(self._recorder, outputs, place, lambda: func(*args, **kwargs))
            self.found += steps
            operands = tuple(dict.fromkeys((*operands, *steps)))
        else:
            out = func(*args, **kwargs)
        value = seen.args[0] if entry.changes else mapped(out, whole)
        if isinstance(value, torch.Tensor | tuple | list):
            operation = operation_of(seen, tuple(named))
            if value is not out:
                operation = _of_batch(operation, given, value)
            with temporarily_clear_interpreter_stack():
                self.found.append(self._recorder.add(operation, place, value, operands=operands, arguments=kept))
            self._recorder.claim(out, self.found[-1])
        return out

    def _stand_in(self, tensor: torch.Tensor, place: Place) -> torch.Tensor:
        if whole(tensor) is not tensor or self._recorder.steps_of(tensor) or self._is_made_inside(tensor):
            return tensor
        return self._copies.stand_in(tensor, place)

    def _is_made_inside(self, tensor: torch.Tensor) -> bool:
        """Whether a call that is not told made it here, such as that of a custom function."""
        return tensor.grad_fn is not None and tensor.grad_fn._sequence_nr() >= self._number


def _of_batch(operation: CallOperation, given: list[Any], value: Any) -> CallOperation:
    """An operation under a transform, which works on elements only where the batch has the same shape throughout."""
    shapes = {one.shape for one in (*given, value) if isinstance(one, torch.Tensor)}
    if operation.elementwise and len(shapes) == 1 and not operation.name.endswith("_"):
        return operation
    return sealed(operation)


def sealed(operation: CallOperation) -> CallOperation:
    """An operation that the rules do not apply again: its steps inside, or its batch, say more."""
    return replace(operation, elementwise=False, function=_refused)


def _refused(*_args: object, **_kwargs: object) -> object:
    raise ArgumentError("what has steps inside, or is under a transform of torch.func, cannot be applied again")
