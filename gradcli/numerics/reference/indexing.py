"""What stands behind an array in brackets or behind a dot."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from gradcli.numerics.reference import arrangement
from gradcli.numerics.reference.slope import NoReference


def attribute(operand: object, name: str) -> object:
    """`x.T` of an array, `r.S` of a result with several parts.  Raises NoReference."""
    if name in getattr(operand, "_fields", ()):  # of a named tuple
        return getattr(operand, name)
    if not isinstance(operand, np.ndarray):
        raise NoReference(f"attribute {name}")
    match name:
        case "shape":
            return operand.shape
        case "ndim":
            return operand.ndim
        case "data" | "real":
            return operand
        case "T" | "mT" | "H" | "mH":
            return arrangement.attribute(operand, name)
        case _:
            raise NoReference(f"attribute {name}")


def index(operand: Any, where: Any) -> object:
    """`x[where]` of an array or a list.  Raises NoReference."""
    if isinstance(operand, np.ndarray):
        return arrangement.index(operand, _as_index(where))
    if not isinstance(operand, list | tuple):  # such as vectors of which no rule says which way they point
        raise NoReference("this index")
    return operand[where]


def _as_index(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(_as_index(item) for item in value)
    if isinstance(value, list):
        value = np.asarray(value)
        value = value if value.size else value.astype(np.int64)  # of nothing NumPy makes real numbers
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            raise NoReference("an index that is real")
        return torch.from_numpy(value)
    return value
