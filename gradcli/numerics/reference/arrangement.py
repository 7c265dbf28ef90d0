"""Shapes and indices: PyTorch arranges the numbers of the elements, and the elements follow.

Nothing is computed here: element 0 is the zero that fills up, 1, 2, ... are the elements of the operands in order.
float64 holds such numbers exactly, and every function of PyTorch that arranges elements takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from gradcli.language.catalogue.rows import Row
from gradcli.language.catalogue.signature import Parameter
from gradcli.numerics.calls import resolve
from gradcli.numerics.reference.reals import ZERO, Array, is_real, reals
from gradcli.numerics.reference.slope import NoReference

POSITIONS = frozenset({"index", "indices", "mask", "start", "repeats", "tensor_indices_or_sections"})
"""Parameters whose tensors say where, and so reach PyTorch as they are."""


class _Elements:
    """The elements of all operands, numbered."""

    def __init__(self) -> None:
        self.parts: list[Array] = []
        self.count = 1

    def numbers(self, array: Array) -> torch.Tensor:
        """The array with each element replaced by its number."""
        start, self.count = self.count, self.count + array.size
        self.parts.append(array.ravel())
        return torch.arange(start, self.count, dtype=torch.float64).reshape(array.shape)

    def number(self, value: float) -> float:
        """A plain number that is put in, as the number of a further element."""
        return float(self.numbers(reals(value)))

    def at(self, numbers: object) -> object:
        """The elements with these numbers, in the same containers."""
        if isinstance(numbers, torch.Tensor):
            pool = self._pool()
            return np.asarray(pool[numbers.to(torch.int64).numpy()], dtype=pool.dtype)
        if isinstance(numbers, list | tuple):
            return tuple(self.at(item) for item in numbers)
        raise NoReference("a result that is no tensor")

    def _pool(self) -> Array:
        if any(is_real(part) for part in self.parts):
            zero = np.array([ZERO], dtype=object)
            return np.concatenate([zero, *map(reals, self.parts)])
        return np.concatenate([np.zeros(1, dtype=self.parts[0].dtype), *self.parts])


def call(row: Row, positional: Sequence[tuple[Parameter, object]], keywords: Mapping[str, object]) -> object:
    """The value of a call that arranges its operands' elements."""
    elements = _Elements()
    arguments = [_argument(elements, parameter.name, value) for parameter, value in positional]
    named = {name: _argument(elements, name, value) for name, value in keywords.items()}
    if not elements.parts:
        return _plain(resolve(row.torch)(*arguments, **named))
    return elements.at(resolve(row.torch)(*arguments, **named))


def attribute(array: Array, name: str) -> Array:
    """`x.T` and its kin."""
    return _rearranged(array, lambda numbers: getattr(numbers, name))


def index(array: Array, where: Any) -> Array:
    """`x[where]`."""
    return _rearranged(array, lambda numbers: numbers[where])


def _rearranged(array: Array, arrange: Callable[[torch.Tensor], torch.Tensor]) -> Array:
    elements = _Elements()
    result = elements.at(arrange(elements.numbers(array)))
    assert isinstance(result, np.ndarray)
    return result


def _argument(elements: _Elements, name: str, value: Any) -> object:
    if isinstance(value, list):
        return [_argument(elements, name, item) for item in value]
    if not isinstance(value, np.ndarray):
        return elements.number(value) if name == "value" and value else value
    if name not in POSITIONS:
        return elements.numbers(value)
    if value.dtype == object:
        raise NoReference("an index that is real")
    return torch.from_numpy(value)


def _plain(result: Any) -> object:
    """A result without operands, such as tril_indices: integers."""
    return tuple(map(_plain, result)) if isinstance(result, tuple) else result.numpy()


def by_name(row: Row, named: Mapping[str, object]) -> object:
    """The same for a call whose arguments all have names."""
    return call(row, (), named)
