"""Files of torch.save, forged or strange: read as PyTorch reads them or refused, by nothing that could run."""

from __future__ import annotations

import contextlib
import io
import pickle
import struct
import tempfile
import time
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reading import array, refused
from safetensors.torch import save_file

from gradcli.exceptions import BoundError, GradcliError
from gradcli.sources import read_source

BASE = torch.arange(24.0).reshape(2, 3, 4)
SAVED = {
    "plain": BASE,
    "transposed": BASE.transpose(0, 2),
    "strided": BASE[:, ::2, 1:],
    "expanded": torch.ones(1, 3).expand(4, 3),
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(3, 0, 2),
    "overlapping": torch.arange(5.0).as_strided((3, 3), (1, 1)),
    "one step": torch.arange(3.0).as_strided((1, 2), (2**60, 1)),
    "conjugate": torch.tensor([1 + 2j, 3 - 1j]).conj(),
    "negative": torch.tensor([1 + 2j, 3 - 1j]).conj().imag,
    "parameter": torch.nn.Parameter(torch.ones(2)),
    "leaf": torch.ones(2, requires_grad=True),
    "uint16": torch.tensor([1, 65535], dtype=torch.uint16),
    "mask": torch.tensor([True, False]),
    "sparse": torch.tensor([[0.0, 2], [3, 0]]).to_sparse(),
    "doubled": torch.sparse_coo_tensor([[0, 0]], [1.0, 2.0], (3,), check_invariants=True),
    "hybrid": torch.sparse_coo_tensor([[1]], [[1.0, 2.0]], (3, 2), check_invariants=True),
}
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that these are young
    SAVED["half-complex"] = torch.tensor([1 + 2j]).to(torch.complex32)
    for _kind, _sizes in (("csr", ()), ("csc", ()), ("bsr", ((1, 1),)), ("bsc", ((1, 1),))):
        SAVED[_kind] = getattr(torch.tensor([[0.0, 2], [3, 0]]), f"to_sparse_{_kind}")(*_sizes)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "older"])
def test_every_kind_of_tensor_is_read_as_pytorch_reads_it(tmp_path: Path, zipped: bool) -> None:
    torch.save(SAVED, tmp_path / "m.pt", _use_new_zipfile_serialization=zipped)
    for name, saved in SAVED.items():
        expected = saved.detach().to_dense() if saved.layout is not torch.strided else saved.detach()
        if expected.dtype is torch.complex32:
            expected = expected.to(torch.complex64)
        found = array(f"@{tmp_path}/m.pt:{name}")
        np.testing.assert_array_equal(found, expected.resolve_conj().resolve_neg().numpy(), err_msg=name)


@pytest.mark.filterwarnings("ignore")
def test_what_holds_no_plain_numbers_is_refused(tmp_path: Path) -> None:
    quantized = torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)
    torch.save(
        {"q": quantized, "x": torch.ones(2), "size": torch.Size([1]), "d": torch.device("cpu")}, tmp_path / "x.pt"
    )
    assert "no plain numbers" in refused(f"@{tmp_path}/x.pt:q").message
    assert array(f"@{tmp_path}/x.pt:x").tolist() == [1, 1]
    assert "no tensor 'd'" in refused(f"@{tmp_path}/x.pt:d").message


def forged(path: Path, change: Callable[[bytes], bytes], content: object, part: str = "data.pkl") -> None:
    """A file of torch.save with one part of the archive changed."""
    stream = io.BytesIO()
    torch.save(content, stream)
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(path, "w") as new:
        for member in old.infolist():
            inside = old.read(member)
            if member.filename.endswith(f"/{part}"):
                assert change(inside) != inside, "nothing to change"
                inside = change(inside)
            new.writestr(member.filename, inside)


def integer(number: int) -> bytes:
    return pickle.dumps(number, 2)[2:-1]


@pytest.mark.parametrize("number", [9, 2**31 - 1, 2**31, 2**62, 2**64, -1])
def test_sizes_strides_and_offsets_that_lie_are_refused(tmp_path: Path, number: int) -> None:
    for place, shape in ((b"K\x07", (7,)), (b"K\x05", (5, 1))):
        forged(tmp_path / "x.pt", lambda inside, place=place: inside.replace(place, integer(number)), torch.ones(shape))
        with pytest.raises(GradcliError) as caught:
            array(f"@{tmp_path}/x.pt")
        assert caught.value.exit_code == 2
    forged(tmp_path / "x.pt", lambda b: b.replace(b"K\x02\x85", integer(number) + b"\x85"), torch.arange(4.0)[1:3])
    with pytest.raises(GradcliError):
        array(f"@{tmp_path}/x.pt")


def test_a_part_that_was_cut_is_told(tmp_path: Path) -> None:
    forged(tmp_path / "x.pt", lambda inside: inside[:-1], torch.ones(4), "data/0")
    assert "reaches beyond the end" in refused(f"@{tmp_path}/x.pt").message


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["sparse", "doubled", "hybrid", "csr", "csc", "bsr", "bsc"])
@pytest.mark.parametrize("index", [-1, 5, 2**40, -(2**63)])
def test_indices_that_lie_are_refused_in_every_layout(tmp_path: Path, name: str, index: int) -> None:
    is_compressed = name not in ("sparse", "doubled", "hybrid")
    for part in ("data/0", "data/1") if is_compressed else ("data/0",):
        forged(tmp_path / "x.pt", lambda inside: struct.pack("<q", index) * (len(inside) // 8), SAVED[name], part)
        assert "is cut short or damaged" in refused(f"@{tmp_path}/x.pt").message


def test_a_tensor_that_says_its_indices_are_distinct_is_not_believed(tmp_path: Path) -> None:
    said = torch.sparse_coo_tensor([[0, 0]], [1.0, 2.0], (3,), check_invariants=True)
    torch.save(said, tmp_path / "x.pt")
    assert array(f"@{tmp_path}/x.pt").tolist() == [3, 0, 0]
    torch.save(said._coalesced_(True), tmp_path / "x.pt")
    assert "is cut short or damaged" in refused(f"@{tmp_path}/x.pt").message


@pytest.mark.filterwarnings("ignore")
def test_huge_tensors_of_few_bytes_are_refused_before_they_are_made(tmp_path: Path) -> None:
    torch.save(
        {
            "expanded": torch.ones(1).expand(2**40),
            "sparse": torch.sparse_coo_tensor([[0], [0]], [1.0], (2**20, 2**20), check_invariants=True),
            "meta": torch.ones(2**40, device="meta"),
        },
        tmp_path / "x.pt",
    )
    for name in ("expanded", "sparse"):
        with pytest.raises(BoundError, match=r"holds 1,099,511,627,776 numbers; at most 268,435,456 are read"):
            read_source(f"@{tmp_path}/x.pt:{name}")
    assert refused(f"@{tmp_path}/x.pt:meta")


def test_lists_that_name_a_tensor_a_million_times_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content: Any = torch.ones(1)
    for _ in range(8):
        content = [content] * 10
    torch.save(content, tmp_path / "x.pt")
    monkeypatch.setattr("gradcli.sources.pytorch.MOST_NAMES", 1000)
    assert "names more than 1,000 parts" in refused(f"@{tmp_path}/x.pt:0").message


def test_one_tensor_of_many_is_read_alone(tmp_path: Path) -> None:
    torch.save({f"w{i}": torch.tensor(float(i)) for i in range(3000)}, tmp_path / "x.pt")
    began = time.monotonic()
    assert array(f"@{tmp_path}/x.pt:w2999") == 2999
    assert time.monotonic() - began < 5


class State:
    """A pickle that gives this a state, where unpickling would call a function."""

    def __reduce__(self) -> tuple[Any, ...]:
        return OrderedDict, (), {"shape": (10**9,), "_metadata": 1}


def test_a_state_changes_nothing(tmp_path: Path) -> None:
    torch.save({"x": torch.ones(2), "s": State()}, tmp_path / "x.pt")
    assert array(f"@{tmp_path}/x.pt:x").tolist() == [1, 1]


@pytest.mark.parametrize("name", ["os.system", "builtins.exec", "builtins.getattr", "torch.hub.load", "numpy.load"])
def test_a_function_that_could_run_anything_is_not_called(tmp_path: Path, name: str) -> None:
    module, _, function = name.rpartition(".")
    call = f"c{module}\n{function}\nX\x04\x00\x00\x00true\x85R".encode("latin1")
    forged(tmp_path / "x.pt", lambda inside: b"\x80\x02" + call + b"0" + inside[2:], {"w": torch.ones(2)})
    assert f"holds Python objects ({name})" in refused(f"@{tmp_path}/x.pt:w").message


@given(st.data())
def test_no_change_of_a_byte_ends_in_anything_but_words(data: Any) -> None:
    stream = io.BytesIO()
    zipped = data.draw(st.booleans())
    torch.save({"a": SAVED["strided"], "s": SAVED["sparse"]}, stream, _use_new_zipfile_serialization=zipped)
    content = bytearray(stream.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.pt"
        path.write_bytes(content)
        for name in ("a", "s"):
            with contextlib.suppress(GradcliError):
                read_source(f"@{path}:{name}")


def test_a_truth_value_of_two_is_true_everywhere(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([0, 1, 2], np.uint8).view(bool))
    save_file({"x": torch.tensor([False, True, True])}, tmp_path / "x.safetensors")
    content = (tmp_path / "x.safetensors").read_bytes()
    (tmp_path / "x.safetensors").write_bytes(content[:-1] + b"\x02")
    forged(tmp_path / "x.pt", lambda inside: b"\x00\x01\x02", torch.tensor([False, True, True]), "data/0")
    for ending in ("npy", "safetensors", "pt"):
        found = array(f"@{tmp_path}/x.{ending}")
        assert found.view(np.uint8).tolist() == [0, 1, 1], ending
