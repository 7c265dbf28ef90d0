"""The pickle inside a file of torch.save, read without making anything: tensors stay descriptions.

Python's own reader is given stand-ins for every class and function that the pickle asks for, so that no code of the
file's choice can run, and nothing is allocated before its size has been looked at.
"""

from __future__ import annotations

import pickle
import struct
import zipfile
from collections import OrderedDict
from io import BytesIO
from typing import Any, ClassVar, NamedTuple

import numpy as np

DTYPES: dict[str, Any] = {
    "float64": "<f8",
    "float32": "<f4",
    "float16": "<f2",
    "bfloat16": "<u2",
    "complex128": "<c16",
    "complex64": "<c8",
    "complex32": [("real", "<f2"), ("imag", "<f2")],
    "int64": "<i8",
    "int32": "<i4",
    "int16": "<i2",
    "int8": "i1",
    "uint64": "<u8",
    "uint32": "<u4",
    "uint16": "<u2",
    "uint8": "u1",
    "bool": "u1",
}
_STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "ComplexDoubleStorage": "complex128",
    "ComplexFloatStorage": "complex64",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "UntypedStorage": "uint8",
    "QInt8Storage": "int8",
    "QUInt8Storage": "uint8",
    "QInt32Storage": "int32",
}
_HARMLESS = ("torch", "torch._utils", "torch._tensor", "torch.storage", "torch.serialization", "torch.nn.parameter")
_PLAIN = frozenset(
    {"set", "frozenset", "bytearray", "complex", "int", "float", "str", "bool", "Counter", "defaultdict"}
)
"""What else torch.load would make: parts of a file that are no tensors."""
ON_DAMAGE = (
    *(RuntimeError, EOFError, ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError),
    *(MemoryError, pickle.UnpicklingError, struct.error, zipfile.BadZipFile, NotImplementedError, RecursionError),
)
"""What Python's readers raise where bytes are not what PyTorch wrote."""


def itemsize(dtype: str) -> int:
    """Bytes of one number."""
    return int(np.dtype(DTYPES[dtype]).itemsize)


class Storage(NamedTuple):
    """Numbers in a row, as the pickle describes them."""

    key: str
    dtype: str
    length: int

    @property
    def size(self) -> int:
        """In bytes."""
        return self.length * itemsize(self.dtype)


class Stored(NamedTuple):
    """A dense tensor: places in a storage."""

    storage: Storage
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    is_conjugate: bool = False
    is_negative: bool = False


class Sparse(NamedTuple):
    """A sparse tensor: the name of its layout, and its parts."""

    layout: str
    parts: tuple[Any, ...]


class Inert:
    """In the place of what is no tensor: takes whatever the pickle does to it, and does nothing."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def __setitem__(self, _: object, __: object) -> None: ...

    def append(self, _: object) -> None:
        """As a list of the file's would."""

    add = update = extend = append


class Other(Inert):
    """A tensor whose numbers cannot be had plainly: quantized, nested, without data."""


class _Dtype(NamedTuple):
    """In the place of a dtype, and of the class of a storage."""

    name: str


class UnknownClassError(Exception):
    """The pickle asks for a class or function that is none of PyTorch's."""


class Restricted(pickle._Unpickler):
    """Python's reader of pickles, written in Python: the one in C takes memory for whatever number it is told."""

    def __init__(self, stream: BytesIO) -> None:
        super().__init__(stream)
        self.storages: list[Storage] = []
        self.stack: list[Any]

    def _build(self) -> None:
        """Nothing gets a state: attributes say nothing about tensors, and could be those of a class of ours."""
        self.stack.pop()

    dispatch: ClassVar[dict[int, Any]] = {**pickle._Unpickler.dispatch, pickle.BUILD[0]: _build}

    def find_class(self, module: str, name: str) -> object:
        if (module, name) in _STAND_INS:
            return _STAND_INS[module, name]
        if module in ("torch", "torch.storage") and name in _STORAGES:
            return _Dtype(_STORAGES[name])
        if module == "torch" and name.isidentifier() and name.islower():
            return _Dtype(name) if name != "device" else Inert
        if module == "torch._utils" and name.startswith("_rebuild_"):
            return _REBUILT.get(name, Other)
        if module in _HARMLESS or (module in ("builtins", "__builtin__", "collections") and name in _PLAIN):
            return Inert
        raise UnknownClassError(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> Storage:
        kind, dtype, key, _location, count, *_view = pid
        if kind != "storage" or not _is_size(count) or (_view and _view[0] is not None):
            raise ValueError
        self.storages.append(Storage(str(key), dtype.name, count))
        return self.storages[-1]


def _dense(storage: Storage, offset: int, size: Any, stride: Any, *rest: Any) -> Stored:
    """`torch._utils._rebuild_tensor_v2(storage, storage_offset, size, stride, requires_grad, hooks, metadata)`."""
    return _described(storage, storage.dtype, offset, size, stride, rest[2] if len(rest) > 2 else None)


def _dense_of_dtype(
    storage: Storage, offset: int, size: Any, stride: Any, _grad: Any, _hooks: Any, *rest: Any
) -> Stored:
    """`_rebuild_tensor_v3`: a tensor whose dtype is named beside its storage, which is one of bytes."""
    return _described(storage, rest[0].name, offset, size, stride, rest[1] if len(rest) > 1 else None)


def _described(storage: Storage, dtype: str, offset: int, size: Any, stride: Any, metadata: Any) -> Stored:
    if not isinstance(storage, Storage) or not all(map(_is_size, (offset, *size, *stride))) or len(size) != len(stride):
        raise ValueError
    marks = metadata if isinstance(metadata, dict) else {}
    return Stored(storage, dtype, offset, tuple(size), tuple(stride), bool(marks.get("conj")), bool(marks.get("neg")))


def _is_size(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**62


def _parameter(data: object, *_: object) -> object:
    return data


def _rebuilt_from_type(function: Any, _type: object, arguments: Any, _state: object) -> object:
    return function(*arguments)


def _sparse(layout: Any, parts: Any) -> Sparse:
    if not isinstance(layout, str) or not isinstance(parts, tuple):
        raise ValueError
    return Sparse(layout, parts)


def _same(value: object) -> object:
    return value


_STAND_INS = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch", "Size"): _same,
    ("torch.serialization", "_get_layout"): _same,
    ("torch._tensor", "_rebuild_from_type_v2"): _rebuilt_from_type,
}
_REBUILT = {
    "_rebuild_sparse_tensor": _sparse,
    "_rebuild_tensor": _dense,
    "_rebuild_tensor_v2": _dense,
    "_rebuild_tensor_v3": _dense_of_dtype,
    "_rebuild_parameter": _parameter,
    "_rebuild_parameter_with_state": _parameter,
}
