"""`@data.npy`: mapped into memory, not copied. The header is read first, here and in an archive."""

from __future__ import annotations

import math
import struct
import tokenize
import warnings
from io import BytesIO
from typing import IO

import numpy as np
from numpy.lib import format as npy

from gradcli.errors import SourceError
from gradcli.sources.location import Location, reported
from gradcli.sources.numbers import Numbers, check_kind, keeping_dtype
from gradcli.sources.recognise import damaged, looks_like

FIRST = b"\x93NUMPY"
ON_DAMAGE = (
    *(ValueError, EOFError, OverflowError, SyntaxError, TypeError, LookupError, MemoryError, RecursionError),
    *(struct.error, tokenize.TokenError),
)
"""What NumPy raises where bytes are not what it wrote: it reads a header as Python's literals."""


def read(location: Location) -> Numbers:
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
            stream = BytesIO(location.content((FIRST,)))
            check_header(stream, len(stream.getbuffer()), location, source)
            stream.seek(0)
            return np.asarray(npy.read_array(stream, allow_pickle=False))
        with location.path.open("rb") as file:
            check_header(file, location.path.stat().st_size, location, source)
        # copy on write: PyTorch wants memory that it may write to
        with quiet():
            return npy.open_memmap(location.path, mode="c")
    except ON_DAMAGE as error:
        raise damaged(location, str(error).partition("\n")[0]) from None


def check_header(file: IO[bytes], size: int, location: Location, source: str) -> None:
    """Read what stands before the numbers, in a file of so many bytes.

    Raises SourceError for what are none, ValueError for fewer bytes than there should be, BoundError for too many.
    """
    with quiet():
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(file)
    check_kind(dtype, source)
    if math.prod(shape) * dtype.itemsize > size - file.tell():
        raise ValueError(f"its header promises the shape {shape}")
    location.check_shape(shape, source)


class quiet(warnings.catch_warnings):  # noqa: N801 - a context manager, as catch_warnings is
    """Without what NumPy says about headers of Python 2."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.simplefilter("ignore")
