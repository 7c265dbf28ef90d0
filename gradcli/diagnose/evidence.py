"""What the rules look at beside the result itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from gradcli.numerics.capture import all_finite
from gradcli.numerics.literals import Context
from gradcli.numerics.precision import is_lost
from gradcli.recording.tape import Step, Tape

if TYPE_CHECKING:
    from gradcli.diagnose.origins.origin import Origin
    from gradcli.diagnose.origins.zeros import ZeroOrigin
    from gradcli.language.request import Value
    from gradcli.results.findings import Sample


@dataclass(frozen=True)
class Evidence:
    """shadow: the same gradients at the same inputs, computed in float64; None where that was not done.

    given: what flowed through every sub-expression, or what records that for the first who asks; None for large inputs.
    nothing_to_report: whether the rules about tapes have nothing to find.
    values: the words that each input was given by.
    written: the numbers of inputs in float64, where the dtype has made infinities or zeros of them.
    widened: makes the same tape in float64, for those who need it.
    reference: the derivatives by some elements of an input, each by its place in the flattened input, to 50 digits;
        without those that the reference cannot tell.
    noisy: the shadow once more, with noise of the size of float64's own rounding.
    value: the value of a step to 50 digits, None where the reference has none.
    beside: whether an input's gradient is a number other than zero a little beside the point.
    sample: how much of the inputs was looked at, None for all of it.
    """

    shadow: Mapping[str, np.ndarray] | None = None
    given: Tape | Callable[[], Tape | None] | None = None
    context: Context = Context()
    widened: Callable[[], Tape | None] | None = None
    sample: Sample | None = None
    nothing_to_report: bool = False
    reference: Callable[[str, Sequence[int]], Mapping[int, float]] | None = None
    noisy: Callable[[], Mapping[str, np.ndarray]] | None = None
    beside: Callable[[str], bool] | None = None
    value: Callable[[Step], np.ndarray | None] | None = None
    values: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    written: Mapping[str, torch.Tensor] = field(default_factory=dict)

    @cached_property
    def tape(self) -> Tape | None:
        """The tape."""
        return self.given() if callable(self.given) else self.given

    @cached_property
    def wide_tape(self) -> Tape | None:
        """The tape in float64."""
        return None if self.widened is None else self.widened()

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
        if self.tape is None or self.is_finite:
            return []
        from gradcli.diagnose.origins.origins import origins

        return origins(self.tape, self.context, self.written)

    @cached_property
    def zeros(self) -> list[ZeroOrigin]:
        """Every input whose whole gradient is zero, with the place that made it so."""
        if self.tape is None or not self.has_zeros:
            return []
        from gradcli.diagnose.origins.zeros import zero_origins

        return list(zero_origins(self.tape, self.context, self.beside))

    def doubtful_zeros(self, name: str, computed: np.ndarray) -> np.ndarray:
        """Where the gradient of an input is a zero that rounding may have made: a smooth function sent it."""
        if self.nothing_to_report or self.tape is None or self.reference is None or not bool((computed == 0).any()):
            return np.zeros(computed.shape, dtype=bool)
        from gradcli.diagnose.origins.zeros import doubtful

        doubt: np.ndarray = doubtful(self.tape, name, self.zeros) & (computed == 0)
        return doubt

    def reached(self, name: str) -> float:
        """The largest gradient that arrived where the whole gradient of an input became zero."""
        return max((origin.reached for origin in self.zeros if origin.variable == name), default=0.0)

    def exact_slopes(self, name: str, places: Sequence[int]) -> Mapping[int, float]:
        """The derivatives by these elements as the 50-digit reference has them, where it has them."""
        return {} if self.reference is None else self.reference(name, places)

    def exact_value(self, step: Step) -> np.ndarray | None:
        """The value of a step as the 50-digit reference has it."""
        return None if self.value is None else self.value(step)

    def float64_is_stable(self, name: str, place: int, dtype: torch.dtype) -> bool:
        """Whether float64's own rounding leaves the digits of its gradient alone that a dtype could hold."""
        if self.shadow is None or self.noisy is None:
            return False
        moved = self.noisy().get(name)
        if moved is None:
            return False
        return not bool(is_lost(moved.ravel()[place], self.shadow[name].ravel()[place], dtype))
