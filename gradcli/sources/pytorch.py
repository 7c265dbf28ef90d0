"""`@model.pt:name`: a tensor, or one of a state_dict; mapped into memory, nothing is unpickled that could run.

PyTorch is asked to make sparse tensors dense, the one case in which it is imported here.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gradcli.exceptions import MissingNameError, SourceError
from gradcli.sources.location import Location, chosen, printable, reported
from gradcli.sources.numbers import Numbers, from_bfloat16, keeping_dtype
from gradcli.sources.recognise import damaged, looks_like
from gradcli.sources.torch_file import TorchFile, opened
from gradcli.sources.torch_pickle import DTYPES, Other, Sparse, Stored

Tensor = Stored | Sparse | Other

DEEPEST = 20
MOST_NAMES = 2**22
"""Tensors and other parts of a file that are gone through: lists in lists can name one a billion times."""
COO = "torch.sparse_coo"
WHOLE = ""
"""The name of the tensor in a file that holds nothing else."""


def read(location: Location) -> Numbers:
    """The tensor that the name means: keys of dictionaries and places in lists, joined by dots."""
    with reported(location):
        if location.regular and looks_like(location)[1] not in (".pt", None):
            raise damaged(location)
        data = _bytes(location)
        file = opened(location, data)
    tensors = _tensors(location, file.content)
    if WHOLE in tensors and location.name is not None:
        raise MissingNameError(
            f"{location.shown} holds one tensor, without a name", hint=f"Write {location.file_word} alone."
        )
    name = chosen(location, tensors, "tensor")
    source = f"'{printable(name)}' of {location.shown}" if name else location.shown
    return _numbers(location, file, tensors[name], source)


def _bytes(location: Location) -> np.ndarray:
    if location.regular:
        return np.memmap(location.path, dtype=np.uint8, mode="c")
    return np.frombuffer(bytearray(location.content((b"PK\x03\x04", b"\x80\x02"))), dtype=np.uint8)


def _tensors(location: Location, content: object) -> dict[str, Tensor]:
    """Every tensor by its name."""
    found: dict[str, Tensor] = {}
    for count, (name, tensor) in enumerate(_parts(content, WHOLE, 0)):
        if count >= MOST_NAMES:
            raise SourceError(
                f"{location.shown} names more than {MOST_NAMES:,} parts", hint="Save fewer tensors in one file."
            )
        if tensor is None:
            continue
        if name in found:
            raise SourceError(
                f"{location.shown} holds two tensors '{printable(name)}'", hint="Save them under names of their own."
            )
        found[name] = tensor
    return found


def _parts(content: object, name: str, depth: int) -> Iterator[tuple[str, Tensor | None]]:
    if isinstance(content, Stored | Sparse | Other):
        yield name, content
    elif depth < DEEPEST and isinstance(content, Mapping | list | tuple):
        items = content.items() if isinstance(content, Mapping) else enumerate(content)
        for key, value in items:
            yield from _parts(value, f"{name}.{key}" if name else str(key), depth + 1)
    else:
        yield name, None


def _numbers(location: Location, file: TorchFile, tensor: Tensor, source: str) -> Numbers:
    """The numbers of a tensor; a dense one's stay in the memory of the file."""
    if isinstance(tensor, Sparse):
        return _dense(location, file, tensor, source)
    if isinstance(tensor, Other):
        raise SourceError(f"{source} holds no plain numbers", hint="Save a dense tensor.")
    if tensor.dtype not in DTYPES:
        raise SourceError(
            f"{source} holds {tensor.dtype}, which gradcli does not read", hint="Save it as float32: tensor.float()."
        )
    location.check_shape(tensor.shape, source)
    values = file.view(tensor)
    if values is None:
        raise damaged(location, f"{source} reaches beyond the end of what was saved")
    return _with_marks(tensor, _named(tensor.dtype, values if values.flags.aligned else values.copy(), source))


def _named(dtype: str, values: np.ndarray, source: str) -> Numbers:
    if dtype == "bfloat16":
        return from_bfloat16(values)
    if dtype == "complex32":
        return Numbers((values["real"] + 1j * values["imag"].astype(np.float32)).astype(np.complex64), "complex32")
    return keeping_dtype(values.view(bool) if dtype == "bool" else values, source)


def _with_marks(tensor: Stored, numbers: Numbers) -> Numbers:
    """Conjugation and a sign, which PyTorch notes beside a tensor."""
    values = np.conj(numbers.values) if tensor.is_conjugate else numbers.values
    return Numbers(-values if tensor.is_negative else values, numbers.dtype)


def _dense(location: Location, file: TorchFile, tensor: Sparse, source: str) -> Numbers:
    """A sparse tensor made of its parts by PyTorch, which then looks through them: those of a file it trusts."""
    import torch

    damage = damaged(location, "the indices of a sparse tensor do not fit its shape")
    try:
        *parts, shape = tensor.parts[: -1 if tensor.layout == COO and len(tensor.parts) == 4 else None]
        location.check_shape(shape, source)
        given = [_numbers(location, file, part, source) for part in parts]
        arrays: list[Any] = [torch.from_numpy(numbers.values.copy(order="C")) for numbers in given]
        if tensor.layout == COO:
            coalesced = tensor.parts[3] if len(tensor.parts) == 4 else None
            made = torch.sparse_coo_tensor(*arrays, shape, is_coalesced=coalesced, check_invariants=True)  # type: ignore[call-arg]
        else:
            layout = getattr(torch, tensor.layout.removeprefix("torch."))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that these layouts are young
                made = torch.sparse_compressed_tensor(*arrays, shape, layout=layout, check_invariants=True)  # type: ignore[call-arg]
        return Numbers(made.to_dense().numpy(), given[-1].dtype)
    except (RuntimeError, ValueError, TypeError, LookupError, AttributeError, NotImplementedError):
        raise damage from None
