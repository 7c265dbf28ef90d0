"""A file appears whole or not at all; what was there before stays until then."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import captured, clean_environment
from writing import names_in, refused, written

from tools import warm

SIGMOID = ["grad", "sigmoid", "0", "1"]
ENDINGS = ["json", "ndjson", "csv", "md", "npy", "npz", "pt", "safetensors", "parquet"]


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Any:
    """breaking(error, ending): from now on this format writes half a file and raises."""
    import gradcli.sinks

    def install(error: BaseException, ending: str = ".json") -> None:
        real = gradcli.sinks.writer

        def half(answer: object, view: object, stream: Any) -> None:
            stream.write(b"half")
            stream.flush()
            raise error

        monkeypatch.setattr(gradcli.sinks, "writer", lambda e, a: half if e == ending else real(e, a))

    return install


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("a bug"), MemoryError()])
def test_a_writer_that_fails_half_way_leaves_the_old_bytes_and_no_other_file(
    error: Exception, tmp_path: Path, breaking: Any
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    breaking(error)
    with contextlib.suppress(ValueError):  # a bug is told by the entry point
        captured([*SIGMOID, "-o", str(path)])
    assert (path.read_bytes(), names_in(tmp_path)) == (b"old", ["a.json"])


def test_an_interrupted_writer_leaves_the_old_bytes_and_no_other_file(tmp_path: Path, breaking: Any) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    breaking(KeyboardInterrupt())
    assert captured([*SIGMOID, "-o", str(path)])[0] == 130
    assert (path.read_bytes(), names_in(tmp_path)) == (b"old", ["a.json"])


def test_of_several_files_all_appear_or_none(tmp_path: Path, breaking: Any) -> None:
    for name in ("a.csv", "b.json", "c.npy"):
        (tmp_path / name).write_bytes(b"old")
    breaking(KeyboardInterrupt())
    argv = [*SIGMOID, *(word for name in ("a.csv", "b.json", "c.npy") for word in ("-o", str(tmp_path / name)))]
    assert captured(argv)[0] == 130
    assert names_in(tmp_path) == ["a.csv", "b.json", "c.npy"]
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {b"old"}


def test_a_file_that_is_being_written_is_not_there_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gradcli.sinks

    path = tmp_path / "a.json"
    seen: list[bytes] = []
    real = gradcli.sinks.writer

    def looking(ending: str, answer: Any) -> Any:
        def write(answer: Any, view: Any, stream: Any) -> str | None:
            seen.append(path.read_bytes())
            told = real(ending, answer)(answer, view, stream)
            stream.flush()
            seen.append(path.read_bytes())
            return told

        return write

    path.write_bytes(b"old")
    monkeypatch.setattr(gradcli.sinks, "writer", looking)
    written(SIGMOID, path)
    assert seen == [b"old", b"old"]
    assert path.read_bytes().startswith(b"{")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_full_disk_is_told_whoever_writes(ending: str, tmp_path: Path) -> None:
    link = tmp_path / f"full.{ending}"
    link.symlink_to("/dev/full")
    assert f"cannot write '{link}': No space left on device" in refused(SIGMOID, link)
    assert names_in(tmp_path) == [f"full.{ending}"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_spares_the_other_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"old")
    code, _, err = captured([*SIGMOID, "-o", str(tmp_path / "a.csv"), "-o", "/dev/full"])
    assert code == 2
    assert "No space left" in err
    assert ((tmp_path / "a.csv").read_bytes(), names_in(tmp_path)) == (b"old", ["a.csv"])


def test_a_failure_writes_nothing_and_is_told_as_always(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    words = ["grad", "heaviside", "0"]
    told = refused(words, path, code=1)
    assert told == captured(words)[2]
    assert path.read_bytes() == b"old"
    code, out, _ = captured([*words, "--json", "-o", str(path)])
    assert code == 1
    assert '"schema":"gradcli/error/1"' in out


def test_findings_still_fail_and_the_file_is_there(tmp_path: Path) -> None:
    code, out, _ = captured(["grad", "sqrt", "0", "--fail-on", "error", "-o", str(tmp_path / "a.npy")])
    assert (code, out) == (1, "")
    assert np.load(tmp_path / "a.npy").tolist() == [np.inf]
    assert captured(["grad", "sqrt", "1", "--fail-on", "error", "-o", str(tmp_path / "a.npy")])[0] == 0


def test_a_check_that_disagrees_still_fails_and_the_file_is_there(tmp_path: Path) -> None:
    argv = ["check", "nan_to_num(x) * 0 + x", "x=1", "-o", str(tmp_path / "a.csv")]
    assert captured(argv)[0] == captured(argv[:3])[0]
    assert (tmp_path / "a.csv").exists()


def test_the_numbers_are_on_the_disk_before_the_file_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.npy"
    seen: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(path.exists()))
    written(SIGMOID, path)
    assert seen == [False]


def test_a_link_stays_a_link_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "target.csv", tmp_path / "link.csv"
    target.write_bytes(b"old")
    link.symlink_to(target)
    written(SIGMOID, link)
    assert link.is_symlink()
    assert target.read_text().startswith("x,value")
    assert (names_in(tmp_path), names_in(tmp_path / "real")) == (["link.csv", "real"], ["target.csv"])


def test_a_link_to_nothing_makes_its_target(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "new.csv")
    written(SIGMOID, tmp_path / "link.csv")
    assert (tmp_path / "new.csv").read_text().startswith("x,value")


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_new_file_has_the_permissions_of_every_new_file(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        path = written(SIGMOID, tmp_path / "a.csv")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_a_replaced_file_keeps_its_permissions(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")
    path.chmod(mode)
    written(SIGMOID, path)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_text().startswith("x,value")


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_pipe_gets_the_whole_file(ending: str, tmp_path: Path) -> None:
    pipe, whole = tmp_path / f"pipe.{ending}", tmp_path / f"whole.{ending}"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        written(SIGMOID, pipe)
        received, _ = reader.communicate(timeout=30)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    if ending in ("npz", "pt"):  # a zip archive in a pipe cannot go back to its headers
        whole.write_bytes(received)
        assert list(np.load(whole)) if ending == "npz" else received.startswith(b"PK")
    else:
        assert received == written(SIGMOID, whole).read_bytes()


def test_a_stream_without_an_ending_takes_the_format(tmp_path: Path) -> None:
    def shell(line: str, gradcli: Sequence[str] = ()) -> str:
        program = f'gradcli() {{ {shlex.join(gradcli or warm.gradcli())} "$@"; }}\n{line}'
        ran = subprocess.run(["bash", "-c", program], capture_output=True, env=clean_environment(), check=True)
        assert ran.stderr == b""
        return ran.stdout.decode()

    wanted = captured([*SIGMOID, "-f", "csv"])[1]
    assert shell("gradcli grad sigmoid 0 1 -f csv -o /dev/stdout") == wanted
    assert shell("gradcli grad sigmoid 0 1 -f csv -o >(cat); wait", [sys.executable, "-m", "gradcli"]) == wanted
    log = tmp_path / "log"
    log.write_text("before\n")
    shell(f"gradcli grad sigmoid 0 1 -f csv -o /dev/stdout >> {log}")
    assert log.read_text() == "before\n" + wanted
    assert shell("gradcli grad sigmoid 0 1 -o /dev/null") == ""


def _has_begun(process: int, folder: Path) -> bool:
    """Whether a process holds a file in a folder open, which may have no name yet."""
    if any(name.startswith(".gradcli-") for name in names_in(folder)):
        return True
    with contextlib.suppress(OSError):
        return any(folder in held.readlink().parents for held in Path(f"/proc/{process}/fd").iterdir())
    return False


def test_a_run_that_is_interrupted_while_it_waits_for_its_pipe_leaves_nothing(tmp_path: Path) -> None:
    """Two files, one of them a pipe that nobody reads: the first is complete, and still must not appear."""
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    program = "import os; print(os.getpid(), flush=True)\nfrom gradcli.__main__ import run\nrun()\n"
    argv = [*warm.python(), program, *SIGMOID, "-o", str(tmp_path / "a.csv"), "-o", str(pipe)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment()) as process:
        assert process.stdout is not None
        writer = int(process.stdout.readline())
        deadline = time.monotonic() + 60
        while not _has_begun(writer, tmp_path):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert names_in(tmp_path) == ["pipe.csv"]


def test_the_input_may_be_replaced_by_the_output(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    written(SIGMOID, path)
    written(["grad", "tanh", "0", "2"], path)
    assert path.read_text().splitlines()[2].startswith("2.0,0.96402")


def test_a_terminal_is_told_what_was_written_and_a_pipe_is_not(tmp_path: Path) -> None:
    import pty

    leader, follower = pty.openpty()
    argv = [*warm.gradcli(), "grad", "sqrt", "0", "-o", str(tmp_path / "a.npy")]
    ran = subprocess.run(argv, stdout=subprocess.PIPE, stderr=follower, env=clean_environment(), check=False)
    os.close(follower)
    told = os.read(leader, 4096).decode()
    os.close(leader)
    assert (ran.returncode, ran.stdout) == (0, b"")
    assert f"wrote {tmp_path / 'a.npy'}; 1 finding: inf-backward" in told.replace("\r\n", "\n")


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP here")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_asked_to_end_leaves_no_half_file(number: signal.Signals, tmp_path: Path) -> None:
    program = (
        "import os, time, gradcli.sinks\n"
        "def slow(answer, view, stream):\n"
        "    stream.write(b'half'); stream.flush(); print(os.getpid(), flush=True); time.sleep(60)\n"
        "gradcli.sinks.writer = lambda ending, answer: slow\n"
        "from gradcli.__main__ import run\n"
        "run()\n"
    )
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "a.json").write_bytes(b"old")
    process = subprocess.Popen(
        [*warm.python(), program, *SIGMOID, "-o", str(folder / "a.json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(),
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # under nohup it is ignored
    )
    assert process.stdout is not None
    assert _has_begun(int(process.stdout.readline()), folder)
    process.send_signal(number)
    process.send_signal(number)  # as `timeout` does
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (128 + number, b"")
    assert (names_in(folder), (folder / "a.json").read_bytes()) == (["a.json"], b"old")
