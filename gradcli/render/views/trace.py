"""The tape: findings first, then the expression as a tree of its parts, with what went up and what came down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from gradcli.render.blocks import Block, Column, Heading, Note, Table
from gradcli.render.text import one_line, shortened
from gradcli.render.views.error import failure_blocks
from gradcli.render.views.findings import finding_blocks
from gradcli.render.views.setting import footer, place
from gradcli.render.views.tensors import absent, text_column, whole_tensors
from gradcli.results import Path, Tensor, TracedStep, TraceResult
from gradcli.results.trace import LARGEST_STEP

_LEAF = "leaf"
_LONGEST = 40
"""Columns of an expression in the tree; a longer one is shortened in the middle."""
_DEEPEST = 8
"""Levels of indentation: a chain of a thousand steps must stay on the screen."""
_DETAILED = 3
"""Paths that are shown step by step; the others only in the list."""
_LEGEND = "gradient: what reached this part from the output; slope: the part's own derivative by its first operand"


def blocks(result: TraceResult) -> tuple[Block, ...]:
    """The answer for people."""
    return _around(result, _tree(result))


def tree_blocks(result: TraceResult) -> tuple[Block, ...]:
    """The answer for people, with the steps as a tree."""
    from gradcli.render.drawings.model import tree_of  # only for --tree

    legend = [Note(_LEGEND, "quiet")] if result.raised is None else []
    return _around(result, [tree_of(result), *legend] if result.steps else [])


def _around(result: TraceResult, steps: Iterable[Block]) -> tuple[Block, ...]:
    found = () if result.raised is not None else finding_blocks(result.findings, result.expression)
    return (
        Heading(result.expression, place(result.setting, result.inputs)),
        *found,
        *_disagreement(result),
        *steps,
        *_paths(result.paths),
        *footer(result.setting),
        *(() if result.raised is None else failure_blocks(result.raised)),
    )


def table(result: TraceResult) -> Table:
    """The answer for programs: one row a step, in order of evaluation."""
    steps = result.steps
    return Table(
        (
            Column("step", np.arange(len(steps))),
            Column("expression", [step.expression for step in steps]),
            Column("start", np.array([step.span[0] for step in steps], dtype=np.int64)),
            Column("end", np.array([step.span[1] for step in steps], dtype=np.int64)),
            Column("operation", [step.operation for step in steps]),
            text_column("node", [step.node for step in steps]),
            Column("operands", [step.operands for step in steps]),
            Column(
                "shape",
                [() if step.value is None else step.value.shape for step in steps],
                missing=absent(step.value for step in steps),
            ),
            whole_tensors("value", [step.value for step in steps]),
            whole_tensors("gradient", [step.gradient for step in steps]),
            whole_tensors("derivative", [step.derivative for step in steps]),
            Column("findings", [" ".join(step.findings) for step in steps]),
        )
    )


def _tree(result: TraceResult) -> Iterator[Block]:
    rows = list(_rows(result.steps))
    if not rows:
        return
    steps = [step for step, _ in rows]
    columns = [
        Column("", [_indented(step, depth) for step, depth in rows]),
        whole_tensors("value", [step.value for step in steps]),
    ]
    if any(step.gradient is not None for step in steps):
        columns.append(whole_tensors("gradient", [step.gradient for step in steps]))
    if any(step.derivative is not None for step in steps):
        columns.append(whole_tensors("slope", [step.derivative for step in steps]))
    if any(step.node is not None for step in steps):
        columns.append(text_column("node", [step.node for step in steps]))
    yield Table(tuple(columns))
    if result.raised is None:
        yield Note(_LEGEND, "quiet")
    tensors = [*result.inputs.values(), *([] if result.output is None else [result.output])]
    if any(step.value is None for step in steps) and any(tensor.values.size > LARGEST_STEP for tensor in tensors):
        yield Note(f"tensors of more than {LARGEST_STEP:,} elements are left out: a dash stands for them", "quiet")


def _rows(steps: Sequence[TracedStep]) -> Iterator[tuple[TracedStep, int]]:
    """Every operation once, under the first that uses it, with its depth; the output first, the inputs last."""
    used = {operand for step in steps for operand in step.operands}
    roots = [number for number in range(len(steps)) if number not in used]
    seen: set[int] = set()
    waiting = [(number, 0) for number in roots]  # the last one, which is the output, is taken first
    while waiting:
        number, depth = waiting.pop()
        step = steps[number]
        if number in seen or step.operation == _LEAF:
            continue
        seen.add(number)
        yield step, depth
        waiting += [(operand, depth + 1) for operand in reversed(step.operands)]
    yield from ((step, 0) for step in steps if step.operation == _LEAF)


def _indented(step: TracedStep, depth: int) -> str:
    indent = "  " * min(depth, _DEEPEST)
    found = f" <- {', '.join(step.findings)}" if step.findings else ""
    return indent + shortened(one_line(step.expression), max(16, _LONGEST - len(indent) - len(found))) + found


def _paths(paths: Sequence[Path]) -> Iterator[Block]:
    """All paths with their shares; the largest ones step by step."""
    if not paths:
        return
    variable = paths[0].variable
    yield Table(
        (
            Column("share", [f"{path.share:.1%}" for path in paths]),
            whole_tensors("gradient", [path.gradient for path in paths]),
            Column("path", [" -> ".join([*map(_short, path.steps), variable]) for path in paths]),
        ),
        f"Paths from the output to {variable}, largest first: their gradients add up to that of {variable}.",
    )
    for number, path in enumerate(paths[:_DETAILED], 1):
        arriving = [*path.arriving, path.gradient]
        factors = [*(_factor(*pair) for pair in pairwise(arriving)), None]
        columns = [
            Column("step", [*map(_short, path.steps), variable]),
            whole_tensors("arrives", arriving),
        ]
        if any(factor is not None for factor in factors):
            columns.append(whole_tensors("times", factors))
        yield Table(tuple(columns), f"Path {number} of {len(paths)}, {path.share:.1%}")


def _factor(before: Tensor, after: Tensor) -> Tensor | None:
    """What one number was multiplied with to become the next."""
    if before.values.size != 1 or after.values.size != 1 or "c" in (before.values.dtype.kind, after.values.dtype.kind):
        return None
    first, second = float(before.values.reshape(())), float(after.values.reshape(()))
    return Tensor("float64", np.array(second / first)) if first and np.isfinite(first) else None


def _short(text: str) -> str:
    return shortened(one_line(text), _LONGEST)


def _disagreement(result: TraceResult) -> Iterator[Block]:
    if not result.agrees:
        yield Note(
            "The run under instruments gave other numbers than the plain one: do not trust this tape.", "warning"
        )
