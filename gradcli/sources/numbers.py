"""Numbers as they travel from a source to a tensor: an array, and the dtype that it keeps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradcli.exceptions import SourceError

_KEPT = frozenset({"float16", "float32", "float64", "complex64", "complex128"})
_KINDS = {
    "S": "texts",
    "U": "texts",
    "T": "texts",
    "V": "records",
    "M": "dates",
    "m": "times",
}
OBJECTS = "Python objects, which only unpickling could make, and that can run any program"


@dataclass(frozen=True, eq=False)
class Numbers:
    """The numbers of a source.

    dtype: the PyTorch dtype that they keep, None where they take that of the command (integers, text).
    bfloat16, which numpy lacks, is held as the float32 array of the same values.
    """

    values: np.ndarray
    dtype: str | None = None


def keeping_dtype(array: np.ndarray, source: str) -> Numbers:
    """An array whose dtype is its own, in this machine's byte order; nothing is copied that need not be.

    Raises SourceError for texts, dates, objects and floats that PyTorch does not have.
    """
    check_kind(array.dtype, source)
    native = array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    values = np.asarray(native if native.flags.writeable else native.copy())  # PyTorch warns of what it cannot write to
    if values.dtype.kind == "b":
        return Numbers(
            values.view(np.uint8) != 0
        )  # a byte may hold more than 0 and 1, which no two functions read alike
    return Numbers(values, None if values.dtype.kind in "iu" else values.dtype.name)


def check_kind(dtype: np.dtype, source: str) -> None:
    """Raises SourceError for texts, dates, objects and floats that PyTorch does not have."""
    if dtype.hasobject:
        raise SourceError(f"{source} holds {OBJECTS}", hint="Save numbers alone.")
    if dtype.kind in "biu" or dtype.name in _KEPT:
        return
    if dtype.kind in "fc":
        raise SourceError(
            f"{source} holds {dtype.name}, which PyTorch does not have",
            hint="Save it as float64: array.astype('float64').",
        )
    held = _KINDS.get(dtype.kind, dtype.name)
    raise SourceError(f"{source} holds {held}, not numbers", hint="Save the numbers alone.")


def from_bfloat16(bits: np.ndarray) -> Numbers:
    """The values of bfloat16 numbers, given by their 16 bits."""
    return Numbers((bits.astype(np.uint32) << 16).view(np.float32), "bfloat16")
