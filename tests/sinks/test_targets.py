"""Where a file cannot go is told before anything is computed, with the way out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from command_line import captured, in_process_of_its_own
from writing import names_in, refused, written

from gradcli.sinks.formats import SINKS

SIGMOID = ["grad", "sigmoid", "0", "1"]


@pytest.fixture
def nothing_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradcli.inspections import running

    def bind(*_: object) -> object:
        raise AssertionError("this should not have been computed")

    monkeypatch.setattr(running, "bind", bind)


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("out", "has no ending", "Choose one of .json .ndjson .csv"),
        (".json", "has no ending", "Choose one of .json"),
        ("out.jsn", "no file can be written with the ending '.jsn'", "Did you mean '.json'?"),
        ("out.safetensor", "the ending '.safetensor'", "Did you mean '.safetensors'?"),
        ("out.tsv", "the ending '.tsv'", "Did you mean '.csv'?"),
        ("out.jsonl", "the ending '.jsonl'", "Did you mean '.ndjson'?"),
        ("out.PTH", "the ending '.PTH'", "Did you mean '.pt'?"),
        ("out.yaml", "the ending '.yaml'", "Choose one of .json"),
        ("out.txt", "the ending '.txt'", "Choose one of .json"),
        ("out.jpg", "the ending '.jpg'", "Did you mean '.png' or '.svg'?"),
        ("out.xlsx", "the ending '.xlsx'", "Choose one of .json"),
        ("missing/out.npy", "there is no folder", "mkdir -p"),
        ("taken.npy/out.npy", "is no folder", "Choose another folder"),
        ("folder.npy", "it is a folder", "the name of a file"),
        ("x" * 300 + ".npy", "File name too long", "Choose another place"),
    ],
)
@pytest.mark.usefixtures("nothing_is_computed")
def test_a_place_that_cannot_be_is_refused_at_once(name: str, message: str, hint: str, tmp_path: Path) -> None:
    (tmp_path / "taken.npy").write_text("a file")
    (tmp_path / "folder.npy").mkdir()
    told = refused(SIGMOID, tmp_path / name)
    assert message in told
    assert hint in told
    assert names_in(tmp_path) == ["folder.npy", "taken.npy"]


@pytest.mark.usefixtures("nothing_is_computed")
def test_standard_output_is_no_file() -> None:
    told = refused(SIGMOID, "-")
    assert "'-' is standard output" in told
    assert "-f picks the format" in told


@pytest.mark.parametrize("name", ["", " "])
def test_no_name_is_no_file(name: str) -> None:
    assert "names no file" in refused(SIGMOID, name)


@pytest.mark.usefixtures("nothing_is_computed")
def test_one_file_takes_one_answer(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "a.csv")
    for other in ("a.csv", "../" + tmp_path.name + "/a.csv", "link.csv"):
        code, out, err = captured([*SIGMOID, "-o", str(tmp_path / "a.csv"), "-o", str(tmp_path / other)])
        assert (code, out) == (2, "")
        assert "one file" in err
    assert names_in(tmp_path) == ["link.csv"]


@pytest.mark.parametrize("what", ["folder", "file"])
@pytest.mark.usefixtures("nothing_is_computed")
def test_what_is_write_protected_stays_as_it_is(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    protected = tmp_path if what == "folder" else path
    real = os.access
    monkeypatch.setattr(
        os, "access", lambda place, mode: Path(place) != protected and real(place, mode)
    )  # the superuser may write everywhere
    assert "write-protected" in refused(SIGMOID, path)
    assert path.read_text() == "old"


@pytest.mark.parametrize("command", ["check", "functions"])
@pytest.mark.parametrize("ending", [".npy", ".npz", ".pt", ".safetensors"])
def test_a_table_is_no_tensor(command: str, ending: str, tmp_path: Path) -> None:
    words = ["check", "sigmoid"] if command == "check" else ["functions"]
    told = refused(words, tmp_path / f"a{ending}")
    assert f"'{command}' answers with no tensors" in told
    assert ".csv" in told


def test_a_mistake_is_told_in_the_format_of_the_screen(tmp_path: Path) -> None:
    code, out, err = captured([*SIGMOID, "--json", "-o", str(tmp_path / "a")])
    assert (code, err) == (2, "")
    assert '"code":"usage"' in out


@pytest.mark.parametrize("ending", SINKS)
def test_every_ending_is_written_or_refused_in_words(ending: str, tmp_path: Path) -> None:
    code, out, err = captured(["activate", "tanh", "-1", "0", "1", "-o", str(tmp_path / f"a{ending}")])
    assert out == ""
    assert "Traceback" not in err
    if code == 2:
        assert err.strip()
        assert names_in(tmp_path) == []
    else:
        assert (code, names_in(tmp_path)) == (0, [f"a{ending}"])


def test_a_missing_library_is_named_with_what_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gradcli.sinks import formats

    real = formats.find_spec
    monkeypatch.setattr(formats, "find_spec", lambda name: None if name == "pyarrow" else real(name))
    told = refused(SIGMOID, tmp_path / "a.parquet")
    assert ".parquet files need pyarrow" in told
    assert "pip install 'gradcli[parquet]'" in told
    written(SIGMOID, tmp_path / "a.csv")


def test_a_wrong_file_is_told_without_pytorch_and_without_the_library(tmp_path: Path) -> None:
    program = (
        "import sys; from gradcli.cli import main\n"
        "code = main(['grad', 'sigmoid', '0', '-o', sys.argv[1]])\n"
        "print(code, sorted({'torch', 'pyarrow'} & set(sys.modules)))"
    )
    for name in ("a.jsn", "missing/a.parquet"):
        _, out, _ = in_process_of_its_own([str(tmp_path / name)], python=program)
        assert out == "2 []\n"


@pytest.mark.parametrize(
    ("argv", "message", "hint"),
    [
        (["grad", "x * y", "x=1", "y=2"], "there are 2: gradients.x, gradients.y", "--wrt x"),
        (["grad", "x * 2", "x=1", "y=2"], "gradients.y (null)", "--wrt x"),
        (["grad", "sum(x)", "x=1,2", "--jacobian"], "gradients.x, jacobians.x", ".npz"),
        (["activate", "relu,gelu", "1"], "functions.relu.derivative, functions.gelu.derivative", ".npz"),
        (["activate", "relu", "1", "--order", "2"], "functions.relu.second_derivative", ".npz"),
        (["activate", "heaviside", "1"], "functions.heaviside.derivative is null", "not a gradient of zero"),
        (["softmax", "1", "2"], "'softmax' has no gradient", "--index 0"),
        (["retain-demo"], "'retain-demo' has no gradient", ".json"),
    ],
)
def test_npy_holds_one_gradient_and_no_other_answer(argv: list[str], message: str, hint: str, tmp_path: Path) -> None:
    told = refused(argv, tmp_path / "g.npy")
    assert message in told
    assert hint in told
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("argv", "wanted"),
    [
        (["grad", "x * y", "x=1", "y=2", "--wrt", "x"], 2),
        (["grad", "x * y", "x=1", "y=2", "--frozen", "y", "--wrt", "x"], 2),
        (["activate", "relu", "3"], [1]),
        (["softmax", "1", "1", "--index", "0"], [0.25, -0.25]),
        (["loss", "mse", "3", "1"], 4),
        (["trace", "x**2", "x=3"], 6),
    ],
)
def test_npy_holds_the_one_gradient_that_there_is(argv: list[str], wanted: object, tmp_path: Path) -> None:
    import numpy as np

    assert np.load(written(argv, tmp_path / "g.npy")).tolist() == wanted


@pytest.mark.parametrize("argv", [["activate", "sigmoid", "1"], ["check", "sigmoid", "1"], ["functions", "gelu"]])
def test_a_command_without_a_program_says_which_commands_have_one(
    argv: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradcli.cli.running.inspected", None)  # it is not asked for
    told = refused(argv, tmp_path / "p.py")
    assert told.startswith(f"'{argv[0]}' has no program; errors, grad, loss, retain-demo, softmax and trace have one\n")


def test_a_program_is_no_tensor_and_goes_into_a_file_of_its_own(tmp_path: Path) -> None:
    assert "Write it to a .py file." in refused([*SIGMOID, "--emit", "torch"], tmp_path / "p.npz")
    assert "torch" in written([*SIGMOID, "--emit", "torch"], tmp_path / "p.py").read_text()
