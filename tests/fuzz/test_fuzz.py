"""The fuzzer finds what is planted, runs the same cases again, and finds nothing else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from each import each

from gradcli.language.catalogue.signature import KINDS
from tools.fuzz import faults
from tools.fuzz.__main__ import main
from tools.fuzz.case import Case, quoted
from tools.fuzz.expressions import FITTING
from tools.fuzz.faults import Answer
from tools.fuzz.files import mutated, whole
from tools.fuzz.pool import Worker
from tools.fuzz.worker import MAKERS, answered, made

PLANTED = """
import os, time
import gradcli.cli
from tools.fuzz import worker

real, count = gradcli.cli.main, 0

def broken(argv):
    global count
    count += 1
    {plant}
    return real(argv)

gradcli.cli.main = broken
worker.main()
"""


def planted(plant: str, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    """What the fuzzer says of a gradcli whose second command line does this. The first one brings PyTorch in."""
    program = ["-c", PLANTED.format(plant=f"if count == 2: {plant}")]
    code = main(["--only", "1", "--jobs", "1", *options], program)
    return code, capsys.readouterr().out


@pytest.mark.usefixtures("warm_workers")
@pytest.mark.parametrize(
    ("plant", "fault"),
    [
        ("raise AttributeError('planted')", "exit 70: 1\n  case 1: AttributeError: planted"),
        ("os.abort()", "crash: 1\n  case 1: SIGABRT"),
        ("os._exit(3)", "crash: 1\n  case 1: exit code 3"),
        ("return 1", "silent exit: 1\n  case 1: exit code 1"),
    ],
)
def test_a_planted_fault_is_reported_with_a_line_that_does_it_again(
    plant: str, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = planted(plant, capsys)
    assert code == 1
    assert fault in out
    assert f"    {made(0, 1).command()}\n" in out


@pytest.mark.usefixtures("warm_workers")
def test_what_hangs_twice_is_reported(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out = planted("time.sleep(60)", capsys, "--patience", "0.5")
    assert (code, "hang: 1\n  case 1: no answer in 0.5 seconds" in out) == (1, True)
    once = f"os.path.exists('{tmp_path}/once') or (open('{tmp_path}/once', 'w').close(), time.sleep(60))"
    until_answered, patience = Worker._line, iter([0.5])

    def line(worker: Worker, seconds: float) -> bytes | None:
        """The first answer is waited for no longer than above; the second one may come from a machine that is busy."""
        return until_answered(worker, next(patience, seconds) if seconds == 60 else seconds)

    monkeypatch.setattr(Worker, "_line", line)
    code, out = planted(once, capsys, "--patience", "60")
    assert (code, "hang: none" in out, (tmp_path / "once").exists()) == (0, True, True)
    assert next(patience, None) is None


def test_without_a_plant_nothing_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-n", "60", "--jobs", "1", "--seed", "5"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("60 cases of seed 5")
    assert all(f"{fault}: none" in out for fault in ("exit 70", "crash", "hang", "invalid JSON", "silent exit"))


JSON = Case("argv", ["grad", "sigmoid", "0", "--json"])
TEXT = Case("argv", ["grad", "sigmoid", "0"])
EMIT = Case("emission", ["grad", "sigmoid", "0", "--emit", "torch"])
ERROR = b'{"schema":"gradcli/error/1","error":{}}\n'


@each(
    "case, answer, fault",
    [
        (JSON, Answer(0, b'{"schema": NaN}\n', b""), "invalid JSON"),
        (JSON, Answer(0, b'{"schema": 1', b""), "invalid JSON"),
        (JSON, Answer(0, b'{"a":1,"a":1}\n', b""), "invalid JSON"),
        (JSON, Answer(0, b"{}\n{}\n", b""), "invalid JSON"),
        (JSON, Answer(2, ERROR, b""), "schema"),
        (JSON, Answer(0, b"{}\n", b""), "schema"),
        (TEXT, Answer(1, b"", b""), "silent exit"),
        (TEXT, Answer(3, b"", b"no"), "odd exit code"),
        (TEXT, Answer(2, b"", b"Traceback (most recent call last):\n"), "traceback"),
        (TEXT, Answer(0, b"", b"", left=(".gradcli-12.tmp",)), "temporary file"),
        (TEXT, Answer(2, b'{"error":{"code":"bug"}}', b""), "exit 70"),
        (EMIT, Answer(0, b"# a\nimport torch\nx =\n", b""), "program"),
        (EMIT, Answer(0, b'# """\rOWNED\r#"""\nimport torch\n', b""), "program"),
    ],
)
def test_each_kind_of_fault_is_seen(case: Case, answer: Answer, fault: str) -> None:
    assert fault in [kind for kind, _ in faults.faults(case, answer)]


@pytest.mark.parametrize("case", [JSON, TEXT, EMIT, Case("batch", ["batch"], b"grad tanh 1\nq\n")])
def test_a_sound_answer_has_no_fault(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert list(faults.faults(case, answered(case))) == []


def test_every_kind_of_argument_has_words_that_fit() -> None:
    assert set(FITTING) == set(KINDS)


def test_a_case_is_known_by_its_seed_and_number() -> None:
    cases = [made(7, number) for number in range(300)]
    assert cases == [made(7, number) for number in range(300)]
    assert {case.kind for case in cases} == set(MAKERS)
    assert cases[:50] != [made(8, number) for number in range(50)]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("word", ["a b", "it's", "\r\x1b\\", "²", "\udcff", "$x`id`", "", "-", "x\n'y"])
def test_a_word_is_typed_so_that_bash_reads_it_back(word: str) -> None:
    ran = subprocess.run(["bash", "-c", f"printf %s {quoted(word)}"], capture_output=True, check=True)
    assert ran.stdout == word.encode("utf-8", "surrogateescape")


A_PICKLE = "f.pt"


def test_every_sound_file_is_read_and_most_wounded_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from random import Random

    from tools.fuzz.files import SELECTORS

    monkeypatch.chdir(tmp_path)
    for name, content in whole().items():
        argv = ["grad", "sin(x)", f"x=@{name}{SELECTORS.get(name, '')}"]
        assert answered(Case("files", argv, files={name: content})).code == (2 if name == A_PICKLE else 0), name
    wounded = [mutated(Random(number), whole()["a.json"]) for number in range(50)]
    assert sum(content != whole()["a.json"] for content in wounded) > 40
