"""Which device to compute on."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from gradcli import lean_torch
from gradcli.exceptions import DeviceError, DeviceLostError
from gradcli.language.dtypes import check_device

_used: str | None = None
"""The accelerator of the computation at hand, if it is on one."""


def present() -> list[str]:
    """The devices of this machine, the CPU first."""
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    count = torch.accelerator.device_count()
    return ["cpu", *(f"{accelerator.type}:{index}" for index in range(count) if accelerator is not None)]


def choose(word: str, there: Sequence[str]) -> str:
    """The device that `word` means among those that are there; `auto` takes an accelerator if there is one.

    Raises DeviceError with the list of what is there.
    """
    global _used
    chosen = _chosen(word, there)
    _used = None if chosen == "cpu" else chosen
    if _used is not None:
        lean_torch.load_all()  # answers were compared on the CPU alone, and a device takes seconds to start
    return chosen


def check_alive() -> None:
    """Wait for the device.  Raises DeviceLostError if a kernel has stopped: every call of the process fails then."""
    if _used is None:
        return
    try:
        torch.get_device_module(_used).synchronize()
    except RuntimeError as error:
        raise DeviceLostError(_used, type(error).__name__, str(error).strip()) from error


def _chosen(word: str, there: Sequence[str]) -> str:
    check_device(word)
    if word == "auto":
        return there[1] if len(there) > 1 else "cpu"
    if word in there:
        return word
    first = f"{word}:0"
    if first in there:
        return first
    raise DeviceError(f"device '{word}' is not here", hint=f"Here are: {', '.join(there)}.")
