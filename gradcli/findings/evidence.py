"""What the rules look at beside the result itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from gradcli.compute.capture import array
from gradcli.compute.literals import Context
from gradcli.compute.tape import Tape

if TYPE_CHECKING:
    from gradcli.findings.births import Birth
    from gradcli.findings.zeros import ZeroBirth
    from gradcli.results.findings import Sample


@dataclass(frozen=True)
class Evidence:
    """shadow: the same gradients at the same inputs, computed in float64; None where that was not done.

    given: what flowed through every sub-expression, or what records that for the first who asks; None for large inputs.
    quiet: whether the rules about tapes have nothing to find.
    widened: makes the same tape in float64, for those who need it.
    sample: how much of the inputs was looked at, None for all of it.
    """

    shadow: Mapping[str, np.ndarray] | None = None
    given: Tape | Callable[[], Tape | None] | None = None
    context: Context = Context()
    widened: Callable[[], Tape | None] | None = None
    sample: Sample | None = None
    quiet: bool = False

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
        return all(map(_is_finite, [self.tape.output, *self.tape.gradients.values()]))

    @cached_property
    def has_zeros(self) -> bool:
        """Whether an input's whole gradient is zero."""
        gradients = () if self.tape is None else self.tape.gradients.values()
        return any(tensor is not None and tensor.numel() and not bool(tensor.any()) for tensor in gradients)

    @cached_property
    def births(self) -> list[Birth]:
        """Every cause of a non-finite number, once."""
        if self.tape is None or self.is_finite:
            return []
        from gradcli.findings.births import births

        return births(self.tape, self.context)

    @cached_property
    def zeros(self) -> list[ZeroBirth]:
        """Every input whose whole gradient is zero, with the place that made it so."""
        if self.tape is None or not self.has_zeros:
            return []
        from gradcli.findings.zeros import zero_births

        return list(zero_births(self.tape, self.context))


def _is_finite(tensor: torch.Tensor | None) -> bool:
    return tensor is None or bool(np.isfinite(array(tensor)).all())
