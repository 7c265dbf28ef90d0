"""Numbers of a dtype between two: all of them, or a part that every order of magnitude has a share in."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random

import torch

from gradcli.numerics.precision import as_integers, integer_of

MOST_EVERY = 2**16
"""Numbers that are looked at one and all: those of 16-bit dtypes."""
MOST_SAMPLED = 2**13


def numbers_between(low: float, high: float, dtype: torch.dtype, seed: int) -> tuple[torch.Tensor, bool]:
    """Ascending numbers from low to high, and whether these are all that the dtype has there.

    Of more than so many, half are spread over the numbers of the dtype, as many for each power of two, and half over
    the range; both ends and 0 are among them. Empty where the dtype has none there.
    """
    largest = torch.finfo(dtype).max
    low, high = max(low, -largest), min(high, largest)
    first, last = _rank(low, dtype, up=True), _rank(high, dtype, up=False)
    if last - first < MOST_EVERY:
        return _numbers(range(first, last + 1), dtype), True
    drawn = Random(seed)  # noqa: S311 - the numbers of a comparison are no secret
    half = MOST_SAMPLED // 2
    edges = [first + (last - first) * step // half for step in range(half + 1)]
    spread = [drawn.randint(begin, end) for begin, end in pairwise(edges)]
    shares = torch.tensor([(at + drawn.random()) / half for at in range(half)], dtype=torch.float64)
    even = _ranks((low * (1 - shares) + high * shares).to(dtype)).clamp(first, last)
    ends = {first, last, *({0} if first <= 0 <= last else ())}
    return _numbers(sorted({*ends, *spread, *even.tolist()}), dtype), False


def drawn_between(low: float, high: float, dtype: torch.dtype, seed: int) -> torch.Tensor:
    """As many numbers of any range, in an order of its own; none where the dtype has no number there."""
    numbers, _ = numbers_between(low, high, dtype, seed)
    if not len(numbers):
        return numbers
    generator = torch.Generator().manual_seed(seed)
    places = torch.randint(len(numbers), (MOST_SAMPLED,), generator=generator)
    return numbers[places]


def _rank(number: float, dtype: torch.dtype, *, up: bool) -> int:
    """The place of a number of the dtype, or of the next one above or below, in the order of them all; 0 has 0."""
    held = torch.tensor(number, dtype=torch.float64).to(dtype)
    found = int(_ranks(held))
    return found + (float(held) < number if up else -(float(held) > number))


def _ranks(numbers: torch.Tensor) -> torch.Tensor:
    """The places of numbers in the order of all numbers of their dtype."""
    bits = as_integers(numbers.abs()).long()
    return torch.where(numbers < 0, -bits, bits)


def _numbers(ranks: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
    """The numbers with these places."""
    signed = torch.tensor(ranks, dtype=torch.int64)
    found = signed.abs().to(integer_of(dtype)).view(dtype)
    return torch.where(signed < 0, -found, found)
