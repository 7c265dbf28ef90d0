"""What is written is read back by the libraries whose formats these are: every value, dtype and shape."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from command_line import answered, captured
from writing import written

SIGMOID = ["grad", "sigmoid", "linspace(-90, 90, 1001)"]
PLANE = ["grad", "sum((x @ w - 1)**2)", "x=[[1, 2], [3, 4], [0.1, 0.2]]", "w=[3, 4]"]


def sigmoid(dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Input, output and gradient of SIGMOID, by PyTorch alone."""
    x = torch.linspace(-90, 90, 1001, dtype=dtype).requires_grad_()
    y = torch.sigmoid(x)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    return x.detach(), y.detach(), gradient


def same(found: np.ndarray, wanted: torch.Tensor) -> bool:
    """Whether dtype, shape and bits are those of a tensor."""
    array = wanted.numpy()
    return found.dtype == array.dtype and found.shape == array.shape and found.tobytes() == array.tobytes()


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_npy_holds_the_bits_of_the_gradient(dtype: torch.dtype, tmp_path: Path) -> None:
    name = str(dtype).removeprefix("torch.")
    path = written([*SIGMOID, "--dtype", name], tmp_path / "g.npy")
    assert same(np.load(path), sigmoid(dtype)[2])


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_npz_holds_inputs_output_and_gradients_by_name(dtype: torch.dtype, tmp_path: Path) -> None:
    name = str(dtype).removeprefix("torch.")
    with np.load(written([*SIGMOID, "--dtype", name], tmp_path / "g.npz")) as archive:
        assert sorted(archive) == ["gradients.x", "inputs.x", "output"]
        for key, wanted in zip(("inputs.x", "output", "gradients.x"), sigmoid(dtype), strict=True):
            assert same(archive[key], wanted), key


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("ending", ["pt", "safetensors"])
def test_archives_of_tensors_keep_every_dtype(dtype: torch.dtype, ending: str, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    path = written([*SIGMOID, "--dtype", str(dtype).removeprefix("torch.")], tmp_path / f"g.{ending}")
    found = load_file(path) if ending == "safetensors" else torch.load(path, weights_only=True)
    assert sorted(found) == ["gradients.x", "inputs.x", "output"]
    for key, wanted in zip(("inputs.x", "output", "gradients.x"), sigmoid(dtype), strict=True):
        assert found[key].dtype is dtype
        assert torch.equal(found[key], wanted), key


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_bfloat16_is_float32_for_numpy_which_is_said(ending: str, tmp_path: Path) -> None:
    told = "numpy has no bfloat16: written as float32, which holds the same values"
    path = written([*SIGMOID, "-t", "bfloat16"], tmp_path / f"g.{ending}", told=told)
    loaded = np.load(path)
    found = loaded if ending == "npy" else loaded["gradients.x"]
    assert same(found, sigmoid(torch.bfloat16)[2].float())


def test_a_scalar_and_a_matrix_keep_their_shapes(tmp_path: Path) -> None:
    with np.load(written(PLANE, tmp_path / "p.npz")) as archive:
        shapes = {name: archive[name].shape for name in archive}
    assert shapes == {
        "inputs.x": (3, 2), "inputs.w": (2,), "output": (), "gradients.x": (3, 2), "gradients.w": (2,),
    }  # fmt: skip
    from safetensors.numpy import load_file

    found = load_file(written(PLANE, tmp_path / "p.safetensors"))
    assert {name: tensor.shape for name, tensor in found.items()} == shapes


def test_an_empty_tensor_is_a_tensor(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    argv = ["grad", "x * 2", "x=zeros(0, 3)"]
    assert np.load(written(argv, tmp_path / "g.npy")).shape == (0, 3)
    assert load_file(written(argv, tmp_path / "g.safetensors"))["gradients.x"].shape == (0, 3)
    assert torch.load(written(argv, tmp_path / "g.pt"), weights_only=True)["gradients.x"].shape == (0, 3)


def test_numbers_that_are_not_finite_survive(tmp_path: Path) -> None:
    argv = ["grad", "sqrt(x)", "-1", "0", "inf", "4"]
    found = np.load(written(argv, tmp_path / "g.npy"))
    np.testing.assert_array_equal(found, np.array([np.nan, np.inf, 0, 0.25], dtype=np.float32))


def test_integers_and_truths_keep_their_kind(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    argv = ["grad", "sum(w[t] * m)", "w=5,6,7", "t:int64=0,2", "m:bool=1,0"]
    with np.load(written(argv, tmp_path / "g.npz")) as archive:
        assert archive["inputs.t"].tolist() == [0, 2]
        assert {archive["inputs.t"].dtype, archive["inputs.m"].dtype} == {np.dtype(np.int64), np.dtype(bool)}
    found = load_file(written(argv, tmp_path / "g.safetensors"))
    assert (found["inputs.t"].dtype, found["inputs.m"].dtype) == (torch.int64, torch.bool)


def test_complex_numbers_are_kept_where_the_format_has_them(tmp_path: Path) -> None:
    from safetensors.torch import load_file
    from writing import refused

    argv = ["grad", "abs(z)", "z:complex64=3+4j"]
    assert np.load(written(argv, tmp_path / "g.npy")).dtype == np.complex64
    assert load_file(written(argv, tmp_path / "g.safetensors"))["inputs.z"].dtype is torch.complex64
    wide = ["grad", "abs(z)", "z:complex128=3+4j"]
    assert np.load(written(wide, tmp_path / "g.npy")).dtype == np.complex128
    assert "cannot hold inputs.z, which is complex128" in refused(wide, tmp_path / "wide.safetensors")


def test_a_gradient_that_does_not_exist_is_left_out_of_an_archive(tmp_path: Path) -> None:
    with np.load(written(["grad", "3 * x", "x=1", "y=2"], tmp_path / "g.npz")) as archive:
        assert sorted(archive) == ["gradients.x", "inputs.x", "inputs.y", "output"]
    with np.load(written(["grad", "3 * x + 0 * y", "x=1", "y=2"], tmp_path / "zero.npz")) as archive:
        assert archive["gradients.y"] == 0


def test_gradients_that_share_memory_are_each_written_whole(tmp_path: Path) -> None:
    """The gradient of a sum is one number that looks like many."""
    path = written(["grad", "sum(x) * 2", "x=[1, 2, 3]"], tmp_path / "g.pt")
    gradient = torch.load(path, weights_only=True)["gradients.x"]
    gradient[0] = 7  # a stretched tensor would change everywhere, or refuse
    assert gradient.tolist() == [7, 2, 2]


def test_what_else_a_result_has_goes_by_its_way_in_the_json(tmp_path: Path) -> None:
    def names(argv: list[str]) -> set[str]:
        with np.load(written(argv, tmp_path / "n.npz")) as archive:
            return set(archive)

    scalar = ["grad", "x[0] * x[1]**2", "x=3,2"]
    plain = names(scalar)
    assert names([*scalar, "--jacobian", "--hessian"]) - plain == {"jacobians.x", "hessians.x.x"}
    assert names([*scalar, "--jvp", "1,0"]) - plain == {"tangent"}
    assert names(["grad", "x**3", "2", "--order", "2"]) == {
        "inputs.x", "output", "gradients.x", "derivatives.0.gradients.x", "derivatives.1.gradients.x",
    }  # fmt: skip
    assert names(["softmax", "2", "1"]) == {"inputs.x", "probabilities", "sum", "jacobian"}
    assert names(["activate", "relu,tanh", "1"]) == {
        "inputs.x", *(f"functions.{name}.{part}" for name in ("relu", "tanh") for part in ("values", "derivative")),
    }  # fmt: skip
    assert {"functions.elu.values", "functions.elu_2.values"} <= names(["activate", "elu,elu", "1"])
    assert {"loss", "contributions", "gradients.input"} <= names(["loss", "mse", "1,2", "3,4"])
    assert {"steps.0.value", "steps.1.gradient"} <= names(["trace", "exp(x)", "1"])


def test_json_csv_and_ndjson_are_what_the_screen_would_show(tmp_path: Path) -> None:
    for ending, format_ in (("json", "json"), ("ndjson", "ndjson"), ("csv", "csv"), ("md", "markdown")):
        path = written(SIGMOID, tmp_path / f"g.{ending}")
        assert path.read_text(encoding="utf-8") == captured([*SIGMOID, "-f", format_])[1]


def test_parquet_holds_the_columns_of_the_csv_with_their_types(tmp_path: Path) -> None:
    from pyarrow import parquet

    table = parquet.read_table(written(SIGMOID, tmp_path / "g.parquet"))
    x, y, gradient = sigmoid(torch.float32)
    assert [(field.name, str(field.type)) for field in table.schema] == [
        ("x", "float"), ("value", "float"), ("gradient", "float"),
    ]  # fmt: skip
    for name, wanted in (("x", x), ("value", y), ("gradient", gradient)):
        assert same(table[name].to_numpy(), wanted)


def test_parquet_has_null_where_there_is_no_value_and_nan_where_there_is_one(tmp_path: Path) -> None:
    from pyarrow import parquet

    table = parquet.read_table(written(["grad", "sqrt(x) * [1, 1]", "x=-1", "y=2"], tmp_path / "g.parquet")).to_pylist()
    rows = {(row["tensor"], tuple(row["index"])): row["gradient"] for row in table}
    assert rows[("y", ())] is None
    assert np.isnan(rows[("x", ())])


@pytest.mark.parametrize(
    "argv",
    [
        ["check", "sigmoid", "0", "1"],
        ["functions", "--category", "loss"],
        ["trace", "sum(x * exp(x))", "x=1,2"],
        ["activate", "relu,gelu", "-1", "0"],
        ["retain-demo"],
    ],
)
def test_parquet_has_the_rows_and_columns_of_the_csv(argv: list[str], tmp_path: Path) -> None:
    from pyarrow import parquet

    table = parquet.read_table(written(argv, tmp_path / "t.parquet"))
    with written(argv, tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert table.column_names == header
    assert table.num_rows == len(rows) > 0


def test_one_run_writes_several_files_that_agree(tmp_path: Path) -> None:
    argv = ["grad", "rand(4) * x", "x=1,2,3,4", "--seed", "5"]
    code, out, _ = captured([*argv, "-o", str(tmp_path / "a.json"), "-o", str(tmp_path / "a.npz")])
    assert (code, out) == (0, "")
    document = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert document == answered(argv)
    with np.load(tmp_path / "a.npz") as archive:
        wanted = np.array(document["gradients"]["x"]["values"], dtype=np.float32)
        np.testing.assert_array_equal(archive["gradients.x"], wanted)


def test_a_file_keeps_its_ending_whatever_the_format_is(tmp_path: Path) -> None:
    assert json.loads(written([*SIGMOID, "-f", "csv"], tmp_path / "g.json").read_text())["schema"] == "gradcli/grad/1"
    assert json.loads(written(SIGMOID, tmp_path / "G.JSON").read_text())["schema"] == "gradcli/grad/1"


def test_markdown_holds_a_plot_only_where_one_is_asked_for(tmp_path: Path) -> None:
    argv = ["activate", "tanh", "--range", "-4:4:5"]
    assert "⠤" not in written(argv, tmp_path / "a.md").read_text(encoding="utf-8")
    assert "⠤" in written([*argv, "--plot"], tmp_path / "b.md").read_text(encoding="utf-8")
