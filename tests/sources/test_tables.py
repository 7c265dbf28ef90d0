"""`@table.csv` and `@table.csv:column`."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading import array, refused, value


def table(folder: Path, content: str | bytes, name: str = "t.csv") -> str:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return f"@{folder / name}"


@pytest.mark.parametrize(
    ("content", "column", "expected"),
    [
        ("x,y\n1,2\n3,4\n", "", [[1, 2], [3, 4]]),
        ("x,y\n1,2\n3,4\n", ":y", [2, 4]),
        ("x,y\n1,2\n3,4", ":x", [1, 3]),
        ("x,y\n1,2\n", "", [[1, 2]]),
        ("1,2\n3,4\n", "", [[1, 2], [3, 4]]),
        ("1,2\n3,4\n", ":2", [2, 4]),
        ("1,2,3\n", "", [1, 2, 3]),
        ("1\n2\n", "", [1, 2]),
        ("5\n", "", [5]),
        ("x\n1\n2\n", "", [1, 2]),
        ("\ufeffx,y\r\n1,2\r\n", ":x", [1]),
        ("x;y\n1;2\n", ":y", [2]),
        ("x\ty\n1\t2\n", ":y", [2]),
        ('"x","a,b"\n"1","2"\n', ":a,b", [2]),
        ("x , y\n 1 , 2 \n", ":y", [2]),
        ("\n\nx,y\n\n1,2\n\n", ":y", [2]),
        ("nan,inf,-Infinity,NaN,1e-3,-.5\n", "", [math.nan, math.inf, -math.inf, math.nan, 1e-3, -0.5]),
        ("name,x\na,1\nb,2\n", ":x", [1, 2]),
        (",x\n0,5\n1,6\n", ":x", [5, 6]),
        ("a:b,c=d\n1,2\n", ":a:b", [1]),
        ("a:b,c=d\n1,2\n", ":c=d", [2]),
    ],
)
def test_numbers_are_read_from_a_table(tmp_path: Path, content: str, column: str, expected: list[object]) -> None:
    found = value(table(tmp_path, content) + column)
    np.testing.assert_array_equal(found.numbers, np.array(expected, dtype=float))
    assert found.dtype is None


def test_a_table_of_tabs_may_hold_commas_in_its_names(tmp_path: Path) -> None:
    assert array(table(tmp_path, "a,b\tc\n1\t2\n", "t.tsv") + ":a,b").tolist() == [1]


@pytest.mark.parametrize(
    ("content", "column", "message", "hint"),
    [
        ("x,name\n1,a\n", "", "line 2 of {}, column 'name': 'a' is no number", "There is 'name', 'x'."),
        ("x,name\n1,2\n3,b\n", ":name", "line 3 of {}, column 'name': 'b' is no number", "Choose a column of numbers"),
        ("\n\nx,y\n1,b\n", "", "line 4 of {}, column 'y': 'b' is no number", ""),
        ("1,2\n3,b\n", "", "line 2 of {}, column 2: 'b' is no number", ""),
        ("x,y\n1,2\n3\n", "", "line 3 of {} has 1 cell, the first row has 2", "Give every row as many."),
        ("x,y\n1,2\n3\n", ":x", "line 3 of {} has 1 cell, the first row has 2", ""),
        ("x,y\n1,2,3\n", "", "line 2 of {} has 3 cells, the first row has 2", ""),
        ("x,y\n1,\n", "", "line 2 of {}, column 'y', is empty", "write nan"),
        ("x,y\n1,\n", ":y", "line 2 of {}, column 'y', is empty", ""),
        ('x\n1\n""\n', "", "line 3 of {}, column 'x', is empty", ""),
        ("x;y\n1,5;2\n", "", "line 2 of {}, column 'x': '1,5' is no number", "Write decimals with a point: 1.5"),
        ("1 2 3\n4 5 6\n", "", "line 2 of {}, column '1 2 3': '4 5 6' is no number", "belong into a .txt file"),
        ("x,y\n1,1_000\n", "", "line 2 of {}, column 'y': '1_000' is no number", ""),
        ("loss,y\n1,2\n", ":los", "{} has no column 'los'", "Did you mean 'loss'? There is 'loss', 'y'."),
        ("1,2\n", ":x", "{} has no header, and so no column 'x'", "Its columns are called '1', '2'."),
        ("x,x\n1,2\n", ":x", "{} has 2 columns 'x'", "Rename"),
        ("x,y\n", "", "{} has a header and no rows", ""),
        ("\n \n", "", "{} has no rows", ""),
        ('x\n"1\n', "", "{} is cut short or damaged", ""),
        (b"\xff\xfex\x00\n\x00", "", "{} is cut short or damaged: it is not UTF-8 text", ""),
        (b"x\n1\n\xe9\n", "", "{} is cut short or damaged: it is not UTF-8 text", ""),
    ],
)
def test_a_table_with_a_mistake_names_the_place(
    tmp_path: Path, content: str | bytes, column: str, message: str, hint: str
) -> None:
    word = table(tmp_path, content)
    error = refused(word + column)
    assert error.message.startswith(message.format(f"'{word[1:]}'"))
    assert error.hint is not None
    assert hint in error.hint


NUMBERS = st.floats(width=64)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=20),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_what_pythons_writer_writes_is_read_back(
    tmp_path: Path, rows: list[tuple[float, float]], delimiter: str, end: str, quoted: bool
) -> None:
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    with (tmp_path / "t.csv").open("w", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting)
        writer.writerows([("x", "y"), *rows])
    np.testing.assert_array_equal(array(f"@{tmp_path}/t.csv"), np.array(rows))
    np.testing.assert_array_equal(array(f"@{tmp_path}/t.csv:y"), np.array(rows)[:, 1])
