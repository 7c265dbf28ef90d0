"""The fixes for a pass that raised: each one run on this graph, held against fresh graphs, and ranked by its cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.explain.failure import explain
from gradcli.inspections.emission.body import observed, statement_lines
from gradcli.inspections.emission.expression import Writer
from gradcli.inspections.emission.naming import free_name
from gradcli.inspections.retaining.backward_run import BackwardRun, alone
from gradcli.inspections.retaining.graph_report import kept_bytes
from gradcli.inspections.retaining.scenarios import ScenarioPlan
from gradcli.language.properties import is_random
from gradcli.language.syntax import Assign
from gradcli.numerics import autodiff, graph
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.capture import TorchError, to_tensor, wide
from gradcli.numerics.randomness import source_of_state
from gradcli.numerics.watch import Watch
from gradcli.progress import steps
from gradcli.recording.tape import GraphNode
from gradcli.results import WayOut

_WRITTEN_OUT = 4
"""Outputs that are written one by one; more of them are all the same."""
ROUNDING = 64
"""Units in the last place by which a sum over all calls may differ from the sum of their gradients."""


class _Trial:
    """One fix at work: the passes it made and what they cost."""

    def __init__(self, plan: ScenarioPlan, bound: BoundExpression) -> None:
        self.plan, self.bound = plan, bound
        self.run = BackwardRun(plan, bound)
        self.found: list[Gradients] = []
        self.nodes_run = self.kept = 0

    def one_pass(self, outputs: Sequence[torch.Tensor], *, retain: bool = False, last: bool = True) -> None:
        """Differentiate the sum of the outputs, and look at what is left of the graph."""
        nodes: list[GraphNode] = list(dict.fromkeys(node for output in outputs for node in graph.nodes(output)))
        slots = [slot for node in nodes for slot in graph.saved(node)]
        leaves = self.bound.differentiated
        watch = Watch(nodes)
        try:
            with autodiff.raised_in("backward"):
                found = torch.autograd.grad(
                    list(outputs), list(leaves.values()), _ones(outputs), retain_graph=retain or None, allow_unused=True
                )
        finally:
            watch.close()
        self.nodes_run += len(watch.ran)
        self.found.append(dict(zip(leaves, found, strict=True)))
        if not last:
            left = [slot for slot in slots if not slot.is_freed()]
            self.kept = max(self.kept, kept_bytes(left, self.bound))


def _ones(outputs: Sequence[torch.Tensor]) -> list[torch.Tensor] | None:
    """The cotangents that complex outputs need; real scalars need none."""
    return [torch.ones_like(output) for output in outputs] if any(o.is_complex() for o in outputs) else None


def _added(outputs: Sequence[str]) -> str:
    if len(outputs) > _WRITTEN_OUT:
        return f"{len(outputs)} * {outputs[0]}"
    return " + ".join(outputs)


def _listed(outputs: Sequence[str]) -> str:
    if len(outputs) > _WRITTEN_OUT:
        return f"[{outputs[0]}] * {len(outputs)}"
    return f"[{', '.join(outputs)}]"


@dataclass(frozen=True)
class _Words:
    """What a fix's program is made of: each call's output as a scalar, the last one's forward pass, and the inputs.

    one: the cotangent of a complex scalar, nothing for a real one.
    """

    scalars: Sequence[str]
    forward: str
    inputs: str
    one: str

    def call(self, outputs: str, count: int = 1, more: str = "") -> str:
        """`torch.autograd.grad(y, [a])`."""
        ones = f", [{self.one}]{f' * {count}' if count > 1 else ''}" if self.one else ""
        return f"torch.autograd.grad({outputs}, [{self.inputs}]{ones}{more})"


@dataclass(frozen=True)
class _Fix:
    """A row of the table: what to do, and how it is tried."""

    name: str
    advice: str
    gives_sum: bool
    program: Callable[[_Words], str]
    run: Callable[[_Trial], None]


def _sum(trial: _Trial) -> None:
    outputs = _scalars(trial)
    trial.one_pass([reduce(add, outputs) if len(outputs) <= _WRITTEN_OUT else len(outputs) * outputs[0]])


def _several(trial: _Trial) -> None:
    trial.one_pass(_scalars(trial))


def _scalars(trial: _Trial) -> list[torch.Tensor]:
    """The outputs; a cotangent of ones adds the elements of one that is no scalar."""
    return [output.sum() if output.ndim else output for output in trial.run.outputs]


def _again(trial: _Trial) -> None:
    count = len(trial.run.outputs)
    for number in steps(range(1, count + 1), "calls"):
        if number > 1:
            trial.run.forward()
        trial.one_pass([_scalars(trial)[number - 1]], last=number == count)


def _retain(trial: _Trial) -> None:
    outputs = _scalars(trial)
    for number, output in enumerate(steps(outputs, "calls"), 1):
        trial.one_pass([output], retain=number < len(outputs), last=number == len(outputs))


FIXES = (
    _Fix(
        "sum",
        "add the outputs up and call backward once",
        True,
        lambda words: words.call(_added(words.scalars)),
        _sum,
    ),
    _Fix(
        "several-outputs",
        "give torch.autograd.grad all outputs at once",
        True,
        lambda words: words.call(_listed(words.scalars), len(words.scalars)),
        _several,
    ),
    _Fix(
        "again",
        "run the forward pass again before each call",
        False,
        lambda words: f"{words.forward}; {words.call(words.scalars[-1])}",
        _again,
    ),
    _Fix(
        "retain",
        "retain_graph=True in every call but the last",
        False,
        lambda words: words.call(words.scalars[0], more=", retain_graph=True"),
        _retain,
    ),
)
"""In the order in which they are preferred where they cost the same."""


def workarounds(plan: ScenarioPlan, bound: BoundExpression) -> tuple[WayOut, ...]:
    """Every fix, run: those that work first, then by what they keep in memory, then by the nodes they run."""
    first = {text: number for number, text in reversed(list(enumerate(plan.outputs, 1)))}
    by_output = {text: BackwardRun(alone(plan, number), bound).call(1) for text, number in first.items()}
    truth = [by_output[text] for text in plan.outputs]
    tried = [_tried(fix, plan, bound, truth) for fix in steps(FIXES, "fixes tried")]
    return tuple(
        sorted(tried, key=lambda way: (not way.verified, way.kept_bytes, way.backward_nodes, way.forward_passes))
    )


def _tried(fix: _Fix, plan: ScenarioPlan, bound: BoundExpression, truth: Sequence[Gradients]) -> WayOut:
    trial = _Trial(replace(plan, retain=frozenset(), rebuild=False, via="grad"), bound)
    error = None
    try:
        fix.run(trial)
    except TorchError as raised:
        error = explain(raised, plan.text, inputs=tuple(bound.leaves))
    wanted = [_total(truth)] if fix.gives_sum else list(truth)
    verified = error is None and len(wanted) == len(trial.found) and all(map(_close, trial.found, wanted))
    return WayOut(
        name=fix.name,
        advice=fix.advice,
        program=fix.program(_words(trial)),
        gives="sum" if fix.gives_sum else "each",
        verified=verified,
        gradients=tuple(
            {name: None if gradient is None else to_tensor(gradient) for name, gradient in found.items()}
            for found in trial.found
        ),
        forward_passes=trial.run.forward_passes,
        backward_nodes=trial.nodes_run,
        kept_bytes=trial.kept,
        error=error,
    )


def _words(trial: _Trial) -> _Words:
    """A name for each call's output: y, or y1 and y2 where they differ."""
    plan, bound, program = trial.plan, trial.bound, trial.run.program
    distinct = list(dict.fromkeys(plan.outputs))
    assigned = {statement.target for statement in program.statements if isinstance(statement, Assign)}
    stem = free_name({*bound.leaves, *assigned}, "y", "output", "result")
    names = [stem if len(distinct) == 1 else f"{stem}{distinct.index(text) + 1}" for text in plan.outputs]
    outputs = trial.run.outputs
    scalars = [f"{name}.sum()" if output.ndim else name for name, output in zip(names, outputs, strict=True)]
    return _Words(
        scalars=scalars,
        forward=_forward(trial, names[-1], assigned),
        inputs=", ".join(bound.wrt),
        one=f"torch.ones_like({scalars[0]})" if any(output.is_complex() for output in outputs) else "",
    )


def _forward(trial: _Trial, name: str, assigned: set[str]) -> str:
    """The forward pass of the last call in PyTorch; only named where it gives an input's name to something else."""
    bound = trial.bound
    if bound.in_place or assigned & {*bound.leaves}:
        return f"{name} = forward({', '.join(bound.leaves)})"
    writer = Writer(bound.context)
    observed(replace(bound, program=trial.run.program), writer)
    lines = [*statement_lines(writer, trial.run.program, name)]
    if is_random(trial.run.program):
        lines.insert(0, source_of_state(bound.context.device)[1].format("random_state"))
    return "; ".join(lines)


def _total(gradients: Sequence[Gradients]) -> Gradients:
    """The sums in double precision: in the gradients' own they could overflow as the fix does."""
    total: Gradients = {}
    for name in gradients[0]:
        present = [found.to(wide(found.dtype)) for each in gradients if (found := each[name]) is not None]
        total[name] = torch.stack(present).sum(dim=0) if present else None
    return total


def _close(found: Gradients, wanted: Gradients) -> bool:
    for name, expected in wanted.items():
        got = found[name]
        if expected is None or got is None:
            if expected is not got:
                return False
            continue
        tolerance = ROUNDING * torch.finfo(got.dtype).eps
        scale = float(expected.abs().nan_to_num(0, 0, 0).max()) if expected.numel() else 0.0
        if not torch.allclose(got.to(expected.dtype), expected, rtol=tolerance, atol=tolerance * scale, equal_nan=True):
            return False
    return True
