"""`.npy`: the one gradient, with its dtype and shape."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from gradcli.render.view import Answer, View
from gradcli.sinks.tensors import in_numpy, the_gradient


def write(answer: Answer, view: View, stream: BinaryIO) -> str | None:
    """numpy's format. Raises OutputError where there is no gradient, or more than one."""
    _, gradient = the_gradient(answer, ".npy")
    values, remark = in_numpy(gradient)
    write_array(values, stream)
    return remark


def write_array(values: np.ndarray, stream: BinaryIO) -> None:
    """The header, then the elements from where they are: numpy itself would copy them for what is no plain file."""
    inner = values if values.flags.c_contiguous else np.ascontiguousarray(values).reshape(values.shape)
    np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(inner))
    stream.write(inner.reshape(-1).view(np.uint8).data)
