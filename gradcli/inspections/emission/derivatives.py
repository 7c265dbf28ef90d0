"""grad(u, x) inside an expression, as PyTorch has it."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from gradcli.language.printer import ATOM, Piece


def derivative(operands: Sequence[object], parts: Sequence[Piece]) -> Piece:
    """The call of torch.autograd.grad; zeros where nothing leads from the inputs to the output, which it refuses."""
    output, inputs = operands
    single = isinstance(inputs, torch.Tensor)
    if isinstance(output, torch.Tensor) and not output.requires_grad:
        if single:
            return Piece(f"torch.zeros_like({parts[1].text})")
        names = parts[1].text.strip("[](), ").split(", ")  # the parser lets nothing but names through
        return Piece(f"({', '.join(f'torch.zeros_like({name})' for name in names)},)")
    scalar = parts[0].text if isinstance(output, torch.Tensor) and output.ndim == 0 else f"{parts[0].at(ATOM)}.sum()"
    call = f"torch.autograd.grad({scalar}, {parts[1].text}, create_graph=True, materialize_grads=True)"
    return Piece(f"{call}[0]" if single else call)
