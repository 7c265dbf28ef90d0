"""After a kernel has taken the device from this process: the same line on the CPU, which has words for it.

On CUDA an index out of range, a class that there is not or a probability beyond 1 ends in an assertion inside of a
kernel. PyTorch then says "device-side assert triggered", without a place, and at every later call.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from gradcli.exceptions import DeviceLostError

if TYPE_CHECKING:
    from gradcli.results import Failure, Result

Answer = TypeVar("Answer")

ID = "device-assert"
"""The entry of the catalogue."""

_told: DeviceLostError | None = None
_is_lost = False


def is_lost() -> bool:
    """Whether no computation of this process can use the device any more."""
    return _is_lost


def alive_or_on_cpu(words: list[str], run: Callable[[list[str]], Answer]) -> Answer:
    """What `run` makes of a command line; if the device was lost on the way, of that line on the CPU."""
    global _is_lost
    try:
        try:
            return run(words)
        except RuntimeError:
            check_alive()  # the loss is the cause, and is raised in the place of what came of it
            raise
    except DeviceLostError as error:
        lost = error
    _is_lost = True
    with _telling(lost):
        return run(_on_cpu(words))


def check_alive() -> None:
    """Raises DeviceLostError if the process has used a device and lost it."""
    if (device := sys.modules.get("gradcli.numerics.device")) is not None:
        device.check_alive()


def with_words_of_cpu(answer: Result | Failure) -> Result | Failure:
    """The answer; after a loss the CPU's error with a note, or the device's own where the CPU has none.

    Raises DeviceLostError for an answer of a device that was lost on the way.
    """
    if _told is None:
        check_alive()
        return answer
    from gradcli.results import Failure  # few runs lose a device, and findings take a while to import

    if isinstance(answer, Failure):
        return _noted(answer, _told)
    for field in ("raised", "error"):  # of a trace, of retain-demo
        if isinstance(raised := getattr(answer, field, None), Failure):
            return replace(answer, **{field: _noted(raised, _told)})  # type: ignore[arg-type]
    return Failure(
        code="pytorch",
        type=_told.type,
        message=_told.message,
        hint="A kernel took the device from its process. Leave --device out: on the CPU this is answered.",
        expression=None,
        span=None,
        id=ID,
    )


def _noted(failure: Failure, lost: DeviceLostError) -> Failure:
    first = lost.message.partition("\n")[0]
    note = f"These are the words of the CPU: on {lost.device} a kernel stopped there, and its process lost the device"
    return replace(failure, hint=" ".join(filter(None, [f"{note} ({first}).", failure.hint])))


@contextmanager
def _telling(lost: DeviceLostError) -> Iterator[None]:
    global _told
    _told = lost
    try:
        yield
    finally:
        _told = None


def _on_cpu(words: list[str]) -> list[str]:
    end = words.index("--") if "--" in words else len(words)
    return [*words[:end], "--device", "cpu", *words[end:]]
