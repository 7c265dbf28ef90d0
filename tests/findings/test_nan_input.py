"""The rule `nan-input`: what it finds, and what it leaves alone."""

from __future__ import annotations

import shlex
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest
from command_line import captured
from each import each
from looking import Place, findings, found, on_tape, place

pytestmark = pytest.mark.usefixtures("no_fixes")

FOUND = {
    "grad 'sum(x)' x=nan,1": ("error", Place(None, "x", [0], "x")),
    "trace 'mean((w*x - y)**2)' w=1 x=1,nan y=1,2 --frozen x,y": ("error", Place(None, "x", [1], "x")),
    "trace 'sum(clamp_min(a, m))' a=0,0,nan m=1,1,1": ("error", Place(None, "a", [2], "a")),
    "trace 'sum(clamp_min(a, m))' a=0,0,0 m=nan,1,1": ("error", Place(None, "m", [0], "m")),
    "grad 'x @ w' x='[[1, 2], [3, nan]]' w=1,2 --frozen x": ("error", Place(None, "x", [1, 1], "x")),
    "grad 'sum(layer_norm(x, [3]))' x=1,2,nan": ("error", Place(None, "x", [2], "x")),
    "grad 'sum(x)' x='log(-1)'": ("error", Place(None, "x", None, "x")),
    "grad 'sum(x)' x='[0/0, 1]'": ("error", Place(None, "x", [0], "x")),
    "grad 'x**2' x='complex(nan, 1)'": ("error", Place(None, "x", None, "x")),
    "grad 'x*nan' x=1": ("error", Place(None, None, None, "nan")),
    "grad 'x + log(-1)' x=1": ("error", Place(None, None, None, "log(-1)")),
    "grad 'x * [1, nan]' x=1,2": ("error", Place(None, None, None, "nan")),
    "grad 'leaky_relu(x, nan)' x=-1": ("error", Place(None, None, None, "nan")),
    "grad 'y = x*1; y[0] = nan; sum(y)' x=1,2": ("error", Place(None, None, None, "nan")),
    "grad 'x*2' x=1,2 --vjp nan,1": ("error", Place(None, None, [0], None)),
    "grad 'x*2' x=1 --vjp nan": ("error", Place(None, None, None, None)),
    "softmax 1 nan": ("error", Place(None, "x", [1], None)),
    "activate sigmoid -5 nan": ("error", Place(None, "x", [1], None)),
    "activate leaky_relu --param negative_slope=nan -1": ("error", Place(None, None, None, None)),
    "check 'x*x' x=nan,1": ("error", Place(None, "x", [0], None)),
    "check 'x*w' x=1,nan w=2 --wrt w": ("error", Place(None, "x", [1], None)),
    "retain-demo 'x*x' x=nan": ("error", Place(None, "x", None, None)),
    "loss mse 1,2 1,nan": ("error", Place(None, "target", [1], None)),
    "loss cross_entropy '[[1, 2]]' '[1]' weight=1,nan": ("error", Place(None, "weight", [1], None)),
}

LEFT_ALONE = (
    "grad 'sum(x)' x=2,1",
    "grad 'nan_to_num(x)' x=nan,1",
    "grad 'nansum(x)' x=nan,1",
    "grad 'nanmean(x)' x=nan,1",
    "grad 'sum(where(isnan(x), 0, x))' x=nan,1",
    "grad 'sum(where(isnan(x), 0, x) * w)' x=nan,1 w=2",
    "grad '(x != x).float() * w' x=nan,1 w=2",
    "grad 'x[0] * 2' x=1,nan",
    "grad 'fmax(x, y)' x=nan,1 y=2,2",
    "grad 'where(x > 0, x, nan)' x=1",
    "grad 'leaky_relu(x, nan)' x=1",
    "grad 'sqrt(x)' x=-1",
    "grad 'relu(x)' x=-1e39,-1 --vjp nan,1",
    "grad 'x*2' x=1,2 --vjp inf,1",
)

SAYS = {
    "grad 'x*2' x=1 --vjp nan": "the cotangent vjp is nan before anything is computed",
    "trace 'sqrt(x)' x=1 --vjp nan": "the cotangent vjp is nan before anything is computed",
    "grad 'sum(x)' x=1,nan,nan": "x[1] is nan before anything is computed (and 1 more); the output becomes nan",
    "grad 'x*y' x=nan y=1": "x is nan before anything is computed; the output and the gradient of y become nan",
    "grad 'sum(x)' x='full([3], nan)'": (
        "x[0] is nan before anything is computed, given as full([3], nan) (and 2 more); the output becomes nan"
    ),
    "grad 'sin(x)' 1 0/0": (
        "x[1] is nan before anything is computed, given as 0/0; the output and the gradient of x become nan"
    ),
    "grad 'sin(x)' 1,nan 0/0": (  # the second number is none of the second word
        "x[1] is nan before anything is computed (and 1 more); the output and the gradient of x become nan"
    ),
    "grad 'x + 0/0' x=1": "x + 0/0 computes with the constant 0/0 = nan; the output becomes nan",
    "grad 'x + nan' x=1": "x + nan computes with the constant nan; the output becomes nan",
    "grad 'x*2' x=1,2,3 --vjp 1,nan,nan": "the cotangent vjp[1] is nan before anything is computed (and 1 more)",
    "grad 'x' x=1 --vjp nan": "the cotangent vjp is nan before anything is computed",
}


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = found(line, "nan-input")
    assert finding["severity"] == severity
    if line.startswith(("grad", "trace")):
        assert place(finding, line) == expected
    assert (finding["variable"], finding["index"]) == (expected.variable, expected.index)
    assert others == [], "one cause, one finding"
    assert [other["code"] for other in findings(line) if other["severity"] != "note"] == ["nan-input"]


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "nan-input") == []


@each("line", SAYS)
def test_it_is_told_how_the_number_was_given_and_what_becomes_of_it(line: str) -> None:
    assert [one["message"] for one in found(line, "nan-input")] == [SAYS[line]]


def test_of_numbers_that_nobody_typed_no_word_is_told() -> None:
    (only,) = on_tape("x * 2", x=[1.0, nan])
    assert only.message == "x[1] is nan before anything is computed; the output becomes nan"


def test_a_nan_behind_many_infinities_is_told() -> None:
    assert {one.code for one in on_tape("x * 2", x=[inf] * 20 + [nan])} == {"inf-input", "nan-input"}


def test_a_nan_that_shows_in_a_gradient_alone_is_told() -> None:
    """x**0 is 1 whatever x is; its derivative by the exponent is log(x)."""
    (only,) = on_tape("x**t", x=nan, t=0.0)
    assert only.message == "x is nan before anything is computed; the gradient of t becomes nan"


def test_each_input_has_a_finding_of_its_own() -> None:
    both = found("trace 'sum(clamp_min(a, m))' a=0,0,nan m=nan,1,1", "nan-input")
    assert [(one["variable"], one["index"]) for one in both] == [("a", [2]), ("m", [0])]


def test_what_an_operation_makes_beside_a_given_nan_is_found_too() -> None:
    other, given = sorted(findings("trace 'sum(sqrt(x))' x=nan,0"), key=lambda one: str(one["code"]))
    assert (given["code"], given["index"]) == ("nan-input", [0])
    assert (other["code"], other["index"]) == ("inf-backward", [1])
    assert "more" not in other["message"], "the NaN is none of its own"


def test_an_operation_counts_only_the_nan_that_it_made() -> None:
    made, given = sorted(findings("trace 'sqrt(x)' x=-1,nan")[:2], key=lambda one: str(one["code"]))
    assert (made["code"], made["index"], given["index"]) == ("nan-forward", [0], [1])
    assert "more" not in made["message"]


def test_a_slope_beside_a_given_nan_is_looked_at_where_it_is_the_operations_own() -> None:
    codes = {one["code"] for one in findings("trace 'sum(w**x)' w=0 x=nan,0.5 --frozen x")}
    assert codes == {"nan-input", "nan-backward"}


def test_a_nan_that_is_masked_too_late_is_the_masked_operations() -> None:
    """The value is fine: whoever wrote it knew of the NaN, and put the mask behind the product."""
    codes = [one["code"] for one in findings("trace 'sum(where(isnan(x), 0, x * w))' x=nan,1 w=2 --frozen x")]
    assert codes == ["masked-branch"]


def test_the_file_is_named_and_large_inputs_are_looked_at(tmp_path: Path) -> None:
    values = np.ones(30_000, dtype=np.float32)
    values[20_000:20_003] = np.nan
    np.save(tmp_path / "data.npy", values)
    (given,) = found(f"grad 'sum(x)' x=@{tmp_path / 'data.npy'}", "nan-input")
    assert given["index"] == [20_000]
    assert f"read from @{tmp_path / 'data.npy'} (and 2 more)" in given["message"]
    (given,) = found(f"grad 'sin(x)' @{tmp_path / 'data.npy'}", "nan-input")
    assert given["index"] == [20_000]


def test_a_number_that_all_elements_share_keeps_its_place(tmp_path: Path) -> None:
    np.save(tmp_path / "data.npy", np.ones(30_000, dtype=np.float32))
    (given,) = found(f"grad 'sin(x) * w' x=@{tmp_path / 'data.npy'} w='[nan]'", "nan-input")
    assert (given["variable"], given["index"]) == ("w", [0])


def test_it_fails_where_that_is_asked_for() -> None:
    assert captured(["grad", "sum(x)", "x=nan,1", "--fail-on", "nan-input"])[0] == 1
    assert captured(["grad", "nansum(x)", "x=nan,1", "--fail-on", "nan-input"])[0] == 0


def test_the_tape_marks_the_input() -> None:
    _, out, _ = captured(["trace", "x * 2", "x=nan"])
    assert "x <- nan-input" in out


@pytest.mark.parametrize("line", ["check 'x*x' x=nan", "activate relu nan nan", "check 'sum(x)' nan nan"])
def test_nothing_but_nan_is_no_reason_for_a_warning(line: str) -> None:
    code, _, err = captured(shlex.split(line))
    assert (code, err) == (0, "")
