"""Fixes are run before they are believed: real cases that must be mended, planted wrong rewrites that must not pass."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from command_line import captured
from each import each

from gradcli.diagnose.bound_expression import BoundExpression, ComputeOptions, Selection, bind
from gradcli.diagnose.diagnosis import told
from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.fixes.verifier import GOLDEN, MAX_ELEMENTS_COMPARED, Fix, Verifier, _is_same, verified_fix
from gradcli.diagnose.rerun import Rerun
from gradcli.language.parser import parse
from gradcli.language.request import Binding, Request, Value, read

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "data" / "gradient_cases.json").read_text())
BROKEN = ("nan_backward", "inf_backward", "nan_forward")
REPAIRABLE = [
    case for case in CASES if case["kind"] in BROKEN and case["workaround_exact"] and not case["fixed_in_2_13"]
]


def bound(text: str, *words: str, dtype: str = "float32") -> BoundExpression:
    """The question that a command line asks."""
    return bind(read(text, list(words), command="grad"), ComputeOptions(dtype=dtype), Selection())


def question_of(case: dict[str, Any]) -> BoundExpression:
    """The question that a real case asks."""
    inputs = case["inputs"].items()
    bindings = tuple(
        Binding(name, Value(name, numbers=np.array(numbers(given["value"]), dtype=given["dtype"])), given["dtype"])
        for name, given in inputs
    )
    wrt = tuple(name for name, given in inputs if given.get("requires_grad"))
    request = Request(parse(case["expr"], bound=[name for name, _ in inputs]), bindings, (), None)
    return bind(request, ComputeOptions(dtype=case["inputs"][wrt[0]]["dtype"]), Selection(wrt))


def numbers(values: Any) -> Any:
    """Nested lists with the words for what JSON cannot write read back."""
    return [numbers(value) for value in values] if isinstance(values, list) else float(values)


def fix_of(text: str, *words: str, dtype: str = "float32") -> str | None:
    """The text of the fix."""
    found = verified_fix(bound(text, *words, dtype=dtype))
    return None if found is None else found.text


def is_right(found: Fix | None, case: dict[str, Any]) -> bool:
    """Whether a fix has the gradients of the case's known rewrite, to half of the dtype's digits."""
    if found is None:
        return False
    for name, expected in case["workaround_grads"].items():
        wanted, gradient = torch.tensor(numbers(expected), dtype=torch.float64), found.gradients[name]
        given = torch.zeros_like(wanted) if gradient is None else gradient.double()
        half = torch.finfo(torch.float32 if gradient is None else gradient.dtype).eps ** 0.5
        if not torch.allclose(given, wanted, rtol=half, atol=1e-12):
            return False
    return True


def test_at_least_nine_in_ten_of_the_real_cases_with_an_exact_rewrite_are_mended() -> None:
    assert len(REPAIRABLE) >= 30
    missed = [case["id"] for case in REPAIRABLE if not is_right(verified_fix(question_of(case)), case)]
    assert len(missed) <= len(REPAIRABLE) / 10, missed


@pytest.mark.parametrize(
    ("text", "words", "fixed"),
    [
        ("where(x > 0, sqrt(x), 0*x)", ["x=0,1"], "where(x > 0, sqrt(where(x > 0, x, 1.0)), 0*x)"),
        ("1/(1 + exp(-x))", ["x=-100"], "sigmoid(x)"),
        ("log(softmax(x, dim=0))[1]", ["x=0,-200"], "log_softmax(x, dim=0)[1]"),
        ("x.pow(2).sum().sqrt()", ["x=0,0"], "x.norm()"),
        ("log(1 - sigmoid(x))", ["x=30"], "logsigmoid(-x)"),
        ("y = exp(x); y += 1; sum(y)", ["x=1,2"], "y = exp(x); y = y + 1; sum(y)"),
        ("p.add_(1.0)", ["p=1"], "p + 1.0"),
        ("where(n > 0, x/n, 0.0).sum()", ["x=0.5,1", "n=0,2"], "where(n > 0, x/where(n > 0, n, 1.0), 0.0).sum()"),
        ("h = x**2; s = h.sum(); sqrt(s)", ["x=0,0"], "norm(x)"),
        ("exp(x)/sum(exp(x))", ["x=100,101"], "softmax(x, dim=0)"),
        ("x.exp()/x.exp().sum()", ["x=1000,1001"], "softmax(x, dim=0)"),
        ("log(sum(exp(x)))", ["x=arange(300.)"], "logsumexp(x, dim=0)"),
        ("log(det(m))", ["m=[[1e-25,0],[0,1e-25]]"], "logdet(m)"),
    ],
)
def test_this_is_mended(text: str, words: list[str], fixed: str) -> None:
    assert fix_of(text, *words) == fixed


def test_both_discarded_branches_are_guarded_at_once() -> None:
    text = "where(x > 0, log(x), 0.0).sum() + where(x > 1, sqrt(x - 1), 0.0).sum()"
    found = verified_fix(bound(text, "x=0,1,2"))
    assert found is not None
    assert found.gradients["x"] is not None
    assert found.gradients["x"].tolist() == pytest.approx([0.0, 1.0, 1.0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sqrt(x)*2.0", ["x=0,4"]),  # the slope is infinite
        ("log(x)", ["x=0"]),
        ("acosh(x)", ["x=-1.1"]),  # not defined there
        ("logdet(x)", ["x=[[0,1],[1,0]]"]),
        ("x/norm(x)", ["x=0,0"]),  # no limit
        ("x**2/norm(x)", ["x=0,0"]),
        ("(x - mean(x))/std(x)", ["x=2,2,2"]),
        ("x*log(x)", ["x=0,1"]),
        ("linalg.inv(x)", ["x=[[1,2],[2,4]]"]),
        ("log(sigmoid(randn(2)*x))", ["x=-200"]),  # not the same twice
    ],
)
def test_what_no_rewrite_can_mend_is_left_unfixed(text: str, words: list[str]) -> None:
    assert fix_of(text, *words) is None


@pytest.mark.parametrize(
    ("text", "words", "planted", "why"),
    [
        ("sqrt(x**2)", ["x=0"], "x", "another value on the left"),
        ("sqrt(x**2)", ["x=0"], "x*x", "equal at this point only"),
        ("sqrt(sum(x**2))", ["x=0,0"], "sqrt(sum(x**2) + 1e-12)", "another value by 1e-6"),
        ("sqrt(sum(x**2))", ["x=0,0"], "norm(x).detach() + 0*sum(x)", "the gradient is gone"),
        ("sqrt(sum(x**2))", ["x=0,0"], "1.001*norm(x) - 0.001*norm(x).detach()", "the gradient is off by a thousandth"),
        ("where(x > 0, sqrt(x), x)", ["x=-1"], "where(x > 0, sqrt(where(x > -2, x, 1.0)), x)", "NaN remains"),
        ("where(x > 0, sqrt(x), x)", ["x=-1,4"], "x", "another value at the other element"),
        ("where(x > 0, sqrt(x), x)", ["x=-1,4"], "where(x > 0, sqrt(where(x > 0, x, 1.0)), x).sum()", "another shape"),
        ("x*(sin(x)/x)", ["x=0"], "x*(sin(x)/where(x != 0, x, 1.0))", "gradient 0 here, 1 on both sides"),
        ("x*sqrt(x)", ["x=0,4"], "(x*sqrt(x))[2]", "there is no such element"),
        ("log(-abs(x) - 1)", ["x=1"], "x*1", "there is no number to agree with"),
        ("log(x)", ["x=-1"], "1*log(x)", "there is no value, though there is a gradient"),
        ("x*1", ["x=1,2"], "x - (x - x.detach()) + roll(x - x.detach(), 1)", "equal for a cotangent of ones only"),
        ("where(x != 0, x, 0*x)", ["x=0"], "where(x != 0, 1*x, 0*x)", "gradient 0 here, 1 on both sides, as it was"),
        ("log(1 + exp(x))", ["x=200"], "relu(x)", "right far out, wrong on the way there"),
        ("atanh(tanh(x))", ["x=20"], "x + 1e-3*relu(10 - x)", "agrees where the original has no value"),
        ("log(1 + exp(x))", ["x=200"], "log(1 + exp(x - 1)) + 1", "still infinite"),
        ("1/(1 + exp(-x))", ["x=-100"], "0*x", "indistinguishable here in float32"),
        ("x*sqrt(x)", ["x=0,4"], "x*sqrt(where(x != 0, x, 1.0))", "gradient 1 at 0, where the limit is 0"),
        ("1e-10*x*sqrt(x)", ["x=0"], "1e-10*x*sqrt(where(x != 0, x, 1.0))", "the same ten orders down"),
        ("sum(y*x*sqrt(x))", ["x=0,4", "y=1,1"], "sum(y*x*sqrt(where(x != 0, x, 1.0)))", "and summed"),
        ("nan_to_num(log(x))", ["x=0,1"], "where(x > 0, log(where(x > 0, x, 1.0)), 0.0)", "another value at a jump"),
        ("x*log(x)", ["x=0"], "x*log(where(x != 0, x, 1.0))", "the slope grows without bound"),
        ("x*atan(1/x)", ["x=0"], "where(x != 0, x*atan(1/where(x != 0, x, 1.0)), 0.0)", "a constant at a kink"),
        (
            "hypot(x, y)",
            ["x=0", "y=0"],
            "where((x != 0) | (y != 0), hypot(where((x != 0) | (y != 0), x, 1.0), y), 0.0)",
            "a constant at the kink of a norm",
        ),
        ("sin(x)/x", ["x=0"], "where(x != 0, sin(x)/where(x != 0, x, 1.0), 0.5)", "another value at the point"),
        ("log1p(t)/t", ["t=0"], "where(t != 0, log1p(t)/where(t != 0, t, 1.0), 1.0)", "the value has a slope of -0.5"),
        ("(expm1(t)/t)*d", ["t=0", "d=0"], "(expm1(t)/where(d != 0, t, 1.0))*d", "gradient 0 of d, and NaN at d=0.5"),
        (
            "stack([x*sqrt(x), -x*sqrt(x)])",
            ["x=0"],
            "stack([x*sqrt(where(x != 0, x, 1.0)), -x*sqrt(where(x != 0, x, 1.0))])",
            "right for a cotangent of ones only",
        ),
        (
            "where(d != 0, expm1(t)/t, 1 + t/2)*d",
            ["t=0", "d=1"],
            "where(d == 1, 1 + t/2, expm1(t)/t)*d",
            "NaN beside, at d=1.5",
        ),
    ],
)
def test_a_planted_wrong_rewrite_is_refused(text: str, words: list[str], planted: str, why: str) -> None:
    assert Verifier(bound(text, *words)).gradients(planted) is None, why


@pytest.mark.parametrize(
    ("text", "words", "planted"),
    [
        ("sqrt(x**2)", ["x=0"], "abs(x)"),
        ("x*1 + y.detach()", ["x=3", "y=1"], "x + y.detach()"),
        ("x + 0*linalg.inv(x.reshape(1, 1))[0, 0]", ["x=0"], "x*1"),  # PyTorch refuses the original here
        ("where(x > 0, x, 0*x)", ["x=0"], "relu(x)"),  # the sides differ
        ("sqrt(sum(x**2))", ["x=0,0"], "norm(x)"),
        ("where(x > 0, sqrt(x), x)", ["x=-1,4"], "where(x > 0, sqrt(where(x > 0, x, 1.0)), x)"),
        ("x*(sin(x)/x)", ["x=0"], "sin(x)"),
        ("log(1 + exp(x))", ["x=200"], "softplus(x)"),
        ("atanh(tanh(x))", ["x=20"], "x"),
        ("1/(1 + exp(-x))", ["x=-100"], "sigmoid(x)"),
        ("x*sqrt(x)", ["x=0,4"], "where(x != 0, x*sqrt(where(x != 0, x, 1.0)), 0.0)"),
        ("1e-10*x*sqrt(x)", ["x=0"], "1e-10*x**1.5"),
        ("sum(y*x*sqrt(x))", ["x=0,4", "y=1,1"], "sum(y*x**1.5)"),
        ("sin(x)/x", ["x=0"], "where(x != 0, sin(x)/where(x != 0, x, 1.0), 1.0)"),
        ("log1p(t)/t", ["t=0"], "where(t != 0, log1p(t)/where(t != 0, t, 1.0), 1 - t/2)"),
        ("(expm1(t)/t)*d", ["t=0", "d=0"], "where(t != 0, expm1(t)/where(t != 0, t, 1.0), 1 + t/2)*d"),
        ("stack([x*sqrt(x), -x*sqrt(x)])", ["x=0"], "stack([x**1.5, -x**1.5])"),
        (
            "p = acos(w); (p/sin(p))*d",
            ["w=1", "d=0"],
            "p = acos(where(w != 1, w, 0.5)); where(w != 1, p/sin(p), 1 + (1 - w)/3)*d",
        ),
    ],
)
def test_the_right_rewrite_beside_it_is_accepted(text: str, words: list[str], planted: str) -> None:
    assert Verifier(bound(text, *words)).gradients(planted) is not None


def test_an_original_that_lost_its_digits_in_float64_does_not_refuse_the_right_rewrite() -> None:
    # 1 - sigmoid(36) has few right digits in float64: only 50 digits can tell the two rewrites apart
    verifier = Verifier(bound("log(1 - sigmoid(x))", "x=36", dtype="float64"))
    original, better = (verifier.here.run(parse(text)) for text in ("log(1 - sigmoid(x))", "logsigmoid(-x)"))
    assert original is not None
    assert better is not None
    assert abs(original.value - better.value) > 1e-3
    assert verifier.gradients("logsigmoid(-x)") is not None
    assert verifier.gradients("logsigmoid(-1.0001*x)") is None


def test_the_cotangent_is_the_one_that_is_asked_for() -> None:
    found = verified_fix(bound("log(softmax(x, dim=0))", "x=0,-200"), cotangent=torch.tensor([0.0, 3.0]))
    assert found is not None
    assert found.gradients["x"] is not None
    assert found.gradients["x"].tolist() == [-3.0, 3.0]


def test_the_place_where_it_was_born_is_mended_first() -> None:
    text = "where(x > 0, sqrt(x), 0.0) + log(1 + y)"
    found = verified_fix(bound(text, "x=0", "y=1"), prefer=(13, 20))
    assert found is not None
    assert found.text == "where(x > 0, sqrt(where(x > 0, x, 1.0)), 0.0) + log(1 + y)"


def test_the_inputs_stay_as_they_are() -> None:
    asked = bound("p.mul_(2.0)", "p=1,2")
    assert verified_fix(asked) is not None
    assert asked.leaves["p"].tolist() == [1.0, 2.0]


def test_large_inputs_are_not_tried() -> None:
    assert fix_of("log(softmax(x, dim=0))", f"x=zeros({MAX_ELEMENTS_COMPARED + 1})") is None


@each("dtype, fix", [*dict.fromkeys(("float16", "bfloat16"), "mean(x.float()*x.float())").items(), ("float32", None)])
def test_sixteen_bits_are_computed_with_in_more(dtype: str, fix: str | None) -> None:
    assert fix_of("mean(x*x)", f"x:{dtype}=300,400") == fix


@pytest.mark.parametrize(("between", "reached"), [(23, True), (24, False)])
def test_behind_a_rewrite_that_holds_two_dozen_more_are_tried(
    monkeypatch: pytest.MonkeyPatch, between: int, reached: bool
) -> None:
    texts = [FAR, *(f"x**1.{place}1" for place in range(60, 60 + between)), NEAR]
    monkeypatch.setattr("gradcli.diagnose.fixes.verifier._texts", lambda *_: iter(texts))
    fix = Verifier(bound("x*sqrt(x)", "x=0,4.3")).fix()
    assert fix is not None
    assert fix.text == (NEAR if reached else FAR)


FAR, NEAR = "x**1.5 + (2.3*x)**2 - 5.29*x**2", "x**1.5"
"""Two rewrites of x*sqrt(x) that hold: the sum of large terms costs the first one some digits, not half of them."""


def test_of_the_rewrites_that_hold_the_one_with_the_closest_gradient_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = Verifier(bound("x*sqrt(x)", "x=0,4.3"))
    assert verifier.held(FAR) is not None
    for texts in ([FAR, NEAR], [NEAR, FAR]):
        monkeypatch.setattr("gradcli.diagnose.fixes.verifier._texts", lambda *_, texts=texts: iter(texts))
        found = verifier.fix()
        assert found is not None
        assert found.text == NEAR


FARTHER = "x**1.5 + (3.3*x)**2 - 10.89*x**2"
"""It loses more digits, and not yet half of them."""


def test_of_those_that_are_not_close_the_nearest_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = Verifier(bound("x*sqrt(x)", "x=0,4.3"))
    assert verifier.held(FARTHER) is not None
    for texts in ([FAR, FARTHER], [FARTHER, FAR], [FARTHER, FAR, FARTHER]):
        monkeypatch.setattr("gradcli.diagnose.fixes.verifier._texts", lambda *_, texts=texts: iter(texts))
        found = verifier.fix()
        assert found is not None
        assert found.text == FAR


def test_one_that_holds_is_taken_where_no_closer_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = Verifier(bound("x*sqrt(x)", "x=0,4.3"))
    monkeypatch.setattr("gradcli.diagnose.fixes.verifier._texts", lambda *_: iter([FAR, "x**1.4"]))
    found = verifier.fix()
    assert found is not None
    assert found.text == FAR


@pytest.mark.parametrize(
    ("text", "words", "fixed"),
    [
        ("1 - sigmoid(x)", ["x=10"], "sigmoid(-x)"),
        ("1 - sigmoid(x)", ["x=40"], "sigmoid(-x)"),
        ("sqrt(x + 1) - sqrt(x)", ["x=1e6"], "1/(sqrt(x + 1) + sqrt(x))"),
        ("1 - tanh(x)**2", ["x=9"], "4*sigmoid(2*x)*sigmoid(-2*x)"),
        ("1 - sigmoid(x)", ["x=1"], None),  # the digits are there
        ("1 - sigmoid(x)", ["x=full([17], 10.0)"], None),  # of so many nobody knows the true slopes
        ("tanh(x)", ["x=30"], None),  # the slope is lost inside PyTorch's own function
        ("sin(x)", ["x=3.1415927"], None),
    ],
)
def test_a_rewrite_for_lost_digits_has_them(text: str, words: list[str], fixed: str | None) -> None:
    found = Verifier(bound(text, *words)).closer_fix()
    assert (None if found is None else found.text) == fixed


def test_a_rewrite_that_gains_no_digits_is_no_fix_for_lost_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = Verifier(bound("1 - sigmoid(x)", "x=10"))
    monkeypatch.setattr("gradcli.diagnose.fixes.verifier._texts", lambda *_: iter(["1 - sigmoid(x)*1.0"]))
    assert verifier.held("1 - sigmoid(x)*1.0") is not None
    assert verifier.closer_fix() is None


@pytest.mark.parametrize(
    ("text", "words", "kind"),
    [
        ("x*sqrt(x)", ["x=0,4"], "limit"),
        ("where(x > 0, sqrt(x), 0*x)", ["x=0,1"], "branch"),
        ("where(x > 0, sqrt(x), 0*x)", ["x=-1,1"], "limit"),
        ("nan_to_num(log(x))", ["x=0,1"], "branch"),
        ("sqrt(mse_loss(x, y))", ["x=1,2", "y=1,2"], "subgradient"),
    ],
)
def test_the_kind_of_a_fix(text: str, words: list[str], kind: str) -> None:
    found = verified_fix(bound(text, *words))
    assert found is not None
    assert found.kind == kind


@each("argv, says", [(["trace", "x*sqrt(x)", "x=0"], "fix: x**1.5"), (["check", "x*x", "x=1"], "agrees")])
def test_many_small_runs_leave_the_number_of_threads_as_it_was(argv: list[str], says: str) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert says in captured(argv)[1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


@each("explains", [True, False])
def test_why_there_is_no_fix_is_said_where_that_is_asked_for(explains: bool) -> None:
    (finding,) = told(Evidence(Rerun(bound("sqrt(x)", "x=0")), records=True), explains=explains)
    assert (finding.fix, finding.remark is not None) == (None, explains)


def test_the_first_numbers_of_the_random_cotangent_are_far_apart() -> None:
    """Of two that are nearly equal a softmax leaves nothing but rounding."""
    verifier = Verifier(bound("exp(x)", "x=1,2,3"))
    cotangent = verifier.truths[0].points[1].cotangent
    assert cotangent is not None
    sizes = sorted(cotangent.abs().tolist())
    assert min(right - left for left, right in pairwise(sizes)) > 0.2


def test_no_two_factors_of_a_cotangent_are_nearly_equal() -> None:
    """Hurwitz: no number keeps the parts of its multiples farther from each other than by 1/sqrt(5) of their share."""
    for count in range(2, 200):
        parts = sorted(at * GOLDEN % 1 for at in range(count))
        assert count * min(here - before for before, here in pairwise([*parts, parts[0] + 1])) > 0.44


@each(
    "text, words",
    [
        ("sqrt(x*x)", ["x=zeros(10001)"]),
        ("abs(z)", ["z:complex64=1"]),
        ("x*rand([3])", ["x=1,2,3"]),
        ("n*1", ["n:int64=1"]),
    ],
)
def test_nothing_is_held_against_what_is_large_complex_random_or_has_no_gradient(text: str, words: list[str]) -> None:
    assert Verifier.of(bound(text, *words), None) is None


@each("text, x", [("sum(linalg.inv(x))", "[[0,0],[0,0]]"), ("heaviside(x, 0.5)", "zeros(20)")])
def test_what_pytorch_refuses_here_is_compared_beside_it(text: str, x: str) -> None:
    assert Verifier.of(bound(text, f"x={x}"), None) is not None


@each("text, x, far", [("x*1", "1", False), ("log(1 + exp(x))", "8000", True), ("log(x)", "-1", True)])
def test_far_points_are_for_what_has_no_gradient_nearby(text: str, x: str, far: bool) -> None:
    """Nearby are two sides, ULPs and percents in any direction and two steps to zero."""
    assert (len(Verifier(bound(text, f"x={x}")).comparison_points) > 2 + 1 + 6 + 2) == far


@each(
    "text, x, points",
    [("sum(exp(x))", "1,2", 1), ("exp(x)", "1", 1), ("exp(x)", "1,2", 2), ("linalg.inv(x)", "[[0,0],[0,0]]", 1)],
)
def test_another_cotangent_is_tried_where_there_are_several_numbers(text: str, x: str, points: int) -> None:
    assert len(Verifier(bound(text, f"x={x}")).truths[0].points) == points


@each(
    "one, other, same",
    [
        (None, None, True),
        (None, torch.ones(1), False),
        (torch.ones(1), None, False),
        (torch.ones(1), torch.ones(1), True),
        (torch.ones(1), torch.ones(1).double(), False),
        (torch.ones(1), torch.ones(3), False),
    ],
)
def test_two_gradients_are_the_same_in_dtype_shape_and_numbers(
    one: torch.Tensor | None, other: torch.Tensor | None, same: bool
) -> None:
    assert _is_same(one, other) == same


def test_a_fix_changes_something_unless_it_is_said_not_to() -> None:
    assert Fix("x", {}).changes
