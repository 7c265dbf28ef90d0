"""One request, one answer: the JSON that the command prints with --json, whatever becomes of it."""

from __future__ import annotations

import io
import os
import re
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from gradcli.cli import device_loss
from gradcli.cli.batch.requests import words_of
from gradcli.cli.common import ANSWERED
from gradcli.cli.screen import show_error
from gradcli.errors import GradcliError, OutputError, SourceError, UsageError
from gradcli.time_limit import limited, needs_another_process

INTERNAL_CODE = 70
"""EX_SOFTWARE of sysexits.h, as for a single command."""


_OF_A_SHELL = re.compile(r"\d?(?:>>?|<)(?:[^=\s]\S*)?|&>\S*|&&?|\|\|?|;|\|\w+")
"""Words by which a shell is asked for more than a command."""


_TAKEN = {1: "standard output holds the answers", 2: "standard error is for what is said about the answers"}
"""Streams by their numbers."""


class Answered(NamedTuple):
    """The exit code that the command line has by itself, and the line that answers it, with its line break."""

    code: int
    line: bytes


class InternalError(GradcliError):
    """A fault of gradcli's: it must not take the other requests with it."""

    code = "bug"
    exit_code = INTERNAL_CODE


def answer(line: bytes, charset: str = "utf-8", timeout: float | None = None) -> Answered:
    """The answer to a line, in characters that `charset` has; never an exception but KeyboardInterrupt.

    timeout: seconds for a request that has no --timeout of its own.
    """
    words: list[str] = []
    try:
        words = words_of(line)
        if needs_another_process(words) or device_loss.is_lost():
            from gradcli.cli.batch.workers import aside

            return aside(line, charset)
        with limited():
            return _answer(words, charset, timeout)
    except GradcliError as error:
        if any(map(_OF_A_SHELL.fullmatch, words)):
            error.hint = "A batch line is no shell: no >, |, && and the like."
        return failure(error, charset)
    except (MemoryError, RuntimeError) as error:
        from gradcli.cli import out_of_memory

        try:
            return failure(out_of_memory(error), charset)
        except (MemoryError, RuntimeError) as other:
            return _bug(other, charset)
    except OSError as error:
        return failure(OutputError(f"cannot write: {error.strerror or error}"), charset)
    except Exception as error:  # noqa: BLE001 - a bug of ours, told as `gradcli` itself tells it
        return _bug(error, charset)


def failure(error: GradcliError, charset: str = "utf-8") -> Answered:
    """The error object that stands in the place of an answer."""
    if os.environ.get("GRADCLI_DEBUG"):
        traceback.print_exception(error, file=sys.stderr)
    with _captured(charset) as written:
        show_error(error, "json")
    return Answered(error.exit_code, written.getvalue())


def _bug(error: Exception, charset: str) -> Answered:
    bug = InternalError(
        f"gradcli has a bug: {type(error).__name__}: {error}",
        hint="Please report the line; GRADCLI_DEBUG=1 shows where.",
    )
    bug.__cause__ = error
    return failure(bug, charset)


def _answer(words: list[str], charset: str, timeout: float | None) -> Answered:
    from gradcli.cli import told_warnings

    with told_warnings(), _withheld_input(), _captured(charset) as written:
        code = device_loss.alive_or_on_cpu(words, partial(_run, timeout=timeout))
        sys.stdout.flush()
    line = written.getvalue()
    if not line.startswith(b"{") or line.find(b"\n") != len(line) - 1:
        raise UsageError(
            f"'{words[0]}' answers this with text, not with a result", hint="Ask for it by itself, outside of a batch."
        )
    return Answered(code, line)


def _run(words: list[str], timeout: float | None) -> int:
    """The command that the words call, with --json; its exit code."""
    from typer import Exit
    from typer.exceptions import TyperException

    from gradcli.cli import command_tree
    from gradcli.cli.argv import complaint

    tree = command_tree()
    name, *rest = words
    command = tree.commands.get(name)
    try:
        if command is None:
            code: object = tree(words, prog_name="gradcli", standalone_mode=False)
        else:
            _check_has_json(name, command)
            with command.make_context(name, rest, parent=_root()) as context:
                code = _invoke(command, context, timeout)
    except Exit as end:  # help and version
        return end.exit_code
    except TyperException as error:
        raise complaint(error) from None
    return code if isinstance(code, int) else 0


def _invoke(command: Any, context: Any, timeout: float | None) -> object:
    """The command's exit code. What it writes into files is answered as well: one line for each request."""
    if context.params.get("raise_"):
        raise UsageError(
            "--raise lets a traceback out, which is no result", hint="Leave it out: the answer has PyTorch's message."
        )
    _check_files(context.params.get("out") or ())
    context.params["json"] = True
    if "timeout" in context.params and context.params["timeout"] is None:
        context.params["timeout"] = timeout
    return command.invoke(context)


def _check_files(names: Sequence[str]) -> None:
    """Raises OutputError for a file that is a stream: what it holds is one line for each request."""
    if not names:
        return
    from gradcli.sinks.files import descriptor_of

    for name in names:
        if taken := _TAKEN.get(descriptor_of(name) or 0) or _taken_by_answers(name):
            raise OutputError(f"cannot write '{name}': {taken}", hint="Leave --out out, or name a file.")


def _taken_by_answers(name: str) -> str | None:
    """Whether a file is the one that standard output goes to: it would be replaced, and the answers with it."""
    with suppress(OSError, ValueError):
        if Path(name).is_file() and os.path.samestat(Path(name).stat(), os.fstat(1)):
            return _TAKEN[1]
    return None


@cache
def _root() -> Any:
    """The context of the whole command line, which knows what it is called and nothing else."""
    from gradcli.cli import command_tree

    tree = command_tree()
    root = tree.context_class(tree, info_name="gradcli")
    root.meta[ANSWERED] = True
    return root


def _check_has_json(name: str, command: Any) -> None:
    if not any(parameter.name == "json" for parameter in command.params):
        raise UsageError(
            f"'{name}' has no result that a batch could answer with",
            hint=f"Run 'gradcli {name}' by itself, outside of a batch.",
        )


@contextmanager
def _captured(charset: str) -> Iterator[io.BytesIO]:
    """What is written to standard output meanwhile, as the bytes it would have been."""
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding=charset, newline="", write_through=True)
    with redirect_stdout(stream):
        yield written
        stream.flush()
    stream.detach()


class _RequestsOnly:
    """Standard input while a request is answered: it holds the requests, and no numbers."""

    def isatty(self) -> bool:
        return False

    def __getattr__(self, name: str) -> NoReturn:
        raise SourceError(
            "standard input holds the requests", hint="Write the numbers into the line: grad sigmoid 0 1 10"
        )


@contextmanager
def _withheld_input() -> Iterator[None]:
    before, sys.stdin = sys.stdin, _REQUESTS_ONLY
    try:
        yield
    finally:
        sys.stdin = before


_REQUESTS_ONLY = _RequestsOnly()
