"""More elements than a call's result can have, by arithmetic on shapes, for common functions of which PyTorch knows the
meta shape in Python alone: its first use would cost as much as half of PyTorch's import.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from gradcli.numerics.sizes import Arguments, Keywords, argument, broadcast_elements

Limit = Callable[[Arguments, Keywords], float | None]


def _tensor(arguments: Arguments, keywords: Keywords, position: int, name: str) -> torch.Tensor | None:
    value = argument(arguments, keywords, position, name)
    return value if isinstance(value, torch.Tensor) else None


def _greatest(value: object, default: int) -> int | None:
    """The greatest of one integer for every dimension, or of several; None for anything else."""
    if value is None:
        return default
    numbers = value if isinstance(value, list | tuple) else [value]
    sizes = [abs(number) for number in numbers if isinstance(number, int)]
    return max(sizes) if sizes and len(sizes) == len(numbers) else None


def _convolution(dimensions: int, *, transposed: bool = False) -> Limit:
    """Of input (N, C, L, ...) and weight: every output channel over a grid that is longer by what is added to it."""
    names = ("stride", "padding", "output_padding", "groups", "dilation") if transposed else ("stride", "padding")

    def limit(arguments: Arguments, keywords: Keywords) -> float | None:
        given = dict(zip(("input", "weight", "bias", *names), arguments, strict=False)) | dict(keywords)
        x, weight = (_tensor((), given, 0, name) for name in ("input", "weight"))
        if x is None or weight is None or min(x.ndim, weight.ndim) < dimensions:
            return None
        padding = 0 if isinstance(given.get("padding"), str) else _greatest(given.get("padding"), 0)
        numbers = [_greatest(given.get(name), 1) for name in ("stride", "dilation", "groups")]
        more = _greatest(given.get("output_padding"), 0)
        if padding is None or more is None or None in numbers:
            return None
        stride, dilation, groups = (number or 0 for number in numbers)
        images = math.prod(x.shape[:-dimensions])
        sides = zip(x.shape[-dimensions:], weight.shape[-dimensions:], strict=True)
        if not transposed:
            return images * max(weight.shape[0], 1) * math.prod(side + 2 * padding for side, _ in sides)
        grid = math.prod(side * stride + dilation * kernel + more for side, kernel in sides)
        return images * max(weight.shape[1], 1) * groups * grid

    return limit


def _adaptive_pool(dimensions: int) -> Limit:
    """Of input (N, C, L, ...) and the sizes of the output; twice, for the places of the largest."""

    def limit(arguments: Arguments, keywords: Keywords) -> float | None:
        x, side = _tensor(arguments, keywords, 0, "input"), _output_side(arguments, keywords)
        return None if x is None or side is None else 2 * math.prod(x.shape[:-dimensions]) * side**dimensions

    return limit


def _fold(arguments: Arguments, keywords: Keywords) -> float | None:
    """Of input (N, C * kernel, blocks) and the sizes of the output (N, C, H, W)."""
    x, side = _tensor(arguments, keywords, 0, "input"), _output_side(arguments, keywords)
    return None if x is None or side is None else x.numel() * side**2


def _output_side(arguments: Arguments, keywords: Keywords) -> int | None:
    return _greatest(argument(arguments, keywords, 1, "output_size"), 0)


def _attention(arguments: Arguments, keywords: Keywords) -> float | None:
    """Of query (..., L, E), key (..., S, E) and value (..., S, V): the weights (..., L, S), and (..., L, V)."""
    names = ("query", "key", "value")
    query, key, value = (_tensor(arguments, keywords, position, name) for position, name in enumerate(names))
    if query is None or key is None or value is None or min(query.ndim, key.ndim, value.ndim) < 2:
        return None
    heads = [tensor.shape[:-2] for tensor in (query, key, value)]
    each = max(broadcast_elements(heads), *map(math.prod, heads))
    return each * query.shape[-2] * max(key.shape[-2], value.shape[-1])


def _added_product(arguments: Arguments, _keywords: Keywords) -> float | None:
    """Of input, (..., N, M) and (..., M, P), to whose product the input is broadcast."""
    _, left, right = (*arguments, None, None, None)[:3]
    if not isinstance(left, torch.Tensor) or not isinstance(right, torch.Tensor) or not left.ndim:
        return None
    return left.numel() // max(left.shape[-1], 1) * (right.shape[-1] if right.ndim > 1 else 1)


def _embedding(arguments: Arguments, keywords: Keywords) -> float | None:
    """Of indices, and a weight whose rows they name."""
    indices, weight = _tensor(arguments, keywords, 0, "input"), _tensor(arguments, keywords, 1, "weight")
    return None if indices is None or weight is None or not weight.ndim else indices.numel() * weight.shape[-1]


def _transform(arguments: Arguments, keywords: Keywords) -> float | None:
    """Of a signal alone: as many, or twice as many where half of a symmetric one is given."""
    signal = _tensor(arguments, keywords, 0, "input")
    return 2 * signal.numel() if signal is not None and len(arguments) + len(keywords) == 1 else None


def _grid_sample(arguments: Arguments, keywords: Keywords) -> float | None:
    """Of images (N, C, ...) and a grid (N, ..., 2 or 3)."""
    x, grid = _tensor(arguments, keywords, 0, "input"), _tensor(arguments, keywords, 1, "grid")
    return None if x is None or grid is None or x.ndim < 2 else x.shape[1] * grid.numel()


LIMITS: dict[str, Limit] = {
    **{f"conv{n}d": _convolution(n) for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": _convolution(n, transposed=True) for n in (1, 2, 3)},
    **{f"adaptive_{kind}_pool{n}d": _adaptive_pool(n) for kind in ("avg", "max") for n in (1, 2, 3)},
    "fold": _fold,
    "scaled_dot_product_attention": _attention,
    "embedding": _embedding,
    "grid_sample": _grid_sample,
    **{f"fft.{i}{kind}fft{n}": _transform for i in ("", "i") for kind in ("", "r") for n in ("", "2", "n")},
    **{f"fft.{i}hfft{n}": _transform for i in ("", "i") for n in ("", "2", "n")},
    **dict.fromkeys(("addmm", "addbmm", "baddbmm", "addmv"), _added_product),
}
