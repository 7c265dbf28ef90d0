"""What the rules make of a text."""

from __future__ import annotations

from gradcli.language.parser import parse
from gradcli.language.rewrite import rewrites
from gradcli.language.rewrite.editing import EditableProgram, applied
from gradcli.language.rewrite.rule import Rule


def rewritten(text: str, rule: str, *, narrow: bool = False, wrt: str | None = None) -> list[str]:
    """The candidates of one rule alone; wrt: the names that are differentiated, all if it is not given."""
    names = None if wrt is None else wrt.split(",")
    return [rewrite.text for rewrite in rewrites(parse(text), narrow=narrow, wrt=names) if rewrite.name == rule]


def changed(text: str, rule: Rule) -> list[str]:
    """What each change of a rule makes of a text, alone."""
    return [applied(text, change.edits) for change in rule(EditableProgram(parse(text)))]
