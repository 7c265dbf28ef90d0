"""The catalogue: every function, method and alias of the language, looked up by name."""

from __future__ import annotations

from functools import cache

from gradcli.language.catalogue.activations import ACTIVATIONS
from gradcli.language.catalogue.derivatives import DERIVATIVES
from gradcli.language.catalogue.losses import LOSSES
from gradcli.language.catalogue.operations import OPERATIONS
from gradcli.language.catalogue.rows import Activation, Loss, Row

__all__ = ["all_rows", "find", "find_activation", "find_loss", "find_method", "function_names", "method_names"]


@cache
def _by_name() -> dict[str, Row]:
    return {name: row for row in all_rows() for name in (row.name, *row.aliases)}


@cache
def all_rows() -> tuple[Row, ...]:
    """Every row: activations, losses, operations, derivatives."""
    return (*ACTIVATIONS, *LOSSES, *OPERATIONS, *DERIVATIVES)


def find(name: str) -> Row | None:
    """The row that `name` or an alias of that name stands for."""
    return _by_name().get(name)


def find_method(name: str) -> Row | None:
    """The row that `x.name(...)` calls; `Tensor.unfold` is a method of another meaning than the function `unfold`."""
    row = find(f"Tensor.{name}") or find(name)
    return row if row is not None and row.method else None


def find_activation(name: str) -> Activation | None:
    """The activation of that name."""
    row = find(name)
    return row if isinstance(row, Activation) else None


def find_loss(name: str) -> Loss | None:
    """The loss of that name or alias."""
    row = find(name)
    return row if isinstance(row, Loss) else None


def function_names() -> list[str]:
    """All names that can be called as functions."""
    return sorted(name for name, row in _by_name().items() if row.function)


def method_names() -> list[str]:
    """All names that can be called as methods."""
    return sorted(name.removeprefix("Tensor.") for name, row in _by_name().items() if row.method)
