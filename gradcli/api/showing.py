"""How results show themselves: a table in print(), a line in an interpreter, markup in a notebook, a file."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from io import StringIO
from os import PathLike, fspath
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from gradcli.api.wording import in_python, sentence
from gradcli.exceptions import GradcliError, OutputError
from gradcli.render import View, write

if TYPE_CHECKING:
    from gradcli.render.view import Answer
    from gradcli.results import Result


def table(answer: Answer) -> str:
    """The answer as a terminal shows it, without a line break at its end."""
    text = StringIO()
    write(answer, View(wording=sentence), text)
    return text.getvalue().rstrip("\n")


def short(answer: Answer) -> str:
    """The answer in a line or a few."""
    from gradcli.render.short import short

    return short(answer)


def plain(answer: Answer) -> dict[str, Any]:
    """The answer as its JSON is read."""
    from gradcli.render.json import to_json

    found: dict[str, Any] = json.loads(to_json(answer))
    return found


def markup(answer: Answer) -> str:
    """The answer for a notebook, with a picture where a terminal has a plot."""
    from gradcli.render.page.fragment import fragment

    pictured = getattr(answer, "_has_picture", False)
    view = View(drawing=_drawing_of(answer) if pictured else None, wording=sentence)
    return fragment(answer, view, pictured=pictured)


def saved(answer: Result, path: str | PathLike[str]) -> None:
    """Write the answer into a file.  Raises GradcliError."""
    from gradcli.sinks import save
    from gradcli.sinks.formats import is_picture
    from gradcli.sinks.targets import targets

    try:
        target = targets([fspath(path)])
        is_drawn = is_picture(target[0].ending)
        remarks = save(answer, View(drawing=_drawing_of(answer) if is_drawn else None), target)
    except GradcliError as error:
        error.message = error.message.removeprefix("--out: ").replace("--out", "save")
        error.hint = "Give the name of a file." if "--out" in (error.hint or "") else error.hint
        raise with_notes(in_python(error)).with_traceback(None) from None
    for remark in remarks:
        warnings.warn(remark, stacklevel=3)


def with_notes(error: GradcliError) -> GradcliError:
    """The error with the place and the hint below its message, where a traceback shows them."""
    rest = table(error).partition("\n")[2]
    if rest.strip() and not hasattr(error, "__notes__"):
        error.add_note(rest)
    return error


@dataclass(frozen=True, repr=False)
class Picture:
    """A picture that a notebook shows. svg: its text."""

    svg: str
    result: Result

    def save(self, path: str | PathLike[str]) -> None:
        """Write it into a .svg, .png, .pdf or .html file.  Raises GradcliError."""
        from gradcli.sinks.formats import is_picture

        if not is_picture(PurePath(path).suffix.lower()):
            raise OutputError(
                "a picture is written into a .svg, .png, .pdf or .html file", hint="result.save has more."
            )
        saved(self.result, path)

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Picture of {short(self.result).partition(': ')[0]}>"


def pictured(result: Result) -> Picture:
    """The picture of a result.  Raises GradcliError where there is nothing to draw."""
    from io import BytesIO

    from gradcli.sinks import writer

    stream = BytesIO()
    try:
        writer(".svg", result)(result, View(drawing=_drawing_of(result)), stream)
    except GradcliError as error:
        raise with_notes(in_python(error)).with_traceback(None) from None
    text = stream.getvalue().decode()
    return Picture(text[text.index("<svg") :], result)


def _drawing_of(answer: Answer) -> Any:
    """What the picture of an answer is drawn from; None for the answer itself."""
    drawing = getattr(answer, "_drawing", None)
    return None if drawing is None else drawing()
