"""The parts that sentences are made of: places, numbers and phrases, which are data until they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

Index = tuple[int, ...]


@dataclass(frozen=True)
class At:
    """A sub-expression, or an element of it, and its value: `x[0] = 0`.  text: as it stands before an index.

    signed: whether the sign of a zero matters, as it does for `1/x`.
    """

    text: str
    index: Index = ()
    value: float | None = None
    signed: bool = False


@dataclass(frozen=True)
class Difference:
    """What a dtype gives, and what is right: by the reference, or else by float64.

    of: what the number is. others: how many further elements are like it. ulps: None where the distance says nothing.
    """

    of: Literal["value", "derivative"]
    dtype: str
    computed: float
    true: float
    exact: bool = True
    others: int = 0
    ulps: float | None = None


@dataclass(frozen=True)
class Spoiled:
    """What becomes NaN or infinite: the output, the gradients of inputs."""

    kind: Literal["nan", "infinite"]
    inputs: tuple[str, ...] = ()
    output: bool = False


@dataclass(frozen=True)
class Numbers:
    """The first elements of an input's gradient, and its shape; None where there is none."""

    name: str
    values: tuple[float, ...] | None
    shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class Gradients:
    """The gradients of all inputs."""

    inputs: tuple[Numbers, ...]


@dataclass(frozen=True)
class Phrase:
    """A piece of a sentence: a template, what its names stand for, why it is so, and what comes of it."""

    template: str
    parts: tuple[tuple[str, Part], ...] = ()
    cause: Part = None
    consequences: tuple[Part, ...] = ()

    def because(self, cause: Part) -> Phrase:
        """The phrase with its cause, where one is known."""
        return replace(self, cause=cause)

    def so(self, *consequences: Part) -> Phrase:
        """The phrase with what comes of it, where something does."""
        return replace(self, consequences=(*self.consequences, *(part for part in consequences if part is not None)))

    def without(self, consequence: Part) -> Phrase:
        """The phrase without something that comes of it."""
        return replace(self, consequences=tuple(part for part in self.consequences if part != consequence))

    def elements(self) -> Iterator[At]:
        """The elements that it names."""
        for part in (*(part for _, part in self.parts), self.cause, *self.consequences):
            if isinstance(part, At):
                yield part
            elif isinstance(part, Phrase):
                yield from part.elements()

    def with_elements(self, moved: Callable[[At], At]) -> Phrase:
        """The phrase about other elements."""
        parts = tuple((name, _moved(part, moved)) for name, part in self.parts)
        consequences = tuple(_moved(part, moved) for part in self.consequences)
        return Phrase(self.template, parts, _moved(self.cause, moved), consequences)


Part = str | int | float | At | Difference | Spoiled | Gradients | Phrase | tuple["Part", ...] | None
"""What a name in a template stands for; several are a list with `and`."""


def phrase(template: str, /, **parts: Part) -> Phrase:
    """`phrase("{x} is {value}", x=At("x", (0,)), value=0.5)`."""
    return Phrase(template, tuple(parts.items()))


def _moved(part: Part, moved: Callable[[At], At]) -> Part:
    if isinstance(part, At):
        return moved(part)
    if isinstance(part, Phrase):
        return part.with_elements(moved)
    return tuple(_moved(one, moved) for one in part) if isinstance(part, tuple) else part
