"""`@model.safetensors:name`: mapped into memory, not copied.

The format is a length of 8 bytes, a header in JSON, and the bytes of the tensors: NumPy alone can map it, in every
dtype, bfloat16 included.  Source: https://huggingface.co/docs/safetensors, section "Format".
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import orjson

from gradcli.exceptions import SourceError
from gradcli.sources.document import check_names
from gradcli.sources.location import Location, chosen, printable, reported
from gradcli.sources.numbers import Numbers, from_bfloat16, keeping_dtype
from gradcli.sources.recognise import damaged

LONGEST_HEADER = 100_000_000
DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "C64": "<c8",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "u1",
    "BOOL": "?",
}


def read(location: Location) -> Numbers:
    """The tensor that the name means; the others are not read."""
    with reported(location):
        if not location.regular:
            raise SourceError(f"{location.shown} is a pipe", hint="Give a .safetensors file on a disk.")
        data = np.memmap(location.path, dtype=np.uint8, mode="c")
    header, begin = _header(location, data)
    name = chosen(location, [key for key in header if key != "__metadata__"], "tensor")
    kind, shape, start, stop = _entry(location, name, header[name])
    _check_apart(location, header)
    if kind not in DTYPES:
        raise SourceError(
            f"'{name}' of {location.shown} holds {kind}, which gradcli does not read",
            hint="Save it as BF16, F16, F32 or F64.",
        )
    dtype = np.dtype(DTYPES[kind])
    if not start <= stop <= data.size - begin or stop - start != math.prod(shape) * dtype.itemsize:
        raise damaged(
            location,
            f"'{printable(name)}' has the shape {shape} and {max(0, min(stop, data.size - begin) - start)} bytes",
        )
    location.check_shape(shape, f"'{printable(name)}' of {location.shown}")
    array = data[begin + start : begin + stop].view(dtype).reshape(shape)
    aligned = array if array.flags.aligned else array.copy()
    return from_bfloat16(aligned) if kind == "BF16" else keeping_dtype(aligned, f"'{name}' of {location.shown}")


def _header(location: Location, data: np.ndarray) -> tuple[dict[str, Any], int]:
    """The entries by name, and where the bytes of the tensors begin."""
    length = int.from_bytes(data[:8].tobytes(), "little")
    if data.size < 8 or length > min(LONGEST_HEADER, data.size - 8):
        raise damaged(location, "its header is not whole")
    try:
        header = orjson.loads(data[8 : 8 + length].tobytes())
    except orjson.JSONDecodeError as error:
        raise damaged(location, f"its header is no JSON: {error}") from None
    if not isinstance(header, dict):
        raise damaged(location, "its header is no JSON object")
    check_names(data[8 : 8 + length].tobytes().decode(), f"the header of {location.shown}")
    return header, 8 + length


def _entry(location: Location, name: str, entry: Any) -> tuple[str, list[int], int, int]:
    match entry:
        case {"dtype": str(kind), "shape": [*shape], "data_offsets": [start, stop]} if all(
            type(size) is int and size >= 0
            for size in (start, stop, *shape)  # true is an int to Python
        ):
            return kind, shape, start, stop
    raise damaged(location, f"the header's entry of '{printable(name)}' is not whole")


def _check_apart(location: Location, header: dict[str, Any]) -> None:
    """Raises SourceError where two tensors share bytes."""
    names = [name for name in header if name != "__metadata__"]
    entries = sorted((_entry(location, name, header[name])[2:], name) for name in names)
    end, last = 0, ""
    for (start, stop), name in entries:
        if start < end and start < stop:
            raise damaged(location, f"'{printable(last)}' and '{printable(name)}' share bytes")
        if stop > end:
            end, last = stop, name
