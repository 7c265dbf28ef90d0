"""Numbers as text: standard input in pieces, `@numbers.txt`, pipes."""

from __future__ import annotations

import io
import os
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from command_line import clean_environment
from hypothesis import given
from hypothesis import strategies as st
from reading import array, refused

from gradcli.exceptions import SourceError
from gradcli.sources import text
from tools import warm

SEPARATORS = st.sampled_from([" ", "\n", ",", ", ", ";", "\t", "\r\n", " , \n"])


@given(st.lists(st.tuples(st.floats(width=64), SEPARATORS), min_size=1), st.integers(1, 12))
def test_numbers_are_read_the_same_in_pieces_of_any_size(numbers: list[tuple[float, str]], piece: int) -> None:
    written = "".join(f"{number!r}{separator}" for number, separator in numbers)
    before, text.PIECE = text.PIECE, piece
    try:
        found = text.numbers_of(io.StringIO(written), "standard input", "@-", None)
    finally:
        text.PIECE = before
    np.testing.assert_array_equal(found.values, [number for number, _ in numbers])


@given(st.lists(st.integers(-9, 9), max_size=30), st.lists(st.integers(-9, 9), max_size=30), st.integers(1, 12))
def test_a_bad_word_is_named_with_its_place_in_pieces_of_any_size(
    before: list[int], after: list[int], piece: int
) -> None:
    written = " ".join([*map(str, before), "1_0", *map(str, after)])
    usual, text.PIECE = text.PIECE, piece
    try:
        with pytest.raises(SourceError) as caught:
            text.numbers_of(io.StringIO(written), "standard input", "@-", None)
    finally:
        text.PIECE = usual
    assert caught.value.message == f"word {len(before) + 1} of standard input, '1_0', is no number"


def test_a_million_numbers_take_a_few_seconds_and_little_memory(tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).standard_normal(1_000_000)
    (tmp_path / "x.txt").write_text("\n".join(map(repr, numbers.tolist())))
    begin = time.perf_counter()
    found = array(f"@{tmp_path}/x.txt")
    assert time.perf_counter() - begin < 10
    np.testing.assert_array_equal(found, numbers)


def test_words_as_objects_are_never_in_memory_all_at_once(tmp_path: Path) -> None:
    import tracemalloc

    (tmp_path / "x.txt").write_text("0.123456789 " * 1_000_000)
    tracemalloc.start()
    try:
        found = array(f"@{tmp_path}/x.txt")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * found.nbytes


def test_a_text_file_says_what_is_no_number(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("1 2 three")
    assert refused(f"@{tmp_path}/x.txt").message == f"word 3 of '{tmp_path}/x.txt', 'three', is no number"
    assert "leads nowhere" in refused(f"@{tmp_path}/x.txt:a").message
    (tmp_path / "x.txt").write_bytes(b"\xff\xff")
    assert "not UTF-8 text" in refused(f"@{tmp_path}/x.txt").message
    (tmp_path / "x.txt").write_text("\ufeff1 2\r\n3")
    assert array(f"@{tmp_path}/x.txt").tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("pipe", "1 2 3", [1, 2, 3]),
        ("pipe.csv", "x\n1\n2\n", [1, 2]),
        ("pipe.json", "[1, 2]", [1, 2]),
    ],
)
def test_a_named_pipe_is_read_once(tmp_path: Path, name: str, content: str, expected: list[float]) -> None:
    os.mkfifo(tmp_path / name)
    writer = threading.Thread(target=(tmp_path / name).write_text, args=(content,))
    writer.start()
    try:
        assert array(f"@{tmp_path / name}").tolist() == expected
    finally:
        writer.join()


def test_an_array_of_numpys_in_a_pipe_is_read_too(tmp_path: Path) -> None:
    saved = io.BytesIO()
    np.save(saved, np.arange(3.0))
    os.mkfifo(tmp_path / "x.npy")
    writer = threading.Thread(target=(tmp_path / "x.npy").write_bytes, args=(saved.getvalue(),))
    writer.start()
    try:
        assert array(f"@{tmp_path}/x.npy").tolist() == [0, 1, 2]
    finally:
        writer.join()


def test_the_device_of_standard_input_is_a_pipe_like_any_other() -> None:
    argv = [*warm.gradcli(), "grad", "x * 1", "@/dev/stdin", "-f", "csv"]
    ran = subprocess.run(argv, input=b"4 5", capture_output=True, env=clean_environment(), check=False)
    assert (ran.returncode, ran.stdout) == (0, b"x,value,gradient\n4.0,4.0,1.0\n5.0,5.0,1.0\n"), ran.stderr


@pytest.mark.parametrize("name", ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"])
def test_standard_input_from_a_file_is_read_by_any_of_its_names(name: str, tmp_path: Path) -> None:
    (tmp_path / "n.txt").write_text("4 5")
    argv = [*warm.gradcli(), "grad", "x * 1", f"@{name}", "-f", "csv"]
    with (tmp_path / "n.txt").open("rb") as file:
        ran = subprocess.run(argv, stdin=file, capture_output=True, env=clean_environment(), check=False)
    assert (ran.returncode, ran.stdout) == (0, b"x,value,gradient\n4.0,4.0,1.0\n5.0,5.0,1.0\n"), ran.stderr
