"""The command line: the only room that reads argv, prints, and knows exit codes."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gradcli.cli import device_loss
from gradcli.cli.progress import metered, paused
from gradcli.cli.screen import broken_pipe, show_error, sound_sizes, wanted_format
from gradcli.errors import BoundError, GradcliError, OutputError, UsageError
from gradcli.time_limit import limited, needs_another_process

__all__ = ["main"]

INTERRUPTED = 130


def main(argv: Sequence[str]) -> int:
    """Run one command line in this process, write to sys.stdout and sys.stderr, and return the exit code."""
    words = list(argv)
    format_ = wanted_format(words)
    _replace_closed_streams()
    try:
        if words[:1] != ["batch"] and (needs_another_process(words) or device_loss.is_lost()):
            from gradcli.cli.apart import run_apart

            return run_apart(words)
        with sound_sizes(), told_warnings(), metered(), limited():
            code = device_loss.alive_or_on_cpu(words, _run)
            sys.stdout.flush()
            return code
    except GradcliError as error:
        return _report(error, format_)
    except (MemoryError, RuntimeError) as error:
        return _report(out_of_memory(error), format_)
    except BrokenPipeError:
        return broken_pipe()
    except OSError as error:
        return _report(OutputError(f"cannot write to standard output: {error.strerror}"), "table")
    except KeyboardInterrupt:
        return INTERRUPTED


def _replace_closed_streams() -> None:
    """Streams that the caller closed take what is written, and keep nothing of it."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - closed with the process


def _run(words: list[str]) -> int:
    """Typer's answer as an exit code; its complaints as our errors."""
    from typer import Exit
    from typer.exceptions import TyperException

    from gradcli.cli.app import command_tree
    from gradcli.cli.argv import complaint

    if not words:  # the help, and the exit code of a call that asked for nothing
        command_tree()(["--help"], prog_name="gradcli", standalone_mode=False)
        return UsageError.exit_code
    try:
        code = command_tree()(words, prog_name="gradcli", standalone_mode=False)
    except Exit as end:
        return end.exit_code
    except SystemExit:  # how Typer answers a closed pipe
        raise BrokenPipeError from None
    except TyperException as error:
        raise complaint(error) from None
    return code if isinstance(code, int) else 0


def _report(error: GradcliError, format_: str) -> int:
    if os.environ.get("GRADCLI_DEBUG"):
        traceback.print_exception(error, file=sys.stderr)
    try:
        show_error(error, format_)
        sys.stdout.flush()
    except BrokenPipeError:
        return broken_pipe()
    except GradcliError as worse:  # standard output is full: standard error still has to hear of it
        show_error(worse, "table")
        return worse.exit_code
    except OSError:  # the rest of an answer that could not be written, as the error says
        return error.exit_code
    return error.exit_code


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
