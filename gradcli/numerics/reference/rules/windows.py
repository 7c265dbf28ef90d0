"""Convolutions and pooling: sums and extremes over windows that slide over the last dimensions."""

# ruff: noqa: A002 - parameters have PyTorch's names
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce as fold
from itertools import product as every
from math import prod
from typing import Any

import numpy as np
from mpmath import mp

from gradcli.numerics.reference.reals import ZERO, Array, add, larger, power, reals
from gradcli.numerics.reference.rules.registry import RULES
from gradcli.numerics.reference.slope import NoReference, Real

Value = Any
Sizes = int | Sequence[int]


@dataclass(frozen=True, slots=True)
class Window:
    """Where one window lies in one dimension: the positions inside, and how many with the padding."""

    positions: tuple[int, ...]
    padded: int


def _each(sizes: Sizes, dims: int) -> list[int]:
    listed = [sizes] if isinstance(sizes, int) else list(sizes)
    return listed * dims if len(listed) == 1 else listed


def _sliding(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> list[Window]:
    reach = dilation * (kernel - 1) + 1
    room = size + 2 * padding - reach
    count = (-(-room // stride) if ceil_mode else room // stride) + 1
    if (count - 1) * stride >= size + padding:
        count -= 1  # a window that would start in the padding on the right
    windows = []
    for start in range(-padding, -padding + count * stride, stride):
        inside = tuple(p for p in range(start, start + reach, dilation) if 0 <= p < size)
        windows.append(Window(inside, min(start + reach, size + padding) - start))
    return windows


def _pooled(x: Array, windows: list[list[Window]], take: Callable[[list[Real], int], Real]) -> Array:
    """For each window the value of its elements and its padded size; the windowed dimensions are the last."""
    lead = x.shape[: x.ndim - len(windows)]
    flat = x.reshape(-1, *x.shape[len(lead) :])
    found = np.empty((len(flat), *map(len, windows)), dtype=object)
    for place in np.ndindex(*map(len, windows)):
        chosen = [dimension[p] for dimension, p in zip(windows, place, strict=True)]
        patch = flat[np.ix_(range(len(flat)), *(window.positions for window in chosen))].reshape(len(flat), -1)
        size = prod(window.padded for window in chosen)
        for channel, elements in enumerate(patch.tolist()):
            found[(channel, *place)] = take(elements, size)
    return found.reshape(*lead, *map(len, windows))


def _largest(elements: list[Real], _: int) -> Real:
    return fold(larger, elements)


def _max_pool(dims: int) -> Any:
    def pool(
        input: Value,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Value:
        if return_indices:
            raise NoReference("pooling with indices")
        kernels = _each(kernel_size, dims)
        strides = _each(stride or kernel_size, dims)
        how = zip(input.shape[-dims:], kernels, strides, _each(padding, dims), _each(dilation, dims), strict=True)
        return _pooled(reals(input), [_sliding(*sizes, ceil_mode) for sizes in how], _largest)

    return pool


def _avg_pool(dims: int) -> Any:
    def pool(
        input: Value,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Value:
        kernels = _each(kernel_size, dims)
        strides = _each(stride or kernel_size, dims)
        how = zip(input.shape[-dims:], kernels, strides, _each(padding, dims), strict=True)

        def mean(elements: list[Real], size: int) -> Real:
            return sum(elements, ZERO) / (divisor_override or (size if count_include_pad else len(elements)))

        return _pooled(reals(input), [_sliding(*sizes, 1, ceil_mode) for sizes in how], mean)

    return pool


def _lp_pool(dims: int) -> Any:
    def pool(
        input: Value,
        norm_type: float,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        ceil_mode: bool = False,
    ) -> Value:
        if ceil_mode:
            raise NoReference("lp_pool with ceil_mode")
        p = mp.mpf(norm_type)
        kernels = _each(kernel_size, dims)
        strides = _each(stride or kernel_size, dims)
        windows = [
            _sliding(n, k, s, 0, 1, False) for n, k, s in zip(input.shape[-dims:], kernels, strides, strict=True)
        ]

        def norm(elements: list[Real], _: int) -> Real:
            return power(sum((power(x, p) for x in elements), ZERO), 1 / p)

        return _pooled(reals(input), windows, norm)

    return pool


def _adaptive(dims: int, take: Callable[[list[Real], int], Real]) -> Any:
    def pool(input: Value, output_size: Any, return_indices: bool = False) -> Value:
        if return_indices:
            raise NoReference("pooling with indices")
        wanted = _each(output_size, dims)
        windows = [
            [Window(tuple(range(o * n // m, -(-(o + 1) * n // m))), 0) for o in range(m)]
            for n, m in zip(input.shape[-dims:], wanted, strict=True)
        ]
        return _pooled(reals(input), windows, take)

    return pool


def _mean(elements: list[Real], _: int) -> Real:
    return sum(elements, ZERO) / len(elements)


def _convolution(dims: int) -> Any:
    def convolve(
        input: Value,
        weight: Value,
        bias: Value = None,
        stride: Sizes = 1,
        padding: Any = 0,
        dilation: Sizes = 1,
        groups: int = 1,
    ) -> Value:
        x, w = reals(input), reals(weight)
        x = x if x.ndim == dims + 2 else x[None]
        strides, dilations = _each(stride, dims), _each(dilation, dims)
        x = _padded(x, _paddings(padding, w.shape[2:], dilations))
        counts = [
            (n - d * (k - 1) - 1) // s + 1
            for n, k, s, d in zip(x.shape[2:], w.shape[2:], strides, dilations, strict=True)
        ]
        out = np.empty((x.shape[0], w.shape[0], *counts), dtype=object)
        wide, many = w.shape[1], w.shape[0] // groups
        for place in np.ndindex(*counts):
            slots = [
                [o * s + d * j for j in range(k)]
                for o, k, s, d in zip(place, w.shape[2:], strides, dilations, strict=True)
            ]
            for group in range(groups):
                patch = x[np.ix_(range(len(x)), range(group * wide, (group + 1) * wide), *slots)]
                kernels = w[group * many : (group + 1) * many].reshape(many, -1)
                out[(slice(None), slice(group * many, (group + 1) * many), *place)] = (
                    patch.reshape(len(x), -1) @ kernels.T
                )
        return _with_bias(out, bias, dims, batched=np.ndim(input) == dims + 2)

    return convolve


def _paddings(padding: Any, kernel: Sequence[int], dilations: Sequence[int]) -> list[tuple[int, int]]:
    if padding == "valid":
        return [(0, 0)] * len(kernel)
    if padding == "same":
        totals = [d * (k - 1) for k, d in zip(kernel, dilations, strict=True)]
        return [(n // 2, n - n // 2) for n in totals]
    return [(n, n) for n in _each(padding, len(kernel))]


def _padded(x: Array, paddings: Sequence[tuple[int, int]]) -> Array:
    return np.pad(x, [(0, 0), (0, 0), *paddings], constant_values=ZERO)


def _with_bias(out: Array, bias: Value, dims: int, *, batched: bool) -> Array:
    if bias is not None:
        out = add(out, reals(bias).reshape(-1, *[1] * dims))
    return out if batched else out[0]


def _transposed(dims: int) -> Any:
    def convolve(
        input: Value,
        weight: Value,
        bias: Value = None,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        dilation: Sizes = 1,
    ) -> Value:
        x, w = reals(input), reals(weight)
        x = x if x.ndim == dims + 2 else x[None]
        how = list(
            zip(
                _each(stride, dims),
                _each(padding, dims),
                _each(output_padding, dims),
                _each(dilation, dims),
                strict=True,
            )
        )
        shape = [
            (n - 1) * s - 2 * p + d * (k - 1) + extra + 1
            for n, k, (s, p, extra, d) in zip(x.shape[2:], w.shape[2:], how, strict=True)
        ]
        wide, many = w.shape[0] // groups, w.shape[1]
        out = np.full((len(x), many * groups, *shape), ZERO, dtype=object)
        for place, tap in every(np.ndindex(x.shape[2:]), np.ndindex(w.shape[2:])):
            at = [o * s + j * d - p for o, j, (s, p, _, d) in zip(place, tap, how, strict=True)]
            if not all(0 <= a < n for a, n in zip(at, shape, strict=True)):
                continue
            for group in range(groups):
                channels = slice(group * many, (group + 1) * many)
                part = slice(group * wide, (group + 1) * wide)
                out[(slice(None), channels, *at)] += x[(slice(None), part, *place)] @ w[(part, slice(None), *tap)]
        return _with_bias(out, bias, dims, batched=np.ndim(input) == dims + 2)

    return convolve


def _for_each_dimension(makers: dict[str, Callable[[int], Any]]) -> Iterator[tuple[str, Any]]:
    for name, maker in makers.items():
        for dims in (1, 2, 3):
            yield f"{name}{dims}d", maker(dims)


RULES.update(
    _for_each_dimension(
        {
            "max_pool": _max_pool,
            "avg_pool": _avg_pool,
            "lp_pool": _lp_pool,
            "adaptive_max_pool": lambda dims: _adaptive(dims, _largest),
            "adaptive_avg_pool": lambda dims: _adaptive(dims, _mean),
            "conv": _convolution,
            "conv_transpose": _transposed,
        }
    )
)
