"""The rule `underflow-forward`: what it finds, and what it leaves alone."""

from __future__ import annotations

import re

import pytest
import torch
from each import each
from looking import Place, findings, found, on_tape, on_tape_of, place
from mpmath import mp

from gradcli.diagnose.findings import OF_TAPES
from gradcli.diagnose.findings.nothing_to_report import has_nothing_to_report
from gradcli.diagnose.origins.poles import may_meet_zero
from gradcli.diagnose.origins.underflowed import zeros_met
from gradcli.language.parser import parse
from gradcli.model import place as model
from gradcli.recording.from_expression import foreseen
from gradcli.recording.operation import Operation
from gradcli.recording.recorder import Recorder

pytestmark = pytest.mark.usefixtures("no_fixes")

MIXTURE = "-log(sum(al*exp(-(t-mu)**2/(2*s**2))))"

FOUND = {
    "grad '1/(a*b)' a=1e-30 b=1e-30": ("error", Place("mul", None, None, "a*b")),
    "grad '1/(a*b)' a=1e-4 b=1e-4 -t half": ("error", Place("mul", None, None, "a*b")),
    "grad '1/(a*b)' a=1e-30 b=1e-30 -t bf16": ("error", Place("mul", None, None, "a*b")),
    "grad '1/(a*b)' a=1e-200 b=1e-200 -t float64": ("error", Place("mul", None, None, "a*b")),
    "grad 'x/(a*b*c)' x=1 a=1e-30 b=1e-30 c=1e30": ("error", Place("mul", None, None, "a*b")),
    f"grad '{MIXTURE}' al=0.5,0.5 t=100 mu=0,1 s=1,1": (
        "error",
        Place("exp", None, [0], "exp(-(t-mu)**2/(2*s**2))"),
    ),
    "grad 'x/norm(x)' x=1e-30,1e-30": ("error", Place("norm", None, None, "norm(x)")),
    "grad 'norm(x)' x=1e-30,1e-30": ("error", Place("norm", None, None, "norm(x)")),
    "grad 'norm(x, dim=1)' x='[[1e-30, 1e-30], [1, 2]]'": ("error", Place("norm", None, [0], "norm(x, dim=1)")),
    "grad 'norm(x)' x=1e-200,1e-200 -t float64": ("error", Place("norm", None, None, "norm(x)")),
    "grad 'norm(a*b)' a=1e-30,1e-30 b=1e-30": ("error", Place("mul", None, [0], "a*b")),
    "grad 'log(exp(x))' x=-200": ("error", Place("exp", "x", None, "exp(x)")),
    "grad 'log(exp(x))' x=-1000 -t float64": ("error", Place("exp", "x", None, "exp(x)")),
    "grad 'log(sigmoid(x))' x=-95": ("error", Place("sigmoid", "x", None, "sigmoid(x)")),
    "grad 'log(softmax(x, dim=0))[0]' x=0,200": ("error", Place("softmax", None, [0], "softmax(x, dim=0)")),
    "grad 'p = softmax(x, dim=0); sum(p*log(p))' x=0,200": ("error", Place("softmax", None, [0], "softmax(x, dim=0)")),
    "grad 'log(erfc(x))' x=12": ("error", Place("erfc", "x", None, "erfc(x)")),
    "grad 'log(exp(-x**2/2)/sqrt(2*pi))' x=20": ("error", Place("exp", None, None, "exp(-x**2/2)")),
    "grad 'log(prod(x))' x='[1e-20, 1e-20, 1e-20]'": ("error", Place("prod", None, None, "prod(x)")),
    "grad 'log(prod(x))' x='[1e-30, 1e-30, 1e30, 1e30]'": ("error", Place("prod", None, None, "prod(x)")),
    "grad 'log(x @ y)' x=1e-30,1e-30 y=1e-30,1e-30": ("error", Place("matmul", None, None, "x @ y")),
    "grad 'sqrt(x**2)' x=1e-30": ("error", Place("pow", "x", None, "x**2")),
    "grad 'x*rsqrt(mean(x**2))' x=1e-30,2e-30": ("error", Place("pow", "x", [0], "x**2")),
    "grad '(x*x)**-0.5' x=1e-25": ("error", Place("mul", "x", None, "x*x")),
    "grad '1/(x/1e30)' x=1e-30": ("error", Place("div", "x", None, "x/1e30")),
    "grad 'xlogy(t, p*q)' t=1 p=1e-30 q=1e-30": ("error", Place("mul", None, None, "p*q")),
    "grad 'y = x*1; y *= 1e-30; 1/y' x=1e-20": ("error", Place("mul", None, None, "y *= 1e-30")),
    "grad 'sqrt(prod(stack([u, v])))' u=1e-50 v=1e-10": ("error", Place(None, "u", None, "u")),
    "grad '1/prod(x, dim=0)[0]' x='[[1e-50, 0], [2, 1]]'": ("error", Place(None, "x", [0, 0], "x")),
    "grad '1/x' x:float16=1e-10": ("error", Place(None, "x", None, "x")),
    "grad 'p = exp(y); minimum(x, 1/p)' x=3 y=-200 --frozen y": ("warning", Place("exp", "y", None, "exp(y)")),
    "grad 'x + sqrt(a*b)' x=1 a=1e-30 b=1e-30 --frozen a,b": ("warning", Place("mul", None, None, "a*b")),
    "grad 'x + sqrt(a*b)' x=1 a=1e-200 b=1e-200 -t float64 --frozen a,b": (
        "warning",
        Place("mul", None, None, "a*b"),
    ),
    "grad 'x*1e-30*1e-30 + 1 + sqrt(a*b)' x=1 a=1e-30 b=1e-30 --frozen a,b": (
        "warning",
        Place("mul", None, None, "a*b"),
    ),
    "grad 'x + (a*b)**0.5' x=1 a=1e-30 b=1e-30 --frozen a,b": ("warning", Place("mul", None, None, "a*b")),
    "grad 'x*y + sqrt(a*b)' x=1 y=0 a=1e-200 b=1e-200 -t float64 --frozen a,b": (  # the zero at x is true
        "warning",
        Place("mul", None, None, "a*b"),
    ),
    "grad 'x + sqrt(a*b) + abs(z)' x=1 z:complex64=1 a=1e-30 b=1e-30 --frozen a,b": (
        "warning",
        Place("mul", None, None, "a*b"),
    ),
    "grad 'abs(z)*(a*b)*1e30 + sqrt(a*b)' z:complex64=1 a=1e-30 b=1e-30 --frozen a,b": (  # the gradient is 1e-30
        "error",
        Place("mul", None, None, "a*b"),
    ),
    "grad 'sqrt(sum(stack([z, u])))' z=0 u=1e-50": ("error", Place(None, "u", None, "u")),
    "grad 'sqrt(prod(stack([z + u, v])))' z=0 u=1e-50 v=1": ("error", Place(None, "u", None, "u")),
    "grad 'y = x*1; y /= a*b; y' x=1 a=1e-30 b=1e-30": ("error", Place("mul", None, None, "a*b")),
    "grad 'sqrt(a*b + a*b)' a=1e-30 b=1e-30": ("error", Place("mul", None, None, "a*b")),
    "grad 'abs(z/(a*b))' z:complex64=1 a=1e-30 b=1e-30 --frozen z": ("error", Place("mul", None, None, "a*b")),
    "grad 'float_power(a*b, 0.5)' a=1e-30 b=1e-30": ("error", Place("mul", None, None, "a*b")),
    "grad 'slogdet(exp(x))[1]' x='[[-200,-300],[-300,-200]]'": ("error", Place("exp", "x", [0, 0], "exp(x)")),
    "grad 'sum(s*log(exp(x)))' x=-200,-200,0 s=1,-1,1": ("error", Place("exp", "x", [0], "exp(x)")),
    "activate 'log(sigmoid(x))' -200 1": ("error", Place("sigmoid", "x", [0], "sigmoid(x)")),
    # one of several values
    "grad '1/(x*y).unbind(0)[1]' x=1,1e-30 y=1,1e-30": ("error", Place("mul", None, [1], "x*y")),
    "grad '1/split(x*y, 1)[1]' x=1,1e-30 y=1,1e-30": ("error", Place("mul", None, [1], "x*y")),
    "grad 'log(chunk(exp(x), 2)[0])' x=-200,1": ("error", Place("exp", "x", [0], "exp(x)")),
    "grad '1/min(x*y, dim=0)[0]' x=1,1e-30 y=1,1e-30": ("error", Place("mul", None, [1], "x*y")),
    "grad '1/sort(x*y)[0]' x=1,1e-30 y=1,1e-30": ("error", Place("mul", None, [1], "x*y")),
    # a conversion rounds too
    "grad 'log(x.half())' x=1e-9": ("error", Place("half", "x", None, "x.half()")),
    "grad '1/x.to(float16)' x=1e-9": ("error", Place("to", "x", None, "x.to(float16)")),
    "grad '1/x.float()' x:float64=1e-50": ("error", Place("float", "x", None, "x.float()")),
    "grad 'rsqrt(x.type_as(y)) * y' x=1e-9 y:float16=1": ("error", Place("type_as", None, None, "x.type_as(y)")),
}

LEFT_ALONE = (
    "grad '1/logaddexp(x, x)' x:float64=-0.6931471805599453",  # -ln 2 + ln 2: digits are lost, and no small number is
    "grad '1/sum(x)' x:float64=1e16,1,-1e16",
    "grad '1/(a*b)' a=1e-20 b=1e-20",
    "grad '1/(a*b)' a=0 b=1e-30",
    "grad '1/(a*b)' a=0 b=1e-200 -t float64",
    "grad '1/(a*b - a*b)' a=1e-30 b=1e-30",
    "grad '1/(a*b*z)' a=1e-30 b=1e-30 z=0",
    "grad '(a*b)/z' a=1e-30 b=1e-30 z=0",
    "grad 'sqrt(prod(stack([z, u])))' z=0 u=1e-50",
    "grad '1/(x*m)' x=1e-50 m:int64=0",
    "grad '1/abs(x*z)' x=1e-30 z:complex64=1e-30+1e-30j",  # of complex numbers no origin is looked for
    "trace 'sqrt(frexp(x)[0])' x=0",
    "grad 'sqrt(prod(x.reshape(2, 1)))' x=0,1e-50",
    "grad '1/log_softmax(x, dim=0)[0]' x=40,0",
    "grad '1/(exp(u) @ v)' u='[-200.]' v='[0.]'",
    "grad '1/exp(x)' x=-inf",
    "grad '1/(x @ y)' x='[1.]' y='[0.]' -t float64",
    "grad 'log(relu(x))' x=-1",
    "grad 'log(1 - sigmoid(x))' x=40",
    "grad 'log(1 - tanh(x)**2)' x=20",
    "grad 'norm(x)' x=0,0",
    "grad 'norm(x)' x=0,0 -t float64",
    "grad 'norm(x)' x=1e-15,1e-15",
    "grad 'x/(norm(x) + 1e-8)' x=1e-30,1e-30",
    "grad 'log(x*y + 1e-30)' x=1e-30 y=1e-30",
    "grad 'exp(x)' x=-200",
    "grad 'x*2' x:float16=1e-10",
    "grad 'x*nan' x:float16=1e-10",
    "grad 'p = exp(x); where(p > 0, log(p), 0)' x=-200,1",
    "grad 'sqrt(sum(x**2))' x=0,0",
    "grad 'x + (a*b)**1.5' x=1 a=1e-30 b=1e-30 --frozen a,b",
    "grad 'x + sum(pow(a*b, t))' x=1 a=1e-30 b=1e-30 t=1.5,2 --frozen a,b,t",
    "grad 'x + norm(a)' x=1 a=1e-30,1e-30 --frozen a",  # whoever divides by it is a step of its own
    f"grad '{MIXTURE}' al=0.5,0.5 t=2 mu=0,1 s=1,1",
    "grad '1/(x*y).unbind(0)[0]' x=1,1e-30 y=1,1e-30",
    "grad '1/split(x*y, 1)[1]' x=1e-30,0 y=1e-30,1",
    "grad 'log(x.half())' x=0",
    "grad 'log(x.half())' x=1e-5",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = found(line, "underflow-forward")
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"
    assert [other["code"] for other in findings(line) if other["severity"] != "note"] == ["underflow-forward"]


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "underflow-forward") == []


SMALLEST = "the smallest float32 is 1.4013e-45"
SAYS = {
    "grad 'log(exp(x))' x=-200": (
        f"exp(x) at x = -200 is 1.3839e-87, and comes out as 0: {SMALLEST}; "
        "log(exp(x)) at exp(x) = 0 is -inf; the gradient of x becomes nan"
    ),
    "grad 'sqrt(x**2)' x=1e-30": (
        f"x**2 at x = 1e-30 is 1e-60, and comes out as 0: {SMALLEST}; sqrt(x**2) at x**2 = 0: "
        "local derivative 1/(2*sqrt(0)) = inf, times the incoming gradient 1 = inf; the gradient of x becomes infinite"
    ),
    "grad '1/x' x:float16=1e-10": (
        "x = 1e-10 was given, and becomes 0: the smallest float16 is 5.96046e-08; "
        "1/x at x = 0 is inf; the gradient of x becomes infinite"
    ),
    "grad 'norm(x)' x=1e-30,1e-30": (
        "norm(x) is 1.41421e-30, and comes out as 0: "
        f"the powers that it adds up round to 0, {SMALLEST}; its derivative divides by it"
    ),
    "grad 'norm(x)' x=1e-40,1e-40": (
        "norm(x) is 1.41421e-40, and comes out as 0: "
        "it is below 1.17549e-38, the smallest normal float32; its derivative divides by it"
    ),
    "grad 'log(prod(x))' x='[1e-30, 1e-30, 1e30, 1e30]'": (
        f"prod(x) is 1, and comes out as 0: a product on the way rounds to 0, {SMALLEST}; "
        "log(prod(x)) at prod(x) = 0 is -inf; the gradient of x becomes nan"
    ),
    "grad 'x + sqrt(a*b)' x=1 a=1e-30 b=1e-30 --frozen a,b": (
        f"a*b at a = 1e-30 and b = 1e-30 is 1e-60, and comes out as 0: {SMALLEST}; sqrt(a*b) meets the zero"
    ),
}


@each("line", SAYS)
def test_it_is_told_why_it_rounds_and_what_meets_the_zero(line: str) -> None:
    assert [one["message"].split(". ")[0] for one in found(line, "underflow-forward")] == [SAYS[line]]


BESIDE = {
    "grad '1/x' x:float16=0,1e-10": {
        "underflow-forward": "x[1] = 1e-10 was given, and becomes 0: the smallest float16 is 5.96046e-08; "
        "1/x at x[1] = 0 is inf; the gradient of x becomes infinite",
        "inf-forward": "1/x at x[0] = 0 is inf; the gradient of x becomes infinite",
    },
    "grad 'sqrt(x)' x=0,1e-50,4,1e-60": {
        "underflow-forward": f"x[1] = 1e-50 was given, and becomes 0: {SMALLEST}; sqrt(x) at x[1] = 0 (and 1 more): "
        "local derivative 1/(2*sqrt(0)) = inf, times the incoming gradient 1 = inf; the gradient of x becomes infinite",
        "inf-backward": "sqrt(x) at x[0] = 0: local derivative 1/(2*sqrt(0)) = inf, "
        "times the incoming gradient 1 = inf",
    },
    "grad '1/(x*y)' x=1e-30,0,1 y=1e-30,1e-30,1": {
        "underflow-forward": f"x*y at x[0] = 1e-30 and y[0] = 1e-30 is 1e-60, and comes out as 0: {SMALLEST}; "
        "1/(x*y) at (x*y)[0] = 0 is inf; the gradients of x and y become infinite",
        "inf-forward": "1/(x*y) at (x*y)[1] = 0 is inf; "
        "the gradient of x becomes infinite and the gradient of y becomes nan",
    },
    "grad 'sum(1/cat([x*x, y]))' x='[1e-30]' y='[0.]'": {
        "underflow-forward": f"x*x at x[0] = 1e-30 is 1e-60, and comes out as 0: {SMALLEST}; "
        "1/cat([x*x, y]) at cat([x*x, y])[0] = 0 is inf; the gradient of x becomes infinite",
        "inf-forward": "1/cat([x*x, y]) at cat([x*x, y])[1] = 0 is inf; the gradient of y becomes infinite",
    },
    "grad 'sum(sqrt(cat([x*x, y])))' x='[1e-30]' y='[0.]'": {
        "underflow-forward": f"x*x at x[0] = 1e-30 is 1e-60, and comes out as 0: {SMALLEST}; "
        "sqrt(cat([x*x, y])) at cat([x*x, y])[0] = 0: local derivative 1/(2*sqrt(0)) = inf, "
        "times the incoming gradient 1 = inf; the gradient of x becomes infinite",
        "inf-backward": "sqrt(cat([x*x, y])) at cat([x*x, y])[1] = 0: local derivative 1/(2*sqrt(0)) = inf, "
        "times the incoming gradient 1 = inf",
    },
}
"""A number that was rounded to zero beside a zero that is one: of each its own element, and what that one spoils."""


@each("line", BESIDE)
def test_a_true_zero_beside_it_is_told_apart(line: str) -> None:
    assert {one["code"]: one["message"].split(". ")[0] for one in findings(line)} == BESIDE[line]


@each(
    "line, expected",
    [
        ("grad 'sum(1/stack([x*x, y*y]))' x=1e-30 y=1e-30", [("x*x", "x"), ("y*y", "y")]),
        ("grad 'sum(1/[x*x, y*y])' x=1e-30 y=1e-30", [("x*x", "x"), ("y*y", "y")]),
        ("grad 'sum(1/cat([x*x, y*y])[1:])' x='[1e-30]' y='[1e-30]'", [("y*y", "y")]),
        ("grad 'sum(1/where(x > 0, x*x, y*y))' x=1e-30,1 y=1e-30,1", [("x*x", "x")]),
        ("grad 'sum(1/where(x > 0, x*x, y*y))' x=1e-30,-1 y=1e-30,1e-30", [("x*x", "x"), ("y*y", "y")]),
        ("grad 'sum(1/(x*x)[y > 0])' x=1e-30,1e-30 y=0,1", [("x*x", "x")]),
    ],
)
def test_what_joins_several_is_followed_by_its_elements(line: str, expected: list[tuple[str, str]]) -> None:
    told = found(line, "underflow-forward")
    assert [one["expression"] for one in told] == [expression for expression, _ in expected]
    for one, (_, spoiled) in zip(told, expected, strict=True):
        assert one["message"].split(". ")[0].endswith(f"the gradient of {spoiled} becomes infinite")


def test_a_zero_that_did_no_harm_is_not_blamed() -> None:
    line = "grad 'sum(scaled_dot_product_attention(w, w, w))' w='[[[1e20,1],[1,1e-200]]]'"
    assert [one["code"] for one in findings(line)] == ["nan-forward"]
    beside = "grad 'sum(normalize(x, dim=0, eps=0))' x=1e-50,1e-50"
    assert [one["code"] for one in findings(beside)] == ["underflow-forward"]


def test_an_input_without_a_gradient_is_no_harm() -> None:
    (only,) = found("grad 'x + sqrt(a*b)' x=1 a=1e-30 b=1e-30 z=1 --frozen a,b", "underflow-forward")
    assert only["severity"] == "warning"


def test_where_float64_is_not_computed_nothing_is_said_to_do_harm() -> None:
    (only,) = on_tape_of("'x + sqrt(a*b)' x=1 a=1e-30 b=1e-30 --wrt x")
    assert (only.code, only.severity) == ("underflow-forward", "warning")


def test_a_zero_whose_logarithm_is_discarded_does_no_harm() -> None:
    line = "grad 'x + where(m, log(a*(b*c)), 0)' x=1,1 a=1,1e-30 b=1e-30,1e-30 c=1e-30,1 m:bool=1,0 --frozen a,b,c"
    assert [one["expression"] for one in found(line, "underflow-forward")] == ["b*c"]


def test_an_operation_whose_arguments_are_not_known_is_not_said_to_meet_a_zero() -> None:
    recorder, place_of = Recorder(in_place=False), model.Place(model.Source("log(x)"), 0, 6)
    leaf = recorder.add(Operation(name="leaf"), place_of, torch.tensor(0.0), variable="x")
    recorder.add(Operation(name="log"), place_of, torch.tensor(-torch.inf), operands=(leaf,))
    tape = recorder.unfinished()
    assert list(zeros_met(tape, tape.steps[1], None)) == []


def test_each_number_that_is_rounded_is_said_to_spoil_gradients() -> None:
    both = on_tape("h = where(m, log(exp(x)), log(exp(y))); h * h", x=[-200.0, 1.0], y=[1.0, -200.0], m=[True, False])
    assert [(one.code, "the gradient" in one.message) for one in both] == [("underflow-forward", True)] * 2


def test_each_operation_that_underflows_is_named() -> None:
    both = found("grad 'x/(norm(x)*norm(y))' x=1e-30,1e-30 y=1e-25,1e-25", "underflow-forward")
    assert [one["expression"] for one in both] == ["norm(x)", "norm(y)"]


def test_of_a_difference_both_numbers_are_named_and_of_one_that_is_subtracted_from_itself_none() -> None:
    both = found("grad 'sqrt(a*b - c*d)' a=1e-30 b=2e-30 c=1e-30 d=1e-30", "underflow-forward")
    assert [one["expression"] for one in both] == ["a*b", "c*d"]


@each("t", ["t=0,1 --frozen t", "t:int64=0,1", "t:bool=0,1"])
def test_a_true_zero_beside_it_makes_nan_and_is_named_too(t: str, no_fixes: None) -> None:
    """0 * inf needs a mask, however the infinity came about."""
    told = findings(f"grad 'sum(t*log(softmax(x, dim=0)))' x=0,200 {t}")
    nodes = [("underflow-forward", "SoftmaxBackward0"), ("nan-forward", "MulBackward0")]
    assert [(one["code"], one["node"]) for one in told] == nodes


def test_a_norm_that_overflows_is_not_infinite_because_another_rounds_to_zero(no_fixes: None) -> None:
    (only,) = found("grad 'norm(x, dim=1)' x='[[1e30,1e30],[1e-30,1e-30]]'", "inf-forward")
    assert only["index"] == [0]


def test_a_product_of_many_numbers_is_not_computed_again_by_the_reference() -> None:
    many = torch.full((50_000,), 1e-200, dtype=torch.float64)
    assert [one.code for one in on_tape("1/(x @ x)", x=many)] == ["inf-forward"]
    assert [one.code for one in on_tape("1/(x * x)", x=many[:2000].clone())] == ["underflow-forward"]
    few = many[:900].clone()
    assert [one.code for one in on_tape("1/(x @ x)", x=few)] == ["underflow-forward"]


@each("text, x", [("softmax(x, 0)[0]", [0.0, 1000.0]), ("softmin(x, 0)[0]", [1000.0, 0.0])])
def test_what_rounds_to_zero_in_float32_and_in_float64_is_told_by_the_reference(text: str, x: list[float]) -> None:
    told = on_tape(f"1/{text}", x=x)
    assert [one.code for one in told] == ["underflow-forward"]
    assert f"{text} is 5.07596e-435, and comes out as 0" in told[0].message  # exp(-1000)


def test_a_product_on_the_way_of_others_rounds_to_zero_though_the_last_of_them_is_one() -> None:
    x = torch.tensor([1e-200, 1e-200, 1e200, 1e200], dtype=torch.float64)
    (only,) = on_tape("log(cumprod(x, 0) + m)", x=x, m=[1, 1, 1, 0])
    assert (only.code, only.index) == ("underflow-forward", (3,))
    assert "cumprod(x, 0)[3] is 1.0, and comes out as 0: a product on the way rounds to 0" in only.message


TRUTHS = {
    "grad 'log(exp(x))' x=-200": lambda: mp.exp(-200),
    "grad 'log(exp(x))' x=-1000 -t float64": lambda: mp.exp(-1000),
    "grad 'log(sigmoid(x))' x=-800 -t float64": lambda: 1 / (1 + mp.exp(800)),
    "grad 'log(erfc(x))' x=30 -t float64": lambda: mp.erfc(30),
    "grad 'log(-gelu(x))' x=-20": lambda: -20 * mp.ncdf(-20),  # which float64 rounds to zero as well
    "grad '1/x**20' x=1e-20 -t float64": lambda: mp.mpf(1e-20) ** 20,
    "grad 'x/norm(x)' x='[3e-200, 4e-200]' -t float64": lambda: mp.mpf("5e-200"),
    "grad 'log(prod(x))' x='full([12], 1e-30)'": lambda: mp.mpf("1e-360"),  # which float64 rounds to zero as well
    "grad 'log(prod(x))' x='[1e-200, 1e-200]' -t float64": lambda: mp.mpf("1e-400"),
    "grad 'log(softmax(x, dim=0))[0]' x=0,2000 -t float64": lambda: 1 / (1 + mp.exp(2000)),
}
"""What was rounded to zero, by mpmath."""


@pytest.mark.parametrize("line", TRUTHS)
def test_the_true_size_is_told(line: str) -> None:
    (only,) = found(line, "underflow-forward")
    told = re.search(r" is ([\d.e+-]+), and comes out as 0", only["message"])
    assert told is not None
    true = TRUTHS[line]()
    assert abs(mp.mpf(told[1]) / true - 1) < 1e-5


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_the_smallest_number_of_the_dtype_is_the_bound(dtype: str) -> None:
    """Half of it rounds to zero, and three quarters of it do not."""
    info = torch.finfo(getattr(torch, dtype))
    root = 2.0 ** (round(torch.tensor(info.smallest_normal * info.eps, dtype=torch.float64).log2().item()) // 2)
    other = info.smallest_normal * info.eps / root
    (only,) = found(f"grad '1/(a*b)' a={root!r} b={other / 2!r} -t {dtype}", "underflow-forward")
    assert f"the smallest {dtype} is {info.smallest_normal * info.eps:.6g}" in only["message"]
    assert found(f"grad '1/(a*b)' a={root!r} b={other * 0.75!r} -t {dtype}", "underflow-forward") == []


@pytest.mark.parametrize(
    ("text", "nothing"),
    [
        ("x * x", True),
        ("1 / x", True),
        ("x / 2", True),
        ("1 / (x * x)", False),
        ("p = exp(x); log(p)", False),
        ("log(x)", True),
        ("norm(x)", False),
    ],
)
def test_what_could_meet_a_computed_zero_is_looked_at(text: str, nothing: bool) -> None:
    one = torch.ones(1)
    assert has_nothing_to_report(foreseen(parse(text)), one, one, {"x": one}, OF_TAPES) is nothing


def test_a_norm_divides_by_what_it_gives_whatever_it_is_given() -> None:
    (norm,) = foreseen(parse("cdist(x, y)", bound=["x", "y"]))
    assert may_meet_zero(norm.operation, norm.computed)
