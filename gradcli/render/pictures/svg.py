"""An answer as an SVG picture: the same answer gives the same bytes."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import BinaryIO

from gradcli.render.pictures import picture, title_of
from gradcli.render.text import one_line
from gradcli.render.view import Answer, View


def write(answer: Answer, view: View, stream: BinaryIO) -> None:
    """The picture as UTF-8 text.  Raises OutputError where there is nothing to draw."""
    with picture(answer, view, fallback="keep") as figure, warnings.catch_warnings():
        # a browser has fonts for characters that are missing here
        warnings.filterwarnings("ignore", message=r"(?s)Glyph .* missing from font")
        notes = {"Date": None, "Creator": "gradcli", "Title": one_line(title_of(answer))}
        figure.savefig(stream, format="svg", metadata=notes)


def text(answer: Answer, view: View) -> str:
    """The picture as text, from its `<svg` on, to stand inside a page."""
    stream = BytesIO()
    write(answer, view, stream)
    drawn = stream.getvalue().decode()
    return drawn[drawn.index("<svg") :]
