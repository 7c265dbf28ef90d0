"""The names of PyTorch's dtypes and devices: what may be typed and what each is called."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradcli.exceptions import DeviceError, UsageError, did_you_mean

FLOATING = ("float16", "bfloat16", "float32", "float64")
COMPLEX = ("complex32", "complex64", "complex128")
INTEGER = ("uint8", "int8", "int16", "int32", "int64")
ALL = (*FLOATING, *COMPLEX, *INTEGER, "bool")

SHORT = {
    "half": "float16",
    "bf16": "bfloat16",
    "float": "float32",
    "double": "float64",
    "fp16": "float16",
    "fp32": "float32",
    "fp64": "float64",
    "f16": "float16",
    "f32": "float32",
    "f64": "float64",
}
_SHORT_INPUT = {
    **SHORT,
    "long": "int64",
    "int": "int32",
    "short": "int16",
    "cfloat": "complex64",
    "cdouble": "complex128",
}

TENSOR_CLASSES = {
    "BFloat16Tensor": "bfloat16",
    "BoolTensor": "bool",
    "ByteTensor": "uint8",
    "CharTensor": "int8",
    "DoubleTensor": "float64",
    "FloatTensor": "float32",
    "HalfTensor": "float16",
    "IntTensor": "int32",
    "LongTensor": "int64",
    "ShortTensor": "int16",
    "Tensor": "float32",
}
"""PyTorch's old names for a tensor of a dtype: torch.LongTensor([0, 1]), x.type(torch.LongTensor)."""

# bare `float`, `half`, `int`, ... are functions of the language; behind `torch.` they are dtypes, as in PyTorch
DTYPES = {name: name for name in ALL if name != "bool"}
PREFIXED_DTYPES = {**DTYPES, "bool": "bool", **_SHORT_INPUT, **TENSOR_CLASSES}

DEVICES = ("cpu", "cuda", "mps", "xpu")
_DEVICE = re.compile(r"(?P<kind>[a-z]+)(:(?P<index>\d{1,3}))?")


def floating(word: str, offered: Sequence[str] = FLOATING) -> str:
    """The floating dtype that `--dtype WORD` means; raises UsageError with the nearest name of those offered."""
    name = SHORT.get(word.lower().removeprefix("torch."), word.lower().removeprefix("torch."))
    if name in FLOATING:
        return name
    raise UsageError(
        f"unknown dtype '{word}'",
        hint=did_you_mean(word, [*offered, *(short for short, full in SHORT.items() if full in offered)])
        or f"Choose {', '.join(offered[:-1])} or {offered[-1]}.",
    )


def any_dtype(word: str) -> str:
    """The dtype that `NAME:WORD=VALUE` means; raises UsageError with the nearest name."""
    bare = word.lower().removeprefix("torch.")
    name = _SHORT_INPUT.get(bare, bare)
    if name in ALL:
        return name
    raise UsageError(
        f"unknown dtype '{word}'",
        hint=did_you_mean(word, [*ALL, *_SHORT_INPUT]) or "For example x:float64=1 or t:int64=0,2.",
    )


def check_device(word: str) -> None:
    """Raises DeviceError unless `word` is the name of a device, whether it is there or not."""
    match = _DEVICE.fullmatch(word)
    if match and (match["kind"] in DEVICES or word == "auto"):
        return
    hint = did_you_mean(word.partition(":")[0], [*DEVICES, "auto"]) or "Choose cpu, cuda, cuda:1, mps, xpu or auto."
    raise DeviceError(f"unknown device '{word}'", hint=hint)
