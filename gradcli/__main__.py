"""The console entry point: runs one command line and leaves at once."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import traceback
from typing import NoReturn

from gradcli import lean_torch, leaving, time_limit
from gradcli.exceptions import TimeLimitError

COLLECT_AFTER = 100_000
"""Objects until the garbage collector looks: imports make many and hardly any garbage, and Python looks every 700."""

INTERRUPTED = 130
INTERNAL_ERROR = 70
"""EX_SOFTWARE of sysexits.h: neither an answer nor the user's mistake."""


def run() -> None:
    """Run sys.argv, flush both streams, and end the process without tearing the interpreter down.

    Taking PyTorch apart module by module costs a fifth of a second and changes nothing that was written.
    """
    if shell := os.environ.get("_GRADCLI_COMPLETE"):
        _complete(shell)
    if sys.argv[1:2] == ["watch"]:
        _watch()
    gc.set_threshold(COLLECT_AFTER)
    lean_torch.install()
    signals = leaving.Signals()
    time_limit.may_leave(_too_late)
    try:
        from gradcli.cli import main

        code = main(sys.argv[1:])
    except KeyboardInterrupt:  # also while modules are imported
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a bug of ours: the user gets a sentence, not our stack
        if os.environ.get("GRADCLI_DEBUG"):
            traceback.print_exc()
        print(f"gradcli has a bug: {type(error).__name__}: {error}", file=sys.stderr)
        print("Please report the command line; GRADCLI_DEBUG=1 shows where.", file=sys.stderr)
        code = INTERNAL_ERROR
    code = signals.finished(code)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = code or 2
    os._exit(code)


def _complete(shell: str) -> NoReturn:
    """Say what may follow on a line, and nothing else."""
    from gradcli.cli.completing import complete

    complete(shell, sys.argv[1:])
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(0)


def _watch() -> NoReturn:
    """Run a program as Python does: its signals, its garbage and the end of the process are Python's own."""
    from gradcli.cli.watching import run_watched

    ending = run_watched(sys.argv[1:])
    if isinstance(ending.raised, KeyboardInterrupt):
        sys.excepthook = lambda *_told: None
        raise ending.raised  # Python ends the process by the signal itself
    sys.exit(ending.code)


def _too_late(seconds: float) -> None:
    """Say that the time is up, in the place of a main thread that is inside a kernel, and end the process."""
    from gradcli.cli.screen import show_error, wanted_format

    error = TimeLimitError(seconds)
    leaving.end(error.exit_code, lambda: show_error(error, wanted_format(sys.argv[1:])))


if __name__ == "__main__":
    run()
