"""Wrapping the calls of a program moves none of its lines and changes nothing of what it does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

PROGRAM = '''"""A heading."""
from __future__ import annotations

import functools


@functools.cache
def square(x):
    return abs(x) * max(
        x, x)


class Named(type("Base", (), {})):
    def __init__(self):
        super().__init__()
        self.text = f"{square(3)} é" + str(square(2)); self.more = sum(square(i) for i in range(3))


seen.append(Named().text); seen.append(Named().more)
'''


def test_each_call_stands_on_its_line_and_gives_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.setitem(sys.modules, "planting", sys)  # the program imports it by name
    from planted import wrapped

    source, lines = wrapped(PROGRAM)
    rows = source.splitlines()
    assert len(rows) == len(PROGRAM.splitlines())
    assert all(f"planted({site}, " in rows[line - 1] for site, line in enumerate(lines))
    # abs, max, __init__, str, square(2), sum, square(i), range, and in the last line twice Named() and append
    assert len(lines) == 12
    seen: list[object] = []
    called: list[int] = []
    exec(source, {"seen": seen, "planted": lambda site, value: (called.append(site), value)[1]})
    assert seen == ["9 é4", 5]
    assert set(called) == set(range(len(lines)))
