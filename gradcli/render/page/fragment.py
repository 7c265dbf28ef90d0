"""An answer as a piece of a page that others make, such as a notebook."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.render.page.blocks import body_of
from gradcli.render.page.style import DAY, NIGHT, RULES
from gradcli.render.view import Answer, View

_NIGHTS = '[data-jp-theme-light="false"] .gradcli,.vscode-dark .gradcli'
"""Notebooks say by an attribute or a class whether they are dark, and not by what the system prefers."""
_SMALLER = "h1{font-size:1.05rem}header .remark{margin-bottom:.4rem}.table,figure{margin:.5rem 0}"


def fragment(answer: Answer, view: View, *, pictured: bool) -> str:
    """The answer with its picture, if it is to be `pictured`, in an element whose rules end with it."""
    return "\n".join(_lines(answer, view, pictured))


def _lines(answer: Answer, view: View, pictured: bool) -> Iterator[str]:
    rules = f".gradcli{{{DAY}color:var(--text);background:var(--ground);{RULES}{_SMALLER}}}{_NIGHTS}{{{NIGHT}}}"
    yield f'<div class="gradcli"><style>{rules}</style>'.replace("\n", "")
    yield from body_of(answer, view, pictured=pictured)
    yield "</div>"
