"""From requests to answers: one after the other, or by several processes with the order kept."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import closing

from gradcli.cli.batch.answering import answer
from gradcli.cli.batch.answers import Answered
from gradcli.cli.batch.output import Lines, counter
from gradcli.cli.batch.requests import lines, opened
from gradcli.cli.progress import without_progress
from gradcli.commands.shared import check_timeout
from gradcli.exceptions import BoundError
from gradcli.time_limit import staying

MAX_JOBS = 256


def run(source: str, jobs: int, timeout: float | None = None) -> int:
    """Answer every request of a source; 1 if any of them by itself would have ended with another code than 0.

    Raises SourceError, BoundError; KeyboardInterrupt and BrokenPipeError leave whole lines behind.
    """
    if not 1 <= jobs <= MAX_JOBS:
        raise BoundError(f"--jobs {jobs} is out of bounds", hint=f"Choose 1 to {MAX_JOBS}.")
    check_timeout(timeout)
    out = Lines()
    all_well = True
    with (
        without_progress(),
        opened(source) as stream,
        out.whole(),
        closing(_answers(lines(stream), jobs, out.charset, timeout)) as answers,
        counter() as count,
    ):
        for code, line in answers:
            out.write(line)
            count(code == 0)
            all_well = all_well and code == 0
    return 0 if all_well else 1


def _answers(
    requests: Iterator[bytes], jobs: int, charset: str, timeout: float | None
) -> Generator[Answered, None, None]:
    if jobs > 1 or timeout is not None:
        from gradcli.cli.batch.workers import answers  # threads and pipes, for those who ask for them

        yield from answers(requests, jobs, charset, timeout)
        return
    try:
        with staying():  # a request with a limit of its own goes to another process
            for request in requests:
                yield answer(request, charset)
    finally:
        if (workers := sys.modules.get("gradcli.cli.batch.workers")) is not None:
            workers.stop_aside()
