"""Files of text: what the screen would show in that format, as UTF-8."""

from __future__ import annotations

from typing import BinaryIO

from gradcli.render import renderer
from gradcli.render.view import Answer, View


def write(answer: Answer, view: View, stream: BinaryIO) -> None:
    """The format of the view, piece by piece; what is no character of UTF-8 becomes an escape."""
    for piece in renderer(view.format)(answer, view):
        stream.write(piece.encode("utf-8", "backslashreplace"))
