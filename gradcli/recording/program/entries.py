"""The entries of a log: each is one call of PyTorch's, with the tensors that went in and came out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import is_
from types import CodeType
from typing import Any, NamedTuple
from weakref import ref

import torch

from gradcli.model.place import Place
from gradcli.recording.program.places import Spot
from gradcli.recording.program.surroundings import Autocast, GeneratorState

_functorch = torch._C._functorch


class GoneError(Exception):
    """A tensor that a call reads, or what it drew, is not there any more, and no call gives it."""

    def __init__(self, place: Place, what: str = "{}") -> None:
        text = what.format(" ".join(place.text.split()) or "a tensor")
        super().__init__(f"{text} at line {place.line} is not there any more")


class WeakTensor(ref[torch.Tensor]):
    """A tensor that the log names.

    requires_grad: whether it did when it was named. value: what the log keeps: the tensor itself, or what it was before
    it was changed in place; None where it keeps nothing, so that the tensor may go.
    Never compare two of them with `==`, which compares the elements of the tensors.
    """

    __slots__ = ("requires_grad", "value")
    requires_grad: bool
    value: torch.Tensor | None


AnyTensor = torch.Tensor | WeakTensor
_TENSORS = (torch.Tensor, WeakTensor)
_SEQUENCES = (tuple, list)


def weak(tensor: torch.Tensor) -> WeakTensor:
    """The name of a tensor, which keeps nothing."""
    # without a callback CPython 3.11 crashes where a tensor that has other weak references too, such as the program's,
    # goes with the name that keeps it
    name = WeakTensor(tensor, callable)
    name.requires_grad, name.value = tensor.requires_grad, None
    return name


class Entry(NamedTuple):
    """One call of PyTorch's.

    number: the autograd sequence number after it; the nodes that it made have smaller ones.
    args, kwargs, out: with a `WeakTensor` for each tensor that is gone. out: None where places alone are kept.
    changes: whether it changes its first argument in place. before: that argument as it was, where no call gives it.
    differentiates: whether gradients were enabled.
    autocast: what it was, None where it was off. generator: the state before a random operation.
    base: what a changed view is a view of, with what that was before, where no call gives it and nothing else tells.
    """

    number: int
    code: CodeType
    instruction: int
    function: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] | None
    out: Any
    changes: bool
    before: torch.Tensor | None = None
    autocast: Autocast | None = None
    generator: GeneratorState | None = None
    differentiates: bool = True
    base: tuple[AnyTensor, torch.Tensor | None] | None = None

    @property
    def spot(self) -> Spot:
        return Spot(self.code, self.instruction)

    @property
    def made(self) -> list[AnyTensor]:
        """The tensors that came out, or that were changed."""
        return tensors_among((self.out, *self.args[: self.changes], *(self.base or ())[:1]))

    @property
    def is_constant(self) -> bool:
        """Whether no gradient flows through what came out."""
        return not any(tensor.requires_grad for tensor in self.made)

    @property
    def makes_leaf(self) -> bool:
        """Whether it made a tensor that is differentiated by, of nothing that is."""
        out = self.out
        return isinstance(out, torch.Tensor) and out.requires_grad and out.is_leaf

    @property
    def sets_leaf(self) -> bool:
        """Whether a tensor is differentiated by from it on, or not any more."""
        return getattr(self.function, "__name__", "") == "requires_grad_"

    @property
    def given_by_name(self) -> dict[str, Any]:
        return dict(self.kwargs or {})

    @property
    def tensors(self) -> list[AnyTensor]:
        """The tensors among the arguments."""
        return tensors_among((*self.args, *self.kwargs.values()) if self.kwargs else self.args)


def tensors_among(values: Iterable[Any]) -> list[AnyTensor]:
    """The tensors of arguments, also those in lists, tuples and dictionaries."""
    found: list[AnyTensor] = []
    for value in values:
        if isinstance(value, _TENSORS):
            found.append(value)
        elif isinstance(value, _SEQUENCES):
            found += tensors_among(value)
        elif isinstance(value, dict):
            found += tensors_among(value.values())
    return found


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """A value with its tensors changed, also those in lists, tuples and dictionaries."""
    if isinstance(value, _TENSORS):
        return change(value)
    if isinstance(value, tuple):
        parts = [mapped(part, change) for part in value]
        return value if all(map(is_, parts, value)) else _named(value, parts)
    if isinstance(value, list):
        return [mapped(part, change) for part in value]
    if isinstance(value, dict):
        return {key: mapped(part, change) for key, part in value.items()}
    return value


def _named(value: tuple[Any, ...], parts: list[Any]) -> Any:
    """A tuple of the same type: a NamedTuple takes each part, PyTorch's own and a plain one take a sequence."""
    return type(value)._make(parts) if hasattr(value, "_make") else type(value)(parts)


def whole(tensor: Any) -> Any:
    """The tensor behind those that transforms of torch.func make of it: of a batch all of it."""
    while isinstance(tensor, torch.Tensor) and _functorch.is_functorch_wrapped_tensor(tensor):
        tensor = _functorch.get_unwrapped(tensor)
    return tensor


def resolved(entry: Entry) -> Entry:
    """The entry with the tensors that are alive."""
    args, kwargs, out = (mapped(part, alive_or_named) for part in entry[4:7])
    base = None if entry.base is None else (alive_or_named(entry.base[0]), entry.base[1])
    return Entry._make((*entry[:4], args, kwargs, out, *entry[7:12], base))


def alive_or_named(tensor: AnyTensor) -> AnyTensor:
    """The tensor that a name is of, or the name, if the tensor is gone."""
    alive = tensor() if isinstance(tensor, WeakTensor) else tensor
    if alive is None:
        return tensor
    alive._fix_weakref()  # type: ignore[attr-defined]  # PyTorch alone may have held its Python object
    return alive
