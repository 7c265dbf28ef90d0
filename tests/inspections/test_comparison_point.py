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
    ],
)
def test_a_rewrite_is_no_worse(text: str, x: str, rewritten: str, right: bool) -> None:
    program = parse(rewritten, bound=["x"])
    assert point_of(text, f"x={x}").agrees(Candidate(program, program)) == right


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
        assert bool(point.slopes) == known
        if known:
            assert torch.equal(point.slopes["x"], torch.full((16,), 6.0, dtype=torch.float64))
    assert not point_of("sum(x*x)", "x=1,inf").slopes
