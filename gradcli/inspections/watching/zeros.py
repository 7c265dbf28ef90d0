"""Parameters whose whole gradient is zero, step after step: where what arrives becomes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.origins.origin import depends_on
from gradcli.diagnose.origins.parts import name
from gradcli.diagnose.origins.zeros import ZeroOrigin
from gradcli.inspections.watching.backward_start import BackwardStart
from gradcli.inspections.watching.neighbourhood import around
from gradcli.inspections.watching.situation import Situation
from gradcli.inspections.watching.telling import lines_around
from gradcli.recording.program.again import Repeated, run_again
from gradcli.recording.tape import Step, node_name
from gradcli.results.phrasing import number
from gradcli.results.watch import ProgramFinding

_OF_THE_NUMBERS = ("met", "inside", "stationary")
"""Zeros of contributions that cancel, or of a smooth function at one point: another step has others."""
_OF_CHANCE = frozenset(
    {"dropout", "dropout_", "alpha_dropout", "feature_dropout", "dropout1d", "dropout2d", "dropout3d"}
)
"""What may draw zeros for all of a few elements: another step draws others."""
_TRIES = (1, 4)
"""After how many times the patience a parameter is looked at: what was chance at first may be none later."""


class Patience:
    """How many steps in a row each parameter's gradient has been zero.

    A parameter is due when it has been for as many steps as the patience says, and for four times as many.
    """

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._zero: dict[int, int] = {}
        self._done: set[int] = set()

    def start_again(self) -> None:
        """No gradient is zero in this step."""
        self._zero.clear()

    def due(
        self, call: BackwardStart, parameters: Sequence[torch.Tensor], sizes: Sequence[float]
    ) -> list[torch.Tensor]:
        """The parameters whose patience ends with this step. sizes: the norms or sums of their gradients."""
        if 0 not in sizes:
            self.start_again()
            return []
        zero = [p for p, size in zip(parameters, sizes, strict=True) if size == 0 and id(p) not in self._done]
        now = {id(p): p for p in zero if p.grad is not None and p.grad.numel() and not bool(p.grad.any())}
        reached = call.reached(now.values()) if now else []
        elsewhere = {key: self._zero[key] for key in now.keys() & self._zero.keys() - set(map(id, reached))}
        self._zero = elsewhere | {id(p): self._zero.get(id(p), 0) + 1 for p in reached}
        self._done.update(key for key, steps in self._zero.items() if steps == self._steps * _TRIES[-1])
        return [p for p in reached if self._zero[id(p)] in [self._steps * times for times in _TRIES]]


def dead(situation: Situation, due: Sequence[torch.Tensor], patience: int) -> Iterator[ProgramFinding]:
    """One finding for each place that makes zeros of what arrives; what lies behind it has the same cause."""
    call = situation.call
    again = run_again(situation.entries, call.roots, call.cotangents, situation.names, situation.user)
    wanted = {situation.names.get(id(parameter)) for parameter in due}
    tape = again.tape
    chance = [step for step in tape.steps if _is_chance(step)]
    zeros = [
        one
        for one in Evidence(recorded=tape).zeros
        if one.variable in wanted and not any(depends_on(tape, one.step, step) for step in chance)
    ]
    origins = sorted(zeros, key=lambda origin: origin.step.index)
    steps = {one.step.index: one.step for one in origins if one.why not in _OF_THE_NUMBERS}
    groups: dict[int, list[ZeroOrigin]] = {}
    for origin in origins:
        earlier = [index for index, step in steps.items() if depends_on(tape, origin.step, step)]
        if earlier:
            groups.setdefault(min(earlier), []).append(origin)
    for group in groups.values():
        yield _finding(group, situation.number, patience, again)


def _at_bounds(value: torch.Tensor | None) -> str:
    """`; 7 of its 24 values are 0`, and what its largest and its smallest one are, where all are one of these."""
    if value is None or not value.numel() or not value.is_floating_point():
        return ""
    bounds = dict.fromkeys((0.0, *(float(one) for one in value.detach().aminmax())))
    counts = {bound: int((value == bound).sum()) for bound in bounds}
    if sum(counts.values()) != value.numel():
        counts = {0.0: counts[0.0]}
    first, *others = [(count, number(bound)) for bound, count in counts.items() if count] or [(0, "")]
    if not first[0]:
        return ""
    more = "".join(f", {count:,} are {bound}" for count, bound in others)
    return f"; {first[0]:,} of its {value.numel():,} values are {first[1]}{more}"


def _is_chance(step: Step) -> bool:
    """Whether an operation has drawn zeros alone, and might have drawn others."""
    given = step.arguments[0] if step.name in _OF_CHANCE else None
    if not isinstance(given, torch.Tensor) or step.value is None or step.value.any() or not given.any():
        return False
    rate = step.operation.named(step.arguments).get("p")
    return rate is None or rate[1] != 1


def _finding(origins: Sequence[ZeroOrigin], step: int, patience: int, again: Repeated) -> ProgramFinding:
    origin = origins[0]
    place = origin.step.place
    return ProgramFinding(
        code="flat" if origin.why == "flat" else "saturated" if origin.why == "saturated" else "dead",
        severity="warning",
        message=f"{name(origin.step)} lets no gradient through",
        step=step,
        operation=origin.step.name,
        node=node_name(origin.node),
        place=place.in_file,
        label="no gradient goes on from here",
        lines=lines_around([place]),
        why=f"{number(origin.reached)} arrives, 0 goes on{_at_bounds(origin.step.value)}",
        spoils=tuple(sorted(one.variable for one in origins)),
        remark=f"for {patience} steps in a row",
        agrees=again.differs is None,
        nearby=around(again.tape, origin.step),
    )
