"""The graph of a trace as a PNG: our SVG by day, drawn by matplotlib."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.etree import ElementTree

from gradcli.render.drawings import svg
from gradcli.render.drawings.markup import DAY
from gradcli.render.matplotlib_alone import settings
from gradcli.render.view import Answer, View

_UNITS_PER_INCH = 72
"""A unit of the SVG is a point, and letters of 12 units are letters of 12 points."""
_DOTS_PER_INCH = 144
_MOST_DOTS, _LONGEST_SIDE = 40_000_000, 60_000
"""Larger pictures are drawn with fewer dots an inch; beyond 2^16 matplotlib draws none."""
_BOXES = {"input": "input", "output": "output", "found": "found", "born": "born", "raised": "born"}
_LETTERS = {"quiet": "quiet", "error": "born-text", "remark": "born-text", "warning": "found-text", "note": "note-text"}
_COMMAND = re.compile(r"([MVClhz])([^A-Za-z]*)")


def write(answer: Answer, view: View, stream: BinaryIO) -> None:
    """The whole picture.  Raises OutputError where there is no graph, or matplotlib is missing."""
    drawn = ElementTree.fromstring(svg.text(answer, view))  # noqa: S314 - our own
    width, height = float(drawn.attrib["width"]), float(drawn.attrib["height"])
    with settings({"text.parse_math": False}):  # a dollar sign is a dollar sign
        from matplotlib.figure import Figure

        figure = Figure(figsize=(width / _UNITS_PER_INCH, height / _UNITS_PER_INCH), facecolor=DAY["ground"])
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
        axes.set_axis_off()
        _draw(drawn, axes)
        largest = min((_MOST_DOTS / width / height) ** 0.5, _LONGEST_SIDE / max(width, height))
        dots = min(_DOTS_PER_INCH, _UNITS_PER_INCH * largest)
        figure.savefig(stream, format="png", dpi=dots, metadata={"Software": "gradcli"})


def _draw(drawn: ElementTree.Element, axes: Any) -> None:
    from matplotlib import rcParams
    from matplotlib.patches import FancyBboxPatch, PathPatch

    from gradcli.render.pictures.lettering import Lettering

    lettering = Lettering(keep=False)
    for order, (element, kind, (left, top)) in enumerate(_elements(drawn, "", (0.0, 0.0))):
        x, y = (float(element.get(name, 0)) for name in ("x", "y"))
        role = next((_BOXES[word] for word in reversed(kind.split()) if word in _BOXES), None)
        if element.tag.endswith("text"):
            tone = (
                "found-text"
                if role == "found" and element.get("class") == "remark"
                else _LETTERS.get(element.get("class", ""), "text")
            )
            weight = "bold" if element.get("class") in ("heading", "name", "remark") else "normal"
            axes.text(
                left + x,
                top + y,
                lettering.text(element.text or ""),
                size=12,
                weight=weight,
                color=DAY[tone],
                zorder=order,
            )
        elif element.tag.endswith("rect") and element.get("class") != "ground":
            wide, high, radius = (float(element.attrib[name]) for name in ("width", "height", "rx"))
            box = FancyBboxPatch((left + x, top + y), wide, high, f"round,pad=0,rounding_size={radius}")
            box.set(facecolor=DAY[role or "operation"], edgecolor=DAY[f"{role}-line" if role else "line"])
            box.set(
                linewidth=2 if role and role != "input" else 1.2,
                linestyle="--" if "raised" in kind else "-",
                zorder=order,
            )
            axes.add_patch(box)
        elif element.tag.endswith("path"):
            colour, head = DAY["born-line" if "spreads" in kind else "line"], element.get("class") == "head"
            line = PathPatch(_path(element.attrib["d"], left, top), color=colour, fill=head, zorder=order)
            line.set_linewidth(0 if head else 2.4 if "spreads" in kind else 1.4)
            axes.add_patch(line)
    with lettering.chosen():
        for text in axes.texts:
            text.set_fontfamily(["DejaVu Sans Mono", *rcParams["font.family"]])


def _elements(
    parent: ElementTree.Element, kind: str, origin: tuple[float, float]
) -> Iterator[tuple[ElementTree.Element, str, tuple[float, float]]]:
    """What is drawn, in order, each with the class of its group and where its coordinates begin."""
    for element in parent:
        if element.tag.endswith("}g"):
            moved = [float(number) for number in re.findall(r"[-\d.]+", element.get("transform", "0 0"))]
            yield from _elements(element, element.get("class", kind), (origin[0] + moved[0], origin[1] + moved[1]))
        else:
            yield element, kind, origin


def _path(written: str, left: float, top: float) -> Any:
    """A path of ours: M, V and C to places, l and h by distances, z back to its start."""
    from matplotlib.path import Path

    points: list[tuple[float, float]] = []
    codes: list[Any] = []
    for command, rest in _COMMAND.findall(written):
        numbers = [float(number) for number in rest.split()]
        x, y = points[-1] if points else (0.0, 0.0)
        if command in "MC":
            points += [(left + across, top + down) for across, down in zip(numbers[::2], numbers[1::2], strict=True)]
        elif command == "z":
            points.append(points[0])
        else:
            points.append(
                {"V": (x, top + numbers[0]), "h": (x + numbers[0], y)}.get(command) or (x + numbers[0], y + numbers[1])
            )
        codes += {"M": [Path.MOVETO], "C": [Path.CURVE4] * 3, "z": [Path.CLOSEPOLY]}.get(command, [Path.LINETO])
    return Path(points, codes)
