"""The catalogue: every function, method and alias of the language, looked up by name."""

from __future__ import annotations

from functools import cache

from gradcli.language.catalogue.activations import ACTIVATIONS
from gradcli.language.catalogue.losses import LOSSES
from gradcli.language.catalogue.operations import find_operation, operations
from gradcli.language.catalogue.rows import Activation, Loss, OperationRow, Row

DERIVATIVE = "derivative"
"""The category of derivatives inside an expression, which is differentiated again."""
GRAD = "grad"
"""A cotangent of ones, a graph of its own, zeros for an input that is not used, one tensor for one input."""

_DERIVATIVES = (
    OperationRow(
        name="autograd.grad",
        torch="torch.autograd.grad",
        category=DERIVATIVE,
        signatures=(
            "(outputs: any, inputs: any, grad_outputs: any = None, retain_graph: bool? = None, "
            "create_graph: bool = False, only_inputs: bool = True, allow_unused: bool? = None, *, materialize_grads: bool = False)",
        ),
        subject="autograd.grad(sum(x**2), x, create_graph=True)[0]",
    ),
    OperationRow(
        name=GRAD,
        torch="torch.autograd.grad",
        category=DERIVATIVE,
        signatures=("(output, inputs: any)",),
        subject="grad(x**3, x)",
    ),
)


@cache
def all_rows() -> tuple[Row, ...]:
    """Every row: activations, losses, operations, derivatives."""
    return (*ACTIVATIONS, *LOSSES, *operations(), *_DERIVATIVES)


@cache
def _by_name() -> dict[str, Row]:
    """The rows that are no operations, by name and alias."""
    return {name: row for row in (*ACTIVATIONS, *LOSSES, *_DERIVATIVES) for name in (row.name, *row.aliases)}


def find(name: str) -> Row | None:
    """The row that `name` or an alias of that name stands for."""
    return _by_name().get(name) or find_operation(name)


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
    return sorted(name for row in all_rows() if row.function for name in (row.name, *row.aliases))


def method_names() -> list[str]:
    """All names that can be called as methods."""
    return sorted(n.removeprefix("Tensor.") for row in all_rows() if row.method for n in (row.name, *row.aliases))
