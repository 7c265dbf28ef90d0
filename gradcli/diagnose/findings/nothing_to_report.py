"""Whether a tape could have anything to say: most answers are ordinary, and are spared a second run.

Every rule about tapes needs one of these: a number that is not finite, a gradient that is zero or out of proportion, an
operation with a kink or with a slope that saturates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch

from gradcli.diagnose.findings.domain import may_leave_its_domain
from gradcli.diagnose.findings.gates import may_gate
from gradcli.diagnose.findings.kink import has_kinks
from gradcli.diagnose.findings.magnitude import is_out_of_proportion
from gradcli.diagnose.findings.noise import may_be_noise
from gradcli.diagnose.findings.poles import may_meet_zero
from gradcli.diagnose.findings.saturated import possible_slope
from gradcli.diagnose.findings.table import NOT_FINITE
from gradcli.language.syntax import Node, Program, Update, postorder, roots
from gradcli.numerics.capture import all_finite


def has_nothing_to_report(
    program: Program,
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
    if any(isinstance(statement, Update) for statement in program.statements):
        return False
    if "underflow-forward" in asked and may_meet_zero(program):
        return False
    nodes = (node for root in roots(program) for node in postorder(root))
    return not any(any(telling(node) for telling in _TELLING) for node in nodes)


def _can_saturate(node: Node) -> bool:
    return possible_slope(node) is not None


_TELLING = (has_kinks, _can_saturate, may_gate, may_leave_its_domain, may_be_noise)
"""What an operation has that a rule looks for, whatever the gradients are."""
