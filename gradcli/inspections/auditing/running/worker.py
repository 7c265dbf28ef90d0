"""A process that counts chunks for another one: a request is a line of JSON, and so is its answer."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from time import monotonic

from gradcli.inspections.auditing.running.wire import Data, counts_data, read_chunk, read_task, task_data
from gradcli.inspections.auditing.running.work import work
from gradcli.inspections.auditing.task import Chunk, Task
from gradcli.numerics.proven.expressions import NotBoundedError


def request_of(task: Task, chunk: Chunk) -> Data:
    """What is asked of another process."""
    return {"task": task_data(task), "chunk": chunk.sides}


def answer(request: Data) -> Data:
    """The counts of a chunk, or why there are none."""
    try:
        began = monotonic()
        counts = counts_data(work(read_task(request["task"]), read_chunk(request["chunk"])))
        return {"counts": counts, "seconds": monotonic() - began}
    except NotBoundedError as missing:
        return {"not bounded": str(missing)}
    except Exception as error:  # noqa: BLE001 - whatever it is, the process that asked tells it
        return {"error": f"{type(error).__name__}: {error}"}


def serve() -> None:
    """Answer the requests of standard input, until it ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    with suppress(BrokenPipeError):  # whoever asked has gone
        for line in sys.stdin:
            answers.write(json.dumps(answer(json.loads(line)), allow_nan=False) + "\n")
            answers.flush()
