"""A tape as data: each input and each operation with what went up and what came down, and the ways to an input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch

from gradcli.diagnose.findings.table import GIVEN
from gradcli.diagnose.origins.local import slope_by_node, slope_of
from gradcli.exceptions import UsageError, did_you_mean
from gradcli.inspections.options import TraceOptions
from gradcli.numerics.capture import to_tensor
from gradcli.numerics.literals import Context
from gradcli.progress import steps
from gradcli.recording.paths import paths
from gradcli.recording.tape import Step, Tape
from gradcli.results import Finding, Path, Tensor, TracedStep
from gradcli.results.trace import LARGEST_STEP


@torch.no_grad()
def steps_of(tape: Tape, findings: Sequence[Finding], context: Context | None) -> tuple[TracedStep, ...]:
    """Each input once, and every operation.  context: None where no backward pass has come to its end."""
    codes: dict[int, dict[str, None]] = {}
    for finding in findings:
        if finding.step is not None:
            codes.setdefault(finding.step, {})[finding.code] = None
    return tuple(
        TracedStep(
            expression=_title(step),
            span=step.span,
            operation=step.name,
            node=step.graph_node,
            operands=tuple(dict.fromkeys(step.operands)),
            value=_small(step.value),
            gradient=_small(tape.arriving(step)),
            derivative=_small(_slope(tape, step, context)),
            findings=_codes_at(step, codes.get(step.index, ())),
        )
        for step in steps(tape.steps, "steps of the trace")
    )


def check_path(options: TraceOptions, wrt: Sequence[str]) -> None:
    """Raises UsageError for a path to what is not differentiated."""
    if options.path is not None and options.path not in wrt:
        raise UsageError(
            f"--path names '{options.path}', which is not differentiated",
            hint=did_you_mean(options.path, wrt) or f"The inputs are {', '.join(wrt) or 'none'}.",
        )


def paths_of(tape: Tape, options: TraceOptions) -> tuple[Path, ...]:
    """The ways to the input that the options name, as data."""
    if options.path is None:
        return ()
    return tuple(
        Path(
            options.path,
            tuple(step.text for step in way.steps),
            tuple(map(to_tensor, way.arriving)),
            to_tensor(way.gradient),
            way.share,
        )
        for way in paths(tape, options.path)
    )


def _title(step: Step) -> str:
    """What it is called: an input of a program by its name, for its place shows where it is used."""
    return step.variable if step.variable is not None and step.place.in_file is not None else step.text


def _slope(tape: Tape, step: Step, context: Context | None) -> torch.Tensor | None:
    """The local derivative of an elementwise step by its first differentiated operand."""
    value = step.value
    if context is None or value is None or value.numel() > LARGEST_STEP or not step.elementwise or not step.edges:
        return None
    found = slope_by_node(step)
    if found is not None:
        return found
    with torch.enable_grad():
        return slope_of(tape, step, context)


def _small(tensor: torch.Tensor | None) -> Tensor | None:
    return None if tensor is None or tensor.numel() > LARGEST_STEP else to_tensor(tensor)


def _codes_at(step: Step, codes: Iterable[str]) -> tuple[str, ...]:
    """An input is only to blame for what it was given as; the rest belongs to the expression that is nothing else."""
    return tuple(code for code in codes if step.is_leaf == (code in GIVEN))
