"""What lies around the place of a finding in a program, as a graph."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.render.drawings.model import Arrow, Box, Graph, Mark
from gradcli.render.drawings.sheet import framed
from gradcli.render.drawings.svg import written
from gradcli.render.text import one_line, shortened
from gradcli.results import NearbyStep, ProgramFinding

_LONGEST = 40
_BESIDE = 12.0
"""Room to the left of the box that is seen first."""


def figure(finding: ProgramFinding) -> str:
    """The boxes and arrows; where they are wider than the screen, the place itself is seen first."""
    sheet = framed(graph_of(finding), f"what lies around {finding.operation or 'the place'}")
    left = next((sheet.origin[0] + shape.x - _BESIDE for shape in sheet.boxes if shape.box.mark), 0.0)
    seen = f'<i class="first-seen" style="left:{left:.0f}px"></i>'
    return f'<figure class="graph" tabindex="0">{seen}\n{written(sheet)}</figure>'


def graph_of(finding: ProgramFinding) -> Graph:
    """A box for each operation and leaf; an arrow is red where a NaN or an infinity went along it."""
    steps = finding.nearby
    boxes = tuple(
        Box(
            number=number,
            title=shortened(one_line(step.text), _LONGEST),
            expression=one_line(step.text),
            operation=_operation(step),
            role="input" if step.operation == "leaf" else "operation",
            facts=tuple(_facts(step)),
            mark=_mark(step, finding),
            remark=finding.label if step.is_origin else None,
        )
        for number, step in enumerate(steps)
    )
    arrows = (
        Arrow(operand, number, _spreads(steps[operand], step))
        for number, step in enumerate(steps)
        for operand in step.operands
    )
    return Graph(boxes, tuple(arrows))


def _mark(step: NearbyStep, finding: ProgramFinding) -> Mark | None:
    if not step.is_origin:
        return None
    return "born" if finding.severity == "error" else "found"


def _operation(step: NearbyStep) -> str:
    """`parameter`, `softmax, SoftmaxBackward0, line 18`."""
    if step.operation == "leaf":
        return "parameter" if step.is_parameter else "input"
    line = None if step.line is None else f"line {step.line}"
    return ", ".join(filter(None, (step.operation, step.node, line)))


def _facts(step: NearbyStep) -> Iterator[tuple[str, str]]:
    if step.shape is not None:
        number = 1
        for size in step.shape:
            number *= size
        yield "value", f"{[*step.shape]}{_share(step.non_finite, number)}"
        if step.gradient_non_finite:
            yield "gradient", _share(step.gradient_non_finite, number).removeprefix(", ")


def _share(non_finite: int | None, number: int) -> str:
    if not non_finite:
        return ""
    return f", {'all' if non_finite == number else f'{non_finite:,} of {number:,}'} not finite"


def _spreads(operand: NearbyStep, reader: NearbyStep) -> bool:
    """Whether a value went along that is not finite at both ends, or a gradient that became so in the reader."""
    forward = bool(operand.non_finite) and bool(reader.non_finite)
    back = bool(operand.gradient_non_finite) and (bool(reader.gradient_non_finite) or reader.is_origin)
    return forward or back
