"""What is said of the true gradient where no rewrite is right, and the evidence where there is no reference."""

from __future__ import annotations

import json
import math

import pytest
import torch
from command_line import captured
from each import each
from mpmath import mp
from test_fixes import bound

from gradcli.diagnose.bound_expression import ComputeOptions, Selection, bind
from gradcli.diagnose.equivalence.comparison_point import Candidate, ComparisonPoint
from gradcli.diagnose.equivalence.truth import Truth
from gradcli.diagnose.equivalence.vicinity import Vicinity
from gradcli.diagnose.fixes.truth_text import _differs, about
from gradcli.language.parser import parse
from gradcli.language.request import read
from gradcli.numerics.reference.converging import Limit


def told(*line: str) -> str:
    """What the findings of a trace say, and that they offer no fix."""
    code, out, _ = captured(["trace", *line, "--json"])
    findings = json.loads(out)["findings"]
    assert code == 0
    assert all(finding["fix"] is None for finding in findings)
    return " ".join(finding["message"] for finding in findings)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (["sqrt(x)", "x=0,4"], "the true slope grows without bound at x[0]"),
        (["x*log(x)", "x=0"], "the true slope grows without bound at x"),
        (["where(x >= 0, sqrt(x) + 1, 0*x)", "x=0"], "the true slope grows without bound at x"),  # there is a value
        (["x*atan(1/x)", "x=0"], "tends to 1.5708 from the right and to -1.5708 from the left of x"),
        (["x**2/norm(x)", "x=0,0"], "the true slope depends on the direction from which x[0] is approached"),
        (["sum(sqrt(x)*sin(y))", "x=0,1", "y=0,1"], "depends on the direction from which x[0] is approached"),
        (["x/norm(x)", "x=0,0"], "the value has no limit there"),
        (["(x - mean(x))/std(x)", "x=2,2,2"], "the value has no limit there"),
        (["softmax(x, dim=0)", "x=-inf,-inf"], "the value has no limit there"),
        (["(x - sin(x))/x**3", "x=0"], "the true gradient tends to 0, but no rewrite"),
        (["x**2*sin(1/x)", "x=0"], "settles on no number as x is approached"),
        (["sin(1/x)", "x=0"], "settles on no number as x is approached"),  # nor does the value
        (["1/x**2", "x=0"], "the true slope grows without bound at x"),  # the value too, and on both sides alike
        (["1/x", "x=0"], "the value has no limit there"),
        (["1/(a*b)", "a=1e-30", "b=1e-30"], "is a: -1e+90, b: -1e+90, which float32 cannot hold"),
        (["1/(a*b)", "a:float64=1e-200", "b:float64=1e-200"], "gradient at a is near -10^600, beyond float64"),
        (["1/det(m)", "m=[[1e-25,0],[0,1e-25]]"], "is [[-1e+75, 0], [0, -1e+75]], which float32 cannot hold"),
        (["dot(x, y)/(norm(x)*norm(y))", "x=1e-23,0", "y=1e-23,1e-23"], "x: [0, 7.07107e+22], y: [3.53553e+22, -3"),
    ],
)
def test_the_message_says_what_the_true_gradient_does(line: list[str], sentence: str) -> None:
    assert sentence in told(*line)


@pytest.mark.parametrize("line", [["log(x)", "x=-1"], ["sqrt(sum(x))", "x=-1,-2"]])
def test_nothing_is_said_where_the_function_is_not_defined(line: list[str]) -> None:
    assert "true" not in told(*line)


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("x*sqrt(x)", 0.0, 1.0),
        ("x*x**0.25", 0.0, 0.5),
        ("expm1(x)/x", 0.5, 0.0),
        ("x/tanh(x)", 0.0, 0.1),
        ("x*sqrt(x)*sqrt(0.1 - x)", 0.0, 1.0),  # it ends not far away
        ("(1000 + exp(x) - 1001 - x)/x", 0.5, 0.0),  # closer, float64 has lost all digits
        ("x + 1e-4*x*abs(x)**0.05", 1.0, 0.9),  # what does not go away is too small to matter
        ("x*linalg.cholesky(x.reshape(1, 1))[0, 0]", 0.0, 1.0),  # which PyTorch refuses below 0
    ],
)
def test_float64_tends_to_the_right_gradient_and_to_no_other(text: str, right: float, wrong: float) -> None:
    asked = bound(text, "x=0")
    vicinity = Vicinity(ComparisonPoint(asked, {"x": torch.zeros(())}, None))
    assert bool(vicinity.tends_to("x", torch.tensor(right, dtype=torch.float64), 0.0))
    assert not bool(vicinity.tends_to("x", torch.tensor(wrong, dtype=torch.float64), 0.0))


def test_the_size_of_the_gradients_nearby_is_that_of_the_side_which_has_any() -> None:
    """To the left PyTorch refuses; to the right the slope of sqrt(x) is between 4 and 8 where x is 0.005 to 0.015."""
    text = "linalg.cholesky(x.reshape(1, 1))[0, 0]"
    vicinity = Vicinity(ComparisonPoint(bound(text, "x=0"), {"x": torch.zeros(())}, None))
    assert 4 < vicinity.size("x") < 8


def test_float64_tends_to_what_is_off_by_rounding_only() -> None:
    vicinity = Vicinity(ComparisonPoint(bound("2*x", "x=0"), {"x": torch.zeros(())}, None))
    for rounding, right in ((0.02, True), (0.0, False)):
        assert bool(vicinity.tends_to("x", torch.tensor(2.01, dtype=torch.float64), rounding)) == right


def test_float64_tends_to_nothing_where_the_sides_differ_or_there_is_none() -> None:
    for text in ("x*atan(1/x)", "log(x - 1)", "y = exp(x); y += 1; sum(y)"):
        vicinity = Vicinity(ComparisonPoint(bound(text, "x=0"), {"x": torch.zeros(())}, None))
        for gradient in (-1.5708, 0.0, 1.5708):
            assert not bool(vicinity.tends_to("x", torch.tensor(gradient, dtype=torch.float64), 0.0))


def test_elements_that_work_alone_are_all_looked_at_and_of_others_as_many_as_there_is_time_for() -> None:
    for text, count, complete in (
        ("x*sqrt(x)", 60, True),
        ("sum(x*sqrt(x))", 60, True),
        ("x*sqrt(x)*(1 + norm(x))", 60, False),
        ("x*sqrt(x)", 166, True),
        ("x*sqrt(x)", 167, False),
    ):
        asked = bound(text, f"x=zeros({count})")
        assert Truth([ComparisonPoint(asked, {"x": asked.leaves["x"].detach()}, None)]).is_complete == complete


def test_of_elements_that_were_not_all_looked_at_nothing_is_said() -> None:
    for count, said in ((2, True), (30, False), (60, False)):
        asked = bound("x*sqrt(x)*(1 + norm(x))", f"x=zeros({count})")
        truth = Truth([ComparisonPoint(asked, {"x": asked.leaves["x"].detach()}, None)])
        assert (about(truth) is not None) == said


def test_a_number_is_a_limit_to_the_rounding_of_the_gradients_nearby() -> None:
    vicinity = Vicinity(ComparisonPoint(bound("2*x", "x=0"), {"x": torch.zeros(())}, None))
    for found, right in ((0.0, True), (1e-6, True), (1e-4, False)):
        assert vicinity.is_limit("x", torch.tensor(found), Limit("limit", mp.mpf(0))) == right
    assert not vicinity.is_limit("x", torch.tensor(0.0), Limit("sides"))


@each(
    "text, candidate, allowed",
    [
        ("stack([log(a), b*sqrt(b)])", "stack([7 + 0*a, b**1.5])", None),  # log(-1) is no number
        ("stack([sin(1/(a + 1)), b*sqrt(b)])", "stack([7 + 0*a, b**1.5])", None),  # it settles on none
        ("stack([sin(a + 1)/(a + 1), b*sqrt(b)])", "stack([7 + 0*a, b**1.5])", None),
        ("stack([sin(a + 1)/(a + 1), b*sqrt(b)])", "stack([1 + 0*a, b**1.5])", "limit"),
    ],
)
def test_no_number_is_put_where_the_value_has_no_limit_or_another(
    text: str, candidate: str, allowed: str | None
) -> None:
    """At a = -1, which is not differentiated; the gradient by b at 0 is not finite, and tends to 0."""
    asked = bind(read(text, ["a=-1", "b=0"], command="grad"), ComputeOptions(), Selection(wrt=("b",)))
    truth = Truth([ComparisonPoint(asked, {name: leaf.detach() for name, leaf in asked.leaves.items()}, None)])
    program = parse(candidate, bound=["a", "b"])
    assert truth.allows(Candidate(program, program), constructed=False) == allowed


@each("a, allowed", [("2,1", "limit"), ("-2,1", None)])
def test_no_number_is_put_where_the_function_is_not_defined_for_another_element(a: str, allowed: str | None) -> None:
    """By b the gradient is not finite at its second element alone; log(-2) is no number, whatever b is."""
    asked = bind(
        read("log(a) + b*sqrt(b)", [f"a={a}", "b=1,0"], command="grad"), ComputeOptions(), Selection(wrt=("b",))
    )
    truth = Truth([ComparisonPoint(asked, {name: leaf.detach() for name, leaf in asked.leaves.items()}, None)])
    program = parse("log(abs(a)) + b**1.5", bound=["a", "b"])
    assert truth.allows(Candidate(program, program), constructed=False) == allowed


@each(
    "text, x, candidate, constructed, beside, allowed",
    [
        ("x*sqrt(x)", "0", "x**1.5", True, False, "limit"),
        ("x*sqrt(x)", "0", "x**1.5 + x", False, False, None),
        ("x*sqrt(x)", "0", "x[3]", False, False, None),  # it cannot be computed
        ("x*sqrt(x)", "4", "x", False, False, "limit"),  # a finite gradient needs no truth
        ("log(x)", "-1", "log(x)", False, False, "limit"),  # nor does it where there is no value
        ("expm1(x)/x", "0", "1 + x/2", False, False, "limit"),
        ("expm1(x)/x", "0", "2 + x/2", False, False, None),  # another value
        ("expm1(x)/x", "0", "1 + x", False, False, None),
        ("atan(1/x)", "0", "-x", False, False, "limit"),  # its slope has a limit, and it has a value
        ("sqrt(x)", "0", "x", False, False, None),
        ("x**2*sin(1/x)", "0", "0*x", False, False, None),
        ("sqrt(x*x)", "0", "abs(x)", False, False, "subgradient"),
        ("sqrt(x*x)", "0", "x", False, False, "subgradient"),
        ("sqrt(x*x)", "0", "0.5*x", False, False, None),  # neither a side nor the middle
        ("sqrt(x*x)", "0", "abs(x)", True, False, None),  # a number that was put there
        ("sqrt(x*x)", "0", "0.5*x", False, True, "limit"),  # beside, a kink is no question
        ("x*sqrt(x)", "0", "x**1.5 + x", False, True, None),
        ("where(x > 0, sqrt(x)*x, 3*x)", "0", "where(x > 0, x**1.5, 3*x)", True, False, "branch"),
        ("where(x >= 0, sqrt(x)*x + x, 3*x)", "0", "where(x >= 0, x**1.5 + x, 3*x)", True, False, "branch"),
        ("where(x >= 0, sqrt(x)*x + x, 3*x)", "0", "where(x > 0, x**1.5 + x, 3*x)", True, False, None),
        ("where(x >= 0, sqrt(x)*x + x, 3*x)", "0", "where(x > 0, x**1.5 + x, 3*x)", False, False, "subgradient"),
        ("where(x >= 0, sqrt(x)*x + x, 1 + 3*x)", "0", "where(x > 0, x**1.5 + x, 3*x)", False, False, None),  # a jump
        ("sqrt(x*x)", "0,4", "abs(x)", False, False, "subgradient"),
        ("sqrt(x*x) + x*sqrt(x)", "0", "x", False, False, "limit"),  # it is defined on one side, where it is x
        ("abs(x)*sin(x)/x", "0", "abs(x)", False, False, None),  # at a kink without a value
        ("sin(1/x)", "0", "0*x", False, False, None),  # it settles on no value
        ("sin(1/x)", "0", "0*x", False, True, "limit"),
        ("expm1(x)/x", "0", "2 + x/2", False, True, None),
        # without a reference: of so many elements that mix there is no time for one
        ("x*sqrt(x)*(1 + norm(x))", "zeros(100)", "x**1.5*(1 + norm(x))", False, False, "limit"),
        ("x*sqrt(x)*(1 + norm(x))", "zeros(100)", "x", False, False, None),
        ("x*sqrt(x)*(1 + norm(x))", "zeros(100)", "x", False, True, "limit"),
        # at 0 a number is put in, which hangs on the dtype and has no slope
        ("nan_to_num(sqrt(x)*x + 1/x)", "0", "0*x", False, False, "branch"),
        ("nan_to_num(sqrt(x)*x + 1/x)", "0", "x", False, False, None),
        ("nan_to_num(sqrt(x)*x + 1/x)", "0", "x", False, True, "limit"),
    ],
)
def test_a_gradient_is_allowed_that_is_a_limit_the_slope_of_the_branch_or_a_subgradient(
    text: str, x: str, candidate: str, constructed: bool, beside: bool, allowed: str | None
) -> None:
    asked, program = bound(text, f"x={x}"), parse(candidate, bound=["x"])
    truth = Truth([ComparisonPoint(asked, {"x": asked.leaves["x"].detach()}, None)], beside=beside)
    assert truth.allows(Candidate(program, program), constructed=constructed) == allowed


@each("wide, allowed", [("x*where(x > 0, 7, 1)", "subgradient"), ("7*x", None)])
def test_a_gradient_in_float64_is_judged_where_the_original_has_none(wide: str, allowed: str | None) -> None:
    """The square of 1e-30 is zero in float32 only, that of zero in float64 too."""
    asked = bound("sqrt(x*x)", "x=1e-30,0")
    truth = Truth([ComparisonPoint(asked, {"x": asked.leaves["x"].detach()}, None)])
    candidate = Candidate(parse("abs(x)", bound=["x"]), parse(wide, bound=["x"]))
    assert truth.allows(candidate, constructed=False) == allowed


@each(
    "limit, differs",
    [
        (Limit("sides", None, ((mp.mpf(1), mp.mpf(2)),)), True),
        (Limit("sides", None, ((mp.inf, mp.inf),)), False),
        (Limit("sides", None, ((mp.inf, -mp.inf),)), True),
        (Limit("sides", None, ((mp.inf, mp.nan),)), False),
        (Limit("limit", mp.mpf(1), ((mp.mpf(1), 1 + mp.eps),)), False),  # the same to rounding
    ],
)
def test_two_sides_differ_that_tend_to_different_numbers(limit: Limit, differs: bool) -> None:
    assert _differs(limit) == differs


def test_what_cannot_be_computed_has_no_wrong_gradient() -> None:
    asked = bound("sum(linalg.inv(x))", "x=[[0,0],[0,0]]")
    assert Truth([ComparisonPoint(asked, {"x": asked.leaves["x"].detach()}, None)]).bad == {}


def test_an_input_without_a_path_has_no_gradient_to_be_judged() -> None:
    asked = bound("x*sqrt(x) + y.detach()", "x=0", "y=1")
    truth = Truth([ComparisonPoint(asked, {name: leaf.detach() for name, leaf in asked.leaves.items()}, None)])
    program = parse("x**1.5 + y.detach()", bound=["x", "y"])
    assert list(truth.bad) == ["x"]
    assert truth.allows(Candidate(program, program), constructed=False) == "limit"


def test_the_true_slopes_are_the_limits_those_of_the_branch_or_unknown() -> None:
    for text, slope in (
        ("x*sqrt(x) + 2*x", 2.0),
        ("where(x >= 0, sqrt(x)*x + x, 3*x)", 1.0),
        ("where(x > 0, sqrt(x)*x + x, 3*x)", 3.0),
        ("where(x != 0, x*sqrt(abs(x)), 5*x)", 0.0),  # its slope at 0, where the branch that is chosen is one number
        ("sqrt(x)", math.nan),
    ):
        asked = bound(text, "x=0")
        found = Truth([ComparisonPoint(asked, {"x": asked.leaves["x"].detach()}, None)]).slopes["x"]
        assert float(found) == pytest.approx(slope, nan_ok=True)
