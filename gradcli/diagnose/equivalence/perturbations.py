"""Inputs around given ones, at which two expressions can be held against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch

Leaves = Mapping[str, torch.Tensor]


def near_inputs(inputs: Leaves, wrt: Sequence[str]) -> Iterator[Leaves]:
    """The inputs moved by a few ULPs in any direction, by a few percent, and on the way to zero."""
    generator = torch.Generator().manual_seed(0)
    floating = [name for name, leaf in inputs.items() if leaf.is_floating_point()]
    yield {**inputs, **{name: _moved_by_ulps(inputs[name], 0, generator) for name in floating}}
    for names, sign in ((floating, 0), (floating, 1), (floating, -1), (wrt, 0), (wrt, 1), (wrt, -1)):
        yield {**inputs, **{name: _moved_by_percents(inputs[name], sign, generator) for name in names}}
    for factor in (0.5, 0.1):
        yield {**inputs, **{name: inputs[name] * factor for name in wrt}}


def ulps_apart(inputs: Leaves, wrt: Sequence[str]) -> tuple[Leaves, Leaves]:
    """The inputs a few ULPs farther from zero and nearer to it; those that are zero on the right and on the left."""
    generator = torch.Generator().manual_seed(2)
    farther, nearer = (
        {**inputs, **{name: _moved_by_ulps(inputs[name], sign, generator) for name in wrt}} for sign in (1, -1)
    )
    return farther, nearer


def changed_one_by_one(inputs: Leaves, names: Sequence[str]) -> Iterator[Leaves]:
    """For each of several inputs the given ones with this one changed: the others stay where the trouble is."""
    if len(names) < 2:
        return
    for name in names:
        generator = torch.Generator().manual_seed(6)
        here = inputs[name]
        share = 0.25 + 0.5 * torch.rand(here.shape, generator=generator).to(here)
        yield {**inputs, name: torch.where(here == 0, share, here * share)}


def far_inputs(inputs: Leaves) -> Iterator[Leaves]:
    """Ordinary inputs: ever smaller, with zeros and what is not finite replaced; then random ones, masks too.

    First those with the signs of the given ones: a weight stays a weight.
    """
    generator = torch.Generator().manual_seed(1)
    for factor in (1.0, 0.5, 0.1, 0.01, 1e-4):
        yield {name: _ordinary(leaf, factor, generator) for name, leaf in inputs.items()}
    for spread in (1.0, 3.0):
        yield {name: _random(leaf, spread, 1, generator) * _signs_of(leaf) for name, leaf in inputs.items()}
    for spread, sign in ((1.0, 0), (1.0, 1), (1.0, -1), (3.0, 1), (10.0, 1), (10.0, -1)):
        yield {name: _random(leaf, spread, sign, generator) for name, leaf in inputs.items()}


def _moved_by_ulps(leaf: torch.Tensor, sign: int, generator: torch.Generator) -> torch.Tensor:
    info = torch.finfo(leaf.dtype)
    steps = torch.randint(1, 4, leaf.shape, generator=generator).to(leaf) * _signs(leaf, sign, generator)
    return torch.where(leaf == 0, steps * info.smallest_normal, leaf * (1 + steps * info.eps))


def _moved_by_percents(leaf: torch.Tensor, sign: int, generator: torch.Generator) -> torch.Tensor:
    finite = leaf[torch.isfinite(leaf)].abs()
    scale = float(finite.max()) if finite.numel() and finite.max() > 0 else 1.0
    share = (0.01 + 0.03 * torch.rand(leaf.shape, generator=generator)).to(leaf) * _signs(leaf, sign, generator)
    return torch.where(leaf == 0, share * scale, leaf * (1 + share))


def _signs(leaf: torch.Tensor, sign: int, generator: torch.Generator) -> torch.Tensor:
    drawn = torch.randint(0, 2, leaf.shape, generator=generator).to(leaf) * 2 - 1
    return drawn if sign == 0 else torch.full_like(leaf, sign)


def _ordinary(leaf: torch.Tensor, factor: float, generator: torch.Generator) -> torch.Tensor:
    if not leaf.is_floating_point():
        return leaf
    kept = torch.isfinite(leaf) & (leaf != 0)
    return torch.where(kept, leaf * factor, _random(leaf, 1.0, 0, generator))


def _signs_of(leaf: torch.Tensor) -> torch.Tensor | int:
    return torch.where(leaf < 0, -1, 1).to(leaf) if leaf.is_floating_point() else 1


def _random(leaf: torch.Tensor, spread: float, sign: int, generator: torch.Generator) -> torch.Tensor:
    if leaf.dtype is torch.bool:
        return torch.randint(0, 2, leaf.shape, generator=generator).to(leaf)
    if not leaf.is_floating_point():
        return leaf
    normal = torch.randn(leaf.shape, generator=generator) * spread
    return (normal if sign == 0 else normal.abs() * sign).to(leaf)
