"""An answer as a PNG picture."""

from __future__ import annotations

from typing import BinaryIO

from gradcli.render.pictures import picture, title_of
from gradcli.render.text import one_line
from gradcli.render.view import Answer, View

_DOTS_PER_INCH = 150


def write(answer: Answer, view: View, stream: BinaryIO) -> None:
    """The picture, 1200 dots wide.  Raises OutputError where there is nothing to draw."""
    with picture(answer, view, fallback="escape") as figure:
        notes = {"Software": "gradcli", "Title": one_line(title_of(answer))}
        figure.savefig(stream, format="png", dpi=_DOTS_PER_INCH, metadata=notes)
