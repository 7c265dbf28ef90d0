"""The places of the program's files that a finding is about, and the lines around them."""

from __future__ import annotations

from collections.abc import Iterable

from gradcli.model.place import Place
from gradcli.results.watch import RelatedPlace, SourceLine

BEFORE = 1
"""Lines above a place that are shown with it."""
LONGEST = 12
"""Lines of one place that are shown: of a longer one the first."""


def related_places(found: Iterable[tuple[str, Place]]) -> tuple[RelatedPlace, ...]:
    """What happens at other places, as a finding tells it; without those that are in no file."""
    return tuple(RelatedPlace(label, place) for label, one in found if (place := one.in_file) is not None)


def lines_around(places: Iterable[Place]) -> tuple[SourceLine, ...]:
    """The lines of these places and the one above each, in the order of the files and lines."""
    wanted: dict[tuple[str, int], str] = {}
    for place in places:
        found = place.in_file
        if found is None or not place.source.text.strip():  # there is no such file, or no longer
            continue
        lines = place.source.text.split("\n")
        for number in range(max(1, found.line - BEFORE), min(found.end_line, found.line + LONGEST) + 1):
            if number <= len(lines):
                wanted[found.file, number] = lines[number - 1]
    return tuple(SourceLine(file, number, text) for (file, number), text in sorted(wanted.items()))
