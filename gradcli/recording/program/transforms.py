"""Functions that torch.func makes of others: which of them take gradients, of what, and where these are in a result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any
from weakref import WeakKeyDictionary

import torch

from gradcli.recording.program.entries import mapped, tensors_among
from gradcli.recording.program.surroundings import GeneratorState

TRANSFORMS = {"vmap": 0, "grad": 1, "grad_and_value": 1, "jacrev": 1, "jacfwd": 1, "hessian": 2}
"""Functions of torch.func that give a function, and how many times each differentiates."""
_PLAIN_GRADIENTS = ("grad", "grad_and_value")
_GRADIENT = "the gradient of "
_PARAMETERS = ("func", "argnums", "has_aux")
_OF_VMAP = ("func", "in_dims", "out_dims", "randomness")


@dataclass(frozen=True)
class Transformed:
    """A function that a transform has made. name: of the transform. given: its arguments by their names."""

    name: str
    given: Mapping[str, Any]

    @classmethod
    def of(cls, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Transformed:
        words = _OF_VMAP if name == "vmap" else _PARAMETERS
        return cls(name, {**dict(zip(words, args, strict=False)), **kwargs})

    @property
    def function(self) -> Callable[..., Any]:
        """What it was made of."""
        made_of: Callable[..., Any] = self.given["func"]
        return made_of

    @property
    def inner(self) -> Transformed | None:
        """The one that takes gradients: itself, or what a vmap was made of; None if there is none."""
        if TRANSFORMS[self.name]:
            return self
        inside = transformed(self.function)
        return None if inside is None else inside.inner

    @property
    def taking(self) -> Transformed:
        """The same, where it is known that there is one."""
        inner = self.inner
        assert inner is not None
        return inner

    @property
    def is_plain(self) -> bool:
        """Whether a backward pass from the value gives these gradients to the bit, each in one piece."""
        return self.name in _PLAIN_GRADIENTS

    @property
    def has_gradients(self) -> bool:
        """Whether it gives gradients of one value, or of each in a batch: no Jacobian and no Hessian."""
        return self.taking.is_plain

    @property
    def differentiated(self) -> Callable[..., Any]:
        """The user's function at the root of it."""
        return self.taking.function

    @property
    def name_of_value(self) -> str:
        """What it differentiates: `loss_of`, `the gradient of loss_of`."""
        return _GRADIENT * (TRANSFORMS[self.taking.name] - 1) + _name(self.differentiated)

    @property
    def value(self) -> Callable[..., Any]:
        """The function whose value it differentiates, without what that returns besides."""
        if self.name == "vmap":
            inside = transformed(self.function)
            assert inside is not None
            words = {word: value for word, value in self.given.items() if word not in ("func", "out_dims")}
            return torch.func.vmap(inside.value, **words)
        function = self.function
        if self.name == "hessian":
            return torch.func.jacrev(function, self.given.get("argnums", 0))
        if self.given.get("has_aux"):
            return lambda *args, **kwargs: function(*args, **kwargs)[0]
        return function

    def positions(self, count: int) -> Iterable[int]:
        """Which of so many arguments it is differentiated by: of jacfwd's all where it is told None."""
        by = self.taking.given.get("argnums", 0)
        if by is None:
            return range(count)
        return (by,) if isinstance(by, int) else by

    def parts(self, result: Any) -> tuple[Any, Any]:
        """The gradients of what it returns, and the value, which some return besides."""
        has_aux = self.taking.given.get("has_aux")
        if self.taking.name != "grad_and_value":
            return (result[0] if has_aux else result), None
        return result[0], (result[1][0] if has_aux else result[1])


@dataclass(frozen=True)
class Taken:
    """A call that has taken gradients. generator: the state before it of what it may draw from."""

    transformed: Transformed
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    result: Any
    generator: GeneratorState

    @property
    def gradients(self) -> list[torch.Tensor]:
        return _tensors(self.transformed.parts(self.result)[0])

    @property
    def values(self) -> list[torch.Tensor]:
        """The value that they are of, where it is returned; one for each of a batch in one tensor."""
        return _tensors(self.transformed.parts(self.result)[1])

    @property
    def is_alike(self) -> bool:
        """Whether there is one gradient for each leaf."""
        return len(self.gradients) == len(self.leaves)

    @property
    def is_differentiable(self) -> bool:
        """Whether the gradients can be differentiated in turn."""
        return any(one.requires_grad for one in self.gradients)

    @property
    def arguments(self) -> list[tuple[int, Any]]:
        """What it is differentiated by: the position of each argument, and the argument."""
        count = len(self.args)
        return [(at % count, self.args[at]) for at in self.transformed.positions(count)]

    @property
    def leaves(self) -> list[torch.Tensor]:
        """The tensors that it is differentiated by."""
        return _tensors([argument for _, argument in self.arguments])

    def on_copies(self) -> tuple[Callable[[], tuple[torch.Tensor, bool]], list[torch.Tensor]]:
        """What computes the value without torch.func, with whether it is a sum of it; what that is differentiated by.

        Those are copies of the leaves, made at once.
        """
        args = list(self.args)
        copies: list[torch.Tensor] = []

        def leaf(tensor: Any) -> torch.Tensor:
            copies.append(tensor.detach().clone().requires_grad_())
            return copies[-1]

        for at, argument in self.arguments:
            args[at] = mapped(argument, leaf)

        def compute() -> tuple[torch.Tensor, bool]:
            value = self.transformed.value(*args, **self.kwargs)
            every = _tensors(value)
            numbers = [one for one in every if one.requires_grad] or every
            if [one.ndim for one in numbers] == [0]:
                return numbers[0], False
            return reduce(torch.add, [one.sum() for one in numbers]), True

        return compute, copies


def _tensors(value: Any) -> list[torch.Tensor]:
    return [one for one in tensors_among((value,)) if isinstance(one, torch.Tensor)]


_made: WeakKeyDictionary[Callable[..., Any], Transformed] = WeakKeyDictionary()


def note(function: Callable[..., Any], made: Transformed) -> None:
    """Remember what a function is, as long as it lives."""
    _made[function] = made


def transformed(function: Any) -> Transformed | None:
    """What is known of a function that a transform has made; None of others."""
    try:
        return _made.get(function)
    except TypeError:  # no weak reference, or no hash
        return None


def _name(function: Callable[..., Any]) -> str:
    """What a function is called: `loss_of`, and of its gradient `the gradient of loss_of`."""
    made = transformed(function)
    if made is not None:
        return _GRADIENT * TRANSFORMS[made.name] + _name(made.function)
    own = getattr(function, "__name__", "")
    return own if own.isidentifier() else "the function"


def item_of(key: object) -> str:
    """How an item of a dictionary is written: `["head.bias"]`."""
    return f'["{key}"]' if isinstance(key, str) else f"[{key!r}]"


def with_paths(value: Any, text: str) -> Iterator[tuple[torch.Tensor, str]]:
    """The tensors of an argument with what the program calls each: `weights["head.bias"]`. text: the argument."""
    if isinstance(value, torch.Tensor):
        yield value, text
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from with_paths(part, text + item_of(key))
    elif isinstance(value, list | tuple):
        names = getattr(value, "_fields", None)
        for number, part in enumerate(value):
            yield from with_paths(part, f"{text}.{names[number]}" if names else f"{text}[{number}]")
