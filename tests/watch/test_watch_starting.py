"""What `watch` is given to run, and the streams, flags and folders of it: as under `python`."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from shutil import make_archive

import pytest
from watching import both, plain, watched, without_report, written

from tools import warm

HERE = """
    import sys
    import helper
    print(sys.argv, sys.path[0], __file__, __name__, __spec__ and __spec__.name, helper.WORD)
    raise ValueError(helper.WORD)
"""


def test_a_folder_and_a_zip_with_a_main_module_are_programs(tmp_path: Path) -> None:
    for folder in (tmp_path / "app", tmp_path / "packed"):
        written(folder, HERE, "__main__.py")
        written(folder, f"WORD = {folder.name!r}", "helper.py")
    make_archive(str(tmp_path / "packed"), "zip", tmp_path / "packed")
    written(tmp_path / "empty", "", "other.py")
    for name in ("app", "packed.zip", "empty"):
        expected, ran = both(tmp_path, name, "-o", "x")
        assert (ran.code, ran.out) == (1, expected.out)
        # where there is no such module, Python's message begins with the path of its executable
        assert without_report(ran).rpartition(": can't")[2] == expected.err.rpartition(": can't")[2]


def test_a_symbolic_link_has_the_neighbours_of_its_file(tmp_path: Path) -> None:
    written(tmp_path / "real", "import sys\nimport helper\nprint(helper.WORD, sys.argv, sys.path[0], __file__)")
    written(tmp_path / "real", "WORD = 'real'", "helper.py")
    (tmp_path / "link.py").symlink_to(tmp_path / "real" / "train.py")
    expected, ran = both(tmp_path, "link.py")
    assert (ran.code, ran.out) == (0, expected.out)


def test_a_program_may_come_from_standard_input(tmp_path: Path) -> None:
    text = "import sys\nprint(sys.argv, __name__, sys.path[0], sorted(globals()), sys.stdin.read())\n1 / 0\n"
    expected, ran = both(tmp_path, "-", "a", stdin=text)
    assert (ran.code, ran.out, without_report(ran)) == (1, expected.out, expected.err)
    text = "import torch\nw = torch.nn.Parameter(torch.zeros(3))\nw.sqrt().sum().backward()\n"
    told = watched(tmp_path, "-", stdin=text).err.splitlines()
    assert told[1] == "  --> <stdin>:3"
    assert "> 3 | w.sqrt().sum().backward()" in told


BYTES = {
    "latin without a word": (b"# caf\xe9\nprint('x')\n", 1),
    "latin that says so": (b"# -*- coding: latin-1 -*-\nprint('caf\xe9')\n", 0),
    "an encoding that there is not": (b"# coding: morse\nprint('x')\n", 1),
    "a mark at its beginning": (b"\xef\xbb\xbfprint('x')\n", 0),
    "no text at all": (bytes(range(256)), 1),
}


@pytest.mark.parametrize("name", BYTES)
def test_the_bytes_of_a_program_are_read_as_python_reads_them(tmp_path: Path, name: str) -> None:
    text, code = BYTES[name]
    (tmp_path / "train.py").write_bytes(text)
    expected, ran = both(tmp_path, "train.py")
    assert (ran.code, ran.out, expected.code) == (code, expected.out, code)
    assert [line.startswith("SyntaxError: ") for line in without_report(ran).splitlines()[-1:]] == [True] * code


@pytest.mark.parametrize(
    ("flags", "env"),
    [
        (("-O", "-W", "error::DeprecationWarning"), {"PYTHONWARNINGS": "error"}),
        (("-u", "-W", "ignore", "-X", "dev"), {}),
    ],
    ids=lambda given: " ".join(given),
)
def test_flags_of_python_stand_before_gradcli(tmp_path: Path, flags: tuple[str, ...], env: dict[str, str]) -> None:
    text = """
        import sys
        import warnings

        print(__debug__, sys.flags, sys.warnoptions, sys.stdout.write_through)
        try:
            assert False, "asserted"
        except AssertionError as error:
            print(error)
        try:
            warnings.warn("ours")
        except UserWarning as error:
            print(error)
        warnings.warn("old", DeprecationWarning)
        raise ValueError("the end")
    """
    written(tmp_path, text)
    expected = plain(tmp_path, *flags, "train.py", env=env)
    ran = plain(tmp_path, *flags, "-m", "gradcli", "watch", "train.py", env=env)
    assert (ran.code, ran.out, without_report(ran)) == (expected.code, expected.out, expected.err)
    assert expected.err.splitlines()[-1] == ("ValueError: the end" if "ignore" in flags else "DeprecationWarning: old")
    assert ("asserted" in ran.out) == ("-O" not in flags)
    assert ("ours" in ran.out) == bool(env)


ROOT = "import torch\nw = torch.nn.Parameter(torch.zeros(3))\nw.sqrt().sum().backward()\n"


def test_a_program_that_goes_to_another_folder_is_told_from_where_it_began(tmp_path: Path) -> None:
    written(tmp_path, "import os; os.mkdir('there'); os.chdir('there')\n" + ROOT)
    ran = watched(tmp_path, "-o", "report.json", "train.py")
    assert "  --> train.py:4" in ran.err.splitlines()
    assert json.loads((tmp_path / "report.json").read_text())["findings"][0]["place"]["file"] == "train.py"


def test_a_program_that_replaces_its_streams_does_not_take_the_report(tmp_path: Path) -> None:
    written(tmp_path, "import io, sys; sys.stdout = io.StringIO(); sys.stderr = open('log.txt', 'w')\n" + ROOT)
    ran = watched(tmp_path, "train.py")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error[inf-backward] step 1")
    assert (tmp_path / "log.txt").read_text() == ""


@pytest.mark.parametrize("text", ["for i in range(200_000): print('line', i)", "print(1)"], ids=["huge", "small"])
def test_a_closed_pipe_ends_a_program_as_it_ends_under_python(tmp_path: Path, text: str) -> None:
    without_a_reader = "import select; pipe = select.poll(); pipe.register(1, 0); pipe.poll()\n"
    written(tmp_path, without_a_reader + text)
    ends = []
    for words in ([sys.executable], [*warm.gradcli(wholly=True), "watch"]):
        line = f"{shlex.join([*words, 'train.py'])} 2>err | true; echo ${{PIPESTATUS[0]}}"
        code = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True).stdout
        told = (tmp_path / "err").read_text()
        ends.append((code, told.replace("nothing was differentiated: the program called no backward\n", "")))
    assert ends[0] == ends[1]
