"""The table of what tests state of single versions of PyTorch."""

from __future__ import annotations

import pytest

from tools.pytorch_versions import DIFFERENCES, Difference, difference

OLD = DIFFERENCES[0].tests[0]
REMOVED = DIFFERENCES[-1].tests[0]


def test_a_row_speaks_of_its_versions_and_of_its_own_tests_only() -> None:
    assert difference(OLD, "2.11.0+cu130") is DIFFERENCES[0]
    assert difference(OLD, "2.12.0") is None
    assert difference(OLD, "2.14.1") is None
    assert difference(REMOVED, "2.11.0") is None
    assert difference(REMOVED, "2.13.0+cpu") is None
    assert difference(REMOVED, "2.14.0") is DIFFERENCES[-1]
    assert difference("tests/inspections/test_errors.py::test_from_python_the_same", "2.11.0") is None


@pytest.mark.parametrize("row", DIFFERENCES, ids=lambda row: row.why)
def test_every_row_holds_for_the_version_that_the_tests_were_written_with(row: Difference) -> None:
    assert row.holds((2, 13))
    assert not (row.holds((2, 11)) and row.holds((2, 14)))
