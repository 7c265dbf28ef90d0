"""What the rules look at: a tape, what an inspection has computed, and what is computed once more for those who ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from gradcli.diagnose.origins.origin import Origin
from gradcli.diagnose.rerun import Rerun
from gradcli.language.request import Value
from gradcli.numerics.capture import all_finite
from gradcli.numerics.literals import Context
from gradcli.numerics.precision import is_lost
from gradcli.recording.tape import Step, Tape
from gradcli.results.findings import Failure
from gradcli.results.tensors import Gradient, Input, Tensor

if TYPE_CHECKING:
    from gradcli.diagnose.origins.zeros import ZeroOrigin


MAX_ELEMENTS_RECORDED = 10_000
"""Larger inputs do not get a tape unless it is asked for, or a number is not finite."""


@dataclass(frozen=True)
class Computed:
    """What an inspection has computed before its findings.

    of_sum: whether the gradients are those of a sum of outputs that nobody asked to be summed.
    raised, stopped: the exception with which the backward pass ended, and the number of the step at which it did.
    """

    gradients: Mapping[str, Gradient | None] = field(default_factory=dict)
    output: Tensor | None = None
    of_sum: bool = False
    raised: Failure | None = None
    stopped: int | None = None


@dataclass(frozen=True)
class Evidence:
    """Each recording and each further run is made once, for the first rule that asks.

    recorded: the tape, where it has been made. records: whether the first who asks makes it.
    rerun: what can be computed once more; None for a tape alone.
    tape_alone: whether nothing else is computed once more than the tape.
    nothing_to_report: whether the rules about tapes have nothing to find.
    """

    rerun: Rerun | None = None
    computed: Computed = Computed()
    recorded: Tape | None = None
    records: bool = False
    tape_alone: bool = False
    nothing_to_report: bool = False

    @property
    def expression(self) -> str:
        """The text of the expression."""
        return "" if self.rerun is None else self.rerun.bound.program.text

    @property
    def inputs(self) -> Mapping[str, Input]:
        """The inputs as data."""
        return {} if self.rerun is None else self.rerun.bound.inputs

    @property
    def context(self) -> Context:
        """What operations are applied in once more."""
        return Context() if self.rerun is None else self.rerun.bound.context

    @property
    def values(self) -> Mapping[str, tuple[Value, ...]]:
        """The words that each input was given by."""
        return {} if self.rerun is None else self.rerun.bound.values

    @property
    def written(self) -> Mapping[str, torch.Tensor]:
        """The numbers of inputs in float64, where the dtype has made infinities or zeros of them."""
        return {} if self.rerun is None else self.rerun.bound.written

    @property
    def _again(self) -> Rerun | None:
        return None if self.tape_alone else self.rerun

    @cached_property
    def tape(self) -> Tape | None:
        """What flowed through every sub-expression; None for large inputs."""
        return self.rerun.tape() if self.records and self.rerun is not None else self.recorded

    @cached_property
    def wide_tape(self) -> Tape | None:
        """The tape in float64."""
        there = self.records or self.recorded is not None
        return self._again.in_float64().tape() if there and self._again is not None else None

    @cached_property
    def shadow(self) -> Mapping[str, np.ndarray] | None:
        """The same gradients at the same inputs, computed in float64; None where that was not done."""
        return None if self._again is None else self._again.shadow()

    @cached_property
    def _noisy_shadow(self) -> Mapping[str, np.ndarray]:
        return {} if self._again is None else self._again.shadow(noisy=True) or {}

    @cached_property
    def is_finite(self) -> bool:
        """Whether neither the output nor any gradient holds NaN or Inf."""
        if self.tape is None:
            return True
        return all(map(all_finite, [self.tape.output, *self.tape.gradients.values()]))

    @cached_property
    def has_zeros(self) -> bool:
        """Whether an input's whole gradient is zero."""
        gradients = () if self.tape is None else self.tape.gradients.values()
        return any(tensor is not None and tensor.numel() and not bool(tensor.any()) for tensor in gradients)

    @cached_property
    def origins(self) -> list[Origin]:
        """Every cause of a non-finite number, once."""
        if self.is_finite:
            return []
        assert self.tape is not None
        from gradcli.diagnose.origins.origins import origins

        return origins(self.tape, self.context, self.written)

    @cached_property
    def zeros(self) -> list[ZeroOrigin]:
        """Every input whose whole gradient is zero, with the place that made it so."""
        if not self.has_zeros:
            return []
        assert self.tape is not None
        from gradcli.diagnose.origins.zeros import zero_origins

        return [self._told_apart(origin) for origin in zero_origins(self.tape, self.context)]

    def _told_apart(self, origin: ZeroOrigin) -> ZeroOrigin:
        """An operation may have a slope beside this point, and none for what the input can do."""
        again = self._again
        level = origin.why == "stationary" and again is not None and not again.has_slope_beside(origin.variable)
        return replace(origin, why="constant") if level else origin

    @property
    def may_be_doubted(self) -> bool:
        """Whether first derivatives can be held against the reference, though float64 says nothing against them."""
        return not self.nothing_to_report and self._again is not None and self._again.order == 1

    def doubtful_zeros(self, name: str, computed: np.ndarray) -> np.ndarray:
        """Where the gradient of an input is a zero that rounding may have made: a smooth function sent it."""
        if not self.may_be_doubted or self.tape is None or not bool((computed == 0).any()):
            return np.zeros(computed.shape, dtype=bool)
        from gradcli.diagnose.origins.zeros import doubtful

        doubt: np.ndarray = doubtful(self.tape, name, self.zeros) & (computed == 0)
        return doubt

    def reached(self, name: str, place: int) -> float:
        """The largest gradient that arrived where the gradient of an element, or of its whole input, became zero."""
        whole = [origin.reached for origin in self.zeros if origin.variable == name]
        return max([*whole, *self._meeting(name, place)], default=0.0)

    def _meeting(self, name: str, place: int) -> list[float]:
        """The sizes of the gradients that meet at an element of an input."""
        if self.tape is None:
            return []
        edges = [edge for leaf in self.tape.leaves if leaf.variable == name for edge in leaf.edges]
        sent = [[tensor for _, tensor in self.tape.contributions.get(edge, [])] for edge in edges]
        met = [tensor for tensors in sent if len(tensors) > 1 for tensor in tensors if not tensor.is_sparse]
        return [abs(float(tensor.reshape(-1)[place])) for tensor in met]

    def exact_slopes(self, name: str, places: Sequence[int]) -> Mapping[int, float]:
        """The derivatives by these elements as the 50-digit reference has them, where it has them."""
        return {} if self._again is None else self._again.slopes(name, places)

    def exact_value(self, step: Step) -> np.ndarray | None:
        """The value of a step as the 50-digit reference has it."""
        return None if self._again is None else self._again.value(step)

    def float64_is_stable(self, name: str, place: int, dtype: torch.dtype) -> bool:
        """Whether float64's own rounding leaves the digits of its gradient alone that a dtype could hold."""
        if self.shadow is None:
            return False
        moved = self._noisy_shadow.get(name)
        return moved is not None and not bool(is_lost(moved.ravel()[place], self.shadow[name].ravel()[place], dtype))
