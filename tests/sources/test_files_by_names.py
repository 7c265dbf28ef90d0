"""A file without a name: each open name of an expression takes the tensor of the same name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from command_line import answered, captured, failed
from each import each

TENSORS = {"x": [[1.0, 2.0]], "w": [[3.0], [4.0]], "b": [5.0]}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    torch.save({name: torch.tensor(value) for name, value in TENSORS.items()}, folder / "dump.pt")
    torch.save({"v": torch.tensor([1.0, 2.0])}, folder / "one.pt")
    torch.save(torch.tensor([1.0, 2.0]), folder / "bare.pt")
    np.savez(folder / "dump.npz", **{name: np.array(value, dtype="f4") for name, value in TENSORS.items()})
    np.savez(folder / "xw.npz", x=np.ones((1, 2)), w=np.ones((2, 1)))
    np.savez(folder / "bx.npz", b=np.ones(1), x=np.ones((1, 2)))
    np.save(folder / "x.npy", np.array([1.0, 2.0]))
    (folder / "plain.json").write_text(json.dumps(TENSORS))
    (folder / "table.csv").write_text("p,q\n1,2\n3,4\n")
    (folder / "bare.csv").write_text("1,2\n3,4\n")
    values = [f"{name}={json.dumps(value)}" for name, value in TENSORS.items()]
    for ending in ("json", "npz", "pt", "safetensors"):
        assert captured(["grad", "x @ w + b", *values, "-o", str(folder / f"answer.{ending}")])[0] == 0
    return folder


@pytest.fixture(autouse=True)
def in_folder(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(files)


def inputs(*argv: str) -> dict[str, Any]:
    return {name: given["values"] for name, given in answered(argv)["inputs"].items()}


STORES = ["dump.pt", "dump.npz", "plain.json", "answer.json", "answer.npz", "answer.pt", "answer.safetensors"]


@pytest.mark.parametrize("file", STORES)
@pytest.mark.parametrize("command", ["grad", "trace", "check"])
def test_every_open_name_takes_its_tensor(command: str, file: str) -> None:
    assert inputs(command, "x @ w + b", f"@{file}") == TENSORS


def test_the_columns_of_a_table_are_its_tensors() -> None:
    assert inputs("grad", "p * q", "@table.csv") == {"p": [1, 3], "q": [2, 4]}


@each(
    "words, given",
    [
        (["x @ w", "@dump.pt"], {"x": [[1, 2]], "w": [[3], [4]]}),
        (["x @ w + b", "b=7", "@dump.pt"], {"x": [[1, 2]], "w": [[3], [4]], "b": 7}),
        (["x @ w + b", "@xw.npz", "b=@bx.npz:b"], {"x": [[1, 1]], "w": [[1], [1]], "b": [1]}),
        (["w.sum() + b", "@xw.npz", "@bx.npz"], {"w": [[1], [1]], "b": [1]}),
        (["sigmoid", "@dump.pt"], {"x": [[1, 2]]}),
        (["x + 0 * w", "@dump.pt", "w=1"], {"x": [[1, 2]], "w": 1}),
        (["b + c", "@dump.pt", "1", "2"], {"b": [5], "c": [1, 2]}),
        (["v * u", "@one.pt", "u=2"], {"v": [1, 2], "u": 2}),
    ],
)
def test_what_has_a_value_keeps_it(words: list[str], given: dict[str, Any]) -> None:
    assert inputs("grad", *words) == given


@each("file", ["one.pt", "bare.pt", "x.npy"])
def test_a_single_tensor_gives_the_points_of_a_single_open_name(file: str) -> None:
    assert inputs("grad", "sigmoid", f"@{file}") == {"x": [1, 2]}


def test_a_loss_takes_its_arguments_and_the_names_in_them() -> None:
    torch.save({name: torch.tensor(v) for name, v in {"input": [1.0], "target": [3.0], "w": 2.0}.items()}, "loss.pt")
    assert inputs("loss", "mse", "@loss.pt") == {"input": [1], "target": [3]}
    assert inputs("loss", "mse", "w * input", "@loss.pt") == {"w": 2, "input": [1], "target": [3]}
    assert inputs("loss", "mse", "@loss.pt", "target=5") == {"input": [1], "target": 5}
    assert answered(["loss", "mse", "@loss.pt"])["gradients"].keys() == {"input"}
    error = failed(["loss", "cross_entropy", "@dump.pt"], 2)
    assert error["message"] == "cross_entropy needs 'input', 'target'"
    assert error["hint"].endswith("@dump.pt holds 'b', 'w', 'x'.")


def test_retain_demo_takes_them_too() -> None:
    assert inputs("retain-demo", "sum(exp(x @ w + b))", "@dump.pt") == TENSORS


def test_what_is_read_is_shown_as_what_one_would_have_typed() -> None:
    told = failed(["grad", "x @ w + v", "@answer.json"], 2)
    assert told["message"] == "'v' has no value"
    assert "x=@answer.json:inputs.x w=@answer.json:inputs.w v=1" in told["hint"]


@each(
    "words, message, hint",
    [
        (["x @ w + v", "@dump.pt"], "'v' has no value", "@dump.pt holds 'b', 'w', 'x'."),
        (["p * q", "@dump.npz"], "'p', 'q' have no values", "@dump.npz holds 'b', 'w', 'x'."),
        (["p * q", "@answer.json"], "'p', 'q' have no values", "@answer.json holds 'b', 'w', 'x'."),
        (["p * r", "@table.csv"], "'r' has no value", "@table.csv holds 'p', 'q'."),
        (["p * q", "@bare.pt"], "'p', 'q' have no values", "Try: "),
        (["p * q", "@x.npy"], "'p', 'q' have no values", "Try: "),
        (["x @ w + b", "@xw.npz", "@bx.npz"], "'x' is in '@bx.npz', '@xw.npz'", "Choose one: x=@xw.npz:x."),
        (["exp(v)", "@dump.pt"], "'dump.pt' holds 3 tensors: 'b', 'w', 'x'", "Name one: @dump.pt:b"),
        (["x + 1", "x=1", "@dump.pt"], "'dump.pt' holds 3 tensors: 'b', 'w', 'x'", "Name one: @dump.pt:b"),
        (["x + w", "x=@dump.pt", "w=1"], "'dump.pt' holds 3 tensors: 'b', 'w', 'x'", "Name one: @dump.pt:b"),
        (["x + w", "@missing.pt"], "there is no file 'missing.pt'", ""),
    ],
)
def test_a_name_that_no_file_has_is_told_with_those_that_are_there(words: list[str], message: str, hint: str) -> None:
    error = failed(["grad", *words], 2)
    assert error["message"] == message
    assert hint in (error["hint"] or "")


@each("command", ["activate", "softmax"])
def test_a_command_without_names_wants_one_tensor(command: str) -> None:
    words = [command, "sigmoid", "@dump.pt"] if command == "activate" else [command, "@dump.pt"]
    assert failed(words, 2)["message"] == "'dump.pt' holds 3 tensors: 'b', 'w', 'x'"


def test_a_table_without_names_has_none() -> None:
    assert failed(["grad", "p * q", "@bare.csv"], 2)["message"] == "'p', 'q' have no values"


@pytest.fixture
def model(files: Path) -> str:
    (files / "model.py").write_text("def line(x, w, b, scale=1.0):\n    return (x @ w + b).sum() * scale\n")
    return "model.py:line"


@pytest.mark.parametrize("command", ["grad", "trace", "check"])
def test_the_parameters_of_a_function_in_a_file_are_names_too(command: str, model: str) -> None:
    assert inputs(command, model, "@dump.pt") == TENSORS


@each(
    "words, message, hint",
    [
        (["@xw.npz"], "'b' of model.py:line has no value", "Give each a value: b=1,2. @xw.npz holds 'w', 'x'."),
        (["@xw.npz", "b=1"], None, None),
        (["x=1,2", "w=3,4", "@one.pt"], None, None),
        (
            ["x=1,2", "w=3,4", "b=1", "@dump.pt"],
            "model.py:line has no open parameter for '@dump.pt'",
            "Leave the file out.",
        ),
        (["@x.npy"], "'@x.npy' has no name that it belongs to", "Write NAME=VALUE: x=@x.npy"),
    ],
)
def test_a_parameter_that_no_file_has_is_told(
    words: list[str], message: str | None, hint: str | None, model: str
) -> None:
    if message is None or hint is None:
        answered(["grad", model, *words])
        return
    error = failed(["grad", model, *words], 2)
    assert message in error["message"]
    assert hint in error["hint"]


def test_a_function_of_a_file_is_checked_in_float64_whatever_its_file_holds(model: str) -> None:
    """Finite differences of float32 numbers are rounding: they would accuse every gradient."""
    found = answered(["check", model, "@dump.pt"])
    assert {given["dtype"] for given in found["inputs"].values()} == {"float64"}
    assert {row["verdict"] for row in found["rows"]} == {"agree"}
