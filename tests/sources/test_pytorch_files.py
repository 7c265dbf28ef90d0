"""`@model.pt:name` and `@model.safetensors:name`, as PyTorch and safetensors themselves write them."""

from __future__ import annotations

import json
import os
import pickle
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from each import each
from reading import array, refused, value
from safetensors.torch import save_file

from gradcli.diagnose.values import tensor_of
from gradcli.numerics.evaluate import Context

SAVED = {
    "half": torch.tensor([0.1, 65504]).half(),
    "brain": torch.tensor([0.1, 3e38, float("nan")]).bfloat16(),
    "single": torch.tensor([[0.1], [2]]),
    "double": torch.tensor(0.1).double(),
    "index": torch.tensor([0, 2**60]),
    "small": torch.tensor([-1], dtype=torch.int8),
    "mask": torch.tensor([True, False, True]),
    "complex": torch.tensor([1 + 2j]),
    "empty": torch.zeros(0, 3),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.save(SAVED, tmp_path / "m.pt")
    torch.save(SAVED, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    save_file(SAVED, tmp_path / "m.safetensors")
    return tmp_path


@each("name", SAVED)
@each("file", ["m.pt", "old.pth", "m.safetensors"])
def test_every_tensor_comes_back_with_its_dtype(folder: Path, file: str, name: str) -> None:
    given = value(f"@{folder}/{file}:{name}")
    saved = SAVED[name]
    own = saved.is_floating_point() or saved.is_complex()
    assert given.dtype == (str(saved.dtype).removeprefix("torch.") if own else None)
    context = Context(torch.float32, "cpu", 2**20)
    read = tensor_of(given, context, None if own or saved.dtype is torch.bool else torch.int64)
    torch.testing.assert_close(read.to(saved.dtype), saved, rtol=0, atol=0, equal_nan=True)
    assert own is False or read.dtype is saved.dtype


def test_a_bfloat16_leaf_has_a_bfloat16_gradient(folder: Path, run: Any) -> None:
    code, out, err = run(["grad", "sigmoid", f"@{folder}/m.pt:brain", "--json"])
    assert code == 0, err
    document = json.loads(out)
    assert document["inputs"]["x"]["dtype"] == document["gradients"]["x"]["dtype"] == "bfloat16"
    assert document["dtype"] == "float32"


def test_a_state_dict_is_read_by_its_keys_and_nested_ones_by_dots(tmp_path: Path) -> None:
    layers = torch.nn.Sequential(torch.nn.Linear(2, 3))
    torch.save({"model": layers.state_dict(), "steps": [torch.ones(1), torch.zeros(2)], "epoch": 3}, tmp_path / "c.pt")
    assert array(f"@{tmp_path}/c.pt:model.0.weight").tolist() == layers[0].weight.tolist()
    assert array(f"@{tmp_path}/c.pt:steps.1").tolist() == [0, 0]
    error = refused(f"@{tmp_path}/c.pt:model.0.wieght")
    assert error.hint is not None
    assert error.hint.startswith("Did you mean 'model.0.weight'?")


def test_a_single_tensor_needs_no_name_and_has_none(tmp_path: Path) -> None:
    torch.save(torch.arange(3.0).reshape(3, 1).T, tmp_path / "x.pt")
    assert array(f"@{tmp_path}/x.pt").tolist() == [[0, 1, 2]]
    assert "without a name" in refused(f"@{tmp_path}/x.pt:w").message


def test_a_file_without_tensors_is_refused(tmp_path: Path) -> None:
    torch.save({"epoch": 3, "note": "none"}, tmp_path / "x.pt")
    assert "holds no tensor" in refused(f"@{tmp_path}/x.pt").message
    assert "holds no tensor 'epoch'" in refused(f"@{tmp_path}/x.pt:epoch").message


def test_a_sparse_tensor_is_read_dense(tmp_path: Path) -> None:
    torch.save(torch.tensor([[0.0, 2], [0, 0]]).to_sparse(), tmp_path / "x.pt")
    assert array(f"@{tmp_path}/x.pt").tolist() == [[0, 2], [0, 0]]


def test_a_dtype_that_numpy_lacks_is_refused_by_name(tmp_path: Path) -> None:
    tensors = {"x": torch.ones(2).to(torch.float8_e4m3fn)}
    torch.save(tensors, tmp_path / "x.pt")
    save_file(tensors, tmp_path / "x.safetensors")
    assert "float8_e4m3fn" in refused(f"@{tmp_path}/x.pt").message
    assert "F8_E4M3" in refused(f"@{tmp_path}/x.safetensors").message


class Trap:
    """Unpickling it would make a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_inside_is_never_run(tmp_path: Path, zipped: bool) -> None:
    torch.save(
        {"w": torch.ones(2), "trap": Trap(tmp_path / "sprung")},
        tmp_path / "x.pt",
        _use_new_zipfile_serialization=zipped,
    )
    error = refused(f"@{tmp_path}/x.pt:w")
    assert f"holds Python objects ({os.mkdir.__module__}.mkdir), which only unpickling could make" in error.message
    assert error.hint == "Save the tensors alone: torch.save(model.state_dict(), 'model.pt')."
    assert not (tmp_path / "sprung").exists()


@each("kept", [4, 8, 9, 60, 500])
@each("name", ["m.pt", "m.safetensors", "old.pth"])
def test_a_file_that_was_cut_short_is_told(folder: Path, name: str, kept: int) -> None:
    os.truncate(folder / name, kept)
    assert "is cut short" in refused(f"@{folder / name}:single").message


def test_the_last_byte_of_a_tensor_matters(tmp_path: Path) -> None:
    save_file({"x": torch.ones(4)}, tmp_path / "m.safetensors")
    assert array(f"@{tmp_path}/m.safetensors").tolist() == [1] * 4
    os.truncate(tmp_path / "m.safetensors", (tmp_path / "m.safetensors").stat().st_size - 1)
    assert "'x' has the shape [4] and 15 bytes" in refused(f"@{tmp_path}/m.safetensors").message


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]},
        {"dtype": "F32", "shape": [2], "data_offsets": [-8, 0]},
        {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [2], "data_offsets": [10**18, 10**18 + 8]},
        {"dtype": "F32", "shape": "2", "data_offsets": [0, 8]},
        {"dtype": 4, "shape": [2], "data_offsets": [0, 8]},
        {"shape": [2]},
        [],
        None,
    ],
)
def test_a_header_that_lies_is_refused(tmp_path: Path, entry: object) -> None:
    def write(entry: object) -> None:
        header = json.dumps({"x": entry}).encode()
        (tmp_path / "m.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + np.ones(2, "<f4").tobytes())

    write(entry)
    assert "is cut short or damaged" in refused(f"@{tmp_path}/m.safetensors:x").message
    write({"dtype": "F32", "shape": [2], "data_offsets": [0, 8]})
    assert array(f"@{tmp_path}/m.safetensors:x").tolist() == [1, 1]


def test_a_torchscript_program_is_told_from_a_damaged_file(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "m.pt", "w") as archive:
        archive.writestr("m/data.pkl", b"")
        archive.writestr("m/code/__torch__.py", b"")
    assert "it looks like a TorchScript program" in refused(f"@{tmp_path}/m.pt").message


def test_the_metadata_of_a_safetensors_file_is_no_tensor(tmp_path: Path) -> None:
    save_file({"w": torch.ones(1)}, tmp_path / "m.safetensors", metadata={"format": "pt"})
    assert array(f"@{tmp_path}/m.safetensors").tolist() == [1]


def test_safetensors_are_read_without_pytorch_and_without_the_package(tmp_path: Path, run_process: Any) -> None:
    save_file({"w": torch.ones(1).bfloat16()}, tmp_path / "m.safetensors")
    program = (
        "import sys; sys.modules['safetensors'] = None\n"
        f"from gradcli.sources import read_source; print(read_source('@{tmp_path}/m.safetensors').numbers)\n"
        "assert 'torch' not in sys.modules"
    )
    assert run_process(python=program) == (0, "[1.]\n", "")


def test_parquet_without_pyarrow_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert refused(f"@{tmp_path}/t.parquet:x").hint == "pip install 'gradcli[parquet]'"


def test_a_parquet_column_is_read_by_name(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pa.table({"x": [0.5, 2.0], "n": [1.0, None], "s": ["a", "b"], "i": [1, 2], "h": pa.array(np.ones(2, "f2"))})
    parquet.write_table(table, tmp_path / "t.parquet")
    word = f"@{tmp_path}/t.parquet"
    assert (array(f"{word}:x").tolist(), value(f"{word}:x").dtype) == ([0.5, 2.0], "float64")
    assert (array(f"{word}:i").tolist(), value(f"{word}:i").dtype) == ([1, 2], None)
    assert value(f"{word}:h").dtype == "float16"
    assert array(f"{word}:x").flags.writeable
    assert "has no value in row 2" in refused(f"{word}:n").message
    assert "holds string, not numbers" in refused(f"{word}:s").message
    assert "holds 5 columns" in refused(word).message
    os.truncate(tmp_path / "t.parquet", 50)
    assert "is cut short or damaged" in refused(f"{word}:x").message


@pytest.mark.parametrize("protocol", [2, 4])
def test_a_pickle_of_pythons_is_told_from_a_file_that_was_cut_short(tmp_path: Path, protocol: int) -> None:
    whole = pickle.dumps({"a": [1, 2, "text"]}, protocol)
    (tmp_path / "whole.pt").write_bytes(whole)
    (tmp_path / "cut.pt").write_bytes(whole[:-1])
    error = refused(f"@{tmp_path}/whole.pt")
    assert error.message.endswith("is a pickle of Python's, not a file of torch.save")
    assert "torch.save(" in (error.hint or "")
    assert "is cut short" in refused(f"@{tmp_path}/cut.pt").message


def test_a_pickle_of_pythons_is_never_run(tmp_path: Path) -> None:
    (tmp_path / "x.pt").write_bytes(pickle.dumps([Trap(tmp_path / "sprung")]))
    refused(f"@{tmp_path}/x.pt")
    assert not (tmp_path / "sprung").exists()
