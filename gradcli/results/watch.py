"""The answer of `watch`: what was found in a program while it ran."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar, Literal

from gradcli.results.findings import FilePlace, Severity
from gradcli.results.parts import Index
from gradcli.results.shown import Shown

Stopped = Literal["before backward", "after backward", "at an error"]


@dataclass(frozen=True)
class RelatedPlace:
    """Another place of the program that a finding is about, and what happens there."""

    label: str
    place: FilePlace


@dataclass(frozen=True)
class SourceLine:
    """One line of a file of the program, for an excerpt."""

    file: str
    number: int
    text: str


@dataclass(frozen=True)
class NearbyStep:
    """An operation of the step, or a leaf that it reads, near the place of a finding.

    text: the name that its value has in the program, or else the expression.
    non_finite: how many elements of its value are NaN or infinite; gradient_non_finite: of the gradient it got.
    operands: the numbers of those of its operands that are among the nearby steps.
    """

    text: str
    operation: str
    node: str | None
    file: str | None
    line: int | None
    shape: tuple[int, ...] | None
    non_finite: int | None
    gradient_non_finite: int | None
    is_parameter: bool
    is_origin: bool
    operands: tuple[int, ...]


@dataclass(frozen=True)
class ParameterNorms:
    """The norms of one parameter's gradient, one for each step; None in a step in which it had no gradient."""

    parameter: str
    norms: tuple[float | None, ...]


@dataclass(frozen=True)
class GradientNorms:
    """The norm of each parameter's gradient over the steps; of a long run some of the steps.

    scaled: whether a gradient scaler had multiplied the loss. asked: whether the user asked for the norms themselves.
    """

    steps: tuple[int, ...]
    parameters: tuple[ParameterNorms, ...]
    scaled: bool
    asked: bool


@dataclass(frozen=True)
class ProgramFinding:
    """One cause of trouble in a program, at the place where it is born.

    step: the number of the backward pass, counted from 1; 0 for what is about the whole run.
    turn: which call of the operation at this place it is in the step, and of how many.
    module: the one that runs the operation, or one around that, by its name in the program: `model.blocks.3.attn`.
    label: what happens at the place. why: the numbers behind it. reached: where it showed first.
    spoils, untouched: parameters that it concerns, and those that it leaves alone.
    expression: a small expression that shows the same alone. where: what names in it, or in the command line, stand for
        in the program. fix: what mends it, which was run. alone: the command line
        that shows it; None where its tensors were not written.
    agrees: whether the step was run again with the same values to the bit; None where it was not.
    nearby: the operations around the place, in the order in which they ran.
    """

    code: str
    severity: Severity
    message: str
    step: int
    turn: tuple[int, ...] = (1, 1)
    module: str | None = None
    variable: str | None = None
    index: Index | None = None
    operation: str | None = None
    node: str | None = None
    place: FilePlace | None = None
    label: str = ""
    related: tuple[RelatedPlace, ...] = ()
    lines: tuple[SourceLine, ...] = ()
    why: str | None = None
    reached: str | None = None
    spoils: tuple[str, ...] = ()
    untouched: tuple[str, ...] = ()
    remark: str | None = None
    expression: str | None = None
    where: tuple[str, ...] = ()
    fix: str | None = None
    alone: str | None = None
    agrees: bool | None = None
    nearby: tuple[NearbyStep, ...] = ()

    @property
    def cause(self) -> Hashable:
        """What it has in common with the same finding of another step."""
        return self.code, self.place, self.variable, self.place is None and self.message


@dataclass(frozen=True, repr=False)
class WatchResult(Shown):
    """What was found, and how the program ended.

    steps: how many backward passes began. seconds: how long it took to find out what was wrong.
    stopped: where the program was stopped; None where it ended by itself.
    exit_code: the program's own; None where it was stopped. norms: None where nobody needs them.
    """

    kind: ClassVar[str] = "watch"
    torch: str
    program: str
    arguments: tuple[str, ...]
    steps: int
    findings: tuple[ProgramFinding, ...]
    seconds: float
    stopped: Stopped | None
    exit_code: int | None
    norms: GradientNorms | None = None
