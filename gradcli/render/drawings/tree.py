"""The steps of a trace as a tree: the output at its root, under each step what it reads."""

from __future__ import annotations

from gradcli.render.blocks import Branch, Tone, Tree
from gradcli.render.drawings.model import Mark, failed_step, mark_of, output_of, remark_of
from gradcli.render.text import one_line
from gradcli.results import Step, TraceResult

_TONES: dict[str | None, Tone] = {None: "plain", "found": "warning", "born": "error", "raised": "error"}


def tree_of(result: TraceResult) -> Tree:
    """All steps; a program that computes what it does not return has several roots, the output's first."""
    steps = result.steps
    failed = failed_step(result)
    used = {operand for step in steps for operand in step.operands}
    output = output_of(result)
    unused = [number for number in reversed(range(len(steps))) if number not in used]
    roots = tuple(dict.fromkeys([*([] if output is None else [output]), *unused]))
    return Tree(
        ("value", "gradient", "slope"),
        tuple(_branch(step, raised=number == failed) for number, step in enumerate(steps)),
        roots,
    )


def _branch(step: Step, *, raised: bool) -> Branch:
    mark: Mark | None = "raised" if raised else mark_of(step)
    tensors = (step.value, step.gradient, step.derivative)
    return Branch(one_line(step.expression), tensors, step.operands, remark_of(step, mark), _TONES[mark])
