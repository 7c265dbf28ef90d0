"""A program under watch runs as under `python`: its streams, its exit code, its arguments, its traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from watching import both, watched, without_report, written

SURROUNDINGS = """
    import __main__
    import json
    import pickle
    import sys
    from dataclasses import dataclass


    @dataclass
    class Point:
        x: int


    print(json.dumps({
        "argv": sys.argv,
        "typed": sys.orig_argv[1:],
        "name": __name__,
        "file": __file__,
        "path": sys.path[0],
        "main": __main__.__file__,
        "spec": None if __spec__ is None else __spec__.name,
        "loader": type(__loader__).__name__,
        "package": __package__,
        "globals": sorted(globals()),
        "pickled": pickle.loads(pickle.dumps(Point(3))).x,
        "stdin": sys.stdin.read(),
        "futures": __import__("inspect").signature(lambda x: x).return_annotation is __import__("inspect")._empty,
    }))
"""

ENDINGS = {
    "nothing": "print('done')",
    "a number": "import sys; sys.exit(7)",
    "a text": "import sys; sys.exit('it went wrong')",
    "None": "raise SystemExit",
    "at exit": "import atexit; atexit.register(print, 'bye'); print('hello')",
    "an exception": """
        def inner():
            raise ValueError("mine")

        try:
            inner()
        except ValueError as error:
            raise KeyError("other") from error
    """,
    "an error of PyTorch's": """
        import torch
        from torch.nn import functional


        def attend(x):
            return functional.softmax(x @ x, dim=3)


        attend(torch.ones(2, 2, requires_grad=True))
    """,
    "an error in backward": """
        import torch

        x = torch.ones(2, requires_grad=True)
        (x * 2).backward()
    """,
    "a syntax error": "x = (1,\nprint('never')\n",
    "an own hook": "import sys; sys.excepthook = lambda *told: print('hooked', told[0].__name__); 1 / 0",
    "a hook that fails": "import sys; sys.excepthook = lambda *told: told[9]; 1 / 0",
    "a hook that ends the program": "import sys; sys.excepthook = lambda *told: sys.exit(4); 1 / 0",
    "a hook that is gone": "import sys; del sys.excepthook; 1 / 0",
    "closed streams": "import sys; print('end'); sys.stdout.close(); sys.stderr.close()",
    "a handler of its own": """
        import os
        import signal
        import sys

        signal.signal(signal.SIGINT, lambda *told: sys.exit(9))
        os.kill(os.getpid(), signal.SIGINT)
        signal.pause()
    """,
    "at once": "import os; os._exit(5)",
    "an interrupt": "import signal; signal.raise_signal(signal.SIGINT)",
    "an interrupt caught": """
        import signal

        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            print("saved")
    """,
    "a termination": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "an exit in a thread": """
        import sys
        import threading

        thread = threading.Thread(target=sys.exit, args=(3,))
        thread.start()
        thread.join()
        print("alone")
    """,
    "threads that go on": """
        import atexit
        import threading
        import time
        from concurrent.futures import ThreadPoolExecutor

        def late():
            time.sleep(0.2)
            print("late")

        atexit.register(print, "bye")
        pool = ThreadPoolExecutor(1)
        pool.submit(print, "pooled").result()
        threading.Thread(target=late).start()
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        print("end")
    """,
    "a warning of its own": "import warnings; warnings.warn('old', DeprecationWarning)",
    "warnings of PyTorch": """
        import warnings

        import torch
        from torch import nn

        weight = torch.ones(3, requires_grad=True)
        for _ in range(2):
            nn.functional.softmax(weight)
        nn.functional.softmax(weight + 1)
        nn.Sequential(nn.LogSoftmax(), nn.Softmin())(weight)
        weight.storage()
        (weight * 2).grad
        torch.ones(2, 3, 4).T
        torch.meshgrid(weight, weight)
        weight.sum().backward(create_graph=True)
        with warnings.catch_warnings(record=True) as kept:
            warnings.simplefilter("always")
            nn.functional.softmax(weight)
        print([(one.filename, one.lineno) for one in kept])
    """,
    "an object of a spawned process": """
        import multiprocessing

        class Job:
            def __init__(self, number):
                self.number = number

        def done(pipe):
            pipe.send(Job(3))

        if __name__ == "__main__":
            context = multiprocessing.get_context("spawn")
            here, there = context.Pipe()
            child = context.Process(target=done, args=(there,))
            child.start()
            print(here.recv().number)
            child.join()
    """,
    "a fork": """
        import os
        import sys

        child = os.fork()
        if not child:
            sys.exit(4)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """,
}


@pytest.mark.parametrize("words", [("train.py", "--json", "-m", "x"), ("-m", "train", "-o", "x")], ids=" ".join)
def test_a_program_sees_what_it_sees_under_python(tmp_path: Path, words: tuple[str, ...]) -> None:
    written(tmp_path, SURROUNDINGS)
    expected, ran = both(tmp_path, *words, stdin="given")
    assert json.loads(ran.out) == json.loads(expected.out)
    assert ran.code == expected.code == 0


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_program_ends_as_it_ends_under_python(tmp_path: Path, ending: str) -> None:
    written(tmp_path, ENDINGS[ending])
    expected, ran = both(tmp_path, "train.py", has_torch="import torch" in ENDINGS[ending])
    assert (ran.code, ran.out) == (expected.code, expected.out)
    assert without_report(ran) == expected.err


def test_a_missing_program_is_a_mistake_in_the_call(tmp_path: Path) -> None:
    ran = watched(tmp_path, "missing.py")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "cannot open 'missing.py': No such file or directory\nGive the file of a program.\n"


def test_watch_without_a_program_is_a_mistake_in_the_call(tmp_path: Path) -> None:
    ran = watched(tmp_path)
    assert ran.code == 2
    assert ran.err.startswith("watch needs a program\n")


def test_an_unknown_option_stands_before_the_program(tmp_path: Path) -> None:
    ran = watched(tmp_path, "--jsn", "train.py")
    assert (ran.code, ran.err.splitlines()[0]) == (2, "unknown option '--jsn'")
