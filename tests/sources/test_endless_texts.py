"""Texts, devices and files that are endless or say a thing twice: each is refused in words, and soon."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import captured
from reading import array, refused, value

from gradcli.exceptions import BoundError, GradcliError
from gradcli.sources import read_source


@pytest.mark.parametrize("digits", [400, 4_299, 4_301, 60_000])
@pytest.mark.parametrize("before", ["[", "[1, ", '{"x": [', '{"x": ', "[-", "[NaN, ", "[1 2, "])
def test_an_endless_integer_in_json_is_told(tmp_path: Path, digits: int, before: str, run: Any) -> None:
    text = before + "9" * digits + before.count("[") * "]" + before.count("{") * "}"
    (tmp_path / "x.json").write_text(text)
    message = refused(f"@{tmp_path}/x.json:x" if "x" in before else f"@{tmp_path}/x.json").message
    code, _, err = run(["grad", "sigmoid", "@-:x" if "x" in before else "-"], text)
    assert code == 2
    if "1 2" not in before:
        assert f"an integer of {digits:,} digits" in message
        assert f"an integer of {digits:,} digits" in err


@pytest.mark.parametrize("file", ["x.csv", "x.txt", "x.tsv"])
def test_an_endless_integer_in_a_text_is_a_number_beyond_float64(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text("1\n" + "9" * 5000 + "\n")
    assert array(f"@{tmp_path}/{file}").tolist() == [1, float("inf")]


def test_a_large_integer_is_a_number(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(f'{{"{"9" * 400}": 1, "x": [{"9" * 300}, "NaN"]}}')
    assert array(f"@{tmp_path}/x.json:x")[0] == 1e300


@pytest.mark.parametrize("depth", [65, 100, 500, 900, 1000, 1100, 5000, 100_000])
def test_deep_lists_are_told(tmp_path: Path, depth: int) -> None:
    for inside in ("1", "null", '"a"'):
        (tmp_path / "x.json").write_text("[" * depth + inside + "]" * depth)
        message = refused(f"@{tmp_path}/x.json").message
        assert "a number, not a number" not in message
        if depth <= 1000:
            assert "more than 64 lists in each other" in message
    (tmp_path / "x.json").write_text("[" * 64 + "1" + "]" * 64)
    assert array(f"@{tmp_path}/x.json").shape == (1,) * 64


TWICE = [
    '{"x": [1], "x": [2]}',
    '{"a": {"x": [1], "b": {}, "x": [2]}, "x": 1}',
    r'{"x": [1], "\u0078": [2]}',
    '[{"x": 1, "y": {}, "x": 2}]',
    '{"x": [NaN], "x": [2]}',
    '{"": 1, "": 2, "x": [1]}',
]
ONCE = [
    '{"x": [1], "y": {"x": [2]}}',
    '{"a": ":", "b": "{", "c": "}", "x": [1]}',
    '{"a": "x\\":", "x": [1], "b": ["x", ":"]}',
    '{"b": [{"x": 1}, {"x": 2}], "x": [1]}',
    '{"a\\\\": "x", "x" : [1]}',
]


@pytest.mark.parametrize("text", TWICE)
def test_a_name_that_stands_twice_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    assert "twice in one object" in refused(f"@{tmp_path}/x.json:x").message


@pytest.mark.parametrize("text", ONCE)
def test_a_name_in_two_objects_is_no_fault(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    assert array(f"@{tmp_path}/x.json:x").tolist() == [1]


@pytest.mark.parametrize("ending", ["json", "npy", "npz", "csv", "tsv", "txt", "pt", "pth", "safetensors", "parquet"])
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full", "/dev/urandom"])
def test_a_device_without_end_is_refused(tmp_path: Path, ending: str, device: str) -> None:
    (tmp_path / f"x.{ending}").symlink_to(device)
    began = time.monotonic()
    with pytest.raises(GradcliError) as caught:
        read_source(f"@{tmp_path}/x.{ending}")
    assert caught.value.exit_code == 2
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("ending", ["json", "npy", "npz", "csv", "txt", "pt", "safetensors", "parquet"])
@pytest.mark.parametrize("file", ["/proc/version", "/proc/self/maps", "/sys/kernel/mm/transparent_hugepage/enabled"])
def test_files_of_the_system_are_refused(tmp_path: Path, ending: str, file: str) -> None:
    if not Path(file).exists():
        pytest.skip("not here")
    (tmp_path / f"x.{ending}").symlink_to(file)
    with pytest.raises(GradcliError):
        read_source(f"@{tmp_path}/x.{ending}")


@pytest.mark.parametrize("ending", ["json", "npy", "npz", "csv", "txt", "pt", "safetensors", "parquet"])
def test_a_file_of_a_terabyte_of_nothing_is_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"x.{ending}"
    path.touch()
    try:
        os.truncate(path, 2**40)
    except OSError:
        pytest.skip("no sparse files here")
    began = time.monotonic()
    with pytest.raises(GradcliError):
        read_source(f"@{path}")
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("form", ["[1]", "1 2 3", "1,2\n3,4\n"])
def test_the_bounds_of_texts_are_stated(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ending = {"[1]": "json", "1 2 3": "txt", "1,2\n3,4\n": "csv"}[form]
    (tmp_path / f"x.{ending}").write_text(form + " " * 5000)
    monkeypatch.setattr("gradcli.sources.document.LONGEST", 100)
    monkeypatch.setattr("gradcli.sources.text.LONGEST_TEXT", 100)
    monkeypatch.setattr("gradcli.sources.table.LONGEST_LINE", 100)
    with pytest.raises(GradcliError, match=r"100 characters"):
        read_source(f"@{tmp_path}/x.{ending}")


@pytest.mark.parametrize("form", ["[1, 2, 3]", "1 2 3", "1,2\n3,4\n"])
def test_more_numbers_than_a_tensor_may_have_are_refused(tmp_path: Path, form: str, run: Any) -> None:
    ending = {"[1, 2, 3]": "json", "1 2 3": "txt", "1,2\n3,4\n": "csv"}[form]
    (tmp_path / f"x.{ending}").write_text(form)
    assert value(f"@{tmp_path}/x.{ending}")
    with pytest.raises(BoundError, match="at most 2 are read"):
        read_source(f"@{tmp_path}/x.{ending}", 2)
    if ending != "csv":
        code, _, err = run(["grad", "sigmoid", "-", "--max-elements", "2"], form)
        assert (code, "standard input holds 3 numbers; at most 2" in err) == (2, True)


@pytest.mark.parametrize("ending", ["npy", "npz", "pt", "parquet"])
def test_pipes_are_read_as_files_are(tmp_path: Path, ending: str) -> None:
    whole, pipe = tmp_path / f"whole.{ending}", tmp_path / f"x.{ending}"
    code, _, err = captured(["grad", "sum(x**2)", "x=1,2", "-o", str(whole)])
    assert code == 0, err
    os.mkfifo(pipe)
    if os.fork() == 0:
        pipe.write_bytes(whole.read_bytes())
        os._exit(0)
    name = "" if ending == "npy" else ":value" if ending == "parquet" else ":gradients.x"
    np.testing.assert_array_equal(array(f"@{pipe}{name}"), array(f"@{whole}{name}"))
