"""From a word to a file: colons, folders, missing and foreign files."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from each import each
from reading import array, refused, written

from gradcli.exceptions import UsageError
from gradcli.sources import READERS, location, sources


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    np.save(tmp_path / "x.npy", np.arange(3.0))
    np.savez(tmp_path / "d.npz", w=np.ones(2))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["a:b.npy", "a=b.npy", "x=@y.npy", "a b.npy", "ä.npy", "-", ".npy", "x.NPY", "a:.npy"])
def test_a_file_may_be_called_anything(folder: Path, name: str) -> None:
    name = name if name.lower().endswith(".npy") else f"{name}.npy"
    name = f"f{name}" if name.startswith(".") else name
    shutil.copy("x.npy", name)
    assert array(f"@{name}").tolist() == [0, 1, 2]


def test_a_colon_parts_a_name_from_a_file_that_is_there(folder: Path) -> None:
    shutil.copy("d.npz", "d:w.npz")
    np.savez("e.npz", **{"layer:0": np.zeros(1)})
    assert array("@d.npz:w").tolist() == [1, 1]
    assert array("@d:w.npz:w").tolist() == [1, 1]
    assert array("@e.npz:layer:0").tolist() == [0]


def test_bytes_that_are_no_text_are_a_name_like_any_other(folder: Path) -> None:
    name = os.fsdecode(b"x\xff.npy")
    shutil.copy("x.npy", name)
    assert array(f"@{name}").tolist() == [0, 1, 2]
    error = refused(f"@{name}:w")
    assert "'x?.npy'" in error.message
    assert (error.message + str(error.hint)).isprintable()


def test_a_tilde_is_the_home_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert array("@~/x.npy").tolist() == [0, 1, 2]
    assert "there is no file" in refused("@~nobody-of-this-name/x.npy").message


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        ("@xx.npy", "there is no file 'xx.npy'", "Did you mean 'x.npy'?"),
        ("@xx.npy:w", "there is no file 'xx.npy'", "Did you mean 'x.npy'?"),
        ("@X.npy", "there is no file 'X.npy'", "Did you mean 'x.npy'?"),
        ("@other.csv", "there is no file 'other.csv'", "This folder holds 'd.npz', 'x.npy'."),
        ("@dtaa/x.npy", "there is no file 'dtaa/x.npy'", "Did you mean the folder 'data'?"),
        ("@nowhere/deep/x.npy", "there is no file 'nowhere/deep/x.npy'", "There is no folder 'nowhere'."),
        ("@x.npy/y.npy", "there is no file 'x.npy/y.npy'", ""),
        ("@data", "'data' is a folder", "Name a file in it: @data/t.csv"),
        ("@.", "'.' is a folder", "Name a file in it: @d.npz"),
        ("@note.md", "'note.md' cannot be read: gradcli does not read '.md' files", "It reads .csv, .json, .npy"),
        ("@note", "'note' cannot be read: gradcli does not read a file without an ending", "It reads .csv"),
        ("@empty.npy", "'empty.npy' is empty", "Was it written to the end?"),
        ("@", "'@' names no file", "Write the file behind it: @data.npy"),
        ("@:w", "there is no file ':w'", "This folder holds"),
        ("@x\0.npy", "there is no file 'x?.npy'", "Did you mean 'x.npy'?"),
        ("@" + "y" * 5000, "there is no file", "This folder holds"),
    ],
)
def test_a_word_that_leads_to_no_file_says_where_to_go(folder: Path, word: str, message: str, hint: str) -> None:
    (folder / "data").mkdir()
    written(folder, {"data/t.csv": "1", "note.md": "1", "note": "1", "empty.npy": ""})
    if word == "@other.csv":
        (folder / "empty.npy").unlink()
    if len(word) > 1000:
        with pytest.raises(location.SourceError) as caught:
            sources([word])
        error = caught.value
    else:
        error = refused(word)
    assert error.message.startswith(message)
    assert error.hint is not None
    assert error.hint.startswith(hint)


def test_a_file_without_permission_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read everything, so the system's answer is played."""

    def forbidden(*_: object, **__: object) -> Any:
        raise PermissionError(13, "Permission denied")

    written(folder, {"t.csv": "1"})
    words = ("@x.npy", "@t.csv")
    for word in words:
        sources([word])  # imports the readers, whose own files may be read
    monkeypatch.setattr(Path, "open", forbidden)
    monkeypatch.setattr(np, "load", forbidden)
    for word in words:
        assert "may not be read" in refused(word).message


def test_a_folder_without_permission_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", forbidden)
    assert "may not be read" in refused("@x.npy").message


FOREIGN = {
    "a NumPy array": ".npy",
    "an archive of NumPy arrays": ".npz",
    "a file of PyTorch's": ".pt",
    "a safetensors file": ".safetensors",
    "a Parquet table": ".parquet",
    "text": ".csv",
    "JSON": ".json",
}


@pytest.mark.parametrize("ending", [ending for ending in READERS if ending not in (".txt", ".tsv", ".pth")])
@pytest.mark.parametrize("kind", FOREIGN)
def test_a_file_of_another_format_than_its_ending_is_recognised(tmp_path: Path, kind: str, ending: str) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet
    from safetensors.torch import save_file

    np.save(tmp_path / "a.npy", np.arange(3.0))
    np.savez(tmp_path / "a.npz", x=np.arange(3.0))
    torch.save({"x": torch.ones(2)}, tmp_path / "a.pt")
    save_file({"x": torch.ones(2)}, tmp_path / "a.safetensors")
    parquet.write_table(pa.table({"x": [1.0]}), tmp_path / "a.parquet")
    written(tmp_path, {"a.csv": "x,y\n1,2\n", "a.json": '{"x": [1]}'})
    (tmp_path / "b").mkdir()
    shutil.copy(tmp_path / f"a{FOREIGN[kind]}", tmp_path / f"b/b{ending}")
    word = f"@{tmp_path}/b/b{ending}"
    name = "" if kind in ("a NumPy array", "text") and ending == FOREIGN[kind] else ":x"
    if ending == FOREIGN[kind]:
        assert array(word + name).size
        return
    error = refused(word + (":x" if ending != ".npy" else ""))
    if (kind, ending) == ("JSON", ".csv"):
        assert "column 'x'" in error.message
    else:
        assert f"it looks like {kind}" in error.message
        assert error.hint == f"Give it the ending {FOREIGN[kind]}."


@each(
    "first, kind, ending",
    [
        (first, kind, ending)
        for first, kind in [
            (b"\x80\x04\x95", "a pickle"),
            (b"\x1f\x8b\x08", "something compressed with gzip"),
            (b"\x89HDF\r\n", "an HDF5 file"),
            (b"\x89PNG\r\n", "a picture"),
            (b"<html>", "HTML or XML"),
        ]
        for ending in (".npy", ".pt", ".safetensors", ".npz", ".parquet")
        if (kind, ending) != ("a pickle", ".pt")  # an old file of PyTorch's is a pickle
    ],
)
def test_a_file_that_cannot_be_read_at_all_is_recognised(tmp_path: Path, first: bytes, kind: str, ending: str) -> None:
    (tmp_path / f"x{ending}").write_bytes(first + b"\0" * 100)
    assert f"it looks like {kind}" in refused(f"@{tmp_path}/x{ending}").message


def test_standard_input_goes_to_one_input(folder: Path) -> None:
    for words in (["-", "-"], ["x=-", "y=@-"], ["-", "@-:a.b"], ["x:float16=-", "-"]):
        with pytest.raises(UsageError, match="only once"):
            sources(words)


def test_words_that_are_no_sources_are_left_alone() -> None:
    assert sources(["1", "-5", "x=1", "a @ b", "-tanh(x)", "x:int64=2"]) == {}


def test_a_file_that_is_named_twice_is_read_once(folder: Path) -> None:
    found = sources(["x=@x.npy", "y:float16=@x.npy", "@x.npy"])
    assert list(found) == ["@x.npy"]


def test_a_device_that_is_no_file_is_no_traceback(folder: Path) -> None:
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    assert "holds no numbers" in refused("@/dev/null").message


def test_a_loop_of_links_beside_a_missing_file_is_passed_over(folder: Path) -> None:
    (folder / "loop.json").symlink_to("loop.json")
    error = refused("@none.npz")
    assert error.message == "there is no file 'none.npz'"
    assert "loop.json" not in (error.hint or "")


def test_the_endings_that_an_expression_knows_are_those_that_are_read() -> None:
    from gradcli.language.names import FILE_ENDINGS

    assert {f".{ending}" for ending in FILE_ENDINGS} == set(READERS)
