"""Where and how an answer was computed, in its heading and in its last line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gradcli.render.blocks import Note
from gradcli.results import Method, Setting, Tensor

_OTHERS = 3
"""Inputs with another dtype that a heading names."""


def place(setting: Setting, inputs: Mapping[str, Tensor]) -> str:
    """The remark behind every heading: dtype and device, and the floating inputs that have a dtype of their own."""
    floating = {name: tensor.dtype for name, tensor in inputs.items() if tensor.dtype.startswith(("float", "bfloat"))}
    dtypes = set(floating.values())
    if len(dtypes) == 1:
        return f"{dtypes.pop()} on {setting.device}"
    others = [f"{name} is {dtype}" for name, dtype in floating.items() if dtype != setting.dtype]
    if len(others) > _OTHERS:
        others[_OTHERS:] = [f"{len(others) - _OTHERS} more differ"]
    return ", ".join([f"{setting.dtype} on {setting.device}", *others])


def footer(setting: Setting, *remarks: str) -> Iterator[Note]:
    """The remarks, and the seed where something was drawn, in one quiet line; none where there is nothing to say."""
    parts = [*remarks, *([f"seed {setting.seed}"] if setting.draws else [])]
    if parts:
        yield Note(", ".join(parts), "quiet")


def way_back(method: Method) -> Iterator[str]:
    """How the gradients were asked for, where that is not the usual way."""
    if method.via != "grad":
        yield f"via {method.via}"
