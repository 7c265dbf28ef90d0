"""Numbers as text: the shortest decimal that reads back to the same value in the number's own dtype."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import zip_longest

import numpy as np
import orjson

from gradcli.progress import steps

_NATIVE = (np.dtype(np.float32), np.dtype(np.float64))

PIECE = 1 << 17
"""Numbers that are turned into text at once: their text is about a megabyte."""

_READ_THROUGH_FLOAT64 = {0x15AE43FD: "7.0385307e-26"}
"""The float32 values, by their bits, whose shortest decimal reads back wrong by way of float64, as JSON readers go.

All 2^31 positive values were tried; 7.038531e-26 is the only one.
"""


def json_array(values: np.ndarray, dtype: str | None = None) -> bytes:
    """Nested JSON lists; non-finite numbers are strings, a complex number is the pair [real, imaginary]."""
    if values.dtype.kind == "c":
        return json_array(_as_pairs(values))
    if values.dtype.kind == "O":
        return b"[" + b",".join(json_array(np.asarray(value)) for value in values) + b"]"
    plain = _plain(values, dtype)
    if plain.ndim == 0:
        return json_array(plain.reshape(1))[1:-1]
    if plain.dtype.kind != "f":
        return _dumps(plain)
    special = ~np.isfinite(plain)
    if plain.dtype == np.float32:
        magnitude = plain.view(np.uint32) & 0x7FFFFFFF
        for bits in _READ_THROUGH_FLOAT64:
            special |= magnitude == bits
    if not special.any():
        return _dumps(plain)
    gaps = _dumps(np.where(special, np.nan, plain)).split(b"null")
    filled = zip_longest(gaps, (_special(value) for value in plain[special]), fillvalue=b"")
    return b"".join(piece for pair in filled for piece in pair)


def json_pieces(values: np.ndarray, dtype: str | None = None) -> Iterator[bytes]:
    """The text of `json_array` in parts, each of about as many numbers as PIECE says."""
    if values.size <= PIECE or values.ndim == 0:
        yield json_array(values, dtype)
        return
    rows = max(1, PIECE * len(values) // values.size)
    for start in steps(range(0, len(values), rows), "parts written"):
        yield b"," if start else b"["
        if rows == 1:
            yield from json_pieces(values[start], dtype)
        else:
            yield json_array(values[start : start + rows], dtype)[1:-1]
    yield b"]"


def exact_texts(values: np.ndarray, dtype: str | None = None) -> list[str]:
    """One exact text per element; `NaN`, `Infinity` and `-Infinity` as in JSON, but without quotes."""
    if values.size == 0:
        return []
    if values.dtype.kind == "O":
        return [exact_texts(np.asarray(value))[0] for value in values]
    if values.dtype.kind == "c":
        parts = exact_texts(_as_pairs(values))
        return [_complex_text(real, imag) for real, imag in zip(parts[::2], parts[1::2], strict=True)]
    return json_array(values.reshape(-1), dtype)[1:-1].replace(b'"', b"").decode().split(",")


def rounded_texts(values: np.ndarray, dtype: str | None, digits: int | None, *, signed: bool = False) -> list[str]:
    """One text per element for people: at most `digits` significant ones, never more than the dtype holds; no `-0`."""
    if values.dtype.kind == "O":
        return [rounded_texts(np.asarray(value), None, digits, signed=signed)[0] for value in values]
    if values.dtype.kind == "c":
        parts = rounded_texts(_as_pairs(values), None, digits)
        return [_complex_text(real, imag) for real, imag in zip(parts[::2], parts[1::2], strict=True)]
    if values.dtype.kind == "f":
        values = values + 0.0  # which makes 0 of -0
    if values.dtype.kind != "f" or digits is None:
        return exact_texts(values, dtype)
    form = f"{'+' if signed else ''}.{digits}g"
    return [format(value, form) for value in shortest(values, dtype).reshape(-1).tolist()]


def shortest(values: np.ndarray, dtype: str | None = None) -> np.ndarray:
    """float64 values of the same shape whose shortest decimals are those of `values` in their own dtype."""
    plain = _plain(values, dtype)
    if plain.dtype != np.float32 or plain.size == 0:
        return plain
    finite = np.isfinite(plain)
    with np.errstate(invalid="ignore"):  # signalling NaNs
        decimals = plain.astype(np.float64)
    decimals[finite] = orjson.loads(json_array(plain[finite]))
    return decimals


def shortest_float(value: float, dtype: str | None) -> float:
    """A Python float that may stem from a tensor: the shortest decimal that reads back to it in `dtype`.

    Left as it is when it is no value of that dtype, so that nothing is lost.
    """
    narrow = {"float16": np.float16, "float32": np.float32, "bfloat16": np.float32}.get(dtype or "")
    if narrow is None or not np.isfinite(value):
        return value
    with np.errstate(over="ignore"):
        held = np.asarray(value).astype(narrow)
    return float(shortest(held, dtype)) if float(held) == value else value


def json_float(value: float, dtype: str | None) -> float | str:
    """A Python float for JSON: non-finite ones are strings."""
    return shortest_float(value, dtype) if np.isfinite(value) else _special(value).decode().strip('"')


def as_one_column(parts: Sequence[tuple[np.ndarray, str | None]]) -> tuple[np.ndarray, str | None]:
    """Flat values of several tensors under one dtype; with different dtypes, Python numbers with their own decimals."""
    kinds = {(values.dtype, dtype) for values, dtype in parts}
    if len(kinds) == 1:
        return np.concatenate([values.reshape(-1) for values, _ in parts]), parts[0][1]
    mixed: list[object] = []
    for values, dtype in parts:
        mixed += (shortest(values, dtype) if values.dtype.kind == "f" else values).reshape(-1).tolist()
    column = np.empty(len(mixed), dtype=object)
    column[:] = mixed
    return column, None


def _plain(values: np.ndarray, dtype: str | None) -> np.ndarray:
    """Values that orjson writes as they should be read: C order, native bytes, 16-bit floats by their decimals."""
    native = np.asarray(values, dtype=values.dtype.newbyteorder("="), order="C")
    if native.dtype.kind != "f":
        return native
    if native.dtype == np.float16:
        return _sixteen_bit("float16").decimals(native.view(np.uint16))
    if dtype == "bfloat16" and native.dtype == np.float32:
        bits = native.view(np.uint32)
        if not (bits & 0xFFFF).any():
            return _sixteen_bit("bfloat16").decimals((bits >> 16).astype(np.uint16))
    return native if native.dtype in _NATIVE else native.astype(np.float64)


class _SixteenBit:
    """The shortest decimals of a 16-bit float, worked out for the bit patterns that occur and then kept."""

    def __init__(self, dtype: str) -> None:
        bits = np.arange(1 << 16, dtype=np.uint32)
        held = bits.astype(np.uint16).view(np.float16) if dtype == "float16" else (bits << 16).view(np.float32)
        with np.errstate(invalid="ignore"):  # signalling NaNs
            self._values = held.astype(np.float64)
        self._dtype = dtype
        self._known = ~np.isfinite(self._values)

    def decimals(self, bits: np.ndarray) -> np.ndarray:
        wanted = np.zeros(1 << 16, dtype=bool)
        wanted[bits] = True
        missing = np.flatnonzero(wanted & ~self._known)
        self._work_out(missing)
        self._known[missing] = True
        return np.asarray(self._values[bits])

    def _work_out(self, missing: np.ndarray) -> None:
        for digits in range(9):
            if missing.size == 0:
                return
            exact = self._values[missing]
            decimals = np.array([float(f"{value:.{digits}e}") for value in exact.tolist()])
            found = self._rounds_to(decimals, exact)
            self._values[missing[found]] = decimals[found]
            missing = missing[~found]

    def _rounds_to(self, decimals: np.ndarray, exact: np.ndarray) -> np.ndarray:
        """Whether each decimal rounds to the exact value, directly and by way of float32 alike."""
        with np.errstate(over="ignore"):
            through = decimals.astype(np.float32)
        if self._dtype == "float16":
            with np.errstate(over="ignore"):
                same = (decimals.astype(np.float16) == exact) & (through.astype(np.float16) == exact)
            return np.asarray(same)
        bits = through.view(np.uint32)
        tie = ((bits & 0xFFFF) == 0x8000) & (through != decimals)  # float32 rounded onto it: the two ways may part
        nearest = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
        return np.asarray(~tie & (nearest.view(np.float32) == exact))


@cache
def _sixteen_bit(dtype: str) -> _SixteenBit:
    return _SixteenBit(dtype)


def _as_pairs(values: np.ndarray) -> np.ndarray:
    return np.stack([values.real, values.imag], axis=-1)


def _complex_text(real: str, imag: str) -> str:
    return f"{real}{'' if imag.startswith('-') else '+'}{imag}j"


def _special(value: float) -> bytes:
    if np.isnan(value):
        return b'"NaN"'
    if np.isinf(value):
        return b'"Infinity"' if value > 0 else b'"-Infinity"'
    bits = int(np.float32(value).view(np.uint32))
    sign = b"-" if bits >> 31 else b""
    return sign + _READ_THROUGH_FLOAT64[bits & 0x7FFFFFFF].encode()


def _dumps(values: np.ndarray) -> bytes:
    return orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)
