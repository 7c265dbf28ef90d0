"""Suites of tests that pytest runs with gradcli's plugin, found as that of an installed gradcli is."""

from __future__ import annotations

import json
import subprocess
import tempfile
import tomllib
from pathlib import Path

from command_line import clean_environment

from tools import warm

ROOT = Path(__file__).parent.parent
_LONGER = {"CI", "BUILD_NUMBER"}
"""Variables with which pytest shortens nothing."""

_PROGRAM = """
import json, sys
from importlib.metadata import entry_points
sys.path.insert(0, sys.argv.pop(1))
import pytest
others = [f"-pno:{plugin.name}" for plugin in entry_points(group="pytest11") if plugin.name != "gradcli"]
code = pytest.main([*sys.argv[1:], "-c", "/dev/null", "-p", "no:cacheprovider", *others])
print(json.dumps([int(code), sorted(name for name in sys.modules if name.startswith("gradcli"))]))
"""


def suite_run(folder: Path, *words: str) -> tuple[int, list[str], str]:
    """The exit code of pytest in a folder, the modules of gradcli's that it has imported, and what it printed."""
    with tempfile.TemporaryDirectory() as installed:
        _install(Path(installed) / "gradcli_told-1.dist-info")
        argv = [*warm.python_without_gradcli(), _PROGRAM, installed, *words]
        env = {name: value for name, value in clean_environment().items() if name not in _LONGER}
        ran = subprocess.run(argv, cwd=folder, env=env, stdout=subprocess.PIPE, encoding="utf-8", check=True)
    printed, _, told = ran.stdout.rstrip().rpartition("\n")
    code, modules = json.loads(told)
    return code, modules, printed


def _install(folder: Path) -> None:
    """Write what an installed gradcli says of itself."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: gradcli-told\nVersion: 1\n")
    groups = (
        f"[{group}]\n" + "\n".join(f"{name} = {target}" for name, target in entries.items())
        for group, entries in declared.items()
    )
    (folder / "entry_points.txt").write_text("\n".join(groups))
    (folder / "RECORD").write_text("gradcli/__init__.py,,\n")
