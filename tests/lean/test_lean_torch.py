"""PyTorch without the modules that are put off answers as after a plain import, to the last bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from command_line import captured, clean_environment, in_process_of_its_own
from questions import CALLS, INPUTS, LEFT_OUT, MORE, gradient, questions

from gradcli.language.catalogue.activations import ACTIVATIONS
from gradcli.language.catalogue.errors import all_errors
from gradcli.language.catalogue.losses import LOSSES
from gradcli.language.catalogue.operations import operations
from gradcli.lean_torch.table import TABLE, VERSIONS
from tools import warm

SAID_ONCE = tuple(
    f"PyTorch warns: {words}"
    for words in ("Casting complex values to real discards", "A window was not provided", "index_reduce() is in beta")
)
"""By PyTorch in the first such call of a process: in one of the two it may be another call."""
LOADS = os.environ.get("LEAN_LOADS", "1")
"""Answers that may use up the modules that are put off, each in a process of its own."""

pytestmark = pytest.mark.filterwarnings("ignore")  # PyTorch's advice about calls with few arguments

_tested = pytest.mark.skipif(version("torch").partition("+")[0] not in VERSIONS, reason="a version that is not put off")


def said(err: str) -> list[str]:
    """The lines of standard error but for what is said once."""
    return [line for line in err.splitlines() if not line.startswith(SAID_ONCE)]


def answers(asked: list[list[str]], folder: Path, name: str, python: Sequence[str]) -> subprocess.Popen[bytes]:
    """answer_all.py, on its way, in an interpreter that is given a program as its next word."""
    (folder / f"{name}.json").write_text(json.dumps(asked))
    program = Path(__file__).with_name("answer_all.py").read_text()
    words = [*python, program, f"{name}.json", f"{name}.ndjson", LOADS]
    return subprocess.Popen(words, cwd=folder, env=clean_environment())


@_tested
def test_every_answer_is_that_after_a_plain_import(tmp_path: Path) -> None:
    asked = questions()
    running = [
        answers(asked, tmp_path, "lean", [sys.executable, "-c"]),
        answers(asked, tmp_path, "plain", warm.python()),  # which has imported PyTorch before gradcli's entrance
    ]
    assert [process.wait(900) for process in running] == [0, 0]
    lean, plain = ([json.loads(line) for line in (tmp_path / f"{name}.ndjson").open()] for name in ("lean", "plain"))
    for words, one, other in zip(asked, lean, plain, strict=True):
        assert one[0] == other[0], words
        assert one[1] == other[1], words
        assert said(one[2]) == said(other[2]), words
    assert all(not told[3] for told in plain)
    first = next(n for n, told in enumerate(lean) if told[3] != told[4])
    assert first > 700, f"{asked[first]} needs what is put off"
    assert all(told[3] == list(TABLE) for told in lean[: first + 1])


def test_every_row_of_the_catalogue_is_asked_for() -> None:
    text = " ".join(" ".join(words) for words in questions())
    assert all(f"loss {row.name} " in text for row in LOSSES)
    assert all(f"activate {row.name} " in text for row in ACTIVATIONS)
    assert all(f"errors {entry.id} " in text for entry in all_errors())
    calls = CALLS | MORE
    assert all(f"{row.name}(" in text or row.name in calls for row in operations() if row.name not in LEFT_OUT)


def test_what_is_asked_by_hand_is_answered() -> None:
    for name, text in MORE.items():
        code, _, err = captured(["grad", *gradient(text, INPUTS)[1:]])
        assert code == 0 or "derivative for" in err or "not implemented" in err, (name, err)


@_tested
@pytest.mark.parametrize("words", ["watch it.py", "grad it.py:loss x=2"])
def test_the_program_of_a_user_has_all_of_pytorch(words: str, tmp_path: Path) -> None:
    (tmp_path / "it.py").write_text(
        "import sys, types\n"
        "plain = all(type(sys.modules[name]) is types.ModuleType for name in " + repr(list(TABLE)) + ")\n"
        "print('plain' if plain else 'lean', file=sys.stderr)\n"
        "def loss(x):\n    return x * x\n"
    )
    code, _, err = gradcli(*words.split(), cwd=tmp_path)
    assert (code, "plain" in err.split()) == (0, True), err


ENTERED = """
import contextlib, io, json, os, sys
from gradcli import lean_torch
from gradcli.__main__ import run

class Left(BaseException):
    pass

class Broken:
    def find_spec(self, name, path, target=None):
        if name == "torch.export._tree_utils":
            raise OSError("the disk is gone")

def leave(code):
    raise Left(code)

def told(argv):
    sys.argv[1:] = argv
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            run()
        except Left as end:
            code = end.args[0]
    print(json.dumps([code, out.getvalue(), err.getvalue(), lean_torch.waiting()]), flush=True)

really_leave, os._exit = os._exit, leave
first, *others, broken = json.loads(sys.argv[1])
told(first)
for argv in others:
    if not (child := os.fork()):
        told(argv)
        really_leave(0)
    os.waitpid(child, 0)
sys.meta_path.insert(0, Broken())
told(broken)
"""
ENTERED_WITH = {
    "plain": ["grad", "sigmoid", "1"],
    "bound": ["grad", "sum(histc(x, 5000))", "1", "2", "--max-elements", "1000"],
    "broken": ["errors", "cotangent-count"],
}
Entered = dict[str, tuple[int, str, str, list[str]]]


@pytest.fixture(scope="module")
def entered() -> Entered:
    """Code, output, errors, and what is put off after it, of command lines in a new interpreter and in its forks."""
    code, out, err = in_process_of_its_own([json.dumps([*ENTERED_WITH.values()])], python=ENTERED)
    assert code == 0, err
    return {name: tuple(json.loads(line)) for name, line in zip(ENTERED_WITH, out.splitlines(), strict=True)}


@_tested
def test_the_entrance_puts_them_off(entered: Entered) -> None:
    code, _, err, waiting = entered["plain"]
    assert (code, err, waiting) == (0, "", list(TABLE))


def test_a_session_that_uses_the_python_functions_imports_plainly() -> None:
    program = (
        "import gradcli, sys, types\ngradcli.softmax([1.0, 2.0])\nfrom gradcli import lean_torch\n"
        f"names = {list(TABLE)!r}\n"
        "print(lean_torch.waiting(), {type(sys.modules[name]) for name in names} == {types.ModuleType})\n"
    )
    code, out, err = in_process_of_its_own(python=program)
    assert (code, out) == (0, "[] True\n"), err


@_tested
def test_a_bound_is_kept_where_pytorch_knows_the_shape_in_python_alone(entered: Entered) -> None:
    code, _, err, _ = entered["bound"]
    assert (code, "histc() would make a tensor of 5,000 elements; at most 1,000 are allowed" in err) == (2, True), err


def test_an_unknown_version_is_imported_whole(tmp_path: Path) -> None:
    make_torch(tmp_path, version="2.99.0")
    assert toy(tmp_path, "print(lean_torch.waiting(), type(torch.leaf).__name__)") == "[] module"


def test_a_module_is_executed_by_the_first_attribute(tmp_path: Path) -> None:
    make_torch(tmp_path)
    told = toy(
        tmp_path,
        "print(lean_torch.waiting())\n"
        "print(torch.leaf.__name__, torch.leaf.__spec__.name, lean_torch.waiting())\n"
        "before = torch.leaf\n"
        "print(torch.leaf.VALUE, lean_torch.waiting(), torch.leaf is before is sys.modules['torch.leaf'])",
    )
    assert told.splitlines() == [
        "['torch.leaf', 'torch.one', 'torch.two']",
        "torch.leaf torch.leaf ['torch.leaf', 'torch.one', 'torch.two']",
        "leaf ['torch.one', 'torch.two'] True",
    ]


@pytest.mark.parametrize(
    "asks",
    [
        "torch.two.VALUE",
        "torch.one.VALUE",
        "from torch.two import VALUE",
        "from torch.two import *; VALUE",
        "import torch.two.below; torch.two.below.VALUE",
        "import torch.beside; torch.beside.VALUE",
        "from torch.inner import INNER",
        "torch.beside.VALUE",
        "vars(torch.two)['VALUE']",
        "dir(torch.two)",
        "torch.later(1)",
    ],
)
def test_a_circle_is_entered_where_pytorch_enters_it(asks: str, tmp_path: Path) -> None:
    """torch.two cannot be imported before torch.one, and nothing is executed twice."""
    make_torch(tmp_path)
    told = toy(tmp_path, f"{asks}\nprint(lean_torch.waiting(), torch.executed)")
    assert told == "['torch.leaf'] ['one', 'two', 'below', 'beside']"


def test_an_extension_that_pytorch_imports_at_its_end_finds_what_it_needs(tmp_path: Path) -> None:
    make_torch(tmp_path)
    (tmp_path / "extension.py").write_text("import torch.inner\nfrom torch.two import later\nassert later(1) == 2\n")
    with (tmp_path / "torch" / "__init__.py").open("a") as file:
        file.write("def _import_device_backends():\n    import extension\n_import_device_backends()\n")
    told = toy(tmp_path, "print(lean_torch.waiting(), torch.executed, torch.later is torch.two.later)")
    assert told == "['torch.leaf'] ['one', 'two', 'below', 'beside'] True"


def test_what_was_taken_to_be_called_later_is_the_function_itself_in_the_end(tmp_path: Path) -> None:
    make_torch(tmp_path)
    told = toy(
        tmp_path,
        "print(torch.later(2), torch.later is torch.two.later, torch.again is torch.two.later)",
    )
    assert told == "3 True True"


def test_everything_is_there_after_load_all(tmp_path: Path) -> None:
    make_torch(tmp_path)
    told = toy(
        tmp_path, "lean_torch.load_all(); print(lean_torch.waiting(), torch.executed, lean_torch.load('torch.two'))"
    )
    assert told == "[] ['leaf', 'one', 'two', 'below', 'beside'] False"


def test_what_is_nowhere_is_missing_as_ever(tmp_path: Path) -> None:
    make_torch(tmp_path)
    told = toy(tmp_path, "print(hasattr(torch, 'nowhere'), lean_torch.waiting(), torch.own)")
    assert told == "False ['torch.leaf', 'torch.one', 'torch.two'] own"


def test_a_module_that_cannot_be_imported_any_more_is_the_users_error(tmp_path: Path) -> None:
    make_torch(tmp_path)
    (tmp_path / "torch" / "two" / "below.py").write_text("1 / 0\n")
    told = toy(
        tmp_path,
        "for _ in range(2):\n"
        "    try:\n        torch.two.VALUE\n"
        "    except lean_torch.finder.PutOffError as error:\n        print(error, '|', error.hint)",
    )
    lines = told.splitlines()
    assert len(lines) == 2, "the second time it is said again"
    for line in lines:
        assert "PyTorch's torch.two, which" in line
        assert "cannot be imported: ZeroDivisionError: division by zero" in line
        assert "GRADCLI_LEAN=0" in line


@_tested
def test_such_an_error_reaches_the_screen(entered: Entered) -> None:
    code, out, err, _ = entered["broken"]
    assert (code, out) == (2, "")
    assert "PyTorch's torch.export, which gradcli imports only when it is needed, cannot be imported: OSError" in err
    assert "GRADCLI_LEAN=0" in err


def gradcli(*words: str, cwd: Path | None = None) -> tuple[int, str, str]:
    """A process of its own from the start: the warm ones have imported PyTorch."""
    ran = subprocess.run(
        [sys.executable, "-m", "gradcli", *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=clean_environment(),
        timeout=120,
        check=False,
    )
    return ran.returncode, ran.stdout, ran.stderr


def make_torch(folder: Path, version: str = "2.13.0") -> None:
    """A package of this name whose modules `one` and `two` import each other, and say when they are executed."""
    files: dict[str, str] = {
        "version.py": f"__version__ = '{version}+toy'\n",
        "__init__.py": (
            "executed = []\n"
            "class _C:\n    pass\n"
            "from torch import leaf\n"
            "from torch import one\n"
            "from torch.two import later\n"
            "import torch.taker\n"
            "def __getattr__(name):\n"
            "    if name == 'again':\n        return torch.taker.later\n"
            "    if name == 'own':\n        return 'own'\n"
            "    raise AttributeError(name)\n"
        ),
        "taker.py": "from torch.two import later\n",
        "leaf.py": "import torch\ntorch.executed.append('leaf')\nVALUE = 'leaf'\n",
        "one.py": "import torch\ntorch.executed.append('one')\nSOME = 1\nfrom torch.two import VALUE\n",
        "two/__init__.py": (
            "import torch\nfrom torch.one import SOME\ntorch.executed.append('two')\nimport torch.two.below\n"
            "import torch.beside\nfrom torch.inner import INNER\nVALUE = 2\ndef later(x):\n    return x + SOME\n"
        ),
        "two/below.py": "import torch\ntorch.executed.append('below')\nVALUE = 'below'\n",
        "inner.py": "from torch.one import SOME\nINNER = SOME\n",
        "beside.py": "import torch\nfrom torch.one import SOME\ntorch.executed.append('beside')\nVALUE = 'beside'\n",
    }
    for name, text in files.items():
        path = folder / "torch" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def toy(folder: Path, program: str) -> Any:
    """What a program prints that has imported the package of make_torch."""
    begin = (
        "import sys\n"
        f"sys.path.insert(0, {str(folder)!r})\n"
        "from gradcli import lean_torch\n"
        "from gradcli.lean_torch.table import PutOff\n"
        "lean_torch.install({'torch.leaf': PutOff('', is_leaf=True), 'torch.one': PutOff(''),\n"
        "                    'torch.two': PutOff('', ('later',))}, ['2.13.0'])\n"
        "import torch\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", begin + program],
        capture_output=True,
        text=True,
        env={**os.environ, "GRADCLI_LEAN": "1"},
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.rstrip("\n")
