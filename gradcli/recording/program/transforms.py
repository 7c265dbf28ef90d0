"""Functions that torch.func makes of others: which of them take gradients, of what, and where these are in a result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from types import CodeType
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch._functorch.vmap import _process_batched_inputs
from torch.utils._pytree import tree_unflatten

from gradcli.recording.program.entries import mapped, tensors_among
from gradcli.recording.program.places import Spot
from gradcli.recording.program.surroundings import GeneratorState

PULLED_BACK = "vjp"
"""The one that gives a value, and a function which pulls a cotangent back."""
TRANSFORMS = {"vmap": 0, "grad": 1, "grad_and_value": 1, "jacrev": 1, "jacfwd": 1, "hessian": 2, PULLED_BACK: 1}
"""Functions of torch.func that give a function, and how many times each differentiates."""
_PLAIN_GRADIENTS = ("grad", "grad_and_value", PULLED_BACK)
_GRADIENT = "the gradient of "
_PARAMETERS = ("func", "argnums", "has_aux")
_OF_VMAP = ("func", "in_dims", "out_dims", "randomness")
_HOME = "/torch/_functorch/"


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

    def inside_of_first(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[Transformed, tuple[Any, ...], dict[str, Any]]:
        """What a vmap was made of, with its arguments for the first one of a batch; itself, where it is none."""
        inside = transformed(self.function) if self.name == "vmap" else None
        if inside is None:
            return self, args, dict(kwargs)
        _, dims, flat, spec = _process_batched_inputs(self.given.get("in_dims", 0), args, self.function)
        pairs = zip(flat, dims, strict=True)
        own = tree_unflatten([one if dim is None else one.select(dim, 0) for one, dim in pairs], spec)
        return inside.inside_of_first(tuple(own), mapped(dict(kwargs), lambda one: one[0]))

    def positions(self, count: int) -> Iterable[int]:
        """Which of so many arguments it is differentiated by: of jacfwd's all where it is told None."""
        by = self.taking.given.get("argnums", 0)
        if by is None:
            return range(count)
        return (by,) if isinstance(by, int) else by

    def parts(self, result: Any) -> tuple[Any, Any]:
        """The gradients of what it returns, and the value, which some return besides."""
        if self.name == PULLED_BACK:
            return result, None
        has_aux = self.taking.given.get("has_aux")
        if self.taking.name != "grad_and_value":
            return (result[0] if has_aux else result), None
        return result[0], (result[1][0] if has_aux else result[1])


@dataclass(frozen=True)
class Taken:
    """A call that has taken gradients. generator: the state before the value of what that may draw from.

    cotangents: what was pulled back; None where a value is differentiated. made_at: where the value was computed, if
    that was before.
    """

    transformed: Transformed
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    result: Any
    generator: GeneratorState
    cotangents: Any = None
    made_at: Spot | None = None

    @property
    def of_first(self) -> Taken:
        """The same for the first one of a batch, without what it gave."""
        function, args, kwargs = self.transformed.inside_of_first(self.args, self.kwargs)
        return replace(self, transformed=function, args=args, kwargs=kwargs, result=())

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

    def on_copies(self) -> tuple[Callable[[], tuple[torch.Tensor, str]], list[torch.Tensor]]:
        """What computes the value without torch.func, with what is made of it; what that is differentiated by.

        Those are copies of the leaves, made at once.
        """
        args = list(self.args)
        copies: list[torch.Tensor] = []

        def leaf(tensor: Any) -> torch.Tensor:
            copies.append(tensor.detach().clone().requires_grad_())
            return copies[-1]

        for at, argument in self.arguments:
            args[at] = mapped(argument, leaf)

        def compute() -> tuple[torch.Tensor, str]:
            every = _tensors(self.transformed.value(*args, **self.kwargs))
            if self.cotangents is not None:
                every = [one * other.detach() for one, other in zip(every, _tensors(self.cotangents), strict=True)]
            numbers = [one for one in every if one.requires_grad] or every
            is_one = [one.ndim for one in numbers] == [0]
            made = "the cotangent times " if self.cotangents is not None else "" if is_one else "the sum of "
            return (numbers[0] if is_one else reduce(torch.add, [one.sum() for one in numbers])), made

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
        return _made.get(function) or _made_before(function)
    except TypeError:  # no weak reference, or no hash
        return None


def _name(function: Callable[..., Any]) -> str:
    """What a function is called: `loss_of`, and of its gradient `the gradient of loss_of`."""
    made = transformed(function)
    if made is not None:
        return _GRADIENT * TRANSFORMS[made.name] + _name(made.function)
    own = getattr(function, "__name__", "")
    return own if own.isidentifier() else "the function"


def _made_before(function: Any) -> Transformed | None:
    """The same of one that was made before anybody noted it: what PyTorch's own function closes over."""
    code: CodeType | None = getattr(function, "__code__", None)
    if code is None or _HOME not in code.co_filename:
        return None
    name = code.co_qualname.partition(".")[0]
    if name not in TRANSFORMS:
        return None
    cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
    words = _OF_VMAP if name == "vmap" else _PARAMETERS
    return Transformed(name, {word: cell.cell_contents for word, cell in cells if word in words})


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
