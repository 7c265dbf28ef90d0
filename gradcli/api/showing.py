"""How results show themselves in Python: as a table in print(), as markup in a notebook."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from gradcli.render import View, write

if TYPE_CHECKING:
    from gradcli.exceptions import GradcliError
    from gradcli.render.view import Answer


def drawn(answer: Answer, format_: str) -> str:
    """The answer as text, without a line break at its end."""
    text = StringIO()
    write(answer, View(format=format_), text)
    return text.getvalue().rstrip("\n")


def with_notes(error: GradcliError) -> GradcliError:
    """The error with the place and the hint below its message, where a traceback shows them."""
    rest = drawn(error, "table").partition("\n")[2]
    if rest.strip() and not hasattr(error, "__notes__"):
        error.add_note(rest)
    return error
