"""Numbers of a dtype between two: all of them, or a part that every order of magnitude has a share in."""

from __future__ import annotations

from random import Random

import torch

MOST_EVERY = 2**16
"""Numbers that are looked at one and all: those of 16-bit dtypes."""
MOST_SAMPLED = 2**13

_BITS = {
    torch.float16: torch.int16,
    torch.bfloat16: torch.int16,
    torch.float32: torch.int32,
    torch.float64: torch.int64,
}


def numbers_between(low: float, high: float, dtype: torch.dtype, seed: int) -> tuple[torch.Tensor, bool]:
    """Ascending numbers from low to high, and whether these are all that the dtype has there.

    Of more than so many, half are spread over the numbers of the dtype, as many for each power of two, and half over
    the range; both ends and 0 are among them. Empty where the dtype has none there.
    """
    largest = torch.finfo(dtype).max
    low, high = max(low, -largest), min(high, largest)
    first, last = _rank(low, dtype, up=True), _rank(high, dtype, up=False)
    if last - first < MOST_EVERY:
        return _number(list(range(first, last + 1)), dtype), True
    drawn = Random(seed)  # noqa: S311 - the numbers of a comparison are no secret
    half = MOST_SAMPLED // 2
    ranks = {first, last, *({0} if first <= 0 <= last else ())}
    for at in range(half):
        begin, end = (first + (last - first) * step // half for step in (at, at + 1))
        ranks.add(drawn.randint(begin, end))
        share = (at + drawn.random()) / half
        ranks.add(min(max(_rank(low * (1 - share) + high * share, dtype, up=True), first), last))
    return _number(sorted(ranks), dtype), False


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
    bits = int(held.abs().view(_BITS[dtype]))
    found = -bits if float(held) < 0 else bits
    return found + (float(held) < number if up else -(float(held) > number))


def _number(ranks: list[int], dtype: torch.dtype) -> torch.Tensor:
    """The numbers with these places."""
    signed = torch.tensor(ranks, dtype=torch.int64)
    found = signed.abs().to(_BITS[dtype]).view(dtype)
    return torch.where(signed < 0, -found, found)
