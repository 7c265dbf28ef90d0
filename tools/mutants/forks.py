"""Work in a forked process, which ends with all that it has started."""

from __future__ import annotations

import contextlib
import math
import os
import pickle
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from typing import Any

MEMORY = 16 * 2**30


def in_a_fork(work: Callable[[], Any], limit: float = 1e6) -> Any:
    """What `work` gives in a forked process.  Raises TimeoutError where it takes longer, or the process is killed."""
    sys.stdout.flush()
    with tempfile.TemporaryFile() as answer:
        child = os.fork()
        if not child:
            try:
                os.setsid()
                pickle.dump(work(), answer)
                answer.flush()
            except BaseException:  # noqa: BLE001 - shown; this process ends here whatever it is
                traceback.print_exc()
            finally:
                os._exit(0)
        ends = time.monotonic() + limit
        while not (ended := os.waitpid(child, os.WNOHANG)[0]) and time.monotonic() < ends:
            time.sleep(0.005)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # what the tests have started too
        if not ended:
            os.waitpid(child, 0)
        answer.seek(0)
        content = answer.read()
    if not ended or not content:
        raise TimeoutError
    return pickle.loads(content)


def be_quiet() -> None:
    for stream in (0, 1, 2):
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)


def end_after(seconds: float) -> None:
    """End this process when it has computed for so long from now on."""
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + seconds), resource.RLIM_INFINITY))


def limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
