"""`watch`: a program runs as it is, and what goes wrong with its gradients is found where it begins."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from gradcli.inspections.options import WatchOptions
from gradcli.inspections.watching.running import Ended, Program
from gradcli.inspections.watching.session import Watch
from gradcli.results import WatchResult

_ORDER = ("error", "warning", "note")


@dataclass(frozen=True)
class Watched:
    """What was found, and how the program ended: its exit code, or what it raised."""

    result: WatchResult
    ended: Ended


def watch(program: Program, options: WatchOptions) -> Watched:
    """Run a program under watch.  Raises UsageError where there is no such program."""
    text = program.text()
    watched = Watch(options, program.folders)
    ended = program.run(text, watched)
    result = WatchResult(
        torch=torch.__version__,
        program=program.name,
        arguments=program.arguments,
        steps=watched.steps,
        findings=tuple(sorted(watched.findings, key=lambda finding: _ORDER.index(finding.severity))),
        seconds=watched.seconds,
        stopped=watched.stopped,
        exit_code=None if watched.stopped else ended.code,
        norms=None if watched.norms is None else watched.norms.result(),
    )
    return Watched(result, ended)
