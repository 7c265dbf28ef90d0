"""An answer of a batch: a result or an error as a line of JSON, with the exit code that the request has by itself."""

from __future__ import annotations

import io
import os
import sys
import traceback
from typing import NamedTuple

from gradcli.exceptions import GradcliError
from gradcli.render import View, write
from gradcli.render.json import to_json
from gradcli.results import Failure, Result

INTERNAL_CODE = 70
"""EX_SOFTWARE of sysexits.h, as for a single command."""


class Answered(NamedTuple):
    """The exit code that the command line has by itself, and the line that answers it, with its line break."""

    code: int
    line: bytes


class InternalError(GradcliError):
    """A fault of gradcli's: it must not take the other requests with it."""

    code = "bug"
    exit_code = INTERNAL_CODE


def failure(error: GradcliError, charset: str = "utf-8") -> Answered:
    """The error object that stands in the place of an answer."""
    if os.environ.get("GRADCLI_DEBUG"):
        traceback.print_exception(error, file=sys.stderr)
    return Answered(error.exit_code, line_of(error, charset))


def line_of(answer: Result | GradcliError | Failure, charset: str) -> bytes:
    """The answer as JSON, in characters that `charset` has."""
    if charset.lower() == "utf-8":
        return to_json(answer) + b"\n"
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding=charset, newline="", write_through=True)
    write(answer, View(format="json"), stream)
    stream.detach()
    return written.getvalue()
