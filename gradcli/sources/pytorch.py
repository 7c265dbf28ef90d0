"""`@model.pt:name`: a tensor, or one of a state_dict; with `weights_only`, nothing is unpickled that could run.

The one reader that needs PyTorch, which is imported when such a file is read.
"""

from __future__ import annotations

import pickle
import pickletools
import re
import struct
import warnings
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from gradcli.errors import SourceError
from gradcli.sources.location import Location, chosen, reported
from gradcli.sources.numbers import Numbers, keeping_dtype
from gradcli.sources.recognise import damaged, looks_like

if TYPE_CHECKING:
    import torch

DEEPEST = 20
_UNSUPPORTED = re.compile(r"unsupported (?:global|class)\W+(?:GLOBAL )?([\w.]+)", re.IGNORECASE)
_ON_DAMAGE = (
    *(RuntimeError, EOFError, ValueError, TypeError, LookupError, AttributeError),
    *(AssertionError, ArithmeticError, MemoryError, struct.error),
)
"""What PyTorch's own unpickler has been seen to raise, or may, where bytes are not what it wrote."""
WHOLE = ""
"""The name of the tensor in a file that holds nothing else."""


def read(location: Location) -> Numbers:
    """The tensor that the name means: keys of dictionaries and places in lists, joined by dots."""
    with reported(location):
        content = _content(location)
    tensors = dict(_tensors(content, WHOLE, 0))
    if WHOLE in tensors and location.name is not None:
        raise SourceError(
            f"{location.shown} holds one tensor, without a name", hint=f"Write {location.file_word} alone."
        )
    name = chosen(location, tensors, "tensor")
    return _numbers(tensors[name], f"'{name}' of {location.shown}" if name else location.shown)


def _content(location: Location) -> object:
    import torch

    regular = location.regular
    whole = regular and looks_like(location)[1] == ".pt"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about how the file was written, which is not this user's doing
            return torch.load(
                location.path if regular else BytesIO(location.path.read_bytes()),
                map_location="cpu",
                weights_only=True,
                mmap=True if whole else None,  # only the zip archives of today can be mapped
            )
    except pickle.UnpicklingError as error:
        if regular and looks_like(location)[1] not in (".pt", None):
            raise damaged(location) from None
        refused = _UNSUPPORTED.search(str(error))
        if refused is None:
            raise _unreadable(location) from None
        raise SourceError(
            f"{location.shown} holds Python objects ({refused[1]}), "
            "which only unpickling could make, and that can run any program",
            hint="Save the tensors alone: torch.save(model.state_dict(), 'model.pt').",
        ) from None
    except _ON_DAMAGE:
        raise _unreadable(location) from None


def _is_whole_pickle(location: Location) -> bool:
    """Whether a file is one pickle and nothing behind it; nothing is made of it."""
    try:
        with location.path.open("rb") as file:
            for _opcode in pickletools.genops(file):
                pass
            return not file.read(1)
    except (ValueError, LookupError, struct.error, MemoryError):
        return False


def _unreadable(location: Location) -> SourceError:
    """The error for what PyTorch did not write: another pickle, or a file that was cut short."""
    if not location.regular or not _is_whole_pickle(location):
        return damaged(location)
    return SourceError(
        f"{location.shown} is a pickle of Python's, not a file of torch.save",
        hint="A pickle can run any program, so none is read. Save the tensors alone: torch.save(tensors, 'model.pt').",
    )


def _tensors(content: object, name: str, depth: int) -> Iterator[tuple[str, torch.Tensor]]:
    import torch

    if isinstance(content, torch.Tensor):
        yield name, content
    elif depth < DEEPEST and isinstance(content, Mapping | list | tuple):
        items = content.items() if isinstance(content, Mapping) else enumerate(content)
        for key, value in items:
            yield from _tensors(value, f"{name}.{key}" if name else str(key), depth + 1)


def _numbers(tensor: torch.Tensor, source: str) -> Numbers:
    import torch

    values = tensor.detach()
    if values.is_quantized or values.is_meta or values.is_nested:
        raise SourceError(f"{source} holds no plain numbers", hint="Save a dense tensor.")
    values = (values if values.layout is torch.strided else values.to_dense()).resolve_conj().resolve_neg()
    if values.dtype is torch.bfloat16:
        return Numbers(values.float().numpy(), "bfloat16")
    if values.dtype is torch.complex32:
        return Numbers(values.to(torch.complex64).numpy(), "complex32")
    try:
        array: np.ndarray = values.numpy()
    except TypeError:  # float8 and other dtypes that NumPy does not have
        held = str(values.dtype).removeprefix("torch.")
        raise SourceError(
            f"{source} holds {held}, which gradcli does not read", hint="Save it as float32: tensor.float()."
        ) from None
    return keeping_dtype(array, source)
