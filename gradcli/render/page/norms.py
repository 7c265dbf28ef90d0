"""Gradient norms over the steps of a program as an SVG: few curves that can be told apart, the others as a band."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gradcli.render.curves import round_ticks, tick_labels
from gradcli.render.text import escaped
from gradcli.results import GradientNorms, ParameterNorms

MOST_CURVES = 12
_WIDTH, _HEIGHT = 560.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 62.0, 14.0, 14.0, 46.0
_HUES = 6
"""Colours that people who see fewer of them can tell apart; behind the last the same ones follow with dashes."""


@dataclass(frozen=True)
class NormsPicture:
    """The picture as SVG, and the names of its curves in the order of their colours; others: how many are a band."""

    drawn: str
    names: tuple[str, ...]
    others: int


@dataclass(frozen=True)
class _Scale:
    """Where steps and powers of ten lie in the picture."""

    first: float
    last: float
    low: float
    high: float

    def x(self, step: float) -> float:
        share = (step - self.first) / (self.last - self.first) if self.last > self.first else 0.5
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, power: float) -> float:
        return _TOP + (self.high - power) / (self.high - self.low) * (_HEIGHT - _TOP - _BOTTOM)


def norms_picture(norms: GradientNorms, spoiled: Sequence[str], broke: int | None) -> NormsPicture | None:
    """The norms of the parameters, first of those that were spoiled. broke: the step of the first error.

    None where no norm is positive and finite.
    """
    order = sorted(norms.parameters, key=lambda one: (one.parameter not in spoiled, -_range(one)))
    curves, others = order[:MOST_CURVES], order[MOST_CURVES:]
    powers = [power for one in order for power in _powers(one) if math.isfinite(power)]
    if not powers:
        return None
    last = max((*norms.steps, *(() if broke is None else (broke,))))
    margin = max(0.04 * (max(powers) - min(powers)), 0.15)
    scale = _Scale(min(norms.steps), last, min(powers) - margin, max(powers) + margin)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="gradcli-norms" role="img" '
        f'viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" aria-label="gradient norms over the steps">',
        *_axes(scale),
        *(_band(norms.steps, others, scale) if others else ()),
        *(part for number, one in enumerate(curves) for part in _curve(norms.steps, one, number, scale)),
        *(_break(broke, scale) if broke is not None else ()),
        "</svg>",
    ]
    return NormsPicture("\n".join(parts), tuple(one.parameter for one in curves), len(others))


def _powers(one: ParameterNorms) -> np.ndarray:
    """The norms as powers of ten; NaN where there is no positive number."""
    values = np.array([math.nan if norm is None else norm for norm in one.norms], dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        powers = np.log10(values)
    powers[~np.isfinite(powers)] = np.nan
    return powers


def _range(one: ParameterNorms) -> float:
    """Over how many powers of ten a norm goes."""
    powers = _powers(one)
    powers = powers[np.isfinite(powers)]
    return float(powers.max() - powers.min()) if powers.size else 0.0


def _axes(scale: _Scale) -> Iterator[str]:
    right, floor = _n(_WIDTH - _RIGHT), _n(_HEIGHT - _BOTTOM)
    powers = round_ticks(scale.low, scale.high, 7)
    whole = [power for power in powers if power == round(power)] or powers
    for power in whole:
        label = f"{10.0**power:.2g}" if -4 < power < 5 else f"1e{power:.3g}"
        y = _n(scale.y(power))
        yield f'<path class="grid" d="M{_n(_LEFT)} {y}H{right}"/>'
        yield f'<text class="tick" text-anchor="end" x="{_n(_LEFT - 7)}" y="{_n(scale.y(power) + 4)}">{label}</text>'
    steps = [step for step in round_ticks(scale.first, scale.last, 6) if step == round(step)]
    for step, label in zip(steps, tick_labels(steps), strict=True):
        x = _n(scale.x(step))
        yield f'<path class="grid" d="M{x} {floor}v5"/>'
        yield f'<text class="tick" text-anchor="middle" x="{x}" y="{_n(_HEIGHT - _BOTTOM + 19)}">{label}</text>'
    yield f'<path class="axis" d="M{_n(_LEFT)} {_n(_TOP)}V{floor}H{right}"/>'
    middle = _n((_LEFT + _WIDTH - _RIGHT) / 2)
    yield f'<text class="tick" text-anchor="middle" x="{middle}" y="{_n(_HEIGHT - 4)}">step</text>'


def _curve(steps: Sequence[int], one: ParameterNorms, number: int, scale: _Scale) -> Iterator[str]:
    """Lines between neighbours that both are there, and a dot where one is alone."""
    kind = curve_class(number)
    name = escaped(one.parameter)
    pieces = _pieces(steps, _powers(one), scale)
    yield f'<g class="{kind}"><title>{name}</title>'
    for piece in pieces:
        if len(piece) == 1:
            yield f'<circle cx="{_n(piece[0][0])}" cy="{_n(piece[0][1])}" r="3"/>'
        else:
            yield f'<path class="curve" d="M{"L".join(f"{_n(x)} {_n(y)}" for x, y in piece)}"/>'
    yield "</g>"


def _pieces(steps: Sequence[int], powers: np.ndarray, scale: _Scale) -> list[list[tuple[float, float]]]:
    pieces: list[list[tuple[float, float]]] = [[]]
    for step, power in zip(steps, powers.tolist(), strict=True):
        if math.isfinite(power):
            pieces[-1].append((scale.x(step), scale.y(power)))
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]


def _band(steps: Sequence[int], others: Sequence[ParameterNorms], scale: _Scale) -> Iterator[str]:
    """From the smallest to the largest norm of the others in each step."""
    table = np.stack([_powers(one) for one in others])
    there = np.isfinite(table).any(axis=0)
    if not there.any():
        return
    low, high = np.nanmin(table[:, there], axis=0), np.nanmax(table[:, there], axis=0)
    x = [scale.x(step) for step, is_there in zip(steps, there, strict=True) if is_there]
    edge = [*zip(x, high, strict=True), *reversed([*zip(x, low, strict=True)])]
    yield f'<path class="band" d="M{"L".join(f"{_n(x)} {_n(scale.y(y))}" for x, y in edge)}Z"/>'


def _break(step: int, scale: _Scale) -> Iterator[str]:
    x = scale.x(step)
    left = x > _WIDTH / 2
    yield f'<path class="broke" d="M{_n(x)} {_n(_TOP)}V{_n(_HEIGHT - _BOTTOM)}"/>'
    anchor, at = ("end", x - 6) if left else ("start", x + 6)
    yield f'<text class="broke" text-anchor="{anchor}" x="{_n(at)}" y="{_n(_TOP + 10)}">step {step}: error</text>'


def curve_class(number: int) -> str:
    """The classes of a curve by its number: its colour, and whether it is dashed."""
    return f"hue{number % _HUES}" + (" dashed" if number >= _HUES else "")


def _n(value: float) -> str:
    """A coordinate, to a tenth."""
    return f"{value:.1f}".rstrip("0").rstrip(".")
