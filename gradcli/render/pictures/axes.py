"""Axes of a picture: limits, round numbers, and numbers of any size brought to one that matplotlib can draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from gradcli.render.curves import Axis, power_labels, round_ticks, tick_labels
from gradcli.render.pictures.lettering import Lettering

_ORDINARY = 1e100
"""Beyond this, products of two numbers may overflow."""


@dataclass(frozen=True)
class Ruler:
    """One axis: its limits and the size that its numbers are divided by, 1 for ordinary ones."""

    axis: Axis
    unit: float

    @classmethod
    def of(cls, axis: Axis) -> Ruler:
        largest = max(abs(axis.low), abs(axis.high))
        unusual = largest > _ORDINARY or largest < 1 / _ORDINARY
        return cls(axis, 10.0 ** math.floor(math.log10(largest)) if unusual and largest >= 1e-300 else 1.0)

    def drawn(self, values: np.ndarray | float) -> np.ndarray:
        """Values as matplotlib gets them."""
        return np.asarray(values) / self.unit

    @property
    def limits(self) -> tuple[float, float]:
        return self.axis.low / self.unit, self.axis.high / self.unit

    def ticks(self, most: int, *, logarithmic: bool = False) -> tuple[np.ndarray, list[str]]:
        ticks = round_ticks(self.axis.low, self.axis.high, most)
        if logarithmic and self.axis.high - self.axis.low >= 2:
            ticks = [tick for tick in ticks if tick == int(tick)]
        texts = power_labels(ticks) if logarithmic else tick_labels(ticks)
        return self.drawn(np.array(ticks)), list(map(minus, texts))


def minus(number: str) -> str:
    """A number with a minus sign as it is printed."""
    return f"\N{MINUS SIGN}{number[1:]}" if number.startswith("-") else number


def across(
    axes: Axes,
    ruler: Ruler,
    name: str,
    lettering: Lettering,
    *,
    room: float = 0.0,
    labelled: Sequence[tuple[float, str]] = (),
) -> None:
    """The x axis; room: how much it goes on beyond its limits, as a share. labelled: its labels, else round numbers."""
    low, high = ruler.limits
    axes.set_xlim(low - room * (high - low), high + room * (high - low))
    places, texts = ruler.ticks(9)
    if labelled:
        places, texts = ruler.drawn(np.array([at for at, _ in labelled])), [minus(text) for _, text in labelled]
    axes.set_xticks(places, texts)
    axes.set_xlabel(lettering.text(name))


def up(axes: Axes, ruler: Ruler, name: str, lettering: Lettering, *, logarithmic: bool = False, most: int = 6) -> None:
    """The y axis."""
    axes.set_ylim(*ruler.limits)
    places, texts = ruler.ticks(most, logarithmic=logarithmic)
    axes.set_yticks(places, texts)
    axes.set_ylabel(lettering.text(name))
