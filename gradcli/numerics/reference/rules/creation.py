"""Tensors from nothing but numbers, and questions about shapes."""

# ruff: noqa: A002 - parameters have PyTorch's names
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mpmath import mp

from gradcli.numerics.reference.reals import Array, is_real, reals
from gradcli.numerics.reference.rules.comparison import truth
from gradcli.numerics.reference.rules.registry import rule
from gradcli.numerics.reference.slope import Real

Value = Any
Size = int | Sequence[int]


def _filled(size: Size, value: object) -> Array:
    shape = (size,) if isinstance(size, int) else tuple(size)
    if isinstance(value, bool | int):
        return np.full(shape, value)
    return np.full(shape, reals(value).item(), dtype=object)


@rule("ones")
def ones(size: Size) -> Value:
    return _filled(size, mp.one)


@rule("zeros")
def zeros(size: Size) -> Value:
    return _filled(size, mp.zero)


@rule("full")
def full(size: Size, fill_value: Value) -> Value:
    return _filled(size, fill_value)


def _like(input: Array, value: object) -> Array:
    found = _filled(input.shape, value)
    return reals(found) if is_real(input) else found.astype(input.dtype)


@rule("ones_like")
def ones_like(input: Value) -> Value:
    return _like(input, 1)


@rule("zeros_like")
def zeros_like(input: Value) -> Value:
    return _like(input, 0)


@rule("full_like")
def full_like(input: Value, fill_value: Value) -> Value:
    return _like(input, fill_value)


@rule("new_ones")
def new_ones(input: Value, size: Size) -> Value:
    return _filled(size, mp.one) if is_real(input) else _filled(size, 1)


@rule("new_zeros")
def new_zeros(input: Value, size: Size) -> Value:
    return _filled(size, mp.zero) if is_real(input) else _filled(size, 0)


@rule("new_full")
def new_full(input: Value, size: Size, fill_value: Value) -> Value:
    return reals(_filled(size, fill_value)) if is_real(input) else _filled(size, fill_value)


@rule("eye")
def eye(n: int, m: int | None = None) -> Value:
    return reals(np.eye(n, m, dtype=np.int64))


@rule("tensor")
def tensor(obj: Value) -> Value:
    return listed(obj)


def listed(value: Value) -> Array:
    """Numbers, lists and arrays as torch.tensor has them: integers where there is nothing else."""
    if isinstance(value, list | tuple):
        parts = [listed(item) for item in value]
        mixed = len({part.dtype for part in parts}) > 1
        return np.stack([reals(part) for part in parts] if mixed else parts) if parts else np.empty(0, dtype=object)
    return np.asarray(value) if isinstance(value, bool | int | np.ndarray) else reals(value)


def _listed(values: Sequence[Real]) -> Array:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


@rule("arange")
def arange(end: Value, start: Value = 0, step: Value = 1) -> Value:
    if all(isinstance(bound, int) for bound in (start, end, step)):
        return np.arange(start, end, step)
    first, stride = mp.mpf(start), mp.mpf(step)
    count = int(mp.ceil((mp.mpf(end) - first) / stride))
    return _listed([first + k * stride for k in range(max(count, 0))])


@rule("linspace")
def linspace(start: Value, end: Value, steps: int) -> Value:
    first, last = reals(start).item(), reals(end).item()
    return _listed([first + (last - first) * k / max(steps - 1, 1) for k in range(steps)])


@rule("logspace")
def logspace(start: Value, end: Value, steps: int, base: float = 10.0) -> Value:
    return _listed([mp.mpf(base) ** exponent for exponent in linspace(start, end, steps)])


def _cosines(window_length: int, periodic: bool, *factors: Real) -> Array:
    """The sum of factors[k] cos(2 pi k n / N), N one less if the window is symmetric."""
    period = window_length if periodic else max(window_length - 1, 1)
    if window_length == 1:
        return _listed([mp.one])
    return _listed(
        [
            sum((a * mp.cos(2 * mp.pi * k * n / period) for k, a in enumerate(factors)), mp.zero)
            for n in range(window_length)
        ]
    )


@rule("hann_window")
def hann_window(window_length: int, periodic: bool = True) -> Value:
    return _cosines(window_length, periodic, mp.mpf("0.5"), mp.mpf("-0.5"))


@rule("hamming_window")
def hamming_window(window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46) -> Value:
    return _cosines(window_length, periodic, mp.mpf(alpha), -mp.mpf(beta))


@rule("blackman_window")
def blackman_window(window_length: int, periodic: bool = True) -> Value:
    return _cosines(window_length, periodic, mp.mpf("0.42"), mp.mpf("-0.5"), mp.mpf("0.08"))


@rule("bartlett_window")
def bartlett_window(window_length: int, periodic: bool = True) -> Value:
    period = mp.mpf(window_length if periodic else max(window_length - 1, 1))
    return _listed([1 - abs(2 * n / period - 1) if window_length > 1 else mp.one for n in range(window_length)])


@rule("kaiser_window")
def kaiser_window(window_length: int, periodic: bool = True, beta: float = 12.0) -> Value:
    period = mp.mpf(window_length if periodic else max(window_length - 1, 1))
    width = mp.mpf(beta)
    return _listed(
        [
            mp.besseli(0, width * mp.sqrt(1 - (2 * n / period - 1) ** 2)) / mp.besseli(0, width)
            for n in range(window_length)
        ]
        if window_length > 1
        else [mp.one]
    )


@rule("dim")
def dim_(input: Value) -> Value:
    return input.ndim


@rule("numel")
def numel(input: Value) -> Value:
    return input.size


@rule("size")
def size_(input: Value, dim: int | None = None) -> Value:
    return input.shape if dim is None else input.shape[dim]


@rule("nonzero", "argwhere")
def nonzero(input: Value) -> Value:
    return np.argwhere(truth(input))


@rule("one_hot")
def one_hot(input: Value, num_classes: int = -1) -> Value:
    indices = np.asarray(input)
    classes = int(indices.max()) + 1 if num_classes == -1 else num_classes
    return np.asarray(indices[..., None] == np.arange(classes)).astype(np.int64)
