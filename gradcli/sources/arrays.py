"""`@data.npy`, mapped into memory and not copied, and `@data.npz:name`, one array of an archive of NumPy's."""

from __future__ import annotations

import math
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections import Counter
from io import BytesIO
from typing import IO

import numpy as np
from numpy.lib import format as npy

from gradcli.exceptions import SourceError
from gradcli.sources.location import Location, chosen, printable, reported
from gradcli.sources.numbers import Numbers, check_kind, keeping_dtype
from gradcli.sources.recognise import damaged, looks_like

_FIRST = b"\x93NUMPY"
_ON_DAMAGE = (
    *(ValueError, EOFError, OverflowError, SyntaxError, TypeError, LookupError, MemoryError, RecursionError),
    *(struct.error, tokenize.TokenError),
)
"""What NumPy raises where bytes are not what it wrote: it reads a header as Python's literals."""


def read_npy(location: Location) -> Numbers:
    """The array of a .npy file; writing to it never reaches the file."""
    if location.name is not None:
        raise SourceError(
            f"{location.shown} holds one array, without a name", hint=f"Write {location.file_word} alone."
        )
    with reported(location):
        if location.regular and looks_like(location)[0] != "a NumPy array":
            raise damaged(location)
        return keeping_dtype(_array(location), location.shown)


def _array(location: Location) -> np.ndarray:
    source = location.shown
    try:
        if not location.regular:
            stream = BytesIO(location.content((_FIRST,)))
            _check_header(stream, len(stream.getbuffer()), location, source)
            stream.seek(0)
            return np.asarray(npy.read_array(stream, allow_pickle=False))
        with location.path.open("rb") as file:
            _check_header(file, location.path.stat().st_size, location, source)
        # copy on write: PyTorch wants memory that it may write to
        with _Quiet():
            return npy.open_memmap(location.path, mode="c")
    except _ON_DAMAGE as error:
        raise damaged(location, str(error).partition("\n")[0]) from None


def _check_header(file: IO[bytes], size: int, location: Location, source: str) -> None:
    """Read what stands before the numbers, in a file of so many bytes.

    Raises SourceError for what are none, ValueError for fewer bytes than there should be, BoundError for too many.
    """
    with _Quiet():
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(file)
    check_kind(dtype, source)
    if math.prod(shape) * dtype.itemsize > size - file.tell():
        raise ValueError(f"its header promises the shape {shape}")
    location.check_shape(shape, source)


def read_npz(location: Location) -> Numbers:
    """The array of a .npz file that the name means; the others are not read."""
    with reported(location):
        return _member(location)


def _member(location: Location) -> Numbers:
    held = location.path if location.regular else BytesIO(location.content((b"PK",)))
    try:
        with zipfile.ZipFile(held) as archive:
            names = [name for name in archive.namelist() if name.endswith(".npy")]
            if not names and archive.namelist():
                raise damaged(location)
            twice = next((name for name, count in Counter(names).items() if count > 1), None)
            if twice is not None:
                raise SourceError(
                    f"{location.shown} holds two arrays '{printable(twice.removesuffix('.npy'))}'",
                    hint="Save them under names of their own.",
                )
            members = {name.removesuffix(".npy"): name for name in names}
            name = chosen(location, members, "array")
            source = f"'{printable(name)}' of {location.shown}"
            with archive.open(members[name]) as file:
                _check_header(file, archive.getinfo(members[name]).file_size, location, source)
            with archive.open(members[name]) as file:
                array = npy.read_array(file, allow_pickle=False)
    except (*_ON_DAMAGE, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise damaged(location, str(error).partition("\n")[0]) from None
    return keeping_dtype(array, source)


class _Quiet(warnings.catch_warnings):
    """Without what NumPy says about headers of Python 2."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.simplefilter("ignore")
