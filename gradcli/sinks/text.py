"""Files of text, as UTF-8: what the screen would show in that format, and programs."""

from __future__ import annotations

from typing import BinaryIO

from gradcli.exceptions import OutputError
from gradcli.render import renderer
from gradcli.render.view import Answer, View


def write(answer: Answer, view: View, stream: BinaryIO) -> None:
    """The format of the view, piece by piece; what is no character of UTF-8 becomes an escape."""
    for piece in renderer(view.format)(answer, view):
        stream.write(piece.encode("utf-8", "backslashreplace"))


def write_program(answer: Answer, view: View, stream: BinaryIO) -> None:
    """The program of --emit torch.  Raises OutputError where there is none."""
    program = getattr(answer, "program", None)
    if program is None:
        raise OutputError("a .py file holds a program, which --emit torch writes", hint="Add --emit torch.")
    stream.write(program.encode())
