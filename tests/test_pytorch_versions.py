"""The table of what tests state of single versions of PyTorch."""

from __future__ import annotations

from tools.pytorch_versions import DIFFERENCES, reason

TEST = DIFFERENCES[0].tests[0]


def test_a_row_speaks_of_older_versions_and_of_its_own_tests_only() -> None:
    assert reason(TEST, "2.11.0+cu130") == "before PyTorch 2.12: autograd.grad with no inputs raised a ValueError"
    assert reason(TEST, "2.12.0") is None
    assert reason(TEST, "2.13.0+cpu") is None
    assert reason("tests/inspections/test_errors.py::test_from_python_the_same", "2.11.0") is None
