"""Words of options become numbers without pydantic."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gradcli.cli import main

IMPORTED = "import sys; from gradcli.cli import main; main({argv!r}); print([m for m in {names!r} if m in sys.modules])"


@pytest.mark.parametrize("argv", [["functions", "gelu"], ["grad", "sigmod", "0"], ["--version"]])
def test_neither_pydantic_nor_torch_is_imported_for(argv: list[str]):
    code = IMPORTED.format(argv=argv, names=["pydantic", "torch"])
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--precision", "x"], "'--precision' / '-p': 'x' is not a whole number"),
        (["--order", "1.5"], "'--order': '1.5' is not a whole number"),
        (["--seed", ""], "'--seed': '' is not a whole number"),
    ],
)
def test_a_word_that_is_no_number_is_refused(words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]):
    assert main(["grad", "tanh", "0", *words]) == 2
    assert complaint in capsys.readouterr().err


def test_an_option_may_stand_several_times(capsys: pytest.CaptureFixture[str]):
    assert main(["activate", "relu", "--range", "0:1:2", "--range", "3:4:2", "-f", "csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 5
