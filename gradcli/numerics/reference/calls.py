"""Calls of the reference: what a rule is given for what the user wrote, and what it cannot be given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from gradcli.language.catalogue.arranged import ARRANGED
from gradcli.language.catalogue.binding import Bound
from gradcli.language.catalogue.rows import Loss, Row
from gradcli.language.catalogue.signature import Parameter
from gradcli.numerics.literals import INTEGER_ARGUMENTS
from gradcli.numerics.reference import arrangement
from gradcli.numerics.reference.reals import Array, is_real, reals
from gradcli.numerics.reference.rules import RULES, Absent
from gradcli.numerics.reference.slope import NoReference


def known(row: Row) -> bool:
    """Whether a row has a rule."""
    return row.name in RULES or row.name in ARRANGED


def as_array(value: object, *, integers: bool = False) -> Array:
    """A number or nested list as an array: truth values, int64 for `integers`, else real."""
    if isinstance(value, np.ndarray | np.generic):  # NumPy makes the latter of an array without dimensions
        return np.asarray(value)
    if isinstance(value, bool):
        return np.asarray(value)
    if isinstance(value, int):
        return np.asarray(value, dtype=np.int64) if integers else reals(value)
    if isinstance(value, list | tuple):
        parts = [as_array(item, integers=integers) for item in value]
        if not parts:
            return np.empty(0, dtype=object)
        if any(is_real(part) for part in parts):
            parts = [reals(part) for part in parts]
        return np.stack(parts)
    if isinstance(value, float | complex):
        return reals(value)
    raise NoReference(str(value) if isinstance(value, Absent) else "a result that is no tensor")


def apply(row: Row, bound: Bound) -> object:
    """The value of a call with all its arguments in place."""
    pairs = [*bound.positional, *((parameter, value) for _, parameter, value in bound.keywords)]
    if row.name in ARRANGED:
        places = [(p, _argument(row, p, value)) for p, value in bound.positional]
        return arrangement.call(row, places, {name: _argument(row, p, value) for name, p, value in bound.keywords})
    named: dict[str, Any] = {}
    for parameter, value in pairs:
        prepared = _argument(row, parameter, value)
        if parameter.variadic:
            named.setdefault(parameter.name, []).append(prepared)
        else:
            named[parameter.name] = prepared
    named.pop("requires_grad", None)
    if named.get("dtype") is not None and row.category != "conversion":
        _check_exact(row, named["dtype"], named)
    named.pop("dtype" if row.category != "conversion" else "", None)
    return RULES[row.name](**named)


def _check_exact(row: Row, dtype: object, named: Mapping[str, object]) -> None:
    if row.name == "tensor" and dtype is torch.int64 and _integral(named["obj"]):
        return
    if dtype is not torch.float64:  # narrower ones round, and so change the function
        raise NoReference(f"{row.name} with a dtype")


def _argument(row: Row, parameter: Parameter, value: Any) -> object:
    if value is None or parameter.kind not in ("tensor", "tensors"):
        return value
    integers = parameter.name in INTEGER_ARGUMENTS or isinstance(row, Loss)
    if parameter.kind == "tensors":
        return [as_array(item, integers=integers) for item in value]
    return as_array(value, integers=integers)


def _integral(value: object) -> bool:
    """Whether a literal is made of integers only."""
    if isinstance(value, list | tuple):
        return all(map(_integral, value))
    return isinstance(value, int) and not isinstance(value, bool)
