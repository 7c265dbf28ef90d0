"""`.safetensors`: every tensor of the answer by name.

Written by hand: the size of a JSON header in eight bytes, the header, then the numbers, little-endian. Source: the
description of the format that the safetensors library gives. No copy of the numbers is made that is not needed.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np
import orjson

from gradcli.exceptions import OutputError
from gradcli.render.text import encodable
from gradcli.render.view import Answer, View
from gradcli.results import Tensor
from gradcli.sinks.tensors import tensors_of
from gradcli.version import __version__

_NAMES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "complex64": "C64",
    "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL",
    "uint16": "U16", "uint32": "U32", "uint64": "U64",
}  # fmt: skip
_PIECE = 1 << 22


def write(answer: Answer, view: View, stream: BinaryIO) -> None:
    """The header, then tensor by tensor, those with the widest elements first so that each is aligned.

    Raises OutputError where there is no tensor, or one of a dtype that the format does not have.
    """
    found = tensors_of(answer, ".safetensors")
    for name, tensor in found.items():
        if tensor.dtype not in _NAMES:
            raise OutputError(
                f"a .safetensors file cannot hold {name}, which is {tensor.dtype}", hint="A .npz or .pt file can."
            )
    ordered = sorted(found.items(), key=lambda item: (-_width(item[1]), item[0]))
    header: dict[str, object] = {"__metadata__": _metadata(answer)}
    end = 0
    for name, tensor in ordered:
        start, end = end, end + _width(tensor) * tensor.values.size
        header[name] = {"dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = orjson.dumps(header)
    text += b" " * (-len(text) % 8)
    stream.write(struct.pack("<Q", len(text)) + text)
    for _, tensor in ordered:
        _write_elements(tensor, stream)


def _metadata(answer: Answer) -> dict[str, str]:
    """Texts about the file: where it comes from."""
    told = {
        "gradcli": __version__,
        "kind": getattr(answer, "kind", ""),
        "expression": getattr(answer, "expression", ""),
    }
    return {key: encodable(str(text)) for key, text in told.items() if text}


def _width(tensor: Tensor) -> int:
    """Bytes of an element."""
    return 2 if tensor.dtype == "bfloat16" else tensor.values.dtype.itemsize


def _write_elements(tensor: Tensor, stream: BinaryIO) -> None:
    flat = np.ascontiguousarray(tensor.values).reshape(-1)
    for start in range(0, flat.size, _PIECE):
        piece = flat[start : start + _PIECE]
        if tensor.dtype == "bfloat16":  # held as float32, whose upper half it is
            piece = (piece.view(np.uint32) >> 16).astype(np.uint16)
        stream.write(np.ascontiguousarray(piece, dtype=piece.dtype.newbyteorder("<")).data.cast("B"))
