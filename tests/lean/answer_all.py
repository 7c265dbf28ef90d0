"""Answers command lines one after another, and notes for each which modules of PyTorch are put off before it.

    python answer_all.py QUESTIONS.json ANSWERS.ndjson 10

As soon as an answer has used up a module that was put off, a new process, forked before it, goes on with the next
question, which so meets the modules as in a process of its own. That takes a second each time: after as many as the
last word says, the rest is answered by one that has the modules.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import sys
import warnings
from pathlib import Path

from gradcli import lean_torch

lean_torch.install()

import torch  # noqa: E402, F401

from gradcli.cli import main  # noqa: E402


def answer(argv: list[str]) -> list[object]:
    out, err = io.StringIO(), io.StringIO()
    before = lean_torch.waiting()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(argv)
    return [code, out.getvalue(), err.getvalue(), before, lean_torch.waiting()]


def answered_from(questions: list[list[str]], first: int, file: Path, to_the_end: bool) -> None:
    """Append one line for each question, until one has used up a module that was put off."""
    with file.open("a", encoding="utf-8") as lines:
        for argv in questions[first:]:
            told = answer(argv)
            print(json.dumps(told), file=lines, flush=True)
            if told[4] != told[3] and not to_the_end:
                return


def main_of_all(questions: list[list[str]], file: Path, most: int) -> None:
    gc.freeze()
    done = processes = 0
    while done < len(questions):
        child = os.fork()
        if not child:
            answered_from(questions, done, file, to_the_end=processes == most)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        processes += 1
        before, done = done, len(file.read_text(encoding="utf-8").splitlines())
        assert (status, done > before) == (0, True), questions[before]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    target = Path(sys.argv[2])
    target.touch()
    main_of_all(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), target, int(sys.argv[3]))
