"""What needs no PyTorch does not bring it in: a process is started, and asked what it has imported."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from command_line import clean_environment, in_process_of_its_own
from each import each

from tools import warm

PROGRAM = """
import contextlib, io, json, sys
from gradcli.cli import main
answers = []
for argv in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(argv)
    answers.append([code, "torch" in sys.modules, err.getvalue() + out.getvalue(), "numpy" in sys.modules])
    if "torch" in sys.modules:
        break
print(json.dumps(answers))
"""

ANSWERS = [
    ["--help"],
    ["-h"],
    ["--version"],
    ["-V"],
    *(
        [command, "--help"]
        for command in (
            "activate",
            "grad",
            "loss",
            "softmax",
            "retain-demo",
            "errors",
            "explain",
            "functions",
            "schema",
        )
    ),
    ["errors"],
    ["errors", "--json"],
    ["errors", "--search", "view"],
    ["explain"],
    ["explain", "nan-backward"],
    ["explain", "dead", "vanishing", "--json"],
    ["explain", "view"],
    ["errors", "second-backward", "--emit", "torch"],
    ["batch", "--help"],
    ["functions"],
    ["functions", "gelu"],
    ["functions", "--category", "loss"],
    ["functions", "--search", "soft", "--json"],
    ["functions", "F.cross_entropy", "--json"],
    ["schema"],
    ["schema", "grad"],
    ["schema", "retain-demo"],
]
"""Command lines that are answered without PyTorch."""

MISTAKES = [
    ["frobnicate"],
    ["batch", "missing.txt"],
    ["batch", "--jobs", "0"],
    ["--frobnicate"],
    ["grad"],
    ["loss"],
    ["softmax"],
    ["functions", "sigmod"],
    ["functions", "--category", "nonsense"],
    ["errors", "second-backwards"],
    ["explain", "nan-gradient"],
    ["errors", "second-backward", "--emit", "numpy"],
    ["schema", "nonsense"],
    ["grad", "sigmoid", "1", "--dvice", "cpu"],
    ["grad", "sigmoid", "1", "--device"],
    ["grad", "sigmoid", "1", "--json=1"],
    ["grad", "sigmoid", "1", "--device", "gpu"],
    ["grad", "sigmoid", "1", "--dtype", "float128"],
    ["grad", "sigmoid", "1", "--format", "yaml"],
    ["grad", "sigmoid", "1", "--precision", "0"],
    ["grad", "sigmoid", "1", "--precision", "x"],
    ["grad", "sigmoid", "1", "--max-rows", "0"],
    ["grad", "sigmoid", "1", "--max-elements", "0"],
    ["grad", "sigmoid", "1", "--seed", "-1"],
    ["grad", "sigmoid", "1", "--via", "magic"],
    ["grad", "sigmoid", "1", "--fail-on", "nonsense"],
    ["grad", "sigmoid", "1", "--wrt", ""],
    ["grad", "sigmoid", "1", "--vjp", "y"],
    ["grad", "sigmoid", "1", "--jvp", "(1"],
    ["grad", "sigmod", "1"],
    ["grad", "sigmoid(x", "1"],
    ["grad", "x.foo", "1"],
    ["grad", "x.foo()", "1"],
    ["grad", "foo(x)", "1"],
    ["grad", "exp(x, 1, 2)", "1"],
    ["grad", "exp(x, dim=1)", "1"],
    ["grad", "lambda x: x", "1"],
    ["grad", "__import__('os')", "1"],
    ["grad", "x" * 10_001, "1"],
    ["grad", "(" * 5000, "1"],
    ["grad", "x + y", "1"],
    ["grad", "x * 2", "x=1", "x=2"],
    ["grad", "x * 2", "x:float128=1"],
    ["grad", "x * 2", "x="],
    ["grad", "x * 2", "y"],
    ["grad", "x * 2", "@data.npy"],
    ["grad", "x + y", "x=-", "y=-"],
    ["activate", "sigmod"],
    ["activate", "sum(x)"],
    ["activate", "sigmoid", "--range", "1:2"],
    ["activate", "sigmoid", "--range", "0:1:0"],
    ["activate", "sigmoid", "--param", "beta=1"],
    ["activate", "sigmoid,,tanh"],
    ["loss", "mes", "1", "2"],
    ["loss", "mse", "1"],
    ["loss", "mse", "1", "2", "3", "4"],
    ["loss", "mse", "1", "2", "--reduction", "max"],
    ["loss", "mse", "1", "2", "--param", "foo=1"],
    ["softmax", "1", "--temperature", "0"],
    ["softmax", "y"],
    ["retain-demo", "--calls", "2"],
    ["retain-demo", "a=1"],
    ["retain-demo", "sum(exp(a))", "a=1", "--retain", "x"],
]
"""Command lines that the words alone show to be wrong."""


WITH_NUMPY = [
    ["errors", "--json"],
    ["errors", "second-backward", "--emit", "torch"],
    ["explain", "dead", "vanishing", "--json"],
    ["functions", "--search", "soft", "--json"],
    ["functions", "F.cross_entropy", "--json"],
    ["batch", "missing.txt"],
    ["batch", "--jobs", "0"],
]
"""Those that bring in NumPy, half of the time of an answer in words: JSON knows arrays, and `batch` takes requests."""


COMPUTED = ["grad", "sigmoid", "1"]
"""The nearest neighbour of all the lines above: one that computes."""


@pytest.fixture(scope="module")
def answers() -> dict[str, list[object]]:
    asked = [words for words in (*ANSWERS, *MISTAKES) if words not in WITH_NUMPY]
    asked += [*WITH_NUMPY, *([*words, "--json"] for words in MISTAKES), COMPUTED]
    code, out, err = in_process_of_its_own([json.dumps(asked)], python=PROGRAM)
    assert code == 0, err
    told = json.loads(out)
    assert len(told) == len(asked), f"PyTorch was brought in by {asked[len(told) - 1]}: {told[-1]}"
    return {json.dumps(words): answer for words, answer in zip(asked, told, strict=True)}


@pytest.mark.parametrize("words", ANSWERS, ids=" ".join)
def test_a_question_about_words_is_answered_without_pytorch(words: list[str], answers: dict[str, list[object]]) -> None:
    assert answers[json.dumps(words)][:2] == [0, False]


@each("words", [*ANSWERS, *MISTAKES], ids=" ".join)
def test_an_answer_in_words_does_without_numpy(words: list[str], answers: dict[str, list[object]]) -> None:
    assert answers[json.dumps(words)][3] == (words in WITH_NUMPY)


@each("words", MISTAKES, ids=lambda words: " ".join(words)[:60])
def test_a_mistake_in_the_words_is_told_without_pytorch(words: list[str], answers: dict[str, list[object]]) -> None:
    code, has_torch, told, _ = answers[json.dumps(words)]
    assert (code, has_torch) == (2, False), told
    assert "Traceback" not in str(told)
    code, has_torch, told, _ = answers[json.dumps([*words, "--json"])]
    assert (code, has_torch) == (2, False), told


def test_the_question_itself_can_fail(answers: dict[str, list[object]]) -> None:
    assert answers[json.dumps(COMPUTED)][:2] == [0, True]


@pytest.mark.parametrize(
    "room",
    ["exceptions", "results", "sources", "language.parser", "language.catalogue", "render", "diagnose.findings.table"],
)
def test_a_room_without_pytorch_imports_none(room: str) -> None:
    program = f"import sys, gradcli.{room}; assert 'torch' not in sys.modules"
    code, _, err = in_process_of_its_own(python=program)
    assert code == 0, err


def test_a_rule_that_has_nothing_to_look_at_is_not_loaded() -> None:
    program = """
import contextlib, io, json, os, sys
import torch
from gradcli.cli import main
from gradcli.diagnose.findings.table import ROWS
for argv in json.loads(sys.argv[1]):
    if child := os.fork():
        os.waitpid(child, 0)
        continue
    with contextlib.redirect_stdout(io.StringIO()):
        main(argv)
    print(json.dumps([row.module for row in ROWS if f"gradcli.diagnose.findings.{row.module}" in sys.modules]))
    sys.stdout.flush()
    os._exit(0)
"""
    # what can be told from the operations alone, before a tape is made, stands beside some of the rules
    before_a_tape = {"domain", "magnitude", "precision_loss", "saturated"}
    cases = (
        (["grad", "x * x", "3"], set()),
        (["grad", "sum(x * x)", "x=1,2"], set()),
        (["grad", "cumsum(x, 0)", "x=1,2"], {"backward_pass"}),
        (["grad", "x * y.detach()", "x=1", "y=2"], {"backward_pass"}),
        (["grad", "1 / x", "0"], {"underflow_forward", "given", "not_finite", "dead", "kink"}),
    )
    words = [*warm.python_without_gradcli(), program, json.dumps([argv for argv, _ in cases])]
    out = subprocess.run(words, env=clean_environment(), stdout=subprocess.PIPE, text=True, check=True).stdout
    for (argv, more), line in zip(cases, out.splitlines(), strict=True):
        assert set(json.loads(line)) == before_a_tape | more, argv


def test_no_two_files_of_tests_have_one_name() -> None:
    """pytest would find one of them only, and stop."""
    names = [path.name for path in Path(__file__).parent.rglob("*.py") if path.name != "__init__.py"]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []
