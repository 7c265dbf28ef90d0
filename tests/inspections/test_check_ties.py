"""Ties that no element shows by moving alone: kinks, with the slopes beside them, and no other slope is right."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from checking import check, rows

from tools.planted import in_place_of, planted

TIES = {
    "'median(x)' 2 2 2": [0, 1],
    "'median(x, 0)[0]' 2 2 2 5 1": [0, 1],
    "'kthvalue(x, 2)[0]' 2 2 2": [0, 1],
    "'topk(x, 2)[0] @ [1, 2]' 1 1 1": [0, 2],
    "'quantile(x, 0.5)' 2 2 2 --dtype float64": [0, 1],
    "'sort(x)[0][1]' 0 0 0": [0, 1],
    "'3*kthvalue(x, 3)[0]' 0.5 0.5 0.5 0.5 0.5": [0, 3],
}


@pytest.mark.parametrize("line", TIES)
def test_a_tie_is_a_kink_with_the_slopes_beside_it(line: str):
    found = [row for row in rows(line) if row["verdict"] != "agree"]
    assert {row["verdict"] for row in found} == {"kink"}
    tied = [row for row in found if row["reason"]]
    assert tied
    for row in tied:
        assert row["reason"].startswith("a tie")
        assert [row["left"], row["right"]] == pytest.approx(TIES[line])
        assert row["left"] <= row["reverse"] <= row["right"]


def test_the_slopes_beside_a_tie_are_those_at_the_values_of_the_dtype() -> None:
    for row in rows("'median(x)**2' 0.1 0.1 0.1"):
        value = torch.tensor(0.1, dtype=getattr(torch, row["dtype"])).item()
        assert row["reason"].startswith("a tie")
        assert [row["left"], row["right"]] == pytest.approx([0, 2 * value], rel=1e-5), row["dtype"]


@pytest.mark.parametrize("line", ["'median(x)' 2 2.1 1.9", "'kthvalue(x, 2)[0]' 2 2.000001 1.9999", "'x[0]*x[1]' 2 2"])
def test_where_no_elements_are_equal_there_is_no_tie(line: str):
    assert {row["verdict"] for row in rows(f"{line} --dtype float64")} == {"agree"}


@pytest.mark.parametrize(("line", "factor"), [("2 2 2", 3.5), ("2 2 2", -1.0), ("2 3 1", 1.001), ("2 2 9", 2.5)])
def test_a_wrong_gradient_at_a_tie_or_beside_one_is_caught(line: str, factor: float):
    wrong: Any = planted(torch.median, lambda _, right: right * factor)
    with in_place_of("torch.median", wrong):
        code, result = check(f"'median(x)' {line} --dtype float64")
    assert code == 1
    assert "disagree" in {row["verdict"] for row in result["rows"]}


@pytest.mark.parametrize("line", ["'prod(x)' 1 2 3", "'prod(sin(1e4*x))' 1 2 3", "'prod(sin(1e5*x))' 1 2 3"])
def test_curvature_is_no_tie(line: str):
    wrong: Any = planted(torch.prod, lambda _, right: right * 1.01)
    with in_place_of("torch.prod", wrong):
        assert check(f"{line} --dtype float64")[0] == 1


def test_numbers_that_lie_close_together_are_no_tie() -> None:
    line = "'sum(batch_norm(x, None, None, training=True)*w)' x='[[1e6],[1000001],[1000002]]' w='[[1],[2],[3]]'"
    assert "kink" not in {row["verdict"] for row in rows(f"{line} --wrt x --dtype float32")}


def test_what_underflows_beside_zeros_is_no_tie():
    """A distance of 1e-25 has the slope 1, and PyTorch's cdist says 0 in float32."""
    code, result = check("'cdist(x, y)' x='[[1e-25, 0]]' y='[[0, 0]]' --dtype float32")
    verdicts = {(row["variable"], *row["index"]): row["verdict"] for row in result["rows"]}
    assert (code, verdicts["x", 0, 0], verdicts["y", 0, 0]) == (1, "disagree", "disagree")
