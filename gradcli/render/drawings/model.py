"""A trace as a graph, a box a step and an arrow from each step to those that read it, and as a tree of its steps."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gradcli.exceptions import GradcliError, OutputError
from gradcli.render.blocks import Branch, Tone, Tree
from gradcli.render.summaries import summary
from gradcli.render.text import one_line, shortened
from gradcli.render.view import Answer
from gradcli.results import Failure, Tensor, TracedStep, TraceResult
from gradcli.results.findings import ORIGINS

Role = Literal["input", "operation", "output"]
Mark = Literal["born", "found", "raised"]

MOST = 200
"""Boxes that a picture can hold and still be read."""

_LEAF = "leaf"
_LONGEST = 32
_NAMED = 2
_SHORT = 24
_MANY = 8
"""Steps that read a step: with more of them, its long arrows would hide the picture."""
_NEAR = 3
"""Levels below the nearest of them from which on an arrow is long."""
_LANES = 600
"""Levels that all long arrows together may pass."""
_TONES: dict[str | None, Tone] = {None: "plain", "found": "warning", "born": "error", "raised": "error"}
_WORDS: Mapping[Mark, str] = {"born": "born here", "found": "found here", "raised": "PyTorch raised here"}


@dataclass(frozen=True)
class Box:
    """One step. `number` is its place in the result; facts are the names and texts of what is known of it.

    mark: what is to be seen first: where a NaN or an infinity comes into being, another finding, what PyTorch raised.
    remark: the same in words.
    unseen: the operands that no arrow comes from: left out of the picture, or read by many steps.
    """

    number: int
    title: str
    expression: str
    operation: str
    role: Role
    facts: tuple[tuple[str, str], ...]
    mark: Mark | None = None
    remark: str | None = None
    unseen: tuple[str, ...] = ()

    @property
    def more(self) -> str | None:
        """A remark on the operands that no arrow comes from."""
        if not self.unseen:
            return None
        others = len(self.unseen) - _NAMED
        return f"reads {', '.join(self.unseen[:_NAMED])}" + (f" and {others} more" if others > 0 else "")

    @property
    def lines(self) -> tuple[str, ...]:
        """All of the box as text, for languages that lay it out themselves."""
        facts = (f"{name} {value}" for name, value in self.facts)
        return (self.title, self.operation, *facts, *filter(None, (self.more, self.remark)))


@dataclass(frozen=True)
class Arrow:
    """From an operand to the step that reads it; `spreads` where a NaN or an infinity went from one to the other."""

    start: int
    end: int
    spreads: bool = False


@dataclass(frozen=True)
class Graph:
    """Boxes in order of evaluation, arrows between them, and what the picture leaves out."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    note: str | None = None


def trace_of(answer: Answer) -> TraceResult:
    """The answer, if it has a graph.  Raises OutputError if it has none, which says what has one."""
    if isinstance(answer, TraceResult):
        return answer
    what = "an error" if isinstance(answer, Failure | GradcliError) else f"the answer of '{answer.kind}'"
    raise OutputError(f"there is no graph in {what}", hint="Use 'gradcli trace' for a graph (.svg, .mmd, .dot).")


def graph_of(result: TraceResult, digits: int | None, most: int = MOST) -> Graph:
    """All steps, or those nearest to the findings, or to the output where nothing was found."""
    steps = result.steps
    failed = result.stopped
    output = output_of(result)
    chosen, note = _chosen(steps, failed, most)
    unsound = [(_spoiled(step.value), _spoiled(step.gradient)) for step in steps]
    arrows = [
        Arrow(operand, number, _spreads(unsound[operand], unsound[number], steps[number]))
        for number in chosen
        for operand in steps[number].operands
    ]
    drawn = _drawn(arrows, steps, set(chosen))
    boxes = tuple(
        Box(
            number=number,
            title=shortened(one_line(step.expression), _LONGEST),
            expression=one_line(step.expression),
            operation=_operation(step, result, number == output),
            role=_role(step, number, output),
            facts=_facts(step, digits),
            mark=mark,
            remark=remark_of(step, mark),
            unseen=tuple(_short(steps[a.start]) for a in arrows if a.end == number and a not in drawn),
        )
        for number, step, mark in ((n, steps[n], "raised" if n == failed else mark_of(steps[n])) for n in chosen)
    )
    return Graph(boxes, tuple(arrow for arrow in arrows if arrow in drawn), note)


def mark_of(step: TracedStep) -> Mark | None:
    """What the findings make of a step."""
    if not step.findings:
        return None
    return "born" if ORIGINS.intersection(step.findings) else "found"


def remark_of(step: TracedStep, mark: Mark | None) -> str | None:
    """`born here: nan-backward`; a step that has a value did not raise, but what was raised later is about it."""
    if mark is None:
        return None
    words = "PyTorch's error is about this" if mark == "raised" and step.value is not None else _WORDS[mark]
    return f"{words}: {', '.join(step.findings)}" if step.findings else words


def output_of(result: TraceResult) -> int | None:
    """The last step that has the output's value; a program may go on after it has computed what it returns."""
    output = result.output
    if output is None or not result.steps:
        return None
    values = ((number, step.value) for number, step in reversed(list(enumerate(result.steps))))
    same = (number for number, value in values if value is not None and _same(value, output))
    return next(same, len(result.steps) - 1)


def _drawn(arrows: Sequence[Arrow], steps: Sequence[TracedStep], kept: AbstractSet[int]) -> AbstractSet[Arrow]:
    """The arrows within the picture, without long ones that would hide it: those of a step that many others read,
    and the longest where there are too many; what a finding is about stays.
    """
    depth: list[int] = []
    for step in steps:
        depth.append(1 + max((depth[operand] for operand in step.operands), default=-1))
    within = [arrow for arrow in arrows if arrow.start in kept]
    users = Counter(arrow.start for arrow in within)
    nearest = {arrow.start: depth[arrow.end] for arrow in sorted(within, key=lambda arrow: -depth[arrow.end])}
    drawn = set()
    room = _LANES
    for arrow in sorted(within, key=lambda arrow: (depth[arrow.end] - nearest[arrow.start], arrow.start, arrow.end)):
        beyond = depth[arrow.end] - nearest[arrow.start]
        told = arrow.spreads and mark_of(steps[arrow.end]) is not None
        if beyond < _NEAR or told or (users[arrow.start] <= _MANY and beyond <= room):
            drawn.add(arrow)
            room -= beyond
    return drawn


def _short(step: TracedStep) -> str:
    return shortened(one_line(step.expression), _SHORT)


def _same(one: Tensor, other: Tensor) -> bool:
    return one.dtype == other.dtype and np.array_equal(
        one.values, other.values, equal_nan=one.values.dtype.kind in "fc"
    )


def _role(step: TracedStep, number: int, output: int | None) -> Role:
    if number == output:
        return "output"
    return "input" if step.operation == _LEAF else "operation"


def _operation(step: TracedStep, result: TraceResult, is_output: bool) -> str:
    """`input`, `sqrt, SqrtBackward0`, `output, sum, SumBackward0`."""
    if step.operation != _LEAF:
        return ", ".join(filter(None, ("output" if is_output else None, step.operation, step.node)))
    given = result.inputs.get(step.expression)
    return "input" if given is None or given.requires_grad else "input, not differentiated"


def _facts(step: TracedStep, digits: int | None) -> tuple[tuple[str, str], ...]:
    tensors = (("value", step.value), ("gradient", step.gradient), ("slope", step.derivative))
    return tuple((name, summary(tensor, digits)) for name, tensor in tensors if tensor is not None)


def _chosen(steps: Sequence[TracedStep], failed: int | None, most: int) -> tuple[list[int], str | None]:
    """Numbers of the steps to draw, in order, and a sentence if there are more."""
    if len(steps) <= most:
        return list(range(len(steps))), None
    found = [number for number, step in enumerate(steps) if step.findings or number == failed]
    nearest = _nearest(steps, found or [len(steps) - 1], most)
    where = "what was found" if found else "the output"
    return sorted(nearest), f"{len(nearest)} of {len(steps):,} steps: those nearest to {where}"


def _nearest(steps: Sequence[TracedStep], centres: Sequence[int], most: int) -> set[int]:
    """The steps that are the fewest arrows away; through a step that many read, everything would be near."""
    users: list[list[int]] = [[] for _ in steps]
    for number, step in enumerate(steps):
        for operand in step.operands:
            users[operand].append(number)
    seen = set(centres[:most])
    waiting = deque(centres[:most])
    while waiting and len(seen) < most:
        number = waiting.popleft()
        readers = users[number] if len(users[number]) <= _MANY else []
        for neighbour in (*steps[number].operands, *readers):
            if neighbour not in seen and len(seen) < most:
                seen.add(neighbour)
                waiting.append(neighbour)
    return seen


def _spoiled(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.values.dtype.kind in "fc" and not bool(np.isfinite(tensor.values).all())


def _spreads(operand: tuple[bool, bool], user: tuple[bool, bool], step: TracedStep) -> bool:
    """Whether a value went down this arrow, or a gradient up, that is not finite at both of its ends.

    A gradient that first is not finite in the user is finite when it arrives there.
    """
    begins_there = mark_of(step) == "born" and not user[0]
    return (operand[0] and user[0]) or (operand[1] and (user[1] or begins_there))


def tree_of(result: TraceResult) -> Tree:
    """The steps of a trace as a tree: the output at its root, under each step what it reads.

    All steps are in it; a program that computes what it does not return has several roots, the output's first.
    """
    steps = result.steps
    failed = result.stopped
    used = {operand for step in steps for operand in step.operands}
    output = output_of(result)
    unused = [number for number in reversed(range(len(steps))) if number not in used]
    roots = tuple(dict.fromkeys([*([] if output is None else [output]), *unused]))
    return Tree(
        ("value", "gradient", "slope"),
        tuple(_branch(step, raised=number == failed) for number, step in enumerate(steps)),
        roots,
    )


def _branch(step: TracedStep, *, raised: bool) -> Branch:
    mark: Mark | None = "raised" if raised else mark_of(step)
    tensors = (step.value, step.gradient, step.derivative)
    return Branch(one_line(step.expression), tensors, step.operands, remark_of(step, mark), _TONES[mark])
