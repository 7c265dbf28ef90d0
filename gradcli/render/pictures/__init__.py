"""Answers as pictures: their curves, or their field, drawn by matplotlib into SVG, PNG or PDF.

The same answer gives the same bytes of SVG.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from gradcli.exceptions import OutputError
from gradcli.render.blocks import Bars, Drawing, Field, Plot
from gradcli.render.fields import has_values
from gradcli.render.matplotlib_alone import settings
from gradcli.render.text import one_line
from gradcli.render.view import Answer, View
from gradcli.render.views import plots_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DOTS_PER_INCH = 150
_STYLE: dict[str, Any] = {
    "axes.edgecolor": "#444444",
    "axes.grid": True,
    "axes.labelsize": 10,
    "font.size": 9,
    "grid.color": "#d9d9d9",
    "grid.linewidth": 0.6,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "pdf.fonttype": 42,  # letters that can be selected
    "svg.hashsalt": "gradcli",  # the names inside are the same in every run
    "text.parse_math": False,  # a dollar sign is a dollar sign
}


@contextmanager
def picture(answer: Answer, view: View, *, fallback: str, narrow: bool = False) -> Iterator[Figure]:
    """The figure of an answer; matplotlib's settings are its own until it is written.

    fallback: what becomes of characters that no font here has: `escape`, or `keep` for a reader with fonts of its own.
    narrow: for a page that says what is drawn, and may be read on a phone.
    Raises OutputError where nothing can be drawn, or matplotlib is missing.
    """
    drawings = _drawings(answer, view)
    with settings(_STYLE):
        from gradcli.render.pictures import bars, curves, field
        from gradcli.render.pictures.lettering import Lettering

        lettering = Lettering(keep=fallback == "keep")
        title = "" if narrow else str(getattr(answer, "expression", ""))
        first = drawings[0]
        if isinstance(first, Bars):
            figure = bars.figure(first, title, lettering, narrow=narrow)
        elif isinstance(first, Field):
            figure = field.figure(first, title, lettering, narrow=narrow)
        else:
            plots = [drawing for drawing in drawings if isinstance(drawing, Plot)]
            own = [drawing for drawing in plots_of(answer) if isinstance(drawing, Plot)] if view.drawing else []
            figure = curves.figure(plots, title, lettering, own, narrow=narrow)
        with lettering.chosen():
            yield figure


def write_png(answer: Answer, view: View, stream: BinaryIO) -> None:
    """The picture, 1200 dots wide.  Raises OutputError where there is nothing to draw."""
    with picture(answer, view, fallback="escape") as figure:
        notes = {"Software": "gradcli", "Title": _title(answer)}
        figure.savefig(stream, format="png", dpi=_DOTS_PER_INCH, metadata=notes)


def write_pdf(answer: Answer, view: View, stream: BinaryIO) -> None:
    """The picture on a page of its size.  Raises OutputError where there is nothing to draw."""
    with picture(answer, view, fallback="escape") as figure:
        notes = {"Creator": "gradcli", "CreationDate": None, "Title": _title(answer)}
        figure.savefig(stream, format="pdf", metadata=notes)


def write_svg(answer: Answer, view: View, stream: BinaryIO) -> None:
    """The picture as UTF-8 text of SVG.  Raises OutputError where there is nothing to draw."""
    _write_svg(answer, view, stream, narrow=False)


def _write_svg(answer: Answer, view: View, stream: BinaryIO, *, narrow: bool) -> None:
    with picture(answer, view, fallback="keep", narrow=narrow) as figure, warnings.catch_warnings():
        # a browser has fonts for characters that are missing here
        warnings.filterwarnings("ignore", message=r"(?s)Glyph .* missing from font")
        notes = {"Date": None, "Creator": "gradcli", "Title": _title(answer)}
        figure.savefig(stream, format="svg", metadata=notes)


def svg_text(answer: Answer, view: View) -> str:
    """The SVG as text, from its `<svg` on, to stand inside a page."""
    stream = BytesIO()
    _write_svg(answer, view, stream, narrow=True)
    drawn = stream.getvalue().decode()
    return drawn[drawn.index("<svg") :]


def _title(answer: Answer) -> str:
    """What a picture is called in its own notes."""
    return one_line(str(getattr(answer, "expression", "")))


def _drawings(answer: Answer, view: View) -> tuple[Drawing, ...]:
    drawings = plots_of(view.drawing or answer) or plots_of(answer)
    if drawings and any(has_values(drawing) for drawing in drawings):
        return tuple(drawing for drawing in drawings if has_values(drawing))
    kind = getattr(answer, "kind", "error")
    if drawings:
        raise OutputError(f"there is no finite value to draw in this answer of '{kind}'", hint="Choose other points.")
    if kind in ("grad", "activate"):
        raise OutputError(
            f"this answer of '{kind}' has no picture: a curve needs two points or more of one name, a field a grid",
            hint="For example --range -5:5:101; a field of two names: --range x=-2:2:50 --range y=-2:2:50.",
        )
    if kind == "loss":
        raise OutputError("a loss alone has no picture, its descent has one", hint="Add --lr 0.1 --steps 50.")
    if kind == "audit":
        raise OutputError("an audit without an error has no picture", hint="Every answer that was compared is exact.")
    if kind == "softmax":
        raise OutputError("a softmax of so many values has no picture", hint="Give 256 values at most.")
    raise OutputError(
        f"an answer of '{kind}' has no picture",
        hint="activate, grad over points or --range, loss with --steps, softmax and audit have one; trace has a graph.",
    )
