"""The page of each kind of finding, as docs/findings.md has it: `python -m tools.finding_pages` writes pages.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Page:
    """What a finding comes from, what to do, the codes and ids beside it, and commands with what they answer."""

    cause: str
    fix: str
    related: tuple[str, ...]
    example: tuple[tuple[str, str], ...]


def page_of(code: str) -> Page:
    """The page of a kind of finding."""
    found = _pages()[code]
    example = tuple((one["command"], one["output"]) for one in found["example"])
    return Page(found["cause"], found["fix"], tuple(found["related"]), example)


@cache
def _pages() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (files("gradcli") / "diagnose" / "findings" / "pages.json").read_text(encoding="utf-8")
    )
    return found
