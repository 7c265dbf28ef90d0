"""A grid of braille cells on which several curves are drawn, each in its own tone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from math import isfinite

import numpy as np

_BLANK = 0x2800
_DASH = 3
_BITS = np.array([[1, 8], [2, 16], [4, 32], [64, 128]], dtype=np.uint8)
"""The bit of each dot in a cell, from the top."""


class Grid:
    """Columns and rows of characters; curves in coordinates from 0 to 1, from the lower left corner."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._dots = np.zeros((rows, columns), dtype=np.uint8)
        self._letters = np.full((rows, columns), "", dtype="<U1")
        self._tones = np.full((rows, columns), "plain", dtype=object)

    def curve(self, x: np.ndarray, y: np.ndarray, tone: str, *, dashed: bool = False) -> np.ndarray:
        """Lines from point to point, interrupted at NaN; returns which cells were touched."""
        segments = []
        for drawable, run in groupby(zip(x.tolist(), y.tolist(), strict=True), key=lambda point: isfinite(sum(point))):
            points = list(run)
            if drawable:
                segments += list(pairwise(points)) or [(points[0], points[0])]
        dots = self._drawn(segments)
        if dashed:
            dots[:, _DASH - 1 :: _DASH] = 0
        return self._add(dots, tone)

    def upright(self, x: float, tone: str) -> None:
        """A dotted line from bottom to top."""
        self._add(self._drawn([((x, 0.0), (x, 1.0))]) & 0b00101101, tone)  # every other dot of each side

    def letter(self, touched: np.ndarray, near: float, letter: str, tone: str) -> None:
        """A letter on a curve: on the touched cell nearest to the share `near` of the width that has none yet."""
        free = np.argwhere(touched & (self._letters == ""))
        if free.size == 0:
            return
        row, column = min(free.tolist(), key=lambda cell: (abs(cell[1] - near * (self.columns - 1)), cell[0]))
        self._letters[row, column] = letter
        self._tones[row, column] = tone

    def lines(self) -> Iterator[tuple[tuple[str, str], ...]]:
        """Rows from the top, as pieces of text with their tones."""
        for dots, letters, tones in zip(self._dots, self._letters, self._tones, strict=True):
            cells = [letter or chr(_BLANK + int(bits)) for bits, letter in zip(dots, letters, strict=True)]
            pieces = groupby(zip(cells, tones.tolist(), strict=True), key=lambda cell: cell[1])
            spans = [("".join(text for text, _ in run).replace(chr(_BLANK), " "), tone) for tone, run in pieces]
            spans[-1] = (spans[-1][0].rstrip(), spans[-1][1])
            yield tuple(spans)

    def _drawn(self, segments: list[tuple[tuple[float, float], tuple[float, float]]]) -> np.ndarray:
        """The braille dots of each cell, as bits."""
        across, up = self.columns * 2, self.rows * 4
        dots = np.zeros((up, across), dtype=np.uint8)
        for (x, y), end in segments:
            column, row = _dot(x, across), _dot(y, up)
            columns, rows = _dot(end[0], across) - column, _dot(end[1], up) - row
            steps = max(abs(columns), abs(rows))
            for step in range(steps + 1):
                at = row + round(rows / max(steps, 1) * step), column + round(columns / max(steps, 1) * step)
                if 0 <= at[0] < up and 0 <= at[1] < across:
                    dots[at] = 1
        cells = dots[::-1].reshape(self.rows, 4, self.columns, 2)
        return np.asarray(np.einsum("rdcs,ds->rc", cells, _BITS))

    def _add(self, dots: np.ndarray, tone: str) -> np.ndarray:
        touched = dots > 0
        self._dots |= dots
        self._tones[touched] = tone
        return np.asarray(touched)


def _dot(share: float, count: int) -> int:
    """Which of so many dots lies at a share of the way from the first to the last one."""
    return round(share / (count / (count - 1) / count))
