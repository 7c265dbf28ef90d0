"""Places that are not what they seem: links, folders, streams under other names; and a process that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from command_line import clean_environment, failed
from writing import names_in

from gradcli.sinks.streams import descriptor_of
from tools import warm

SIGMOID = ["grad", "sigmoid", "0", "1"]


@pytest.mark.parametrize("name", ["d.json/", "d.json//", "d.json/.", "there.json/"])
def test_a_name_that_ends_like_a_folder_is_no_file(name: str, tmp_path: Path) -> None:
    (tmp_path / "there.json").write_text("old")
    error = failed([*SIGMOID, "-o", f"{tmp_path}/{name}"], 2)
    assert "it names a folder" in error["message"] or "Not a directory" in error["message"]
    assert names_in(tmp_path) == ["there.json"]
    assert (tmp_path / "there.json").read_text() == "old"


def test_a_dangling_link_names_the_folder_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to(tmp_path / "gone" / "x.json")
    error = failed([*SIGMOID, "-o", f"{tmp_path}/link.json"], 2)
    assert f"there is no folder '{tmp_path}/gone'" in error["message"]
    assert error["hint"] == f"Make it: mkdir -p {tmp_path}/gone"


def test_a_link_to_a_file_that_is_not_there_yet_is_followed(tmp_path: Path, run: Any) -> None:
    (tmp_path / "link.json").symlink_to(tmp_path / "x.json")
    assert run([*SIGMOID, "-o", f"{tmp_path}/link.json"])[0] == 0
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "x.json").read_text())["schema"] == "gradcli/grad/1"


def test_a_stream_is_known_by_each_of_its_names(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to("/dev/stdout")
    (tmp_path / "further.json").symlink_to("link.json")
    (tmp_path / "devices").symlink_to("/dev")
    (tmp_path / "loop.json").symlink_to("loop.json")
    (tmp_path / "x.json").touch()
    for name in ("link.json", "further.json", "devices/stdout", "devices/fd/1"):
        assert descriptor_of(tmp_path / name) == 1, name
    assert descriptor_of(f"/proc/{os.getpid()}/fd/2") == 2
    for name in ("loop.json", "x.json", "none.json"):
        assert descriptor_of(tmp_path / name) is None, name
    assert descriptor_of("/proc/1/fd/1") is None


@pytest.mark.parametrize("name", ["/dev/stdout", "{}/link.json", "{}/answers.json"])
def test_batch_never_writes_between_its_answers(name: str, tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to("/dev/stdout")
    path = tmp_path / "answers.json"
    request = json.dumps([*SIGMOID, "-o", name.replace("{}", str(tmp_path))]) + "\n"
    with path.open("wb") as stdout:
        argv = [*warm.gradcli(), "batch", "-"]
        subprocess.run(argv, input=request.encode(), stdout=stdout, env=clean_environment(), check=False)
    (line,) = path.read_text().splitlines()
    assert "standard output holds the answers" in json.loads(line)["error"]["message"]


HELD = """
import sys, time
import gradcli.sinks
real = gradcli.sinks.writer
def slow(ending, answer):
    def write(answer, view, stream):
        stream.write(b"half")
        stream.flush()
        print("writing", flush=True)
        time.sleep(60)
    return write
gradcli.sinks.writer = slow
from gradcli.cli import main
main(sys.argv[1:])
"""


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="files without a name are Linux's")
def test_a_process_that_is_killed_leaves_no_file(tmp_path: Path) -> None:
    try:
        os.close(os.open(tmp_path, os.O_TMPFILE | os.O_WRONLY))
    except OSError:
        pytest.skip("this file system has no files without a name")
    (tmp_path / "a.json").write_text("old")
    argv = [*warm.python(), HELD, *SIGMOID, "-o", str(tmp_path / "a.json")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=clean_environment(), text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        assert names_in(tmp_path) == ["a.json"]
        writer.send_signal(signal.SIGKILL)
        assert writer.stdout.read() == "", "it has ended when nobody can write into the pipe"
    assert names_in(tmp_path) == ["a.json"]
    assert (tmp_path / "a.json").read_text() == "old"


@pytest.mark.parametrize("nameless", [True, False])
def test_a_file_is_written_with_and_without_a_passing_name(
    nameless: bool, tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not nameless:
        monkeypatch.setattr("gradcli.sinks.files._nameless", lambda folder: None)
    before = os.umask(0o027)
    try:
        (tmp_path / "old.json").write_text("old")
        (tmp_path / "old.json").chmod(0o604)
        assert run([*SIGMOID, "-o", f"{tmp_path}/old.json", "-o", f"{tmp_path}/new.npz"])[0] == 0
    finally:
        os.umask(before)
    assert names_in(tmp_path) == ["new.npz", "old.json"]
    assert (tmp_path / "old.json").stat().st_mode & 0o777 == 0o604
    assert (tmp_path / "new.npz").stat().st_mode & 0o777 == 0o640
    assert json.loads((tmp_path / "old.json").read_text())["schema"] == "gradcli/grad/1"
