"""The audits behind docs/precision.md, each in a file of its own, so that what was interrupted goes on from there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import torch

import gradcli
from gradcli.inspections.auditing import tally
from gradcli.progress import steps
from gradcli.results import Failure
from gradcli.results.audit import AuditResult
from tools.precision.subjects import DTYPES, subjects
from tools.transcripts import ROOT

FOLDER = ROOT / "build" / "precision"


@dataclass(frozen=True)
class Audit:
    """One function over one dtype. name: the function's in the catalogue. subject: what an audit is asked for.

    result: a Failure where PyTorch has no such function in the dtype.
    """

    name: str
    subject: str
    dtype: str
    result: AuditResult | Failure


def audits(folder: Path = FOLDER, only: Sequence[str] = ()) -> Iterator[Audit]:
    """Each function over each dtype: what the folder holds of this build, else an audit made now and kept there."""
    torch.set_num_threads(1)  # several threads share the numbers out, and each has a rest that fills no vector
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [(name, subject) for name, subject in subjects() if not only or name in only]
    for name, subject in steps(chosen, "functions"):
        for dtype in DTYPES:
            file = folder / f"{re.sub(r'[^a-z0-9.*+-]+', '_', subject)}-{dtype}.json"
            yield Audit(name, subject, dtype, _kept(file) or _made(subject, dtype, file))


def _kept(file: Path) -> AuditResult | None:
    """What a file holds, if it is of the installed PyTorch with the kernels of this processor."""
    try:
        found = gradcli.load(file) if file.exists() else None
    except gradcli.GradcliError:  # of another version of gradcli
        return None
    if not isinstance(found, AuditResult) or found.setting.torch != torch.__version__:
        return None
    return found if found.capability == torch.backends.cpu.get_cpu_capability() else None


def _made(subject: str, dtype: str, file: Path) -> AuditResult | Failure:
    with patch.object(tally, "MOST_INTERVALS", 2**16):  # shares of all numbers are counted by their intervals
        found = gradcli.audit(subject, dtype=dtype)
    if isinstance(found, AuditResult):
        found.save(file)
    return found
