"""Every command takes every source wherever it takes a value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcli
from gradcli.exceptions import GradcliError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    np.save(tmp_path / "x.npy", np.array([-1.0, 0.5]))
    np.save(tmp_path / "i.npy", np.array([1, 0]))
    np.save(tmp_path / "logits.npy", np.array([[1, 2, 3], [3, 2, 1]], dtype="f4"))
    np.save(tmp_path / "mask.npy", np.array([True, False]))
    np.save(tmp_path / "half.npy", np.array([0.5], dtype="f2"))
    np.save(tmp_path / "f.npy", np.asfortranarray(np.arange(6.0).reshape(2, 3)))
    np.save(tmp_path / "z.npy", np.array([1 + 2j]))
    (tmp_path / "labels.csv").write_text("label,y\n1,0.5\n2,1.5\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def answer(run: Any, *argv: str, stdin: str | None = None) -> Any:
    code, out, err = run([*argv, "--json"], stdin=stdin)
    assert code == 0, err + out
    return json.loads(out)


@pytest.mark.parametrize(
    "argv",
    [
        ["grad", "sigmoid", "@x.npy"],
        ["grad", "sigmoid", "x=@x.npy"],
        ["trace", "sigmoid(x)", "@x.npy"],
        ["check", "sigmoid", "@x.npy"],
        ["loss", "mse", "@x.npy", "@x.npy"],
        ["loss", "mse", "input=@x.npy", "target=1,2"],
        ["loss", "mse", "x * 2", "0", "x=@x.npy"],
        ["activate", "tanh", "@x.npy"],
        ["activate", "tanh", "x=@x.npy"],
        ["softmax", "@x.npy"],
        ["softmax", "x=@x.npy"],
    ],
)
def test_a_command_reads_a_file_and_keeps_its_dtype(run: Any, argv: list[str]) -> None:
    given = next(iter(answer(run, *argv)["inputs"].values()))
    assert (given["dtype"], given["values"]) == ("float64", [-1.0, 0.5])


def test_retain_demo_reads_a_file(run: Any) -> None:
    assert answer(run, "retain-demo", "sum(exp(a))", "a=@x.npy")["scenarios"]


def test_cotangents_and_tangents_are_read_from_files(run: Any) -> None:
    found = answer(run, "grad", "x * x", "x=1,2", "--vjp", "@x.npy", "--jvp", "x=@i.npy")
    assert found["gradients"]["x"]["values"] == [-2, 2]
    assert found["tangent"]["values"] == [2, 0]
    found = answer(run, "grad", "x * x", "x=1,2", "--vjp", "-", stdin="3 4")
    assert found["gradients"]["x"]["values"] == [6, 16]
    assert answer(run, "trace", "x * x", "x=1,2", "--vjp", "@x.npy")["schema"].startswith("gradcli/trace")
    found = answer(run, "loss", "mse", "[1, 2]", "[0, 0]", "--reduction", "none", "--vjp", "@x.npy")
    assert found["gradients"]["input"]["values"] == [-2, 2]


def test_standard_input_cannot_be_point_and_cotangent(run: Any) -> None:
    code, _, err = run(["grad", "x * x", "-", "--vjp", "-"], stdin="1")
    assert code == 2
    assert "only once" in err


@pytest.mark.parametrize(
    ("word", "dtype", "values"),
    [
        ("x=@half.npy", "float16", [0.5]),
        ("x:float32=@half.npy", "float32", [0.5]),
        ("x:bfloat16=@x.npy", "bfloat16", [-1.0, 0.5]),
        ("x=@i.npy", "float32", [1.0, 0.0]),
        ("x:float64=@i.npy", "float64", [1.0, 0.0]),
        ("x:float64=@labels.csv:y", "float64", [0.5, 1.5]),
        ("@labels.csv:y", "float32", [0.5, 1.5]),
    ],
)
def test_a_binding_converts_and_a_file_of_integers_or_text_takes_the_commands_dtype(
    run: Any, word: str, dtype: str, values: list[float]
) -> None:
    found = answer(run, "grad", "x * 1", word)
    assert (found["inputs"]["x"]["dtype"], found["inputs"]["x"]["values"]) == (dtype, values)
    assert found["dtype"] == "float32"


def test_integers_are_kept_where_they_are_asked_for_and_nothing_is_cut_off(run: Any) -> None:
    assert answer(run, "grad", "sum(w[t])", "w=5,6", "t:int64=@i.npy")["gradients"]["w"]["values"] == [1, 1]
    code, _, err = run(["grad", "sum(w[t])", "w=5,6", "t:int64=@x.npy"])
    assert code == 2
    assert "t is to be int64, but '@x.npy' does not fit into it" in err
    code, _, err = run(["grad", "sum(w[t])", "w=5,6", "t:int64=-"], stdin="0.5")
    assert (code, "does not fit" in err) == (2, True)


def test_a_mask_stays_a_mask(run: Any) -> None:
    found = answer(run, "grad", "sum(where(m, x, 0))", "x=1,2", "m=@mask.npy")
    assert found["inputs"]["m"]["dtype"] == "bool"
    assert found["gradients"]["x"]["values"] == [1, 0]


def test_complex_numbers_stay_complex_and_are_refused_where_curves_are_drawn(run: Any) -> None:
    assert answer(run, "grad", "sum(abs(x))", "@z.npy")["inputs"]["x"]["dtype"] == "complex128"
    code, _, err = run(["activate", "tanh", "@z.npy"])
    assert code == 2
    assert "'@z.npy' is complex" in err


@pytest.mark.parametrize("target", ["@i.npy", "@labels.csv:label", "[1, 2]"])
def test_whole_numbers_are_class_indices_where_a_loss_wants_them(run: Any, target: str) -> None:
    found = answer(run, "loss", "cross_entropy", "@logits.npy", target)
    assert found["inputs"]["target"]["dtype"] == "int64"


def test_numbers_that_are_not_whole_are_no_class_indices(run: Any) -> None:
    code, _, _ = run(["loss", "cross_entropy", "@logits.npy", "@labels.csv:y"])
    assert code == 1


def test_a_class_index_is_not_rounded_by_a_narrow_dtype(run: Any, folder: Path) -> None:
    np.save("l.npy", np.array([257]))
    for target in ("@l.npy", "[257]"):
        found = answer(run, "loss", "cross_entropy", "zeros(1, 300)", target, "-t", "bfloat16")
        assert found["inputs"]["target"]["values"] == [257]


def test_columns_first_is_read_right_and_can_be_viewed(run: Any) -> None:
    found = answer(run, "grad", "x.view(-1)", "x=@f.npy")
    assert found["inputs"]["x"]["values"] == [[0, 1, 2], [3, 4, 5]]
    assert found["output"]["values"] == [0, 1, 2, 3, 4, 5]


def test_several_files_make_one_row_of_points(run: Any) -> None:
    assert answer(run, "grad", "x * 1", "@x.npy", "3", "@i.npy")["output"]["values"] == [-1, 0.5, 3, 1, 0]
    code, _, err = run(["grad", "x * 1", "@f.npy", "1"])
    assert code == 2
    assert "'@f.npy' has 2 dimensions" in err


def test_a_file_among_stretches_takes_the_commands_dtype(run: Any) -> None:
    assert answer(run, "activate", "tanh", "@x.npy", "--range", "0:1:2")["inputs"]["x"]["dtype"] == "float32"


def test_check_holds_a_float32_file_beside_literals(run: Any) -> None:
    found = answer(run, "check", "x @ w", "x=@half.npy", "w=[2]")
    assert {row["verdict"] for row in found["rows"]} == {"agree"}
    assert {row["dtype"] for row in found["rows"]} == {"float16", "bfloat16", "float32", "float64"}


def test_a_missing_file_is_an_error_in_json_too(run: Any) -> None:
    code, out, _ = run(["grad", "sigmoid", "@xx.npy", "--json"])
    assert code == 2
    error = json.loads(out)["error"]
    assert (error["code"], error["hint"]) == ("source", "Did you mean 'x.npy'?")


def test_python_reads_files_as_the_command_line_does(folder: Path) -> None:
    found = gradcli.grad("x * w", "x=@x.npy", w="@i.npy", vjp="@x.npy")
    assert found.inputs["x"].dtype == "float64"
    assert found.gradients["x"].values.tolist() == [-1, 0]
    assert gradcli.softmax("@x.npy").inputs["x"].values.tolist() == [-1, 0.5]
    with pytest.raises(GradcliError, match="no file"):
        gradcli.grad("sigmoid", "@y.npy")


def test_an_array_from_python_is_not_shared_with_the_result() -> None:
    given = np.array([1.0, 2.0])
    result = gradcli.grad("x * x", given)
    given[0] = 9
    assert result.inputs["x"].values.tolist() == [1, 2]
    assert given.flags.writeable
