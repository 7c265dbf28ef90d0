"""How large, how many or how long a call's result is, for the functions where arithmetic on the arguments tells.

Their sizes depend on values, or the meta device would take seconds to say them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch

Arguments = Sequence[object]
Keywords = Mapping[str, object]


def broadcast_elements(shapes: Sequence[Sequence[int]]) -> int:
    """The elements of a common shape, 0 if there is none."""
    most = max(map(len, shapes), default=0)
    padded = [(1,) * (most - len(shape)) + tuple(shape) for shape in shapes]
    sizes = [{size for size in column if size != 1} for column in zip(*padded, strict=True)]
    if any(len(size) > 1 for size in sizes):
        return 0
    return math.prod(next(iter(size), 1) for size in sizes)


def elements_of(value: object) -> float:
    if isinstance(value, torch.Tensor):
        return value.numel()
    if isinstance(value, list | tuple):
        return sum(map(elements_of, value))
    return 0


def argument(arguments: Arguments, keywords: Keywords, position: int, name: str) -> object:
    """An argument that is given by its place or by its name; None for one that is not given."""
    return arguments[position] if len(arguments) > position else keywords.get(name)


def _one_hot(arguments: Arguments, keywords: Keywords) -> float:
    indices, classes = argument(arguments, keywords, 0, "input"), argument(arguments, keywords, 1, "num_classes")
    assert isinstance(indices, torch.Tensor)
    if not isinstance(classes, int) or classes < 0:
        classes = int(indices.max()) + 1 if indices.numel() else 0
    return indices.numel() * classes


def _bincount(arguments: Arguments, keywords: Keywords) -> float:
    indices, minimum = argument(arguments, keywords, 0, "input"), argument(arguments, keywords, 2, "minlength")
    assert isinstance(indices, torch.Tensor)
    largest = int(indices.max()) + 1 if indices.numel() and not indices.is_floating_point() else 0
    return max(largest, minimum if isinstance(minimum, int) else 0)


def _repeat_interleave(arguments: Arguments, keywords: Keywords) -> float:
    tensor, repeats = argument(arguments, keywords, 0, "input"), argument(arguments, keywords, 1, "repeats")
    assert isinstance(tensor, torch.Tensor)
    if isinstance(repeats, int):
        return tensor.numel() * repeats
    if not isinstance(repeats, torch.Tensor):
        return float(tensor.double().sum())  # repeat_interleave(repeats) alone
    each = repeats.double().sum() if repeats.numel() > 1 else repeats.double().sum() * max(tensor.numel(), 1)
    return float(each) * max(tensor.numel() / max(repeats.numel(), 1), 1)


def _combinations(arguments: Arguments, keywords: Keywords) -> float:
    tensor, size = argument(arguments, keywords, 0, "input"), argument(arguments, keywords, 1, "r")
    assert isinstance(tensor, torch.Tensor)
    size = size if isinstance(size, int) and size >= 0 else 2
    # PyTorch builds the whole grid first
    return float(tensor.numel()) ** min(size, 300) if tensor.numel() else 0


def _normal(arguments: Arguments, keywords: Keywords) -> float | None:
    """The product of the sizes: PyTorch draws on the CPU also where the meta device is asked for."""
    size = argument(arguments, keywords, 2, "size")
    if size is None:
        return None
    sizes = size if isinstance(size, list | tuple) else [size]
    return math.prod(float(length) for length in sizes if isinstance(length, int))


def _sizes(position: int) -> Callable[[Arguments, Keywords], float]:
    """The product of the sizes that stand at `position`."""

    def elements(arguments: Arguments, keywords: Keywords) -> float:
        size = argument(arguments, keywords, position, "size")
        return math.prod(float(n) for n in (size if isinstance(size, list | tuple) else [size]) if isinstance(n, int))

    return elements


def _eye(arguments: Arguments, keywords: Keywords) -> float:
    rows, columns = argument(arguments, keywords, 0, "n"), argument(arguments, keywords, 1, "m")
    return _number_of(rows) * _number_of(rows if columns is None else columns)


def _spaced(arguments: Arguments, keywords: Keywords) -> float:
    ends = [argument(arguments, keywords, 0, "start"), argument(arguments, keywords, 1, "end")]
    return _number_of(argument(arguments, keywords, 2, "steps")) * max(map(_numel, ends))


def _arange(arguments: Arguments, keywords: Keywords) -> float:
    first, second = argument(arguments, keywords, 0, "start"), argument(arguments, keywords, 1, "end")
    start, end = (0, keywords.get("end", first)) if second is None else (first, second)
    step = argument(arguments, keywords, 2, "step")
    step = 1 if step is None else step
    if not all(isinstance(value, int | float) for value in (start, end, step)) or step == 0:
        return 0  # PyTorch refuses it
    count = (float(end) - float(start)) / float(step)  # type: ignore[arg-type]
    return 0 if math.isnan(count) or count < 0 else count


def _matmul(arguments: Arguments, keywords: Keywords) -> float | None:
    operands = [value for value in (*arguments, *keywords.values()) if isinstance(value, torch.Tensor)]
    if len(operands) != 2 or not all(operand.ndim for operand in operands):
        return 0
    left, right = operands[0].shape, operands[1].shape
    rows, columns = left[-2] if len(left) > 1 else 1, right[-1] if len(right) > 1 else 1
    return broadcast_elements([left[:-2], right[:-2]]) * rows * columns


def _side_by_side(arguments: Arguments, keywords: Keywords) -> float:
    return elements_of([*arguments, *keywords.values()])


def _number_of(value: object) -> float:
    """The largest absolute value of a number or a tensor of numbers; 0 for what is neither, and for nan."""
    if isinstance(value, torch.Tensor):
        value = float(value.detach().double().abs().max()) if value.numel() and not value.is_complex() else 0.0
    return abs(float(value)) if isinstance(value, int | float) and not math.isnan(value) else 0.0


def _numel(value: object) -> int:
    return value.numel() if isinstance(value, torch.Tensor) else 1


def _per_element(name: str) -> Callable[[Arguments, Keywords], float]:
    """A loop for every element that runs as often as the second argument says."""

    def steps(arguments: Arguments, keywords: Keywords) -> float:
        operands = [*arguments, *keywords.values()]
        return _number_of(argument(arguments, keywords, 1, name)) * max(map(_numel, operands))

    return steps


def _chebyshev(*, shifted: bool) -> Callable[[Arguments, Keywords], float]:
    """PyTorch takes n steps where |x| is not below 1 (shifted: |2x - 1|, rounded), until the value overflows.

    Elsewhere it takes a cosine, and at the ends of the interval it knows the value.
    """
    bound = _per_element("n")

    def steps(arguments: Arguments, keywords: Keywords) -> float:
        if bound(arguments, keywords) <= _FEW:
            return 0
        x, n = (
            torch.as_tensor(argument(arguments, keywords, place, name)).detach() for place, name in ((0, "x"), (1, "n"))
        )
        dtype = torch.result_type(x, n)
        x = x.to(dtype if dtype.is_floating_point else torch.get_default_dtype())
        size = (x + x - 1 if shifted else x).abs()
        at_an_end = (x == 0) | (x == 1) if shifted else size == 1
        until_overflow = _LOG_OF_LARGEST / torch.acosh(size.double())
        each = torch.minimum(n.double().abs(), until_overflow)
        return float(torch.where((size >= 1) & ~at_an_end, each, 0.0).sum())

    return steps


_FEW = 1_000_000
"""Steps that take no time to speak of."""
_LOG_OF_LARGEST = 710.0
"""log of the largest double."""


def _max_pool1d(arguments: Arguments, keywords: Keywords) -> float:
    """PyTorch walks through the whole window, also where it is wider than the input and its padding."""
    kernel = argument(arguments, keywords, 1, "kernel_size")
    width = _number_of(kernel[0] if isinstance(kernel, list | tuple) and kernel else kernel)
    elements = _numel(argument(arguments, keywords, 0, "input"))
    return width * elements if width > elements else 0


def _sections(name: str) -> Callable[[Arguments, Keywords], float]:
    """As many pieces as the second argument says, unless it lists them."""

    def pieces(arguments: Arguments, keywords: Keywords) -> float:
        value = argument(arguments, keywords, 1, name)
        value = keywords.get("sections", value) if value is None else value
        alone = isinstance(value, int) or (isinstance(value, torch.Tensor) and value.ndim == 0)
        return _number_of(value) if alone else 0

    return pieces


def _chunk(arguments: Arguments, keywords: Keywords) -> float:
    """chunk(x, 10**12) gives one piece for each slice that there is, at most."""
    return min(_number_of(argument(arguments, keywords, 1, "chunks")), _length(arguments, keywords, 2))


def _split(arguments: Arguments, keywords: Keywords) -> float:
    size = argument(arguments, keywords, 1, "split_size_or_sections")
    return _length(arguments, keywords, 2) / max(size, 1) if isinstance(size, int) else 0


def _unbind(arguments: Arguments, keywords: Keywords) -> float:
    return _length(arguments, keywords, 1)


def _length(arguments: Arguments, keywords: Keywords, position: int) -> float:
    """The length of the tensor along the dimension that stands at `position`."""
    dim = argument(arguments, keywords, position, "dim")
    tensor = next((v for v in (*arguments, *keywords.values()) if isinstance(v, torch.Tensor)), None)
    dim = dim if isinstance(dim, int) else 0
    return tensor.shape[dim] if tensor is not None and -tensor.ndim <= dim < tensor.ndim else 0


BY_VALUE: dict[str, Callable[[Arguments, Keywords], float | None]] = {
    "one_hot": _one_hot,
    "bincount": _bincount,
    "repeat_interleave": _repeat_interleave,
    "combinations": _combinations,
    "normal": _normal,
    "eye": _eye,
    "linspace": _spaced,
    "logspace": _spaced,
    "arange": _arange,
    **dict.fromkeys(("ones", "zeros", "full", "rand", "randn"), _sizes(0)),
    "as_strided": _sizes(1),
    **dict.fromkeys(("new_ones", "new_zeros", "new_full"), _sizes(1)),
    **dict.fromkeys(("matmul", "linalg.matmul", "mm", "bmm", "mv"), _matmul),
    **dict.fromkeys(("cat", "stack", "hstack", "vstack", "dstack", "column_stack"), _side_by_side),
}
STEPS: dict[str, Callable[[Arguments, Keywords], float]] = {
    "mvlgamma": _per_element("p"),
    "mvlgamma_": _per_element("p"),
    "special.laguerre_polynomial_l": _per_element("n"),
    "special.legendre_polynomial_p": _per_element("n"),
    **{f"special.chebyshev_polynomial_{kind}": _chebyshev(shifted=False) for kind in "tuvw"},
    **{f"special.shifted_chebyshev_polynomial_{kind}": _chebyshev(shifted=True) for kind in "tuvw"},
    "max_pool1d": _max_pool1d,
}
PIECES: dict[str, Callable[[Arguments, Keywords], float]] = {
    "tensor_split": _sections("tensor_indices_or_sections"),
    "hsplit": _sections("sections"),
    "vsplit": _sections("sections"),
    "dsplit": _sections("sections"),
    "chunk": _chunk,
    "split": _split,
    "unbind": _unbind,
}


def _as_strided(arguments: Arguments, keywords: Keywords) -> tuple[float, float]:
    """The furthest element that is read, -1 for one before the first, and how many there are."""
    tensor = argument(arguments, keywords, 0, "input")
    assert isinstance(tensor, torch.Tensor)
    size, stride = (argument(arguments, keywords, 1, "size"), argument(arguments, keywords, 2, "stride"))
    offset = argument(arguments, keywords, 3, "storage_offset")
    first = tensor.storage_offset() if offset is None else offset
    sizes, strides = ([value] if isinstance(value, int) else value for value in (size, stride))
    assert isinstance(sizes, list | tuple)
    assert isinstance(strides, list | tuple)
    assert isinstance(first, int)
    steps = [(n - 1) * step for n, step in zip(sizes, strides, strict=False)]
    held = tensor.untyped_storage().nbytes() // tensor.element_size()
    if 0 in sizes:
        return 0, 1
    return (first + sum(steps) if min(steps, default=0) >= 0 <= first else -1), held


WITHIN_MEMORY: dict[str, Callable[[Arguments, Keywords], tuple[float, float]]] = {"as_strided": _as_strided}
"""Calls that say themselves which elements of a memory they read: the last one, and how many there are."""
