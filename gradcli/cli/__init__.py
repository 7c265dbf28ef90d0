"""The command line: the only room that reads argv, prints, and knows exit codes."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from gradcli import commands
from gradcli.cli import device_loss
from gradcli.cli.from_torch import out_of_memory, told_warnings
from gradcli.cli.progress import with_progress
from gradcli.cli.screen import broken_pipe, show_error, sound_sizes, wanted_format
from gradcli.exceptions import GradcliError, OutputError, UsageError
from gradcli.time_limit import Limited, needs_another_process

__all__ = ["main"]

INTERRUPTED = 130


def main(argv: Sequence[str]) -> int:
    """Run one command line in this process, write to sys.stdout and sys.stderr, and return the exit code."""
    words = list(argv)
    if words[:1] == ["watch"]:
        from gradcli.cli.watching import run_watched

        return run_watched(words).code
    format_ = wanted_format(words)
    _replace_closed_streams()
    try:
        if words[:1] != ["batch"] and (needs_another_process(words) or device_loss.is_lost()):
            from gradcli.cli.apart import run_apart

            return run_apart(words)
        with sound_sizes(), told_warnings(), with_progress(), Limited():
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
    except KeyboardInterrupt as interrupted:
        for words_left in interrupted.args:  # what was done until then is not lost
            print(words_left, file=sys.stderr)
        return INTERRUPTED


def _replace_closed_streams() -> None:
    """Streams that the caller closed take what is written, and keep nothing of it."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - closed with the process


def _run(words: list[str]) -> int:
    """The exit code of a command line."""
    from gradcli.cli import front

    if not words:
        front.answer(["--help"])
        return UsageError.exit_code  # a call that asked for nothing
    if front.answers(words):
        return front.answer(words)
    from gradcli.cli.own_commands import is_command

    if not is_command(words[0]):
        from gradcli.cli.lead_ons import unknown_command

        raise unknown_command(words)
    from gradcli.cli.app import read

    given = read(words)
    if isinstance(given, int):
        return given
    if given.name == "batch":
        from gradcli.cli.batch import run

        return run(**given.values)  # type: ignore[arg-type]
    if given.name == "schema":
        from gradcli.render.schema import kinds, schema_text

        kind = given.values["kind"]
        print("\n".join(kinds()) if kind is None else schema_text(str(kind)).rstrip("\n"))
        return 0
    from gradcli.cli.running import run_command

    return run_command(commands.load(given.name), given.values)


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
