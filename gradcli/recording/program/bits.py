"""Whether a tensor that was computed again has the bits of the program's own."""

from __future__ import annotations

import torch

from gradcli.numerics.precision import as_integers
from gradcli.recording.program.entries import AnyTensor
from gradcli.recording.tape import parts


def same_bits(one: AnyTensor, other: torch.Tensor) -> bool:
    """Whether two tensors have the same bits."""
    assert isinstance(one, torch.Tensor)
    if one.layout is not torch.strided:
        return True  # its elements are not compared
    return one.dtype == other.dtype and torch.equal(_bits(one), _bits(other))


def _bits(tensor: torch.Tensor) -> torch.Tensor:
    """The elements as integers of their size: NaN is equal to itself, and -0 is not 0."""
    return as_integers(parts(tensor.detach()))
