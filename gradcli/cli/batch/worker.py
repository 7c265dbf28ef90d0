"""The other end of a worker's pipes: lines in, answers out, each behind a heading with its exit code and size."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress

from gradcli.cli.batch.answering import answer

COLLECT_AFTER = 100_000
"""As in a single command: the imports come first, and make hardly any garbage."""


def serve(charset: str) -> None:
    """Answer standard input line by line until it ends."""
    gc.set_threshold(COLLECT_AFTER)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed must not stand between the answers
    requests = sys.stdin.buffer
    with suppress(BrokenPipeError):  # whoever asked has gone
        while line := requests.readline():
            code, answered = answer(line.removesuffix(b"\n"), charset)
            out.write(b"%d %d\n%b" % (code, len(answered), answered))
            out.flush()
