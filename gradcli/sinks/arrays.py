"""Files of tensors in the formats of NumPy and PyTorch, with their dtypes and shapes."""

from __future__ import annotations

import warnings
from typing import BinaryIO, cast
from zipfile import ZipFile

import numpy as np

from gradcli.render.view import Answer, View
from gradcli.results import Tensor
from gradcli.sinks.tensors import in_numpy, tensors_of, the_gradient


def write_npy(answer: Answer, view: View, stream: BinaryIO) -> str | None:
    """The one gradient. Raises OutputError where there is no gradient, or more than one."""
    values, remark = in_numpy(the_gradient(answer))
    _write_array(values, stream)
    return remark


def write_npz(answer: Answer, view: View, stream: BinaryIO) -> str | None:
    """Every tensor by name, in an archive without compression. Raises OutputError where there is no tensor."""
    remark = None
    found = tensors_of(answer, ".npz")
    with ZipFile(stream, "w", allowZip64=True) as archive:
        for name, tensor in found.items():
            values, changed = in_numpy(tensor)
            remark = changed or remark
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                _write_array(values, cast("BinaryIO", member))
    return remark


def write_pt(answer: Answer, view: View, stream: BinaryIO) -> None:
    """Every tensor by name, for `torch.load(..., weights_only=True)`. Raises OutputError where there is no tensor."""
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


def _write_array(values: np.ndarray, stream: BinaryIO) -> None:
    """The header, then the elements from where they are: numpy itself would copy them for what is no plain file."""
    inner = values if values.flags.c_contiguous else np.ascontiguousarray(values).reshape(values.shape)
    np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(inner))
    stream.write(inner.reshape(-1).view(np.uint8).data)
