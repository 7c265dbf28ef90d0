"""`.pt`: every tensor of the answer by name, for `torch.load(..., weights_only=True)`."""

from __future__ import annotations

import warnings
from typing import BinaryIO

import numpy as np

from gradcli.render.view import Answer, View
from gradcli.results import Tensor
from gradcli.sinks.tensors import tensors_of


def write(answer: Answer, view: View, stream: BinaryIO) -> None:
    """A dictionary of tensors on the CPU. Raises OutputError where there is no tensor."""
    found = tensors_of(answer, ".pt")
    import torch  # only those who ask for its own format

    def restored(tensor: Tensor) -> torch.Tensor:
        """In memory of its own where elements share some: nobody wants a gradient that cannot be changed in place."""
        values = torch.from_numpy(np.ascontiguousarray(tensor.values).reshape(tensor.shape))
        dtype: torch.dtype = getattr(torch, tensor.dtype)
        return values.to(dtype)

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*not writable.*")  # nobody writes to them here
        torch.save({name: restored(tensor) for name, tensor in found.items()}, stream)
