"""No two files of the inside import each other, and nothing that is handed upward can call back down."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.diagnosis import Diagnosis
from gradcli.diagnose.evidence import Computed, Evidence
from gradcli.diagnose.rerun import Rerun
from gradcli.recording.tape import Passage, Step, Tape

ROOT = Path(__file__).parent.parent
ROOMS = (
    "cli",
    "commands",
    "diagnose",
    "inspections",
    "language",
    "model",
    "numerics",
    "recording",
    "render",
    "results",
    "sinks",
    "sources",
)


def imports(path: Path) -> Iterator[str]:
    """The modules of gradcli that a file imports anywhere, for types too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = ROOT / node.module.replace(".", "/")
            for alias in node.names:
                is_module = (whole / f"{alias.name}.py").exists() or (whole / alias.name).is_dir()
                yield f"{node.module}.{alias.name}" if is_module else node.module


def graph(*rooms: str) -> dict[str, set[str]]:
    """For each module of these rooms what it imports."""
    paths = [path for room in rooms for path in (ROOT / "gradcli" / room).rglob("*.py")]
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}
    return {
        name: {other for other in imports(path) if other in names and other != name} for name, path in names.items()
    }


def test_no_files_import_each_other_in_a_circle() -> None:
    TopologicalSorter(graph(*ROOMS)).prepare()


def test_a_planted_circle_is_seen() -> None:
    planted = graph("recording") | {"gradcli.recording.operation": {"gradcli.recording.paths"}}
    assert "gradcli.recording.operation" in planted["gradcli.recording.tape"]
    with pytest.raises(CycleError):
        TopologicalSorter(planted).prepare()


@dataclass
class Planted:
    widened: Callable[[], Tape | None]


def callables(record: type) -> list[str]:
    return [field.name for field in fields(record) if "Callable" in str(field.type) or "partial" in str(field.type)]


@pytest.mark.parametrize(
    "record", [BoundExpression, Computed, Diagnosis, Evidence, Passage, Rerun, Step, Tape], ids=lambda one: one.__name__
)
def test_what_rules_and_inspections_are_handed_holds_no_callable(record: type) -> None:
    assert callables(record) == []


def test_a_planted_callable_is_seen() -> None:
    assert callables(Planted) == ["widened"]
