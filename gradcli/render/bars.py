"""Numbers as bars of characters."""

from __future__ import annotations

import numpy as np

from gradcli.render.blocks import Bars
from gradcli.render.layout import GAP, Line
from gradcli.render.numbers import rounded_texts
from gradcli.render.text import as_charset, visible
from gradcli.render.view import View

_WIDTH = 72
_SHORTEST = 8
_MOST = 40
"""Bars that are drawn in characters."""


def bars_lines(bars: Bars, view: View) -> list[Line]:
    """A line a bar, from zero on; nothing where there are too many, or no finite number."""
    finite = np.isfinite(bars.values)
    largest = float(np.abs(bars.values[finite]).max(initial=0.0))
    if not finite.any() or len(bars.names) > _MOST:
        return []
    numbers = rounded_texts(bars.values, bars.dtype, view.precision)
    names = [visible(name) for name in bars.names]
    wide = max(map(len, names))
    room = min(view.width or _WIDTH, _WIDTH) - wide - max(map(len, numbers)) - 2 * len(GAP)
    shares = np.where(finite, np.abs(bars.values), 0.0) / (largest or 1.0)
    lengths = np.rint(shares * max(room, _SHORTEST)).astype(int).tolist()
    return [
        (
            (f"{name:>{wide}}{GAP}", "quiet"),
            (as_charset("█" * length + " " * bool(length), view.charset), "curve 1"),
            (number, "plain"),
        )
        for name, length, number in zip(names, lengths, numbers, strict=True)
    ]
