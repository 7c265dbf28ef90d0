"""An answer as one HTML page that needs nothing else: no network, no script; light and dark, on screen and paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from gradcli.render.json import to_json
from gradcli.render.page.blocks import body_of
from gradcli.render.page.style import STYLE
from gradcli.render.text import escaped, in_units, one_line, shortened
from gradcli.render.view import Answer, View
from gradcli.results import Setting, WatchResult
from gradcli.version import __version__

MOST_EMBEDDED = 1_000_000
"""Bytes of JSON that a page carries for programs to read."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a browser may do for this page: nothing but apply the styles and show the pictures within it."""
_LONGEST_TITLE = 120
_NOT_PLAIN = re.compile(r"[<>&]|[^\x20-\x7e]")


def write(answer: Answer, view: View, stream: BinaryIO) -> None:
    """The whole page."""
    stream.write(text(answer, view).encode())


def text(answer: Answer, view: View) -> str:
    """The whole page: the answer as on a terminal, its picture, its setting, and the exact numbers as JSON."""
    return "\n".join(_lines(answer, view)) + "\n"


def _lines(answer: Answer, view: View) -> Iterator[str]:
    kind = getattr(answer, "kind", "error")
    expression = answer.program if isinstance(answer, WatchResult) else getattr(answer, "expression", None) or ""
    title = shortened(": ".join(filter(None, (f"gradcli {kind}", one_line(expression)))), _LONGEST_TITLE)
    yield "<!DOCTYPE html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f"<title>{escaped(title)}</title>"
    yield f"<style>{STYLE}</style>"
    yield "</head>"
    yield "<body>"
    yield "<main>"
    if isinstance(answer, WatchResult):
        from gradcli.render.page.watch import body_of_watch  # most pages are not of programs

        yield from body_of_watch(answer, view)
    else:
        yield from body_of(answer, view)
    yield "</main>"
    yield from _footer(answer)
    yield "</body>"
    yield "</html>"


def _footer(answer: Answer) -> Iterator[str]:
    setting: Setting | None = getattr(answer, "setting", None)
    pairs = [("gradcli", __version__)]
    if setting is not None:
        pairs += [
            ("PyTorch", setting.torch),
            ("device", setting.device),
            ("dtype", setting.dtype),
            *([("seed", str(setting.seed))] if setting.draws else []),
        ]
    yield "<footer>"
    yield f"<dl>{''.join(f'<div><dt>{name}</dt><dd>{escaped(value)}</dd></div>' for name, value in pairs)}</dl>"
    exact = to_json(answer)
    if len(exact) <= MOST_EMBEDDED:
        yield f'<script type="application/json" id="gradcli-result">{_inert(exact)}</script>'
    else:
        yield f"<p>The exact numbers are {len(exact):,} bytes of JSON, too many for a page: write them with --json.</p>"
    yield "</footer>"


def _inert(exact: bytes) -> str:
    """JSON without a character that could end the element, or that an editor would not show."""
    return _NOT_PLAIN.sub(in_units, exact.decode())
