"""A log that is on for some lines of a test, and what it can run again of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

from gradcli.recording.program.again import Repeated, run_again
from gradcli.recording.program.log import Log
from gradcli.recording.program.places import UserCode

USER = UserCode((str(Path(__file__).parent),))


@contextmanager
def logged(budget: int | None = None) -> Iterator[Log]:
    log = Log(USER, {}, budget)
    log.put_on()
    try:
        yield log
    finally:
        log.take_off()


def again(log: Log, root: Tensor) -> Repeated:
    log.rest()
    try:
        return run_again(log.calls.recorded(), [root], [None], {}, USER)
    finally:
        log.wake()


def weights() -> Tensor:
    return torch.ones(4, requires_grad=True)
