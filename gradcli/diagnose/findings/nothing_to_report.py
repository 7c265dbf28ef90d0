"""Whether a tape could have anything to say: most answers are ordinary, and are spared a second run.

Every rule about tapes needs one of these: a number that is not finite, a gradient that is zero or out of proportion, an
operation with a kink or with a slope that saturates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

import torch

from gradcli.diagnose.findings.domain import may_leave_its_domain
from gradcli.diagnose.findings.magnitude import is_out_of_proportion
from gradcli.diagnose.findings.noise import may_be_noise
from gradcli.diagnose.findings.saturated import possible_slope
from gradcli.diagnose.findings.table import NOT_FINITE
from gradcli.diagnose.origins.gates import may_gate
from gradcli.diagnose.origins.kinks import has_kinks
from gradcli.diagnose.origins.measured import may_differ
from gradcli.diagnose.origins.poles import may_meet_zero
from gradcli.diagnose.origins.ties import may_tie
from gradcli.numerics.capture import all_finite
from gradcli.recording.operation import Foreseen, Operation


def has_nothing_to_report(
    operations: Iterable[Foreseen],
    output: torch.Tensor,
    cotangent: torch.Tensor | None,
    gradients: Mapping[str, torch.Tensor | None],
    codes: Iterable[str],
) -> bool:
    """Whether no finding of these codes is possible; where it is not sure, the answer is no."""
    present = [gradient for gradient in gradients.values() if gradient is not None]
    if any(tensor.is_complex() for tensor in (output, *present)) or not all(map(all_finite, (output, *present))):
        return False
    asked = set(codes)
    if asked <= set(NOT_FINITE):
        return True
    if any(not bool((gradient != 0).all()) for gradient in present):  # rounding may have made a zero
        return False
    start = torch.ones_like(output) if cotangent is None else cotangent
    if {"vanishing", "exploding"} & asked and any(is_out_of_proportion(start, gradient) for gradient in present):
        return False
    return not any(_may_tell(each, asked) for each in operations)


def _may_tell(each: Foreseen, asked: AbstractSet[str]) -> bool:
    operation = each.operation
    if operation.out_of_place is not None:  # its arguments are not known
        return True
    if "underflow-forward" in asked and may_meet_zero(operation, each.computed):
        return True
    return any(telling(operation) for telling in _TELLING)


def _can_saturate(operation: Operation) -> bool:
    return possible_slope(operation) is not None


_TELLING = (has_kinks, may_tie, may_differ, _can_saturate, may_gate, may_leave_its_domain, may_be_noise)
"""What an operation has that a rule looks for, whatever the gradients are."""
