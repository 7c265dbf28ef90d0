"""Derivatives by PyTorch: reverse and forward mode, Jacobians, Hessians, higher orders.

`torch.func` is not used: its first call costs more than everything else in a one-liner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

import torch

from gradcli.numerics.capture import TORCH_ERRORS, TorchError
from gradcli.progress import steps

Via = Literal["grad", "backward"]
Gradients = dict[str, torch.Tensor | None]
Leaves = Mapping[str, torch.Tensor]

CHEAP_ELEMENTS = 2**24
LARGE_ELEMENTS = 100_000


@contextmanager
def raised_in(stage: str) -> Iterator[None]:
    """PyTorch's exceptions inside become TorchError with the stage's name."""
    try:
        yield
    except TORCH_ERRORS as error:
        raise TorchError(error, stage=stage) from None


def gradients(
    output: torch.Tensor,
    leaves: Leaves,
    *,
    cotangent: torch.Tensor | None,
    via: Via = "grad",
    create_graph: bool = False,
    retain_graph: bool | None = None,
) -> Gradients:
    """The gradient of <cotangent, output> for each leaf; None for a leaf without a path to the output.

    cotangent: of the output's shape; None passes nothing, which PyTorch takes for a scalar only.
    Raises TorchError when PyTorch does.
    """
    with raised_in("backward"):
        output, cotangent = _contracted(output, cotangent)
        if via == "backward":
            for leaf in leaves.values():
                leaf.grad = None
            run_backward(output, cotangent, retain_graph=retain_graph, create_graph=create_graph)
            return {name: leaf.grad for name, leaf in leaves.items()}
        found = torch.autograd.grad(
            [output],
            list(leaves.values()),
            None if cotangent is None else [cotangent],
            retain_graph=retain_graph,
            create_graph=create_graph,
            allow_unused=True,
        )
    return dict(zip(leaves, found, strict=True))


def ones(output: torch.Tensor) -> torch.Tensor:
    """A cotangent of ones; for a large output one number that looks like all of them."""
    if output.numel() <= LARGE_ELEMENTS:
        return torch.ones_like(output)
    return output.detach().new_ones(()).expand(output.shape)


def implied_ones(output: torch.Tensor) -> torch.Tensor | None:
    """A cotangent of ones; None for a single real number, where PyTorch makes it itself: a cotangent that is given has
    its shape checked, which imports sympy the first time."""
    return None if output.numel() == 1 and output.is_floating_point() else torch.ones_like(output)


def weighted(roots: Sequence[torch.Tensor], weights: Sequence[torch.Tensor]) -> torch.Tensor:
    """One number whose gradient is that of several roots with their cotangents."""
    parts = [(root * weight).sum() for root, weight in zip(roots, weights, strict=True)]
    return torch.stack(parts).sum()


def _contracted(output: torch.Tensor, cotangent: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The scalar <cotangent, output>, which needs no cotangent of its own; the same two where that cannot be.

    PyTorch checks a cotangent's shape with its symbolic shapes, whose first use imports sympy: a quarter of a second.
    A backward pass through the product sends on the same bits, 1 * cotangent, and small tensors are cheap to multiply.
    """
    if cotangent is None or output.is_complex():
        return output, cotangent
    if (output.shape, output.dtype, output.device) != (cotangent.shape, cotangent.dtype, cotangent.device):
        return output, cotangent  # for PyTorch to refuse
    if not output.requires_grad:
        return output, None  # which it refuses with a cotangent or without
    if output.numel() > CHEAP_ELEMENTS and any(cotangent.stride()):
        return output, cotangent
    if output.numel() > LARGE_ELEMENTS and not any(cotangent.stride()) and bool(cotangent[(0,) * cotangent.ndim] == 1):
        return output.sum(), None  # ones: a sum sends them on without making them
    return (output * cotangent).sum(), None


def higher_orders(
    output: torch.Tensor, leaves: Leaves, *, cotangent: torch.Tensor | None, order: int
) -> list[Gradients]:
    """The derivatives of an elementwise function, first to `order`-th; element by element, by repeated gradients.

    A derivative that no longer depends on its leaf is zero from there on.
    """
    orders: list[Gradients] = [gradients(output, leaves, cotangent=cotangent, create_graph=order > 1)]
    for _ in range(order - 1):
        following: Gradients = {}
        for name, leaf in leaves.items():
            before = orders[-1][name]
            if before is None:
                following[name] = None
            elif not before.requires_grad:
                following[name] = torch.zeros_like(leaf)
            else:
                try:
                    found = gradients(
                        before, {name: leaf}, cotangent=ones(before), create_graph=True, retain_graph=True
                    )[name]
                except TorchError as raised:
                    raised.order = len(orders) + 1
                    raise
                following[name] = torch.zeros_like(leaf) if found is None else found
        orders.append(following)
    return orders


def jacobians(output: torch.Tensor, leaves: Leaves, *, what: str = "rows of the Jacobian") -> Gradients:
    """d output / d leaf for each leaf, of shape output.shape + leaf.shape; one backward pass a row."""
    flat = output.reshape(-1)
    wanted = list(leaves.values())
    matrices = [torch.zeros((flat.numel(), *leaf.shape), dtype=leaf.dtype, device=leaf.device) for leaf in wanted]
    connected = [not flat.numel()] * len(wanted)
    one = [torch.ones((), dtype=output.dtype, device=output.device)] if output.is_complex() else None
    with raised_in("backward"):
        for row in steps(range(flat.numel()), what):
            # copied at once: what comes back may share its memory with other rows
            found = torch.autograd.grad([flat[row]], wanted, one, retain_graph=True, allow_unused=True)
            for place, gradient in enumerate(found):
                if gradient is not None:
                    connected[place] = True
                    matrices[place][row] = gradient
    return {
        name: matrix.reshape((*output.shape, *leaf.shape)) if there else None
        for (name, leaf), matrix, there in zip(leaves.items(), matrices, connected, strict=True)
    }


def hessians(output: torch.Tensor, leaves: Leaves) -> dict[str, Gradients]:
    """The second derivatives of a scalar: for leaves x and y, `[x][y]` has shape x.shape + y.shape."""
    first = gradients(output, leaves, cotangent=None, create_graph=True)
    blocks: dict[str, Gradients] = {}
    for name, gradient in first.items():
        if gradient is None:
            blocks[name] = dict.fromkeys(leaves)
        elif not gradient.requires_grad:
            blocks[name] = {other: _zeros(leaves[name], leaf) for other, leaf in leaves.items()}
        else:
            found = jacobians(gradient, leaves, what="rows of the Hessian")
            blocks[name] = {
                other: None if first[other] is None else _or_zeros(found[other], leaves[name], leaf)
                for other, leaf in leaves.items()
            }
    return blocks


def run_backward(
    output: torch.Tensor,
    cotangent: torch.Tensor | None,
    *,
    retain_graph: bool | None = None,
    create_graph: bool = False,
) -> None:
    """`output.backward(...)`: adds to the .grad of every leaf."""
    output.backward(cotangent, retain_graph=retain_graph, create_graph=create_graph)  # type: ignore[no-untyped-call]


def _zeros(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    return torch.zeros((*first.shape, *second.shape), dtype=second.dtype, device=second.device)


def _or_zeros(found: torch.Tensor | None, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    return _zeros(first, second) if found is None else found
