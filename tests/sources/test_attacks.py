"""Forged and damaged files: each is refused in words, before its numbers are read, and ends no process."""

from __future__ import annotations

import io
import json
import resource
import struct
import subprocess
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from command_line import captured, clean_environment
from reading import array, refused

from gradcli.exceptions import BoundError
from gradcli.sources import read_source
from tools import warm

ATTACKS = Path(__file__).parents[1] / "data" / "attack"


@pytest.mark.parametrize("file", sorted(path.name for path in ATTACKS.iterdir()))
@pytest.mark.parametrize(
    "words",
    [["grad", "sum(x**2)", "x={}"], ["activate", "sigmoid", "{}"], ["loss", "mse", "{}", "0"], ["check", "sin", "{}"]],
    ids=lambda words: words[0],
)
def test_a_forged_file_is_refused_in_words(file: str, words: list[str], tmp_path: Path) -> None:
    argv = [word.replace("{}", f"@{ATTACKS / file}") for word in words]
    code, out, err = captured([*argv, "-o", str(tmp_path / "out.json")])
    assert (code, out) == (2, ""), err
    assert file in err
    assert not (tmp_path / "out.json").exists()


def test_a_forged_file_ends_no_process() -> None:
    lines = "".join(json.dumps(["grad", "sum(x**2)", f"x=@{path}"]) + "\n" for path in sorted(ATTACKS.iterdir()))
    argv = [*warm.gradcli(), "batch", "-"]
    done = subprocess.run(argv, input=lines, capture_output=True, text=True, env=clean_environment(), check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["error"]["code"] for answer in answers] == ["source"] * len(list(ATTACKS.iterdir()))


def test_an_archive_is_bounded_by_its_headers(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros(2_000_000, np.int8), small=np.ones(3))
    with pytest.raises(BoundError, match=r"'x' of .* holds 2,000,000 numbers; at most 1,000 are read"):
        read_source(f"@{tmp_path}/bomb.npz:x", 1000)
    assert read_source(f"@{tmp_path}/bomb.npz:small", 1000).numbers is not None
    code, _, err = captured(["grad", "sum(x)", f"x=@{tmp_path}/bomb.npz:x", "--max-elements", "1000"])
    assert (code, "--max-elements" in err) == (2, True)


def test_a_bomb_takes_no_memory(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**8,)})
    with (
        zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("x.npy", "w", force_zip64=True) as file,
    ):
        file.write(header.getvalue())
        for _ in range(8):
            file.write(bytes(10**8))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BoundError, match="100,000,000 numbers"):
        read_source(f"@{tmp_path}/bomb.npz", 10**7)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


@pytest.mark.parametrize("ending", [".npz"])
def test_two_arrays_of_one_name_are_refused(tmp_path: Path, ending: str) -> None:
    inside = io.BytesIO()
    np.save(inside, np.ones(2))
    with warnings.catch_warnings(), zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("x.npy", inside.getvalue())
        archive.writestr("x.npy", inside.getvalue())
    assert "holds two arrays 'x'" in refused(f"@{tmp_path}/x.npz:x").message


@pytest.mark.parametrize(
    "array_",
    [
        np.array([{}], dtype=object),
        np.zeros(2, [("a", "<f4"), ("b", "<i4")]),
        np.array(["a"]),
        np.array(["2020"], "M8[D]"),
    ],
    ids=["objects", "records", "texts", "dates"],
)
def test_what_are_no_numbers_is_told_from_the_header(tmp_path: Path, array_: np.ndarray) -> None:
    np.save(tmp_path / "x.npy", array_)
    np.savez(tmp_path / "x.npz", x=array_)
    for file in ("x.npy", "x.npz"):
        assert "holds" in refused(f"@{tmp_path}/{file}").message


@pytest.mark.parametrize("kind", [">f8", "<f8", ">i2", ">c8"])
def test_order_and_bytes_of_any_kind_are_read(tmp_path: Path, kind: str) -> None:
    saved = np.asfortranarray(np.arange(6).reshape(2, 3).astype(kind))
    np.save(tmp_path / "x.npy", saved)
    np.savez(tmp_path / "x.npz", x=saved)
    for file in ("x.npy", "x.npz"):
        np.testing.assert_array_equal(array(f"@{tmp_path}/{file}"), saved)


def safetensors(path: Path, header: object, size: int = 16) -> str:
    text = header if isinstance(header, str) else json.dumps(header)
    path.write_bytes(struct.pack("<Q", len(text)) + text.encode() + bytes(size))
    return f"@{path}:x"


ENTRY = '{"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}'


@pytest.mark.parametrize(
    "header",
    [
        {"x": {"dtype": "F32", "shape": [0, 2**62], "data_offsets": [0, 0]}},
        {"x": {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}},
        {"x": {"dtype": "F32", "shape": [1] * 100, "data_offsets": [0, 4]}},
        {"x": {"dtype": "F32", "shape": [1], "data_offsets": [False, 4]}},
        {"x": {"dtype": "F32", "shape": [1.0], "data_offsets": [0, 4]}},
        {"x": {"dtype": "F32", "shape": [2**64], "data_offsets": [0, 4]}},
        {
            "x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
            "y": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]},
        },
        f'{{"x": {ENTRY}, "x": {ENTRY}}}',
        "[" * 2000,
        f'{{"x": {"9" * 5000}}}',
    ],
    ids=["zero", "true", "deep", "false", "float", "huge", "overlapping", "twice", "nested", "digits"],
)  # fmt: skip
def test_a_safetensors_header_that_lies_is_refused(tmp_path: Path, header: object) -> None:
    refused(safetensors(tmp_path / "m.safetensors", header))


def test_safetensors_beside_each_other_are_read(tmp_path: Path) -> None:
    header = {
        "x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
        "empty": {"dtype": "F32", "shape": [0], "data_offsets": [4, 4]},
        "y": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]},
    }
    assert array(safetensors(tmp_path / "m.safetensors", header)).tolist() == [0, 0]
