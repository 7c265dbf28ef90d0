"""The names of devices; whether one is there is for PyTorch to say."""

from __future__ import annotations

import re

from gradcli.errors import DeviceError, did_you_mean

KINDS = ("cpu", "cuda", "mps", "xpu")
_WORD = re.compile(r"(?P<kind>[a-z]+)(:(?P<index>\d{1,3}))?")


def check_word(word: str) -> None:
    """Raises DeviceError unless `word` is the name of a device, whether it is there or not."""
    match = _WORD.fullmatch(word)
    if match and (match["kind"] in KINDS or word == "auto"):
        return
    hint = did_you_mean(word.partition(":")[0], [*KINDS, "auto"]) or "Choose cpu, cuda, cuda:1, mps, xpu or auto."
    raise DeviceError(f"unknown device '{word}'", hint=hint)
