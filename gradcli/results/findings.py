"""What is said beyond the numbers: findings about a gradient, and exceptions that PyTorch raised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from gradcli.errors import Span
from gradcli.model.place import FilePlace as FilePlace
from gradcli.results.shown import Shown

Severity = Literal["error", "warning", "note"]
Index = tuple[int, ...]

ORIGINS = frozenset(
    {
        "nan-input", "inf-input", "underflow-forward", "nan-forward", "inf-forward", "nan-backward", "inf-backward",
        "nan-accumulated", "masked-branch",
    }
)  # fmt: skip
"""The codes that name the place where a NaN or an infinity came into being."""


@dataclass(frozen=True)
class At:
    """A sub-expression, or an element of it, and its value: `x[0] = 0`.  text: as it stands before an index."""

    text: str
    index: Index = ()
    value: float | None = None


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
    """The first elements of an input's gradient; None where there is none.  more: whether it has others."""

    name: str
    values: tuple[float, ...] | float | None
    more: bool = False


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


@dataclass(frozen=True)
class Finding:
    """One cause of trouble, at the place where it is born.

    phrase: what is so. remark: what the gradient is with the fix, or why there is none.
    sample: how many elements of large inputs were looked at, None for all.
    step: the number of the step that it is about, None where there is no such step.
    """

    code: str
    severity: Severity
    phrase: Phrase = field(metadata={"key": "message"})
    variable: str | None = None
    index: Index | None = None
    expression: str | None = None
    span: Span | None = None
    place: FilePlace | None = None
    operation: str | None = None
    node: str | None = None
    fix: str | None = None
    remark: Phrase | None = field(default=None, metadata={"key": None})
    sample: Sample | None = field(default=None, metadata={"key": None})
    step: int | None = field(default=None, metadata={"key": None})

    @property
    def message(self) -> str:
        """The finding as a sentence."""
        from gradcli.results.phrasing import message  # only where there is something to say

        return message(self)


@dataclass(frozen=True)
class Sample:
    """How many elements of large inputs the findings looked at; NaN and Inf are looked for in all of them."""

    looked: int
    of: int


@dataclass(frozen=True)
class Failure(Shown):
    """An exception that PyTorch raised, word for word, with the fix in terms of the command line."""

    kind: ClassVar[str] = "error"
    code: str
    type: str
    message: str
    hint: str | None = None
    expression: str | None = None
    span: Span | None = None
    id: str | None = None
