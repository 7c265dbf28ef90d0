"""Findings about inputs too large to look at whole: a sample of them, places and numbers that hold for the whole."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch
from each import each
from test_fixes import bound

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.evidence import MAX_ELEMENTS_RECORDED
from gradcli.diagnose.findings.finding import MAX_ELEMENTS_SHOWN
from gradcli.diagnose.fixes.verifier import Verifier
from gradcli.diagnose.rerun import Rerun
from gradcli.diagnose.sampling import few, sampled
from gradcli.exceptions import GradcliError
from gradcli.inspections.grad import grad
from gradcli.inspections.loss import loss
from gradcli.inspections.options import GradOptions
from gradcli.language.loss_call import read_loss
from gradcli.language.request import read
from gradcli.numerics import autodiff
from gradcli.numerics.capture import PIECE, all_finite, norm, to_gradient
from gradcli.results import Finding, GradResult, LossResult
from gradcli.results.phrasing import text

SIZE = 300_000


def answer(subject: str, *words: str, **options: object) -> GradResult:
    result = grad(read(subject, list(words), command="grad"), GradOptions(**options))  # type: ignore[arg-type]
    assert isinstance(result, GradResult)
    return result


def found(result: GradResult | LossResult, code: str) -> Finding:
    (finding,) = [finding for finding in result.findings if finding.code == code]
    return finding


def test_an_input_that_can_be_looked_at_whole_has_no_sample() -> None:
    assert answer("sigmoid", f"linspace(-9, 9, {MAX_ELEMENTS_RECORDED})").sample is None


def test_a_larger_one_says_how_much_of_it_was_looked_at() -> None:
    result = answer("sigmoid", f"linspace(-9, 9, {MAX_ELEMENTS_RECORDED + 1})")
    assert result.sample is not None
    assert result.sample.of == MAX_ELEMENTS_RECORDED + 1
    assert 0.5 * MAX_ELEMENTS_RECORDED < result.sample.looked <= MAX_ELEMENTS_RECORDED


def test_of_several_large_inputs_no_more_is_looked_at_in_all() -> None:
    sample = answer("sigmoid(x * y)", f"x=arange({SIZE}) / {SIZE}", f"y=ones({SIZE})").sample
    assert sample is not None
    assert sample.of == 2 * SIZE
    assert 0.5 * MAX_ELEMENTS_RECORDED < sample.looked <= MAX_ELEMENTS_RECORDED


def test_a_finding_of_the_sample_stands_at_its_place_in_the_whole() -> None:
    x = torch.linspace(-90, 90, SIZE).reshape(300, 1000)
    result = answer("sigmoid", f"x=linspace(-90, 90, {SIZE}).reshape(300, 1000)")
    for code in ("cancellation", "underflow"):
        finding = found(result, code)
        assert finding.index is not None
        place = f"x[{finding.index[0]}, {finding.index[1]}] = {float(x[finding.index]):g}"
        assert finding.message.startswith(place)
        assert finding.message.endswith(f"(looked at {result.sample.looked:,} of {SIZE:,} elements)")
        truth = float(torch.sigmoid(x.double()).mul(1 - torch.sigmoid(x.double()))[finding.index])
        told = re.search(r"float64 gives ([\d.e+-]+)", finding.message)  # too many for the 50-digit reference
        assert told is not None
        assert math.isclose(float(told[1]), truth, rel_tol=1e-5)


@pytest.mark.parametrize("place", [0, 7, 123_456, SIZE - 1])
def test_a_single_nan_is_found_wherever_it_hides(place: int) -> None:
    result = answer("sqrt(x)", f"x=where(arange({SIZE}) == {place}, -4.0, 4.0)")
    finding = found(result, "nan-forward")
    assert finding.index == (place,)
    assert f"sqrt(x) at x[{place}] = -4 is nan" in finding.message
    assert not answer("sqrt(x)", f"x=where(arange({SIZE}) == {place}, 9.0, 4.0)").findings


def test_a_single_infinite_gradient_is_found_wherever_it_hides() -> None:
    finding = found(answer("sqrt(x)", f"x=where(arange({SIZE}) == 77777, 0.0, 4.0)"), "inf-backward")
    assert finding.index == (77777,)


@pytest.mark.parametrize(("expression", "size"), [("sqrt(x)", 25), ("sqrt(x) * b", 25), ("sqrt(x)", SIZE)])
def test_what_the_true_slope_does_is_told_of_the_element_in_the_whole_input(expression: str, size: int) -> None:
    inputs = [f"x=where(arange({size}) == 22, 0.0, 4.0)", *(["b=1"] if "b" in expression else [])]
    finding = found(answer(expression, *inputs), "inf-backward")
    assert finding.remark is not None
    assert text(finding.remark) == "No rewrite is right: the true slope grows without bound at x[22]"


def test_an_element_of_an_input_that_all_elements_share_keeps_its_place() -> None:
    result = answer("x / b", f"x=where(arange({SIZE}) == 4242, 1.0, 2.0)", "b=[0.0]")
    assert "x[0] = 2 and b[0] = 0 is inf" in found(result, "inf-forward").message


def test_a_single_infinite_value_with_an_ordinary_gradient_is_found() -> None:
    here = f"arange({SIZE}) == 123457"
    result = answer("x * n", f"x=where({here}, 3e38, 1.0)", f"n:int64=where({here}, 2, 3)")
    assert found(result, "inf-forward").index == (123457,)


def test_a_fix_shows_the_first_elements_of_the_whole_gradient() -> None:
    result = answer("where(x > 0, sqrt(x), 0 * x)", f"x=arange({SIZE}) * 1.0")
    finding = found(result, "masked-branch")
    assert finding.index == (0,)
    assert finding.fix is not None
    wanted = ", ".join(f"{value:.6g}" for value in (0, *(0.5 / place**0.5 for place in range(1, 6))))
    assert f"With the fix the gradient is [{wanted}, ...]" in finding.message


def test_a_gradient_that_is_zero_in_the_sample_alone_is_not_dead() -> None:
    """One element in 300,000 lets its gradient through: single elements are dead, the input is not."""
    one_alive = found(answer("relu", f"where(arange({SIZE}) == 123457, 1.0, -1.0)"), "dead")
    assert one_alive.severity == "note"
    assert "first at x[0] = -1" in one_alive.message
    all_dead = found(answer("relu", f"where(arange({SIZE}) == 123457, -2.0, -1.0)"), "dead")
    assert all_dead.severity == "warning"


@pytest.mark.parametrize("size", [17, 300, 9_000])
@pytest.mark.parametrize(
    ("expression", "fix"),
    [("x * sqrt(x)", "x**1.5"), ("sum(x * sqrt(x))", "sum(x**1.5)"), ("mean(x * sqrt(x))", "mean(x**1.5)")],
)
def test_a_fix_of_many_elements_is_held_against_the_reference_at_some(size: int, expression: str, fix: str) -> None:
    finding = found(answer(expression, f"x=arange({size}) * 1.0"), "nan-backward")
    if expression.startswith("mean") and size > 300:
        return  # each element hangs on their number: too many for the reference, and nothing is said
    assert finding.fix == fix


def test_a_fix_of_many_elements_is_run_at_all_of_them() -> None:
    """x**1.5 is right at 0 and wrong where the program takes another way, at one element that no sample holds."""
    program = "where(x == 4567, x + 1, x * sqrt(x))"
    finding = found(answer(program, "x=arange(9000) * 1.0"), "nan-backward")
    assert finding.fix is not None
    assert finding.fix.startswith("where(x == 4567, x + 1, ")


@each("rewrite, right", [("x**1.5", False), ("where(x == 4567, x + 1, x**1.5)", True)])
def test_a_rewrite_that_is_right_at_the_sample_is_refused_where_it_is_wrong_elsewhere(
    rewrite: str, right: bool
) -> None:
    verifier = Verifier.of(bound("where(x == 4567, x + 1, x * sqrt(x))", "x=arange(9000) * 1.0"), None)
    assert verifier is not None
    assert (verifier.gradients(rewrite) is not None) == right


def test_the_sample_has_no_period_that_data_may_have_too() -> None:
    """Of any thirty elements in a row, each beginning of a stretch of a thousand holds about as many as each end."""
    asked = Rerun(bound("x*1", "x=ones(10**6)"), torch.ones(10**6))
    part = sampled(asked.bound, asked.bound.leaves["x"].detach(), asked.cotangent, {}, elementwise=True)
    assert part is not None
    places = part.places[part.places >= MAX_ELEMENTS_SHOWN]
    stretch = 10**6 / MAX_ELEMENTS_RECORDED
    for first in range(0, len(places) - 30, 30):
        offsets = np.sort(places[first : first + 30] / stretch % 1)
        assert np.diff(offsets, append=1 + offsets[0]).max() < 3 / 30


def test_of_the_elements_without_a_finite_gradient_four_are_held_against_the_reference() -> None:
    gradient = torch.where((torch.arange(1000) > 100) & (torch.arange(1000) <= 120), torch.inf, 1.0)
    part = few(bound("sum(x*x)", "x=ones(1000)"), torch.ones(()), {"x": gradient})
    assert part is not None
    assert part.places.tolist() == [*range(6), 101, 106, 111, 116, 199, 399, 599, 799, 999]


def test_several_inputs_share_the_sample() -> None:
    result = answer("x / y", f"x=ones({SIZE})", f"y=where(arange({SIZE}) == 5555, 0.0, 2.0)")
    assert result.sample is not None
    assert result.sample.of == 2 * SIZE
    assert found(result, "inf-forward").index == (5555,)
    assert "x[5555] = 1 and y[5555] = 0" in found(result, "inf-forward").message


def test_a_cotangent_is_sampled_with_its_elements() -> None:
    from gradcli.language.request import read_value

    cotangent = read_value(f"where(arange({SIZE}) == 4242, 0.0, 1.0)")
    finding = found(answer("sqrt(x)", f"x=where(arange({SIZE}) == 4242, 0.0, 4.0)", vjp=cotangent), "nan-backward")
    assert finding.index == (4242,)
    assert "times the incoming gradient 0 = nan" in finding.message


def test_a_function_that_mixes_its_elements_has_no_sample_and_says_so() -> None:
    result = answer("sum(sigmoid(x))", f"x=linspace(-9, 9, {SIZE})")
    assert result.sample is not None
    assert (result.sample.looked, result.sample.of) == (0, SIZE)


def test_a_nan_in_a_function_that_mixes_its_elements_is_still_located() -> None:
    result = answer("sum(sqrt(x))", f"x=where(arange({SIZE}) == 31415, -1.0, 4.0)")
    assert result.sample is None
    assert found(result, "nan-forward").index == (31415,)


def test_random_numbers_and_changes_in_place_are_not_sampled() -> None:
    for subject in ("x * rand_like(x)", "y = x * 1; y.mul_(2); y"):
        result = answer(subject, f"x=ones({SIZE})")
        assert result.sample is not None
        assert result.sample.looked == 0


def mse(*words: str) -> LossResult:
    result = loss(read_loss("mse", list(words), reduction=None, parameters=[]))
    assert isinstance(result, LossResult)
    return result


def test_a_loss_says_it_too() -> None:
    result = mse(f"linspace(0, 1, {SIZE})", f"linspace(1, 2, {SIZE})")
    assert result.sample is not None
    assert (result.sample.looked, result.sample.of) == (0, 2 * SIZE)
    assert mse(f"where(arange({SIZE}) == 5, nan, 1.0)", f"zeros({SIZE})").sample is None


def test_the_norm_of_a_large_gradient_is_that_of_all_its_elements() -> None:
    x = np.linspace(-9, 9, SIZE, dtype=np.float32)
    result = answer("x * 1e-3 * x", f"x=linspace(-9, 9, {SIZE})")
    gradient = result.gradients["x"]
    assert gradient is not None
    exact = math.sqrt(math.fsum(float(value) ** 2 for value in gradient.values.tolist()))
    assert result.norm is not None
    assert float(result.norm) == np.float32(exact)
    assert gradient.values[-1] == pytest.approx(2e-3 * x[-1])


@pytest.mark.parametrize("size", [PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5])
def test_norms_and_directions_in_parts_are_those_of_the_whole(size: int) -> None:
    gradient = torch.sin(torch.arange(size, dtype=torch.float64)).float()
    joint = norm([gradient])
    assert float(joint) == pytest.approx(float(np.linalg.norm(gradient.double().numpy())), rel=1e-12)
    direction = to_gradient(gradient, joint_norm=joint).direction
    np.testing.assert_array_equal(direction, (gradient.double() / joint).float().numpy())
    square = gradient[: size // 4 * 4].reshape(-1, 4)
    assert to_gradient(square, joint_norm=joint).direction.shape == square.shape  # type: ignore[union-attr]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64])
def test_one_number_that_is_not_finite_is_enough(dtype: torch.dtype) -> None:
    tensor = torch.full((PIECE + 10,), 6e4, dtype=dtype)  # in float16 the sum overflows although no element does
    assert all_finite(tensor)
    for bad in (math.nan, math.inf, -math.inf):
        for place in (0, PIECE, -1):
            sick = tensor.clone()
            sick[place] = bad
            assert not all_finite(sick)
    assert all_finite(torch.arange(5))


@pytest.mark.parametrize("size", [4, autodiff.LARGE_ELEMENTS, autodiff.LARGE_ELEMENTS + 1])
def test_ones_that_were_never_made_send_the_same_gradient(size: int) -> None:
    x = torch.linspace(-3, 3, size).requires_grad_()
    (wanted,) = torch.autograd.grad(x.sigmoid(), x, torch.ones(size))
    y = x.sigmoid()
    gradient = autodiff.gradients(y, {"x": x}, cotangent=autodiff.ones(y))["x"]
    assert gradient is not None
    assert torch.equal(gradient, wanted)
    twos = autodiff.gradients(y := x.sigmoid(), {"x": x}, cotangent=autodiff.ones(y) * 2)["x"]
    assert twos is not None
    assert torch.equal(twos, 2 * wanted)
    stretched = torch.tensor(3.0).expand(size)
    threes = autodiff.gradients(x.sigmoid(), {"x": x}, cotangent=stretched)["x"]
    assert threes is not None
    torch.testing.assert_close(threes, 3 * wanted)


def test_a_large_cotangent_of_another_shape_is_still_refused() -> None:
    from gradcli.results import Failure

    request = read("sigmoid", [f"linspace(0, 1, {SIZE})"], command="grad")
    from gradcli.language.request import read_value

    result = grad(request, GradOptions(vjp=read_value(f"ones({SIZE - 1})")))
    assert isinstance(result, Failure)
    assert "Mismatch in shape" in result.message


def test_the_bound_is_still_a_bound() -> None:
    with pytest.raises(GradcliError, match="at most"):
        answer("sigmoid", "linspace(0, 1, 10**9)")


def test_a_large_output_of_a_small_input_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[bool] = []
    evaluate = BoundExpression.evaluate

    def counted(bound: BoundExpression, *arguments: object, **options: object) -> torch.Tensor:
        runs.append(True)
        return evaluate(bound, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(BoundExpression, "evaluate", counted)
    assert answer("exp(x).repeat(11)", "x=1").sample is None
    assert len(runs) > 1
    monkeypatch.setattr("gradcli.diagnose.diagnosis.MAX_ELEMENTS_OF_OUTPUT", 10)
    runs.clear()
    result = answer("exp(x).repeat(11)", "x=1")
    assert len(runs) == 1
    assert result.sample is not None
    assert (result.sample.looked, result.sample.of) == (0, 12)
    runs.clear()
    assert answer("exp(x).repeat(10)", "x=1").sample is None
    assert len(runs) > 1


def test_the_origin_of_a_nan_in_a_large_output_of_a_small_input_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcli.diagnose.diagnosis.MAX_ELEMENTS_OF_OUTPUT", 10)
    assert found(answer("sqrt(x).repeat(11)", "x=-1"), "nan-forward").expression == "sqrt(x)"
