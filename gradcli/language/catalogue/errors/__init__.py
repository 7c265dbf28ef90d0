"""Every error on demand, in families.  Rows of data: PyTorch is not imported."""

from __future__ import annotations

from functools import cache

from gradcli.language.catalogue.errors import (
    checkpoints,
    cotangents,
    derivatives,
    devices,
    dtypes,
    functions,
    graph,
    in_place,
    layers,
    leaves,
    linear_algebra,
    outside,
    precision,
    shapes,
    training,
    vmap,
)
from gradcli.language.catalogue.errors.row import PLACES, AutogradError

__all__ = ["PLACES", "AutogradError", "all_errors", "find"]

_MODULES = (
    *(graph, leaves, in_place, cotangents, derivatives, functions, outside, vmap, training, checkpoints, precision),
    *(devices, linear_algebra, shapes, dtypes, layers),
)


@cache
def all_errors() -> tuple[AutogradError, ...]:
    """Every row, family by family."""
    rows = [row for module in _MODULES for row in module.ROWS]
    families = list(dict.fromkeys(row.family for row in rows))
    return tuple(sorted(rows, key=lambda row: (families.index(row.family), row.id)))


def find(name: str) -> AutogradError | None:
    """The row of that id, or None."""
    return next((row for row in all_errors() if row.id == name), None)
