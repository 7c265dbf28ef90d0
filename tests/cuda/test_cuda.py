"""The checks of a device: on CUDA where there is one; some of them on the CPU, so that they are known to run."""

from __future__ import annotations

from pathlib import Path

import checks
import pytest
import torch

CHECKS = dict(checks.checks())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA; python -m tools.cuda_checks runs it where there is")
@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_on_cuda(tmp_path: Path, check: checks.Check) -> None:
    try:
        check("cuda", tmp_path)
    except checks.NotHereError as other:
        pytest.skip(other.reason)


@pytest.mark.parametrize("name", ["generators", "assertions", "siamese_duplicate.py"])
def test_a_check_holds_on_the_cpu(tmp_path: Path, name: str) -> None:
    CHECKS[name]("cpu", tmp_path)


def test_a_check_fails_where_the_operation_is_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checks.half_precision("cpu", tmp_path)
    monkeypatch.setattr(checks, "HALF", checks.HALF.replace("hidden.abs() * 60000.0", "hidden.abs().div(1e-5)"))
    with pytest.raises(AssertionError, match="div"):
        checks.half_precision("cpu", tmp_path)
