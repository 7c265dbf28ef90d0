"""What the rules make of a text."""

from __future__ import annotations

from gradcli.language.parser import parse
from gradcli.language.rewrite import rewrites


def rewritten(text: str, rule: str, *, narrow: bool = False) -> list[str]:
    """The candidates of one rule alone."""
    return [rewrite.text for rewrite in rewrites(parse(text), narrow=narrow) if rewrite.name == rule]
