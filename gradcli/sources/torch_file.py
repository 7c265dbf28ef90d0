"""Where the numbers lie in a file of torch.save, a zip archive or the row of pickles of older days.

Of a file with many tensors only the one that is wanted is touched.  Source: torch/serialization.py, `_save` and
`_legacy_save`.
"""

from __future__ import annotations

import struct
import zipfile
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np

from gradcli.exceptions import SourceError
from gradcli.sources.location import Location, printable
from gradcli.sources.recognise import damaged
from gradcli.sources.torch_pickle import DTYPES, ON_DAMAGE, Restricted, Stored, UnknownClassError, itemsize

LONGEST_PICKLE = 2**25
"""Bytes of a pickle: a tensor takes 250 of them."""
MAGIC = 0x1950A86A20F9469CFC6C
"""The first number of files that are older than the zip archives of today."""


@dataclass(frozen=True)
class TorchFile:
    """What was saved, with stand-ins for tensors, and where each storage begins and how many bytes it has."""

    content: Any
    places: dict[str, tuple[int, int]]
    data: np.ndarray

    def view(self, tensor: Stored) -> np.ndarray | None:
        """The tensor in the memory of the file; None where it reaches beyond what was saved."""
        place, size = self.places.get(tensor.storage.key), itemsize(tensor.dtype)
        if place is None or tensor.storage.size > place[1] or place[0] + place[1] > self.data.size:
            return None
        if 0 in tensor.shape:
            return np.empty(tensor.shape, DTYPES[tensor.dtype])
        last = tensor.offset + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.strides, strict=True))
        if (last + 1) * size > tensor.storage.size:
            return None
        return np.ndarray(
            tensor.shape,
            np.dtype(DTYPES[tensor.dtype]),
            buffer=self.data,
            offset=place[0] + tensor.offset * size,
            strides=[step * size if n > 1 else size for n, step in zip(tensor.shape, tensor.strides, strict=True)],
        )


def opened(location: Location, data: np.ndarray) -> TorchFile:
    """The file, its pickle read.  Raises SourceError."""
    try:
        return _zipped(location, data) if data[:4].tobytes() == b"PK\x03\x04" else _older(location, data)
    except UnknownClassError as unknown:
        raise SourceError(
            f"{location.shown} holds Python objects ({printable(str(unknown))[:80]}), "
            "which only unpickling could make, and that can run any program",
            hint="Save the tensors alone: torch.save(model.state_dict(), 'model.pt').",
        ) from None
    except ON_DAMAGE:
        raise damaged(location) from None


def _zipped(location: Location, data: np.ndarray) -> TorchFile:
    with zipfile.ZipFile(location.path if location.regular else BytesIO(data.tobytes())) as archive:
        members = archive.infolist()
    names = [member.filename for member in members]
    pickles = [name for name in names if name.endswith("/data.pkl")]
    if len(pickles) != 1 or len(set(names)) < len(names):
        raise damaged(location, "its parts are not named as PyTorch names them")
    root = pickles[0].removesuffix("data.pkl")
    places = {}
    for member in members:
        name = member.filename.removeprefix(root)
        if name.startswith(("data/", "data.pkl", "byteorder")):
            if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
                raise damaged(location, "its parts are packed, which PyTorch never does")
            places[name.removeprefix("data/")] = _begin(data, member.header_offset), member.file_size
    if "byteorder" in places and _part(data, places["byteorder"]) != b"little":
        raise SourceError(f"{location.shown} was written by a big-endian machine", hint="Save it again on this one.")
    size = places["data.pkl"][1]
    if size > LONGEST_PICKLE:
        raise SourceError(
            f"{location.shown} describes its tensors in {size:,} bytes; at most {LONGEST_PICKLE:,} are read",
            hint="Save fewer tensors in one file.",
        )
    content = Restricted(BytesIO(_part(data, places["data.pkl"]))).load()
    return TorchFile(content, places, data)


def _begin(data: np.ndarray, header: int) -> int:
    """Where the bytes of a member begin, behind its own header."""
    name, extra = struct.unpack("<26xHH", data[header : header + 30].tobytes())
    return int(header + 30 + name + extra)


def _part(data: np.ndarray, place: tuple[int, int]) -> bytes:
    if place[0] + place[1] > data.size:
        raise EOFError
    return data[place[0] : place[0] + place[1]].tobytes()


def _older(location: Location, data: np.ndarray) -> TorchFile:
    """Four pickles, the names of the storages, and each storage behind its length."""
    stream = BytesIO(data[:LONGEST_PICKLE].tobytes())
    first = None
    try:
        first = Restricted(stream).load()
        is_pickle = stream.tell() == data.size
    except UnknownClassError:
        is_pickle = True
    if is_pickle:
        raise SourceError(
            f"{location.shown} is a pickle of Python's, not a file of torch.save",
            hint="A pickle can run any program, so none is read. "
            "Save the tensors alone: torch.save(tensors, 'model.pt').",
        )
    if first != MAGIC:
        raise damaged(location)
    _version, system = Restricted(stream).load(), Restricted(stream).load()
    reader = Restricted(stream)
    content, keys = reader.load(), Restricted(stream).load()
    if not system["little_endian"]:
        raise SourceError(f"{location.shown} was written by a big-endian machine", hint="Save it again on this one.")
    sizes = {storage.key: itemsize(storage.dtype) for storage in reader.storages}
    places, begin = {}, stream.tell()
    for key in keys:
        (count,) = struct.unpack("<q", data[begin : begin + 8].tobytes())
        places[str(key)] = begin + 8, count * sizes[str(key)]
        begin += 8 + max(0, count) * sizes[str(key)]
    return TorchFile(content, places, data)
