"""`.py`: the program of `--emit torch`."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from gradcli.errors import OutputError

if TYPE_CHECKING:
    from gradcli.render.view import Answer, View


def write(answer: Answer, view: View, stream: BinaryIO) -> None:
    """The program as it is.  Raises OutputError where there is none."""
    program = getattr(answer, "program", None)
    if program is None:
        raise OutputError("a .py file holds a program, which --emit torch writes", hint="Add --emit torch.")
    stream.write(program.encode())
