"""What PyTorch says besides its answers: warnings, and that memory ran out."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gradcli.cli.progress import paused
from gradcli.exceptions import BoundError


def out_of_memory(error: Exception) -> BoundError:
    """The user's error if memory ran out, in Python or outside of an operation in PyTorch; raises any other again."""
    if isinstance(error, MemoryError) or "allocate memory" in str(error) or "out of memory" in str(error):
        return BoundError("there is not enough memory for this", hint="Make the tensors smaller.")
    raise error


@contextmanager
def told_warnings() -> Iterator[None]:
    """PyTorch's warnings on standard error, each once while this lasts."""
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.simplefilter("ignore", DeprecationWarning)  # about PyTorch's own code, not the user's words
        warnings.filterwarnings("ignore", "`torch.jit.", FutureWarning)  # forward mode compiles its own rules with it
        warnings.simplefilter("ignore", ResourceWarning)  # about files of the program that calls main
        warnings.filterwarnings("ignore", r"[\w ]+ encountered in ", RuntimeWarning)  # numpy's, of our own arithmetic
        warnings.showwarning = _teller()
        yield


def _teller() -> Callable[..., None]:
    """PyTorch's warnings in one line on standard error, each once, without the place in PyTorch's own code."""
    from gradcli.render.text import without_places

    told: set[str] = set()

    def tell(message: Warning | str, *_place: object, **_more: object) -> None:
        text = without_places(" ".join(str(message).split()))
        if text not in told:
            told.add(text)
            with paused():
                print(f"PyTorch warns: {text}", file=sys.stderr)

    return tell
