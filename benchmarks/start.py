"""Where the time of a one-liner goes: milliseconds of imports by room, and what is left.

Python itself tells how long each import takes (-X importtime), which costs a little; the least of several runs counts
for each module, since whatever else the machine does only adds to it.

    .venv/bin/python benchmarks/start.py [--pairs 9] [--dry-run]
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence

from report import asked, finish, table

WORDS = ("grad", "sigmoid", "0", "1", "10")
PASS = (sys.executable, "-c", "pass")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""What is measured is compiled, as what pip installs is."""
_IMPORT = re.compile(r"import time:\s+(?P<own>\d+) \|\s+\d+ \| +(?P<module>\S+)")
ROOMS = (
    ("torch._C", "PyTorch's libraries (`torch._C`)"),
    ("torch", "PyTorch's Python"),
    ("torchgen", "PyTorch's Python"),
    ("numpy", "NumPy"),
    ("mpmath", "mpmath"),
    ("typer", "Typer, Click, rich, pydantic"),
    ("rich", "Typer, Click, rich, pydantic"),
    ("pydantic", "Typer, Click, rich, pydantic"),
    ("orjson", "orjson"),
)
"""The beginning of a module's name, and where it counts; the first that fits."""


def room_of(module: str) -> str:
    """The row of a module."""
    if module.startswith("gradcli"):
        return " ".join(["gradcli", *module.split(".")[1:2]])
    return next((room for name, room in ROOMS if module == name or module.startswith(f"{name}.")), "Python's library")


def imports(argv: Sequence[str]) -> tuple[dict[str, int], float]:
    """Microseconds that each module takes by itself, and the seconds of the process."""
    begin = time.perf_counter()
    ran = subprocess.run(argv, capture_output=True, text=True, env=ENVIRONMENT, check=True)
    seconds = time.perf_counter() - begin
    return {
        found["module"]: int(found["own"]) for found in map(_IMPORT.match, ran.stderr.splitlines()) if found
    }, seconds


def least(runs: Iterable[dict[str, int]]) -> dict[str, int]:
    """The least that each module took in any run."""
    found: dict[str, int] = {}
    for run in runs:
        for module, own in run.items():
            found[module] = min(own, found.get(module, own))
    return found


def main() -> int:
    options = asked(__doc__).parse_args()
    argv = (sys.executable, "-X", "importtime", "-m", "gradcli", *WORDS)
    imports(argv)  # compiles, and warms the disk's cache
    measured = [imports(argv) for _ in range(options.pairs)]
    own = least(modules for modules, _ in measured)
    interpreter = min(imports(PASS)[1] for _ in range(options.pairs))
    whole = min(seconds for _, seconds in measured)
    rooms: Counter[str] = Counter()
    for module, microseconds in own.items():
        rooms[room_of(module)] += microseconds
    rows = [(room, microseconds / 1000) for room, microseconds in rooms.most_common()]
    rows.append(("an interpreter that does nothing", interpreter * 1000))
    rows.append(
        ("the rest: reading, computing, findings, drawing", (whole - interpreter) * 1000 - sum(rooms.values()) / 1000)
    )
    text = table(
        "| room | milliseconds | share |",
        [f"| {room} | {ms:.1f} | {ms / whole / 10:.0f} % |" for room, ms in rows],
        how=f"`gradcli {' '.join(WORDS)}`, the least of {options.pairs} runs, {whole * 1000:.0f} ms in all",
    )
    return finish(text, [], marker="start", dry_run=options.dry_run)


if __name__ == "__main__":
    sys.exit(main())
