"""One request, one answer: its result as the command prints it with --json, whatever becomes of it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from typer.exceptions import TyperException

from gradcli import commands, time_limit
from gradcli.cli import device_loss, front
from gradcli.cli.app import click_command
from gradcli.cli.argv import HelpAsked, complaint
from gradcli.cli.batch.answers import Answered, InternalError, failure, line_of
from gradcli.cli.batch.requests import words_of
from gradcli.cli.from_torch import out_of_memory, told_warnings
from gradcli.cli.lead_ons import unknown_command
from gradcli.cli.own_commands import OWN
from gradcli.cli.running import exit_code, files_of, write_to
from gradcli.commands.answering import inspected
from gradcli.commands.command import Caller, Invocation
from gradcli.exceptions import GradcliError, OutputError, SourceError, UsageError
from gradcli.results import Failure
from gradcli.time_limit import Limited, needs_another_process

_OF_A_SHELL = re.compile(r"\d?(?:>>?|<)(?:[^=\s]\S*)?|&>\S*|&&?|\|\|?|;|\|\w+")
"""Words by which a shell is asked for more than a command."""


_TAKEN = {1: "standard output holds the answers", 2: "standard error is for what is said about the answers"}
"""Streams by their numbers."""


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
        with Limited():
            return _answer(words, charset, timeout)
    except GradcliError as error:
        if any(map(_OF_A_SHELL.fullmatch, words)):
            error.hint = "A batch line is no shell: no >, |, && and the like."
        return failure(error, charset)
    except (MemoryError, RuntimeError) as error:
        try:
            return failure(out_of_memory(error), charset)
        except (MemoryError, RuntimeError) as other:
            return _bug(other, charset)
    except OSError as error:
        return failure(OutputError(f"cannot write: {error.strerror or error}"), charset)
    except Exception as error:  # noqa: BLE001 - a bug of ours, told as `gradcli` itself tells it
        return _bug(error, charset)


def _bug(error: Exception, charset: str) -> Answered:
    bug = InternalError(
        f"gradcli has a bug: {type(error).__name__}: {error}",
        hint="Please report the line; GRADCLI_DEBUG=1 shows where.",
    )
    bug.__cause__ = error
    return failure(bug, charset)


def _answer(words: list[str], charset: str, timeout: float | None) -> Answered:
    with told_warnings():
        return device_loss.alive_or_on_cpu(words, partial(_answer_here, charset=charset, timeout=timeout))


def _answer_here(words: list[str], charset: str, timeout: float | None) -> Answered:
    """The result of the command that the words call. What it writes into files is answered as well."""
    invocation = _invocation(words, timeout)
    targets = files_of(invocation)
    time_limit.begin(invocation.options.timeout)
    inquiry = invocation.read(_CALLER)
    result = device_loss.with_words_of_cpu(inspected(invocation, inquiry))
    if targets and not isinstance(result, Failure):
        write_to(targets, invocation, inquiry, result)
    time_limit.finish()  # the result is there
    return Answered(exit_code(invocation, result), line_of(result, charset))


def _invocation(words: list[str], timeout: float | None) -> Invocation:
    """The call that the words make.  Raises GradcliError for words that make none, and for what no batch answers."""
    given = _read(words)
    if given.get("raises"):
        raise UsageError(
            "--raise lets a traceback out, which is no result", hint="Leave it out: the answer has PyTorch's message."
        )
    _check_files(given.get("out") or ())
    given["json"] = True
    if given.get("timeout", 0) is None:
        given["timeout"] = timeout
    return commands.load(words[0]).invocation(given)


def _read(words: list[str]) -> dict[str, Any]:
    """The values of a command's parameters, as Typer reads them from the words."""
    name, *rest = words
    if name in commands.NAMES and (known := click_command(name).known_values(rest)) is not None:
        return known  # type: ignore[no-any-return]
    if name in OWN:
        raise UsageError(
            f"'{name}' has no result that a batch could answer with",
            hint=f"Run 'gradcli {name}' by itself, outside of a batch.",
        )
    if name not in commands.NAMES and not front.answers(words):
        raise unknown_command(words)
    if name in commands.NAMES:
        try:
            with click_command(name).make_context(f"gradcli {name}", rest) as context:
                return dict(context.params)
        except HelpAsked:
            pass
        except TyperException as error:
            raise complaint(error) from None
    raise UsageError(
        f"'{name}' answers this with text, not with a result", hint="Ask for it by itself, outside of a batch."
    )


def _check_files(names: Sequence[str]) -> None:
    """Raises OutputError for a file that is a stream: what it holds is one line for each request."""
    if not names:
        return
    from gradcli.sinks.streams import descriptor_of

    for name in names:
        if taken := _TAKEN.get(descriptor_of(name) or 0) or _taken_by_answers(name):
            raise OutputError(f"cannot write '{name}': {taken}", hint="Leave --out out, or name a file.")


def _taken_by_answers(name: str) -> str | None:
    """Whether a file is the one that standard output goes to: it would be replaced, and the answers with it."""
    with suppress(OSError, ValueError):
        if Path(name).is_file() and os.path.samestat(Path(name).stat(), os.fstat(1)):
            return _TAKEN[1]
    return None


class _RequestsOnly:
    """Standard input while a request is answered: it holds the requests, and no numbers."""

    def isatty(self) -> bool:
        return False

    def __getattr__(self, name: str) -> NoReturn:
        raise SourceError(
            "standard input holds the requests", hint="Write the numbers into the line: grad sigmoid 0 1 10"
        )


_CALLER = Caller(stdin=_RequestsOnly())  # type: ignore[arg-type]
