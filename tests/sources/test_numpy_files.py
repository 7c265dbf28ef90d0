"""`@data.npy` and `@data.npz:name`, as NumPy itself writes them."""

from __future__ import annotations

import json
import mmap
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reading import array, refused, same, value, written

NUMERIC = st.one_of(
    hnp.floating_dtypes(sizes=(16, 32, 64), endianness="?"),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.boolean_dtypes(),
    hnp.complex_number_dtypes(sizes=(64, 128), endianness="?"),
)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(NUMERIC.flatmap(lambda dtype: hnp.arrays(dtype, SHAPES)), st.booleans())
def test_every_numeric_array_comes_back_as_it_was_saved(tmp_path: Path, saved: np.ndarray, fortran: bool) -> None:
    path = tmp_path / "x.npy"
    path.unlink(missing_ok=True)  # one that is mapped must not be written over
    np.save(path, np.asfortranarray(saved) if fortran and saved.ndim else saved)
    np.savez(tmp_path / "x.npz", name=saved)
    for word in (f"@{path}", f"@{tmp_path}/x.npz:name"):
        found = value(word)
        assert found.numbers is not None
        same(found.numbers, saved.astype(saved.dtype.newbyteorder("=")))
        assert found.numbers.dtype.isnative
        assert found.dtype == (saved.dtype.name if saved.dtype.kind in "fc" else None)


def _is_mapped(array: Any) -> bool:
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(array, mmap.mmap)


def test_an_array_on_disk_is_mapped_and_not_copied(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(1000.0))
    assert _is_mapped(array(f"@{tmp_path}/x.npy"))


def test_an_array_in_foreign_byte_order_cannot_be_mapped_and_is_copied(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(3, dtype=">f4"))
    assert not _is_mapped(array(f"@{tmp_path}/x.npy"))


@pytest.mark.parametrize("name", ["x.npy", "x.pt", "x.safetensors"])
def test_writing_to_what_was_read_never_reaches_the_file(tmp_path: Path, name: str) -> None:
    from safetensors.torch import save_file

    np.save(tmp_path / "x.npy", np.ones(5))
    torch.save(torch.ones(5), tmp_path / "x.pt")
    save_file({"x": torch.ones(5)}, tmp_path / "x.safetensors")
    before = (tmp_path / name).read_bytes()
    found = array(f"@{tmp_path / name}")
    found[:] = 7
    assert found.tolist() == [7] * 5
    assert (tmp_path / name).read_bytes() == before


def test_a_program_that_writes_in_place_leaves_the_file_alone(tmp_path: Path, run: Any) -> None:
    np.save(tmp_path / "w.npy", np.array([1.0, 2.0], dtype="f4"))
    before = (tmp_path / "w.npy").read_bytes()
    program = "w[0] = 5; w.mul_(2); sum(w * x)"
    code, out, err = run(["grad", program, f"w=@{tmp_path}/w.npy", "x=1,1", "--wrt", "x", "--json"])
    assert code == 0, err
    document = json.loads(out)
    assert document["gradients"]["x"]["values"] == [10, 4]
    assert document["inputs"]["w"]["values"] == [1, 2]
    assert (tmp_path / "w.npy").read_bytes() == before


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("saved", "held"),
    [
        (np.array(["a", "b"]), "texts"),
        (np.array([b"a"]), "texts"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), "dates"),
        (np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), "records"),
        (np.array([1], dtype=np.longdouble), "which PyTorch does not have"),
    ],
)
def test_an_array_without_numbers_is_refused(tmp_path: Path, saved: np.ndarray, held: str) -> None:
    np.save(tmp_path / "x.npy", saved)
    np.savez(tmp_path / "x.npz", x=saved)
    assert held in refused(f"@{tmp_path}/x.npy").message
    assert held in refused(f"@{tmp_path}/x.npz").message


def test_a_pickle_inside_is_never_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "sprung"),)

    np.save(tmp_path / "x.npy", np.array([Trap()], dtype=object))
    np.savez(tmp_path / "x.npz", x=np.array([Trap()], dtype=object))
    (tmp_path / "y.npy").write_bytes(pickle.dumps(Trap()))
    assert "only unpickling could make" in refused(f"@{tmp_path}/x.npy").message
    assert "only unpickling could make" in refused(f"@{tmp_path}/x.npz:x").message
    assert "looks like a pickle" in refused(f"@{tmp_path}/y.npy").message
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("kept", [10, 100, 130, 500])
@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_a_file_that_was_cut_short_is_told(tmp_path: Path, name: str, kept: int) -> None:
    np.save(tmp_path / "x.npy", np.arange(100.0))
    np.savez(tmp_path / "x.npz", x=np.arange(100.0))
    os.truncate(tmp_path / name, kept)
    assert "is cut short or damaged" in refused(f"@{tmp_path / name}").message


def test_a_header_that_promises_more_than_there_is_is_told(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(100.0))
    content = (tmp_path / "x.npy").read_bytes()
    written(tmp_path, {"x.npy": content.replace(b"(100,)", b"(9999999999999999,)")})
    assert "is cut short or damaged" in refused(f"@{tmp_path}/x.npy").message


def test_an_archive_of_several_arrays_needs_a_name_and_lists_them(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", weight=np.ones(2), bias=np.zeros(1))
    error = refused(f"@{tmp_path}/d.npz")
    assert "holds 2 arrays: 'bias', 'weight'" in error.message
    assert error.hint == f"Name one: @{tmp_path}/d.npz:bias"
    error = refused(f"@{tmp_path}/d.npz:wieght")
    assert error.message.endswith("holds no array 'wieght'")
    assert error.hint == "Did you mean 'weight'? It holds 'bias', 'weight'."
    same(array(f"@{tmp_path}/d.npz:weight"), np.ones(2))


def test_a_single_array_needs_no_name(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "d.npz", np.arange(3.0))
    same(array(f"@{tmp_path}/d.npz"), np.arange(3.0))
    same(array(f"@{tmp_path}/d.npz:arr_0"), np.arange(3.0))
    np.savez(tmp_path / "none.npz")
    assert "holds no array" in refused(f"@{tmp_path}/none.npz").message


def test_a_npy_file_has_no_names(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones(2))
    assert "holds one array, without a name" in refused(f"@{tmp_path}/x.npy:w").message
