"""Reading a page back: its elements, its text, its tables."""

from __future__ import annotations

import io
from html.parser import HTMLParser

import pytest

from gradcli.exceptions import OutputError
from gradcli.render import page
from gradcli.render.view import Answer, View

NEEDS_MATPLOTLIB = OutputError("a picture needs matplotlib", hint="pip install 'gradcli[plot]'")

_VOID = frozenset(("meta", "br", "link", "img", "hr", "input"))
_ALONE = frozenset(("rect", "path", "use", "line", "circle", "polyline", "polygon", "image"))
"""Elements of SVG that are written without an end tag."""


class Page(HTMLParser):
    """All tags with their attributes, the text of each element, and what was not closed as it should be."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.wrong: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.wrong += [f"<{tag}> is never closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.texts.setdefault(tag, []).append("")
        if tag in _VOID:
            return
        self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _ALONE | _VOID:
            self.wrong.append(f"<{tag}/> is no void element")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.wrong.append(f"</{tag}> closes {self._open[-1:]}")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        for tag in set(self._open):
            self.texts[tag][-1] += data
        if self.tables and self._open and self._open[-1] in ("td", "th"):
            self.tables[-1][-1][-1] += data

    def attributes(self, name: str) -> list[str | None]:
        return [attributes[name] for _, attributes in self.tags if name in attributes]


def with_pictures(monkeypatch: pytest.MonkeyPatch, drawn: str | OutputError) -> None:
    """Whoever draws curves answers this."""

    def text(answer: Answer, view: View) -> str:
        if isinstance(drawn, OutputError):
            raise drawn
        return drawn

    monkeypatch.setattr("gradcli.render.pictures.svg_text", text)


def written(answer: Answer, view: View = View()) -> str:
    stream = io.BytesIO()
    page.write(answer, view, stream)
    return stream.getvalue().decode()
