"""Whether a rewrite is as good as the original at one point: what has no finite gradient there is not."""

from __future__ import annotations

import torch
from each import each
from test_fixes import bound

from gradcli.diagnose.equivalence.comparison_point import Candidate, ComparisonPoint
from gradcli.language.parser import parse


def point_of(text: str, *words: str) -> ComparisonPoint:
    """The point at which a command line asks."""
    asked = bound(text, *words)
    return ComparisonPoint(asked, {name: leaf.detach() for name, leaf in asked.leaves.items()}, None)


@each(
    "text, x, rewritten, right",
    [
        ("sqrt(x*x)", "0", "abs(x)", True),  # where the original has no gradient, another one is no worse
        ("sqrt(x*x)", "0", "sqrt(x)*sqrt(x)", False),  # inf * 0 again
        ("sqrt(x*x)", "3", "abs(x)", True),
        ("sqrt(x*x)", "-3", "abs(x)", True),
        ("sqrt(x*x)", "-3", "x", False),
        ("sqrt(x*x)", "3", "x.detach()", False),
        ("x + 0", "3", "exp(log(x))", True),
        ("x + 0", "-3", "exp(log(x))", False),
        ("y = exp(x); y += 1; sum(y)", "3", "sum(exp(x) + 1)", True),  # PyTorch refuses the original in backward
        ("y = exp(x); y += 1; sum(y)", "3", "y = exp(x); y += 1; 1 * sum(y)", False),
        ("x + 0", "3", "x.reshape([1])", False),
        ("x + 0", "1", "x + 1e10 - 1e10", False),  # right in float64 only
        ("x + 0", "3", "x[5]", False),
        ("x + 0", "3", "x + sum(zeros(10**9))", False),  # more elements than there may be
        ("x[5]", "3", "2*x", True),  # there is nothing to agree with
        ("x*100", "1e38", "100*x", True),  # the value is infinite in float32, and the gradient is not
        ("log(x)", "-1", "0*x", True),  # the slope of what is no number says nothing
        ("log(1 - (x + 1e-9) + 1e-10)", "1", "1.1111111e9*(x - 1) - 23.025851", False),  # nor does it in float64
        ("exp(x) + 1", "1000", "y = exp(x); y += 1; sum(y)", False),  # PyTorch refuses it in backward
        ("y = x.double(); y += 1; sum(y)", "1", "sum(x.double() + 1)", True),  # and the original in float64
        ("sqrt(dot(x, x.float()))", "0,", "sqrt(dot(x.float(), x))", False),  # which cannot be computed in float64
        ("sqrt(x + 1) - sqrt(x)", "full([17], 1e5)", "1/(sqrt(x + 1) + sqrt(x))", True),  # float64 has the digits
    ],
)
def test_a_rewrite_is_no_worse(text: str, x: str, rewritten: str, right: bool) -> None:
    program = parse(rewritten, bound=["x"])
    assert point_of(text, f"x={x}").agrees(Candidate(program, program)) == right


@each(
    "text, words, narrow, wide, right",
    [
        ("x + 0", ["x=3"], "x", "x[5]", False),  # it can be computed in float32 only
        ("sqrt(x*x)", ["x=0"], "abs(x)", "sqrt(x*x)", True),  # the slope is missing where the original has none either
        ("y = exp(x); y += 1; sum(y)", ["x=3"], "y = exp(x); y += 1; 1*sum(y)", "sum(exp(x) + 1)", False),
        ("1/x + 0*y", ["x=1e-30", "y=1"], "1/x + 0*y", "1/x", True),  # no path is a slope of zero
        ("1/x + 0*y", ["x=1e-30", "y=1"], "1/x", "1/x + 0*y", True),
        # one ULP of these numbers is 0.0078, and there is no reference for so many
        ("sin(x)", ["x=full([17], 100000.75)"], "sin(x + 0.01)", "sin(x)", True),
        ("sin(x)", ["x=full([17], 100000.75)"], "sin(x + 0.1)", "sin(x)", False),
    ],
)
def test_a_rewrite_is_no_worse_in_the_dtype_of_the_inputs_and_in_float64(
    text: str, words: list[str], narrow: str, wide: str, right: bool
) -> None:
    names = [word.partition("=")[0] for word in words]
    assert point_of(text, *words).agrees(Candidate(parse(narrow, bound=names), parse(wide, bound=names))) == right


def test_a_gradient_that_is_not_finite_is_no_worse_only_where_the_dtype_ends() -> None:
    """At 1e-30 float32 has neither the slope -1e60 of 1/x nor the square of x, in float64 all is finite."""
    for text, rewritten, right in (("1/x", "x**-1", True), ("sqrt(x*x)", "sqrt(x**2)", False)):
        program = parse(rewritten, bound=["x"])
        assert point_of(text, "x=1e-30").agrees(Candidate(program, program)) == right


def test_the_dtype_of_constants_counts_as_that_of_inputs_does() -> None:
    for dtype, x, apart in (("float32", "x:float64=1", True), ("float64", "x:float64=1", False)):
        asked = bound("x * full([1], 0.1)", x, dtype=dtype)
        point = ComparisonPoint(asked, {"x": asked.leaves["x"].detach()}, None)
        assert point.narrow is not None
        assert point.wide is not None
        assert (float(point.narrow.value) != 0.1) == apart
        assert float(point.wide.value) == 0.1
    asked = bound("x * 1", "x:float32=0.1", dtype="float64")
    point = ComparisonPoint(asked, {"x": asked.leaves["x"].detach()}, None)
    assert point.wide is not None
    assert point.wide.value.dtype is torch.float64


def test_in_float64_another_program_stands_for_a_rewrite() -> None:
    """Of one that widens 16-bit numbers to float32, which would round those of float64."""
    for x, dtype in (("x:float64=0.1", "float64"), ("x=0.1", "float32")):
        asked = bound("x*1", x, dtype=dtype)
        leaf = asked.leaves["x"].detach()
        point = ComparisonPoint(asked, {"x": leaf}, None)
        candidate = Candidate(parse("x.float()*1", bound=["x"]), parse("x*2", bound=["x"]))
        narrow, wide = candidate.at(point), candidate.at(point, wide=True)
        assert narrow is not None
        assert wide is not None
        assert float(narrow.value) == float(leaf.float())
        assert float(wide.value) == 2 * float(leaf)


def test_whole_numbers_stay_whole() -> None:
    wide = point_of("x[i]", "x=1,2", "i:int64=1").wide
    assert wide is not None
    assert float(wide.value) == 2


def test_a_gradient_counts_where_the_value_is_finite() -> None:
    """Where it is not, any gradient would do."""
    for text, there in (("x * 2", True), ("x + inf", False)):
        assert bool(point_of(text, "x=1").comparable()["x"]) == there


def test_sixteen_numbers_are_held_against_the_reference_and_no_more() -> None:
    for count, known in ((16, True), (17, False)):
        point = point_of("sum(x*x)", f"x=full([{count}], 3.0)")
        assert bool(point.slopes) == (point._value is not None) == known
        if known:
            assert torch.equal(point.slopes["x"], torch.full((16,), 6.0, dtype=torch.float64))
    assert not point_of("sum(x*x)", "x=1,inf").slopes
