"""What the rules are given: tapes where they are made, numbers of other routes where there are any, and how much."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from each import each
from test_fixes import bound

from gradcli.diagnose.bound_expression import BoundExpression, ComputeOptions, Selection, bind
from gradcli.diagnose.diagnosis import Diagnosis, at_each_dtype, diagnose, findings_of, given_findings
from gradcli.diagnose.evidence import Computed, Evidence
from gradcli.diagnose.findings import OF_TAPES
from gradcli.diagnose.findings.table import GIVEN
from gradcli.diagnose.rerun import Rerun
from gradcli.diagnose.sampling import few, sampled
from gradcli.language.request import read
from gradcli.numerics.evaluate import Context
from gradcli.results import Finding, Gradient, Tensor
from gradcli.results.findings import Sample
from gradcli.results.parts import At, phrase


def rerun(text: str, *words: str, **options: Any) -> Rerun:
    return Rerun(bound(text, *words), **options)


def evidence(text: str, *words: str, **options: Any) -> Evidence:
    return Evidence(rerun(text, *words), **options)


# --- what there is ----------------------------------------------------------------------------------------------------


@each(
    "records, recorded, alone, tape, wide",
    [
        (False, False, False, False, False),
        (True, False, False, True, True),
        (True, False, True, True, False),
        (False, True, False, True, True),
        (False, True, True, True, False),
    ],
)
def test_a_tape_is_made_where_it_is_wanted_and_one_in_float64_beside_it(
    records: bool, recorded: bool, alone: bool, tape: bool, wide: bool
) -> None:
    asked = rerun("x*x", "x=3")
    found = Evidence(asked, recorded=asked.tape() if recorded else None, records=records, tape_alone=alone)
    assert (found.tape is not None, found.wide_tape is not None) == (tape, wide)
    assert found.wide_tape is None or found.wide_tape.output.dtype is torch.float64
    assert found.tape is None or not recorded or found.tape is found.recorded


def test_of_a_tape_alone_nothing_else_is_known() -> None:
    tape = rerun("sqrt(x)", "x=0").tape()
    assert tape is not None
    for found in (Evidence(recorded=tape), Evidence(recorded=tape, records=True)):
        assert (found.expression, found.inputs, found.values, found.written) == ("", {}, {}, {})
        assert found.context == Context()
        assert (found.wide_tape, found.shadow, found.exact_value(tape.steps[-1])) == (None, None, None)
        assert found.exact_slopes("x", [0]) == {}
        assert found.tape is tape
        assert not found.float64_is_stable("x", 0, torch.float32)
        assert not found.doubtful_zeros("x", np.zeros(1)).any()
    assert not Evidence(recorded=tape).is_finite
    assert [origin.step.index for origin in Evidence(recorded=tape).origins] == [tape.steps[-1].index]


def test_of_no_tape_there_is_nothing_to_find() -> None:
    found = evidence("sqrt(x)*0", "x=0")
    assert (found.tape, found.is_finite, found.has_zeros, found.origins, found.zeros) == (None, True, False, [], [])
    assert not found.doubtful_zeros("x", np.zeros(1)).any()


def test_of_an_expression_its_words_are_known() -> None:
    found = evidence("x*x", "x=1e-50")
    assert found.expression == "x*x"
    assert set(found.inputs) == set(found.values) == set(found.written) == {"x"}
    assert found.context.dtype is torch.float32


@each(
    "text, words, finite, zeros",
    [
        ("x*x", ["x=3"], True, False),
        ("log(x)", ["x=0"], False, False),
        ("x*inf", ["x=0"], False, False),
        ("sum(sqrt(x))", ["x=0,1"], False, False),
        ("x*0", ["x=3"], True, True),
        ("sum(x*x)", ["x=0,1"], True, False),  # only the whole gradient counts
        ("x + y.detach()", ["x=1", "y=2"], True, False),  # y has none
        ("sum(x) + y", ["x=zeros(0)", "y=2"], True, False),  # there is nothing that is zero
    ],
)
def test_numbers_that_are_not_finite_and_gradients_that_are_zero_are_seen(
    text: str, words: list[str], finite: bool, zeros: bool
) -> None:
    found = evidence(text, *words, records=True)
    assert (found.is_finite, found.has_zeros) == (finite, zeros)
    assert bool(found.origins) == (not finite)
    assert bool(found.zeros) == zeros


@each(
    "text, alone, why",
    [
        ("cos(x)", False, "stationary"),
        ("cos(0*x)", False, "constant"),  # beside it the slope is zero too
        ("cos(0*x)", True, "stationary"),  # which nobody has computed
        ("floor(x)", False, "flat"),
    ],
)
def test_a_point_without_a_slope_is_told_from_a_constant_by_what_is_beside(text: str, alone: bool, why: str) -> None:
    assert [origin.why for origin in evidence(text, "x=0", records=True, tape_alone=alone).zeros] == [why]


@each(
    "nothing, alone, doubted", [(False, False, [False, True]), (True, False, [False] * 2), (False, True, [False] * 2)]
)
def test_a_zero_is_doubted_where_something_may_be_found(nothing: bool, alone: bool, doubted: list[bool]) -> None:
    found = evidence("sum(exp(-x))", "x=1,200", records=True, nothing_to_report=nothing, tape_alone=alone)
    assert found.doubtful_zeros("x", np.array([-0.37, 0.0])).tolist() == doubted
    assert not found.doubtful_zeros("x", np.array([-0.37, -1.0])).any()


def test_what_arrived_is_known_of_the_input_that_nothing_reaches() -> None:
    found = evidence("3*(x*0) + 5*(y*0) + z", "x=1", "y=1", "z=1", records=True)
    assert (found.reached("x", 0), found.reached("y", 0), found.reached("z", 0)) == (3, 5, 0)


def test_what_meets_at_an_element_is_known_of_that_element() -> None:
    found = evidence("sum(x*[2, 3] - x*[1, 7])", "x=2,4", records=True)
    assert (found.reached("x", 0), found.reached("x", 1)) == (2, 7)
    assert evidence("sum(x*[2, 3] - x*[1, 7])", "x=2,4").reached("x", 0) == 0  # without a tape


@each(
    "text, x, stable",
    [
        ("x*x", "x=0.1", True),
        ("sqrt(x + 1) - sqrt(x)", "x=1e12", False),
        ("x*x", "x:float64=0.1", False),
        # rounding makes the matrix indefinite, or takes its singularity away
        ("sum(linalg.cholesky(x + 1e-15*eye(2)))", "x=ones(1, 1)", False),
        ("sum(linalg.inv(x*ones(2, 2)))", "x=2", False),
    ],
)
def test_float64_is_stable_where_its_own_rounding_leaves_the_digits_alone(text: str, x: str, stable: bool) -> None:
    assert evidence(text, x).float64_is_stable("x", 0, torch.float32) == stable


# --- what is computed once more ---------------------------------------------------------------------------------------


@each(
    "text, words, known",
    [
        ("x*x", ["x=3"], {"x": [6.0]}),
        ("x*x + y.detach()", ["x=3", "y=1"], {"x": [6.0]}),
        ("x*y", ["x:float64=3", "y=5"], {"x": [5.0], "y": [3.0]}),  # one of them is not float64
        ("x*rand(1)", ["x=3"], None),
        ("dot(x, ones(1, dtype=float32))", ["x=3,"], None),  # float64 is refused
    ],
)
def test_the_gradients_in_float64_are_those_of_the_same_inputs(
    text: str, words: list[str], known: dict[str, list[float]] | None
) -> None:
    for noisy in (False, True):
        found = rerun(text, *words).shadow(noisy=noisy)
        assert (found is None) == (known is None)
        if found is not None and known is not None:
            assert {name: gradient.reshape(-1).round(9).tolist() for name, gradient in found.items()} == known


@each(
    "text, words, cotangent, slopes",
    [
        ("x*x", ["x=1,2,3"], [1, 1, 1], {0: 2, 1: 4, 2: 6}),
        ("x*x", ["x=1,2,3"], [1, 0, 2], {0: 2, 1: 0, 2: 12}),
        ("x*x", ["x=3"], None, {0: 6}),
        ("cumsum(x, dim=0)", ["x=1,2,3"], [1, 10, 100], {0: 111, 1: 110, 2: 100}),  # elements mix
        ("x*w", ["x=[2]", "w=1,2,3"], [1, 10, 100], {0: 321}),  # each output hangs on x
        ("abs(x)", ["x=0,1"], [1, 1], {1: 1}),  # a kink has none
        ("x*rand(3)", ["x=1,2,3"], [1, 1, 1], {}),
        ("x.float()*1", ["x=1,2"], [1, 1], {}),  # it rounds: there is no reference
    ],
)
def test_the_slopes_of_the_reference_are_those_with_the_cotangent(
    text: str, words: list[str], cotangent: list[float] | None, slopes: dict[int, float]
) -> None:
    asked = rerun(text, *words, cotangent=None if cotangent is None else torch.tensor(cotangent, dtype=torch.float32))
    assert asked.slopes("x", range(asked.bound.leaves["x"].numel())) == pytest.approx(slopes)
    assert replace(asked, order=2).slopes("x", [0]) == {}


@each(
    "text, x, value",
    [
        ("x*x + 1", "3", 9.0),
        ("x*x + 1", "full([2000], 3.0)", 9.0),
        ("x*x + 1", "full([2001], 3.0)", None),
        ("x*x + rand(1)", "3", None),
        ("x.float()*x + 1", "3", None),
    ],
)
def test_the_value_of_a_step_is_that_of_the_reference(text: str, x: str, value: float | None) -> None:
    asked = rerun(text, f"x={x}")
    asked = replace(asked, cotangent=torch.ones_like(asked.bound.evaluate()))
    tape = asked.tape()
    assert tape is not None
    step = next(step for step in tape.steps if step.operands)
    assert asked.value(replace(step, operation=step)) is None  # a program's step is no expression
    found = asked.value(step)
    assert (None if found is None else set(found.reshape(-1).tolist())) == (None if value is None else {value})


@each("order, slopes", [(1, [27]), (2, [27, 18]), (3, [27, 18, 6])])
def test_gradients_are_those_of_each_order(order: int, slopes: list[float]) -> None:
    asked = rerun("x**3", "x=3", order=order)
    found = asked.gradients(asked.bound.evaluate())
    assert [gradient["x"].item() for gradient in found if gradient["x"] is not None] == slopes


def test_an_input_without_a_path_has_no_slope_beside() -> None:
    assert not rerun("x + y.detach()", "x=1", "y=2").has_slope_beside("y")


def test_what_cannot_be_computed_on_one_side_is_looked_at_on_another() -> None:
    """Beside 0 the matrix is positive definite on one side alone."""
    assert rerun("linalg.inv(x.reshape(1, 1))[0, 0]", "x=0").has_slope_beside("x")
    assert not rerun("dot(x, ones(1, dtype=float32))", "x=1,").has_slope_beside("x")


def test_a_backward_pass_that_is_refused_leaves_no_tape() -> None:
    assert rerun("heaviside(x, 0.5)", "x=1").tape() is None


def test_a_tape_in_float64_has_inputs_of_its_own() -> None:
    asked = rerun("x*w*n", "x=0.1", "w:float64=2", "n:int64=3")
    wide = asked.in_float64().bound.leaves
    assert [wide[name].dtype for name in "xwn"] == [torch.float64, torch.float64, torch.int64]
    assert all(wide[name].data_ptr() != asked.bound.leaves[name].data_ptr() for name in "xwn")
    assert [wide[name].requires_grad for name in "xwn"] == [True, True, False]


# --- some of many -----------------------------------------------------------------------------------------------------

MANY = "x=arange(20000) * 1.0"


def sample_of(text: str, *words: str, elementwise: bool = True, cotangent: torch.Tensor | None = None) -> Any:
    asked = bound(text, *words)
    output = asked.evaluate().detach()
    given = torch.ones_like(output) if cotangent is None else cotangent
    return sampled(asked, output, given, {"x": torch.ones_like(asked.leaves["x"])}, elementwise=elementwise)


@each(
    "text, words, elementwise, found",
    [
        ("x*2", [MANY], True, True),
        ("x*2", ["x=ones(10000)"], True, False),  # all of them can be looked at
        ("x*2", [MANY], False, False),
        ("x*rand(20000)", [MANY], True, False),
        ("y = x*1; y.mul_(2); y", [MANY], True, False),
        ("x*w", [MANY, "w=[2.0]"], True, True),
        ("x*w", [MANY, "w=2*ones(20000)"], True, True),
        ("x*w[:1]", [MANY, "w=ones(2)"], True, False),  # of another shape
    ],
)
def test_a_sample_is_taken_of_what_works_element_by_element(
    text: str, words: list[str], elementwise: bool, found: bool
) -> None:
    assert (sample_of(text, *words, elementwise=elementwise) is not None) == found


@each("cotangent", [torch.ones(1), torch.ones(3)])
def test_no_sample_is_taken_where_the_cotangent_has_another_shape(cotangent: torch.Tensor) -> None:
    assert sample_of("x*2", MANY, cotangent=cotangent) is None
    asked = bound("x*2", MANY)
    assert sampled(asked, asked.evaluate(), None, {}, elementwise=True) is None


def test_a_sample_holds_what_is_out_of_the_ordinary_of_the_output_and_of_each_gradient() -> None:
    asked = bound("x*2", MANY)
    output = torch.ones(20000)
    gradient = torch.ones(20000)
    output[[777, 12345]] = torch.tensor([torch.inf, torch.nan])
    gradient[[4242, 15555]] = torch.tensor([-9.0, 5.0])
    part = sampled(asked, output, torch.ones(20000), {"x": gradient, "w": None, "b": torch.ones(1)}, elementwise=True)
    assert part is not None
    assert {0, 1, 2, 3, 4, 5, 777, 4242} <= set(part.places.tolist())
    assert part.places.tolist() == sorted(set(part.places.tolist()))
    gradient[4242] = 4.0  # the largest is the other one now
    part = sampled(asked, output, torch.ones(20000), {"x": gradient}, elementwise=True)
    assert part is not None
    assert 15555 in part.places
    assert part.sample == Sample(looked=part.places.size, of=20000)


def test_an_element_of_the_sample_is_one_of_the_whole_and_what_all_share_stays() -> None:
    asked = bound("x*b", "x=(arange(20000) * 1.0).reshape(2, 10000)", "b=[2.0]")
    output = asked.evaluate().detach()
    output[1, 5000] = torch.nan
    part = sampled(asked, output, torch.ones_like(output), {}, elementwise=True)
    assert part is not None
    at = part.places.tolist().index(15000)
    for name, index, home in (("x", (at,), (1, 5000)), ("x", (), ()), ("b", (0,), (0,)), ("b", (), ())):
        assert part.element_at_home(At(name, index)) == At(name, home)
        found = part.at_home(Finding("dead", "note", phrase("none"), variable=name, index=index or None))
        assert (found.variable, found.index) == (name, home or None)
        assert found.sample == part.sample
    assert part.element_at_home(At("exp(x)", (at,))).index == (1, 5000)
    assert part.at_home(Finding("dead", "note", phrase("none"), index=(at,))).index == (1, 5000)


def test_what_was_computed_is_thinned_with_the_sample() -> None:
    part = sample_of("x*2", MANY)
    computed = Computed(
        gradients={"x": Gradient("float32", np.arange(20000.0), norm=np.float64(1.0)), "y": None},
        output=Tensor("float32", np.arange(20000.0) * 2),
    )
    thin = part.thin(computed)
    assert thin.gradients["y"] is None
    assert thin.gradients["x"].values.tolist() == part.places.tolist()
    assert thin.output.values.tolist() == (2 * part.places).tolist()
    assert part.thin(Computed()).output is None


@each(
    "text, words, cotangent, found",
    [
        ("x*x", ["x=ones(17)"], None, True),
        ("x*x", ["x=ones(16)"], None, False),
        ("x*x", ["x=ones(17)"], torch.ones(17), True),
        ("x*x", ["x=ones(17)"], torch.ones(()), False),
        ("sum(x*x)", ["x=ones(17)"], torch.ones(()), True),
        ("sum(x*x)", ["x=ones(17)"], None, False),
        ("sum(x*x)", ["x=ones(17)"], torch.ones(17), False),
        ("mean(x*x)", ["x=ones(17)"], torch.ones(()), False),  # each has a share of another number of them
        ("x*norm(x)", ["x=ones(17)"], None, False),
        ("x*rand(17)", ["x=ones(17)"], None, False),
        ("y = x*1; y.mul_(2); y", ["x=ones(17)"], None, False),
        ("(x*1).mul_(2)", ["x=ones(17)"], None, False),
        ("dropout(x)", ["x=ones(17)"], None, False),
        ("x*w", ["x=ones(17)", "w=2"], None, True),
        ("x*w", ["x=ones(17)", "w=ones(17)"], None, True),
        ("x*w", ["x=ones(17, 2)", "w=ones(2)"], None, False),
        ("x*w", ["x=1", "w=2"], None, False),
        ("x*w", ["x=ones(17)", "w:complex64=2"], None, False),
    ],
)
def test_a_few_elements_stand_for_the_others_where_none_hangs_on_another(
    text: str, words: list[str], cotangent: torch.Tensor | None, found: bool
) -> None:
    assert (few(bound(text, *words), cotangent, {}) is not None) == found


def test_a_gradient_of_another_shape_says_nothing_about_which_elements_tell() -> None:
    asked = bound("x*w", "x=ones(1000)", "w=2")
    spread = few(asked, None, {})
    broken = torch.ones(1000)
    broken[500] = torch.nan
    assert spread is not None
    for found, there in (({"x": None, "w": torch.tensor(torch.nan)}, False), ({"x": broken}, True)):
        part = few(asked, None, found)
        assert part is not None
        assert (500 in part.places) == there
    assert spread.bound.leaves["w"].shape == ()
    assert spread.bound.leaves["x"].requires_grad


def test_the_cotangent_is_taken_at_the_same_places() -> None:
    part = few(bound("x*x", "x=arange(100) * 1.0"), torch.arange(100.0), {})
    assert part is not None
    assert part.cotangent is not None
    assert part.cotangent.tolist() == part.places.tolist() == part.bound.leaves["x"].tolist()


# --- what is found ----------------------------------------------------------------------------------------------------


def diagnosed(text: str, *words: str, gradients: dict[str, torch.Tensor] | None = None) -> Diagnosis:
    asked = bound(text, *words)
    output = asked.evaluate()
    found = gradients if gradients is not None else Rerun(asked).gradients(output)[0]
    return diagnose(Rerun(asked), Computed(), output.detach(), [found])


@pytest.mark.usefixtures("no_fixes")
@each(
    "text, words, codes, looked",
    [
        ("sum(x*x)", ["x=1,2"], [], None),
        ("sum(log(x))", ["x=0,2"], ["inf-forward"], None),
        ("sum(x*x)", ["x=ones(20000)"], [], 0),
        ("sum(log(x))", ["x=zeros(20000)"], ["inf-forward"], None),
        ("sum(log(x + x*n))", ["x=zeros(20000)", "n:int64=1"], ["inf-forward"], None),
        ("n*2", ["n:int64=1"], [], None),
        ("n*2", ["n:int64=arange(20000)"], [], None),  # nothing is differentiated
        ("sum(relu(x))", ["x=-1,-2"], ["dead"], None),
    ],
)
def test_what_is_large_is_looked_at_where_a_number_is_not_finite(
    text: str, words: list[str], codes: list[str], looked: int | None
) -> None:
    if text.startswith("n"):
        found = diagnose(Rerun(bound(text, *words)), Computed(), torch.tensor(2), [{}])
    else:
        found = diagnosed(text, *words)
    assert [finding.code for finding in found.findings][:1] == codes
    assert (None if found.sample is None else found.sample.looked) == looked


@pytest.mark.usefixtures("no_fixes")
@each(
    "text, words, found",
    [
        ("log(x)", ["x=0"], True),
        ("x*x", ["x=1"], False),
        ("heaviside(x, 0.5)*log(x)", ["x=0"], False),  # PyTorch refuses its derivative
        ("log(x)", ["x=zeros(10001)"], False),  # too many
        ("log(n)", ["n:int64=0"], False),  # nothing is differentiated
        ("x*1j*inf", ["x=1"], False),  # complex
        ("x*1", ["x=1e39"], True),
        ("softmax(x, dim=0)", ["x=0,0"], False),  # whose outputs add up to 1, but have weights of their own
    ],
)
def test_the_findings_about_a_function_are_those_of_its_points(text: str, words: list[str], found: bool) -> None:
    asked = bound(text, *words)
    assert bool(findings_of(asked, asked.evaluate(), OF_TAPES)) == found


@pytest.mark.usefixtures("no_fixes")
def test_what_the_dtype_could_not_hold_is_told_though_all_that_was_computed_is_ordinary() -> None:
    request = read("w + w*x[0]", ["x=1,1e39", "w=1"], command="grad")
    asked = bind(request, ComputeOptions(), Selection(wrt=("w",)))
    output = asked.evaluate()
    found = diagnose(Rerun(asked), Computed(), output.detach(), Rerun(asked).gradients(output)).findings
    assert [finding.code for finding in found] == ["inf-input"]
    assert [finding.code for finding in findings_of(asked, asked.evaluate(), OF_TAPES)] == ["inf-input"]


@pytest.mark.usefixtures("no_fixes")
def test_what_several_expressions_are_given_is_told_once() -> None:
    asked = [bound(text, "x=nan") for text in ("x*2", "x*3")]
    assert [finding.code for finding in given_findings(asked)] == ["nan-input"]
    assert given_findings([bound("x*2", "x=1"), bound("x[5]", "x=1,2")]) == ()
    assert GIVEN


def test_other_dtypes_know_what_was_written() -> None:
    wide: BoundExpression = bound("x*1", "x:float64=1e-50")
    found = list(at_each_dtype(wide, ["float64", "float16"]))
    assert [list(one.written) for one in found] == [[], ["x"]]
    assert [float(one.leaves["x"].detach()) for one in found] == [1e-50, 0]
    assert found[1].written["x"].tolist() == 1e-50
