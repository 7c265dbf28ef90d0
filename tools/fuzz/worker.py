"""A process that makes and runs cases: their numbers on standard input, a line of JSON for each on standard output."""

from __future__ import annotations

import io
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random
from unittest import mock

from tools.fuzz import faults, files, lines
from tools.fuzz.case import Case

MAKERS: dict[str, tuple[Callable[[Random], Case], int]] = {
    "argv": (lines.argv, 40),
    "batch": (lines.batch, 25),
    "files": (files.files, 20),
    "emission": (lines.emission, 15),
}
"""Each kind of case, and how many of a hundred it is."""
MEMORY = 12 * 2**30
"""Bytes of address space, PyTorch's libraries included: what needs more than the bounds allow must fail, not swap."""


def made(seed: int, number: int) -> Case:
    """Case number n of a seed."""
    random = Random(f"{seed}/{number}")
    makers, shares = zip(*MAKERS.values(), strict=True)
    case: Case = random.choices(makers, shares)[0](random)
    return case


def answered(case: Case) -> faults.Answer:
    """Run a case in this process, in a folder that holds its files; what it did."""
    from gradcli.cli import main

    for name, content in case.files.items():
        Path(name).write_bytes(content)
    out, err = _stream(), _stream()
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(case.stdin), encoding="utf-8", errors="surrogateescape")
    code, escaped = None, ""
    try:
        with redirect_stdout(out), redirect_stderr(err), mock.patch.dict(os.environ, case.environment):
            code = main(case.argv)
    except BaseException as error:  # noqa: BLE001 - that is what is looked for
        escaped = f"{type(error).__name__}: {error}"[:300]
    finally:
        sys.stdin = before
    left = tuple(sorted(path.name for path in Path.cwd().iterdir() if path.name not in case.files))
    for path in Path.cwd().iterdir():
        path.unlink() if path.is_file() or path.is_symlink() else shutil.rmtree(path)
    return faults.Answer(code, _bytes(out), _bytes(err), escaped, left)


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", newline="", write_through=True)


def _bytes(stream: io.TextIOWrapper) -> bytes:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue()


def main() -> None:
    seed = int(sys.argv[1])
    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints by itself is no answer
    os.dup2(1, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        os.chdir(folder)
        answered(Case("argv", ["grad", "sigmoid", "0"]))  # brings PyTorch in before anything is timed
        out.write("ready\n")
        out.flush()
        for line in sys.stdin:
            case = made(seed, int(line))
            began = time.perf_counter()
            answer = answered(case)
            seconds = time.perf_counter() - began
            found = list(faults.faults(case, answer))
            out.write(json.dumps({"kind": case.kind, "code": answer.code, "seconds": seconds, "faults": found}) + "\n")
            out.flush()


if __name__ == "__main__":
    main()
