"""A command line in a forked process answers as one in a new interpreter does."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import clean_environment

from tools import warm
from tools.warm import asking

NEW = [sys.executable, "-m", "gradcli"]


def ran(
    argv: list[str], folder: Path, given: bytes = b"", env: dict[str, str] | None = None
) -> tuple[int, bytes, bytes]:
    environment = {**clean_environment(), **(env or {})}
    done = subprocess.run(argv, cwd=folder, input=given, env=environment, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("words", "given", "env"),
    [
        (["grad", "x * 2", "x=-", "@p.csv"], b"1 2", {}),
        (["grad", "x * 2", "x=@p.csv:p", "--json"], b"", {"GRADCLI_DTYPE": "float16"}),
        (["grad", "sigmod", "0"], b"", {"FORCE_COLOR": "1"}),
        (["grad", "heaviside", "0"], b"", {"COLUMNS": "40"}),
    ],
)
def test_streams_folder_environment_and_exit_code_are_the_callers(
    words: list[str], given: bytes, env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "p.csv").write_text("p\n1.5\n")
    assert ran([*warm.gradcli(), *words], tmp_path, given, env) == ran([*NEW, *words], tmp_path, given, env)


def test_a_program_has_its_arguments_and_ends_as_python_does(tmp_path: Path) -> None:
    assert ran([*warm.python(), "import sys; print(sys.argv[1:])", "a", "b"], tmp_path) == (0, b"['a', 'b']\n", b"")
    assert ran([*warm.python(), "raise SystemExit(7)"], tmp_path)[0] == 7
    code, _, err = ran([*warm.python(), "1 / 0"], tmp_path)
    assert (code, err.splitlines()[-1]) == (1, b"ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    ("ending", "code", "told"),
    [
        ("pass", 0, b""),
        ("raise SystemExit", 0, b""),
        ("raise SystemExit(3)", 3, b""),
        ("raise SystemExit('it went wrong')", 1, b"it went wrong\n"),
    ],
)
def test_a_process_ends_as_python_does(ending: str, code: int, told: bytes, tmp_path: Path) -> None:
    """Threads are waited for, what was left to do at exit is done, and what was written is there."""
    program = (
        "import atexit, threading, time\n"
        "atexit.register(print, 'at exit')\n"
        "threading.Thread(target=lambda: (time.sleep(0.1), print('thread'))).start()\n"
        "print('program')\n"
    )
    expected = code, b"program\nthread\nat exit\n", told
    assert ran([*warm.python(), program + ending], tmp_path) == expected


def test_a_process_without_gradcli_has_pytorch_alone(tmp_path: Path) -> None:
    program = "import sys; print('torch' in sys.modules, 'gradcli' in sys.modules, sys.argv[1:])"
    assert ran([*warm.python_without_gradcli(), program, "a"], tmp_path) == (0, b"True False ['a']\n", b"")
    assert ran([*warm.python(), program], tmp_path)[1] == b"True True []\n"


def test_a_script_sees_what_it_sees_under_python(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("name = 'beside'\n")
    (tmp_path / "a.py").write_text(
        "import beside, sys; print(sys.argv, __file__, __name__, sys.path[0], beside.name)\n"
    )
    path = str(tmp_path / "a.py")
    assert ran([*warm.script(), path, "x"], tmp_path) == ran([sys.executable, path, "x"], tmp_path)


def test_an_error_of_a_script_is_told_as_python_tells_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "def inner():\n    raise ValueError('mine')\n\ntry:\n    inner()\nexcept ValueError as error:\n    1 / 0\n"
    )
    assert ran([*warm.script(), "a.py"], tmp_path) == ran([sys.executable, "a.py"], tmp_path)


def test_a_stand_in_for_the_interpreter_runs_programs_warm_and_all_else_anew(tmp_path: Path) -> None:
    python = warm.interpreter(tmp_path, "import sys; given = 'torch' in sys.modules\n")
    assert ran([python, "-c", "print(given, sys.argv)", "it's"], tmp_path) == (0, b"True ['-c', \"it's\"]\n", b"")
    assert ran([python, "-m", "gradcli", "--version"], tmp_path) == ran([*NEW, "--version"], tmp_path)


@pytest.mark.parametrize("ending", ["sys.exit(3)", "os.kill(os.getpid(), 9)", "os.closerange(0, 3)"])
@pytest.mark.parametrize("given", [b"", b"1 2\r\n", b"9" * (asking.PIPE_HOLDS + 1)], ids=len)
def test_python_is_told_what_a_shell_is_told(ending: str, given: bytes, tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "print(sys.argv, os.getcwd(), os.environ['A'], len(sys.stdin.buffer.read()), flush=True)\n"
        "print('e' * 200_000, file=sys.stderr, flush=True)\n"
    )
    words, env = [*warm.python(), program + ending, "x"], {**clean_environment(), "A": "ä"}
    assert asking.run(words, given, folder=tmp_path, env=env, timeout=60) == ran(words, tmp_path, given, {"A": "ä"})


def test_a_process_that_takes_too_long_is_given_up() -> None:
    words = [*warm.python(), "import time; time.sleep(60)"]
    with pytest.raises(TimeoutError):
        asking.run(words, b"", folder=None, env=clean_environment(), timeout=0.1)


def test_a_signal_arrives_and_its_end_is_told(tmp_path: Path) -> None:
    waiting = "import sys, time; print('ready', flush=True); time.sleep(60)"
    with subprocess.Popen([*warm.python(), waiting], stdout=subprocess.PIPE, env=clean_environment()) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == -signal.SIGTERM


def test_a_signal_to_one_that_has_ended_is_too_late_and_changes_nothing(tmp_path: Path) -> None:
    """The server that is asked here tells the end of a process only after the signal was sent."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "server"))
        listener.listen()
        asking = subprocess.Popen([*warm.CLIENT_WORDS, str(tmp_path / "server")], stderr=subprocess.PIPE)
        connection, _ = listener.accept()
    with asking, connection:
        while connection.recv(1 << 16):
            pass
        connection.sendall(gone.pid.to_bytes(4, sys.byteorder))
        while signal.SIGTERM not in _caught_by(asking.pid):
            time.sleep(0.01)
        asking.send_signal(signal.SIGTERM)
        connection.sendall((3 << 8).to_bytes(4, sys.byteorder))
        assert asking.communicate(timeout=30) == (None, b"")
    assert asking.returncode == 3


def _caught_by(process: int) -> set[int]:
    """The signals that a process handles itself."""
    status = Path(f"/proc/{process}/status").read_text()
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return {number for number in range(1, 65) if caught >> (number - 1) & 1}


def test_a_process_is_killed_with_the_one_that_the_caller_sees(tmp_path: Path) -> None:
    waiting = "import time; print('ready', flush=True); time.sleep(60)"
    with subprocess.Popen([*warm.python(), waiting], stdout=subprocess.PIPE, env=clean_environment()) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.kill()
        assert process.wait(30) == -signal.SIGKILL
        began = time.monotonic()
        assert process.stdout.read() == b"", "it ends as the last one that could write into the pipe is gone"
        assert time.monotonic() - began < 30
