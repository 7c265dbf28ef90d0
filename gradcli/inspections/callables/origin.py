"""Where in the user's code a gradient that is not finite has its origin."""

from __future__ import annotations

from pathlib import Path

import torch

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings import of_tape
from gradcli.diagnose.values import default_dtype
from gradcli.inspections.callables.function import LeafFunction
from gradcli.recording.program.again import run_again
from gradcli.recording.program.logged import logged
from gradcli.recording.program.places import UserCode
from gradcli.results import Finding


def origin(function: LeafFunction, dtype: torch.dtype) -> str | None:
    """The first error that the operations of a call show; None where they show none, or cannot be run again."""
    found = next((finding for finding in _findings(function, dtype) if finding.severity == "error"), None)
    if found is None:
        return None
    place = "" if found.place is None else f"{Path(found.place.file).name}:{found.place.line}: "
    return f"{place}{found.message}\ngradcli explain {found.code}"


def _findings(function: LeafFunction, dtype: torch.dtype) -> list[Finding]:
    user = UserCode()
    leaves = function.at_dtype(dtype)
    names = {id(leaf): name for name, leaf in leaves.items()}
    with function.isolated(), default_dtype(dtype):
        try:
            outputs, entries = logged(user, lambda: function.joined(leaves))
            again = run_again(entries, [outputs], [torch.ones_like(outputs)], names, user)
        except Exception:  # noqa: BLE001 - the user's code runs again, and may raise anything: then nothing is said
            return []
    return list(of_tape(Evidence(recorded=again.tape)))
