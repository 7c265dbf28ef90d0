"""Which sub-expression a backward pass ended at, found by a second run under hooks that ends in the same way."""

from __future__ import annotations

import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.explain.suggestions import suggestions
from gradcli.diagnose.findings.backward_pass import ending_of, path_end, why_it_ends
from gradcli.diagnose.origins.parts import name
from gradcli.numerics import autodiff, graph
from gradcli.numerics.capture import TorchError
from gradcli.numerics.watch import Watch
from gradcli.recording.from_expression import ExpressionRecorder
from gradcli.recording.recorder import Recorder
from gradcli.recording.tape import GraphNode, Step
from gradcli.results.phrasing import text

MAX_ELEMENTS_RUN_AGAIN = 1_000_000
"""Larger inputs are not computed a second time for a better message."""


def located(raised: TorchError, bound: BoundExpression) -> TorchError:
    """The exception with what helps, and that of a backward pass with its place and cause in the expression."""
    if raised.text is not None or bound.elements > MAX_ELEMENTS_RUN_AGAIN:
        return raised
    if raised.stage == "backward":
        raised = _placed(raised, bound)
    raised.suggestions = suggestions(raised, bound)
    return raised


def _placed(raised: TorchError, bound: BoundExpression) -> TorchError:
    """The exception of a backward pass with the place at which it ended."""
    recorder = ExpressionRecorder(bound.program, bound.in_place)
    try:
        output = bound.evaluate(observe=recorder)
    except TorchError:
        return raised
    if "does not have a grad_fn" in str(raised):
        return _without_path(raised, bound, recorder)
    node = _interrupted(output, bound)
    index = None if node is None else recorder.owner.get(node)
    if index is None:
        return raised
    step = recorder.steps[index]
    raised.place, raised.step = step.span, step.index
    if "modified by an inplace operation" in str(raised):
        _changed_in_place(raised, recorder, step)
    return raised


def _without_path(raised: TorchError, bound: BoundExpression, recorder: Recorder) -> TorchError:
    """Every path from the inputs ends before the output: where the first of them does."""
    tape = recorder.unfinished()
    ends = [(wanted, end) for wanted in bound.wrt if (end := path_end(tape, wanted)) is not None]
    if ends:
        wanted, end = ends[0]
        raised.place, raised.step = end.span, end.index
        raised.cut = f"'{name(end)}'"
        raised.ending = ending_of(end)
        raised.cause = f"The path from {wanted} to the output: {text(why_it_ends(end))}."
    return raised


def _interrupted(output: torch.Tensor, bound: BoundExpression) -> GraphNode | None:
    """The node that was entered and not left."""
    watch = Watch(graph.nodes(output))
    try:
        autodiff.gradients(output, bound.differentiated, cotangent=torch.ones_like(output))
    except TorchError:
        return watch.stopped
    finally:
        watch.close()
    return None


def _changed_in_place(raised: TorchError, recorder: Recorder, saver: Step) -> None:
    """Names the step that saved a tensor and the later one that changed it."""
    inputs = [recorder.steps[index] for index in saver.operands]
    memory = {place for step in (saver, *inputs) for place in step.memory}
    later = [step for step in recorder.steps[saver.index + 1 :] if step.changes_memory]
    changer = next((step for step in later if memory & set(step.memory)), None)
    if changer is None:
        raised.cause = f"{_at(saver)} saved a tensor for the backward pass, and it was changed in place."
        return
    raised.place, raised.step = changer.span, changer.index
    raised.cause = f"{_at(saver)} saved a tensor for the backward pass, and {_at(changer)} changed it in place."


def _at(step: Step) -> str:
    """`exp(x)` (characters 4 to 10)."""
    start, end = step.span
    return f"'{name(step)}' (characters {start} to {end})"
