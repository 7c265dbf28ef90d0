"""What stands behind each call of a program in which a trouble is planted; benchmarks/planted.py copies it beside it.

It lies in a folder named site-packages, so that watch takes the line of the program, not one of here, for the user's.
"""

from __future__ import annotations

import atexit
import builtins
import json
import os
from pathlib import Path

import torch

SITE, TIME, TROUBLE = os.environ.get("PLANT", "::").split(":")
"""Which call of the file, at which of its times, gets which trouble; nothing is planted without."""

times: dict[int, int] = {}
"""How often each call gave a tensor that takes part in training."""


def reached(_gradient: torch.Tensor) -> None:
    Path(os.environ["REACHED"]).touch()


def planted(site: int, value: object) -> object:
    if not (
        type(value) is torch.Tensor
        and value.grad_fn is not None
        and value.is_floating_point()
        and torch.is_grad_enabled()
    ):
        return value
    times[site] = times.get(site, 0) + 1
    if str(site) != SITE or str(times[site]) != TIME:
        return value
    value.register_hook(reached)
    if TROUBLE == "nan":
        return value + torch.log(value.detach() * 0 - 1)
    if TROUBLE == "inf":
        return value + torch.exp(value.detach() * 0 + 1e4)
    return value + torch.sqrt(value - value.detach()) * 0.5


def write(process: int) -> None:
    if os.getpid() == process:
        Path(os.environ["TIMES"]).write_text(json.dumps(times))


builtins.planted = planted  # type: ignore[attr-defined]
atexit.register(write, os.getpid())
