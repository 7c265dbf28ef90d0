"""`@data.npy`: mapped into memory, not copied."""

from __future__ import annotations

import struct
import tokenize
import warnings
from io import BytesIO

import numpy as np

from gradcli.errors import SourceError
from gradcli.sources.location import Location, reported
from gradcli.sources.numbers import Numbers, keeping_dtype
from gradcli.sources.recognise import damaged, looks_like

OBJECTS = "Python objects, which only unpickling could make, and that can run any program"
ON_DAMAGE = (
    *(ValueError, EOFError, OverflowError, SyntaxError, TypeError, LookupError, MemoryError),
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
        if location.regular and looks_like(location)[1] != ".npy":
            raise damaged(location)
        return keeping_dtype(_array(location), location.shown)


def _array(location: Location) -> np.ndarray:
    try:
        if not location.regular:
            return np.asarray(np.load(BytesIO(location.path.read_bytes()), allow_pickle=False))
        # copy on write: PyTorch wants memory that it may write to
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about headers of Python 2
            array: np.ndarray = np.load(location.path, mmap_mode="c", allow_pickle=False)
        return array
    except ON_DAMAGE as error:
        if "object" in str(error).lower():
            raise SourceError(f"{location.shown} holds {OBJECTS}", hint="Save numbers alone.") from None
        raise damaged(location, str(error).partition("\n")[0]) from None
