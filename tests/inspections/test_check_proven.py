"""Which reference `check` holds a gradient against, and that the answer does not hang on which one it is."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from checking import check, rows
from command_line import in_process_of_its_own
from each import each

from gradcli.inspections.checking import references
from tools.planted import in_place_of, planted

LINES = (
    "gelu -5 0 5 1e10",
    "'log(1 + exp(x))' -1 0.5 3",
    "'1 / x' 1e-30 3 -2.5",
    "'sqrt(x)' 1e-12 4",
    "hardsigmoid 1 -7",
    "tanh 9 20 0.1",
    "'x**y' x=2,3,0.1 y=2,-1.5,0.5",
    "'mean((x - y)**2)' x=1,2,3 y=2,2,7",
    "'sum(where(x > 0.5, x**3, 1 - x))' -1 0.25 3",
    "logsigmoid -30 2",
    "'x.half() * x' 1 2.5",
    "relu -1 0 1",
    "'abs(x - 0.1) * log(x)' 0.1 -1 2 inf nan",
    "'maximum(x, y)' x=1,2,3 y=3,2,1",
)


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both references, whatever they cost."""
    monkeypatch.setattr(references, "FEWEST", 0)


def without_flint(line: str) -> list[dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(references, "find_spec", lambda _: None)
        found: list[dict[str, Any]] = check(line)[1]["rows"]
    assert {row.pop("reference_by") for row in found} <= {"mpmath", None}
    return found


@each("line", LINES)
def test_the_rows_are_those_of_fifty_digits(always: None, line: str) -> None:
    found = check(line)[1]["rows"]
    by = [row.pop("reference_by") for row in found]
    assert "arb" in by or "half" in line
    assert found == without_flint(line)


def by_of(line: str) -> dict[tuple[int, ...], set[str | None]]:
    found: dict[tuple[int, ...], set[str | None]] = {}
    for row in check(line)[1]["rows"]:
        found.setdefault(tuple(row["index"]), set()).add(row["reference_by"])
    return found


def test_where_the_slope_is_smooth_it_is_proven_and_at_a_kink_to_fifty_digits(always: None) -> None:
    assert by_of("relu -1 0 1") == {(0,): {"arb"}, (1,): {"mpmath"}, (2,): {"arb"}}


def test_of_a_few_elements_with_a_kink_among_them_all_are_to_fifty_digits() -> None:
    assert by_of("relu -1 0 1") == {(0,): {"mpmath"}, (1,): {"mpmath"}, (2,): {"mpmath"}}


def test_of_many_elements_those_without_a_kink_are_proven() -> None:
    line = f"relu 0 {' '.join(str(x) for x in range(1, references.FEWEST + 1))} --dtype float32"
    assert list(by_of(line).values()) == [{"mpmath"}, *[{"arb"}] * references.FEWEST]


@pytest.mark.parametrize("line", ["'softmax(x, dim=0)' 1 2 3", "'x @ x' 1 2", "'x.half() * x' 1 2"])
def test_what_mixes_its_elements_or_changes_the_dtype_is_to_fifty_digits(line: str) -> None:
    assert {row["reference_by"] for row in rows(f"{line} --dtype float64")} == {"mpmath"}


def test_what_has_no_reference_has_none() -> None:
    assert {row["reference_by"] for row in check("'x.detach() * x' 1 --dtype float64")[1]["rows"]} <= {"mpmath", None}
    (row,) = check("log -1 --dtype float64")[1]["rows"]
    assert (row["verdict"], row["reference_by"]) == ("no reference", None)


def test_a_wrong_gradient_is_held_against_a_proof() -> None:
    wrong = planted(torch.sigmoid, lambda x, right: right * 1.5)
    with in_place_of("torch.sigmoid", wrong):
        code, result = check("sigmoid 0.5 --dtype float64")
    (row,) = result["rows"]
    assert (code, row["verdict"], row["reference_by"]) == (1, "disagree", "arb")


def test_a_proof_is_right_where_fifty_digits_are_not() -> None:
    (row,) = check("tanhshrink 5e-324 --dtype float64")[1]["rows"]
    assert (row["verdict"], row["reference"], row["reference_by"]) == ("agree", 0, "arb")


IMPORTED = """
import os, sys
from gradcli.cli import main
import gradcli.inspections.check
for line in sys.argv[1:]:
    sys.stdout.flush()
    child = os.fork()
    if not child:
        main(["check", *line.split()])
        print("IMPORTED", *sorted({"flint", "mpmath"} & set(sys.modules)))
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_one_reference_is_loaded_where_one_is_enough() -> None:
    code, out, err = in_process_of_its_own(
        ["sigmoid 0.5", "relu 0", "softmax(x,dim=0) 1 2", "x.half()*x 1"], python=IMPORTED
    )
    assert code == 0, err
    loaded = [line.split()[1:] for line in out.splitlines() if line.startswith("IMPORTED")]
    assert loaded == [["flint"], ["mpmath"], ["mpmath"], ["mpmath"]]
