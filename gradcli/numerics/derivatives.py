"""grad(u, x) inside an expression: a derivative that can be differentiated again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

import torch

from gradcli.exceptions import ArgumentError


def short(output: torch.Tensor, inputs: object) -> object:
    """d sum(output) / d input for one input or each of several, with a graph of its own.

    Zeros for an input without a path to the output, where torch.autograd.grad raises.
    """
    single = isinstance(inputs, torch.Tensor)
    wanted = [inputs] if single else inputs
    if not isinstance(wanted, list | tuple) or not all(isinstance(tensor, torch.Tensor) for tensor in wanted):
        raise ArgumentError("grad() differentiates by tensors", hint="Write grad(u, x) or grad(u, (x, t)).")
    if not wanted:
        raise ArgumentError("grad() is given nothing to differentiate by", hint="Write grad(u, x) or grad(u, (x, t)).")
    if not output.requires_grad:
        found = [torch.zeros_like(tensor) for tensor in wanted]
    else:
        scalar = output if output.ndim == 0 else output.sum()
        found = list(torch.autograd.grad(scalar, list(wanted), create_graph=True, materialize_grads=True))
    return found[0] if single else tuple(found)


SHORT: Mapping[str, Callable[..., object]] = {"grad": short}
"""Functions of the language that are no call of PyTorch's alone, by name."""


@contextmanager
def graph_of(
    variables: Mapping[str, torch.Tensor], names: Collection[str], frozen: Collection[str]
) -> Iterator[dict[str, torch.Tensor]]:
    """The variables with these names in a graph, whether or not anybody else asks for a gradient now."""
    with torch.enable_grad():
        yield {
            name: _in_a_graph(value) if name in names and name not in frozen else value
            for name, value in variables.items()
        }


def _in_a_graph(value: torch.Tensor) -> torch.Tensor:
    if value.requires_grad or not (value.is_floating_point() or value.is_complex()):
        return value
    return value.view_as(value).requires_grad_()
