"""Pictures of the functions that are worst, for docs/precision.md: the largest error over the exponents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from gradcli.results import Failure
from tools.precision.defects import defects
from tools.precision.measuring import Audit
from tools.transcripts import ROOT

FOLDER = ROOT / "docs" / "precision"
MOST = 8
"""Functions that have a picture."""


def worst_functions(audits: Sequence[Audit]) -> list[Audit]:
    """Those with the worst defects, each in the dtype of its worst one."""
    found: dict[str, str] = {}
    for defect in defects(audits):
        found.setdefault(defect.subject, defect.dtype)
    wanted = list(found.items())[:MOST]
    held = {(audit.subject, audit.dtype): audit for audit in audits}
    return [held[pair] for pair in wanted]


def drawn(audits: Sequence[Audit], folder: Path = FOLDER) -> str:
    """The lines of the document that show the pictures, which are written into the folder; others in it are removed."""
    folder.mkdir(exist_ok=True)
    lines, names = [], set()
    for audit in worst_functions(audits):
        if isinstance(audit.result, Failure):
            continue
        name = f"{re.sub(r'[^a-z0-9_]+', '-', audit.subject).strip('-')}-{audit.dtype}.svg"
        audit.result.save(folder / name)
        names.add(name)
        lines.append(f"![`{audit.subject}` in {audit.dtype}]({FOLDER.name}/{name})")
    for left in set(folder.glob("*.svg")) - {folder / name for name in names}:
        left.unlink()
    return "\n\n".join(lines)
