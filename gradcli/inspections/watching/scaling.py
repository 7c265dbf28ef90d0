"""Loss scaling: a gradient may overflow, and its scaler skips the step; a loss that is not finite is an error."""

from __future__ import annotations

from typing import Any

import torch

from gradcli.recording.program.log import Log
from gradcli.results.watch import ProgramFinding

MOST_SKIPPED = 5
"""Steps that a scaler skips in a row before it is told which operation overflows."""


class Scaling:
    """Which tensors are scaled losses, and how many steps were skipped for them.

    unscaled: the losses by the ids of what they became. skipped: in a row; total: altogether.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self.unscaled: dict[int, torch.Tensor] = {}
        self.skipped = 0
        self.total = 0
        self._scale = torch.amp.GradScaler.scale

    def put_on(self) -> None:
        log, scale, unscaled = self._log, self._scale, self.unscaled

        def noted(scaler: torch.amp.GradScaler, outputs: Any) -> Any:
            scaled = scale(scaler, outputs)
            if log.is_here and scaler.is_enabled() and isinstance(scaled, torch.Tensor):
                unscaled[id(scaled)] = outputs
            return scaled

        torch.amp.GradScaler.scale = noted  # type: ignore[method-assign, assignment]

    def take_off(self) -> None:
        torch.amp.GradScaler.scale = self._scale  # type: ignore[method-assign]

    @property
    def finding(self) -> ProgramFinding | None:
        """A note of the steps that were skipped; None if there are none."""
        if not self.total:
            return None
        times = f"{self.total:,} step{'' if self.total == 1 else 's'}"
        message = f"the gradient scaler skipped {times}: a scaled gradient overflowed"
        remark = f"a warning follows {MOST_SKIPPED} in a row" if self.total < MOST_SKIPPED else None
        return ProgramFinding(code="scaled-overflow", severity="note", message=message, step=0, remark=remark)

    def told(self, *, finite: bool) -> bool:
        """Whether the gradients of a scaled loss were finite; the answer: whether too many in a row were not."""
        self.unscaled.clear()
        self.skipped = 0 if finite else self.skipped + 1
        self.total += not finite
        return self.skipped == MOST_SKIPPED
