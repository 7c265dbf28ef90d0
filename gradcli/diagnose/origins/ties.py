"""Where equal numbers may change places: in what sorts, what takes one by its order, and among singular values.

Whether that is a kink depends on the gradients that arrive: in a sum of sorted numbers it is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from gradcli.numerics.capture import TORCH_ERRORS
from gradcli.recording.operation import Operation
from gradcli.recording.tape import Step


def may_tie(operation: Operation) -> bool:
    """Whether equal numbers could change places in an operation."""
    return operation.name in _ORDERED or operation.name in _SPECTRAL


def ties(step: Step, arriving: torch.Tensor) -> torch.Tensor | None:
    """The elements of the first argument that may change places with equal ones which another gradient reaches."""
    rule, x = _ORDERED.get(step.name), step.arguments[0]
    if rule is None or not isinstance(x, torch.Tensor):
        return None
    named = {name: value for name, (_, value) in step.operation.named(step.arguments).items()}
    try:
        where = rule(x.detach().double(), arriving.double().nan_to_num(), named, step)
    except TORCH_ERRORS:  # shapes that are not what is expected
        return None
    return where & torch.isfinite(x)


def spectral_tie(step: Step, arriving: torch.Tensor) -> str | None:
    """Why singular values or eigenvalues have a kink, None where they have none."""
    rule, x = _SPECTRAL.get(step.name), step.arguments[0]
    if rule is None or not isinstance(x, torch.Tensor):
        return None
    named = {name: value for name, (_, value) in step.operation.named(step.arguments).items()}
    try:
        return rule(x.detach(), arriving, named)
    except TORCH_ERRORS:
        return None


# --- by their order ---------------------------------------------------------------------------------------------------

_Named = dict[str, Any]


def _among_equals(x: torch.Tensor, weights: torch.Tensor, dim: int) -> torch.Tensor:
    """Elements that are equal to others along a dimension, if not all of their places have the same weight.

    weights: of each place, the place of the smallest element first.
    """
    ordered, places = x.sort(dim=dim)
    size = x.shape[dim]
    new = torch.ones_like(ordered, dtype=torch.bool)
    new.narrow(dim, 1, size - 1).copy_(ordered.narrow(dim, 1, size - 1) != ordered.narrow(dim, 0, size - 1))
    group = new.cumsum(dim=dim) - 1
    highest = torch.full_like(x, -inf).scatter_reduce(dim, group, weights, "amax")
    lowest = torch.full_like(x, inf).scatter_reduce(dim, group, weights, "amin")
    differ = (highest != lowest).gather(dim, group)
    return torch.zeros_like(x, dtype=torch.bool).scatter(dim, places, differ)


def _sort(x: torch.Tensor, arriving: torch.Tensor, named: _Named, _step: Step) -> torch.Tensor:
    dim = named.get("dim", -1)
    return _among_equals(x, arriving.flip(dim) if named.get("descending") else arriving, dim)


def _msort(x: torch.Tensor, arriving: torch.Tensor, _named: _Named, _step: Step) -> torch.Tensor:
    return _among_equals(x, arriving, 0)


def _topk(x: torch.Tensor, arriving: torch.Tensor, named: _Named, step: Step) -> torch.Tensor:
    dim, largest = named.get("dim", -1), named.get("largest", True)
    order = step.values[0].detach().argsort(dim=dim)
    chosen, rest = arriving.gather(dim, order), x.shape[dim] - order.shape[dim]
    none = torch.zeros_like(x).narrow(dim, 0, rest)
    return _among_equals(x, torch.cat([none, chosen] if largest else [chosen, none], dim=dim), dim)


def _one_of(place: Callable[[int, _Named], int]) -> Callable[[torch.Tensor, torch.Tensor, _Named, Step], torch.Tensor]:
    """What takes the element of one place in the order."""

    def rule(x: torch.Tensor, arriving: torch.Tensor, named: _Named, _step: Step) -> torch.Tensor:
        dim = named.get("dim")
        if dim is None and "k" not in named:
            return rule(x.reshape(-1), arriving.reshape(1), named | {"dim": 0, "keepdim": True}, _step).reshape(x.shape)
        dim = -1 if dim is None else dim
        weights = torch.zeros_like(x)
        kept = arriving if named.get("keepdim") else arriving.unsqueeze(dim)
        weights.select(dim, place(x.shape[dim], named)).copy_(kept.select(dim, 0))
        return _among_equals(x, weights, dim)

    return rule


def _middle(size: int, _named: _Named) -> int:
    return (size - 1) // 2


def _middle_of_numbers(x: torch.Tensor, arriving: torch.Tensor, named: _Named, step: Step) -> torch.Tensor:
    """The same for what skips NaN; with one, the place of the middle is another in each row."""
    return _one_of(_middle)(x, arriving, named, step) & ~torch.isnan(x).any()


def _kth(_size: int, named: _Named) -> int:
    return int(named["k"]) - 1


def _running(x: torch.Tensor, arriving: torch.Tensor, named: _Named, step: Step) -> torch.Tensor:
    """Of a running extreme: the elements that are as large as the one before, and those that these come up to."""
    dim = named["dim"]
    extremes, places = (value.detach() for value in step.values)
    sent = torch.zeros_like(x).scatter_add(dim, places, arriving)
    later = (x == extremes.roll(1, dim)) & (sent != 0)
    later.select(dim, 0).fill_(False)
    count = torch.zeros_like(places).scatter_add(dim, places.roll(1, dim), later.to(places.dtype))
    return later | (count > 0)


def _pooled(x: torch.Tensor, arriving: torch.Tensor, named: _Named, step: Step) -> torch.Tensor:
    """Elements that share the largest number of a window with others."""
    value = step.values[0].detach().double()
    shape = value.shape[-int(step.name[-2]) :]
    seen = _windows(x, named, shape, -inf)
    numbers = torch.arange(x.numel(), dtype=x.dtype, device=x.device).reshape(x.shape)
    places = _windows(numbers, named, shape, -1)
    highest = value.reshape(*value.shape, *[1] * len(shape)) == seen
    inner = tuple(range(value.ndim, seen.ndim))
    shared = highest & (highest.sum(dim=inner, keepdim=True) > 1)
    shared &= (arriving != 0).reshape(highest.shape[: value.ndim] + (1,) * len(shape))
    where = torch.zeros_like(x, dtype=torch.bool).reshape(-1)
    where[places[shared & (places >= 0)].long()] = True
    return where.reshape(x.shape)


def _windows(x: torch.Tensor, named: _Named, shape: Sequence[int], filled: float) -> torch.Tensor:
    """What each element of a pooled tensor is made of, in as many last dimensions as are pooled."""
    count = len(shape)
    sizes = _each(named["kernel_size"], count)
    strides = _each(named.get("stride") or sizes, count)
    paddings, dilations = _each(named.get("padding", 0), count), _each(named.get("dilation", 1), count)
    for place in range(count):
        reach = dilations[place] * (sizes[place] - 1) + 1
        needed = (shape[place] - 1) * strides[place] + reach
        at = x.ndim - count  # each dimension that is cut into windows adds one
        before, behind = paddings[place], max(needed - paddings[place] - x.shape[at], 0)
        x = F.pad(x, (0, 0) * (x.ndim - at - 1) + (before, behind), value=filled)
        x = x.unfold(at, reach, strides[place]).narrow(at, 0, shape[place])[..., :: dilations[place]]
    return x


def _each(number: Any, count: int) -> list[int]:
    numbers = list(number) if isinstance(number, list | tuple) else [number]
    return [int(one) for one in (numbers * count if len(numbers) == 1 else numbers)]


_ORDERED: dict[str, Callable[[torch.Tensor, torch.Tensor, _Named, Step], torch.Tensor]] = {
    "sort": _sort,
    "msort": _msort,
    "topk": _topk,
    "kthvalue": _one_of(_kth),
    "median": _one_of(_middle),
    "nanmedian": _middle_of_numbers,
    "cummax": _running,
    "cummin": _running,
    "max_pool1d": _pooled,
    "max_pool2d": _pooled,
    "max_pool3d": _pooled,
}


# --- singular values and eigenvalues ----------------------------------------------------------------------------------


def _singular(x: torch.Tensor, arriving: torch.Tensor, _named: _Named) -> str | None:
    return _of_values(torch.linalg.svdvals(x), arriving, "singular values", down_to_zero=True)


def _eigen(x: torch.Tensor, arriving: torch.Tensor, _named: _Named) -> str | None:
    return _of_values(torch.linalg.eigvalsh(x), arriving, "eigenvalues", down_to_zero=False)


def _of_values(values: torch.Tensor, arriving: torch.Tensor, noun: str, *, down_to_zero: bool) -> str | None:
    """values: in order; those that lie closer than rounding are taken as equal."""
    least = values.abs().amax(dim=-1, keepdim=True) * values.shape[-1] * torch.finfo(values.dtype).eps
    close = (values[..., 1:] - values[..., :-1]).abs() <= least
    if bool((close & (arriving[..., 1:] != arriving[..., :-1])).any()):
        return f"two {noun} are equal, and the gradients that arrive at them differ"
    if down_to_zero and bool(((values <= least) & (arriving != 0)).any()):
        return "a singular value is 0"
    return None


def _spectral_norm(x: torch.Tensor, _arriving: torch.Tensor, named: _Named) -> str | None:
    order = next((named[word] for word in ("ord", "p") if word in named), None)
    if order not in ("nuc", 2, -2) or x.ndim != 2:  # of a batch, or along chosen dimensions
        return None
    values = torch.linalg.svdvals(x)
    weights = torch.zeros_like(values)
    if order == "nuc":
        weights += 1
    else:
        weights[0 if order == 2 else -1] = 1
    return _of_values(values, weights, "singular values", down_to_zero=True)


_SPECTRAL: dict[str, Callable[[torch.Tensor, torch.Tensor, _Named], str | None]] = {
    "linalg.svdvals": _singular,
    "linalg.eigvalsh": _eigen,
    "linalg.norm": _spectral_norm,
    "linalg.matrix_norm": _spectral_norm,
}
