"""How much is computed once more: up to which size, at how many elements, and how far beside a point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from each import each
from test_fixes import bound

from gradcli.diagnose.bound_expression import BoundExpression, ComputeOptions, Selection, bind
from gradcli.diagnose.diagnosis import Diagnosis, diagnose
from gradcli.diagnose.evidence import Computed, Evidence
from gradcli.diagnose.rerun import Rerun
from gradcli.language.request import read
from gradcli.results.findings import Sample


def rerun_of(text: str, *words: str) -> Rerun:
    return Rerun(bound(text, *words))


def elementwise(text: str, count: int) -> Rerun:
    """The gradients of each element by itself."""
    return Rerun(bound(text, f"x=arange({count}) * 1.0"), torch.ones(count))


@each("count, known", [(10_000, True), (10_001, False)])
def test_up_to_ten_thousand_numbers_have_gradients_in_float64(count: int, known: bool) -> None:
    shadow = rerun_of("sum(x*x)", f"x=full([{count}], 0.1)").shadow()
    assert (shadow is not None) == known
    if shadow is not None:
        assert shadow["x"].tolist() == [2 * float(torch.tensor(0.1))] * count


@each("dtype, known", [("float32", True), ("complex64", True), ("float64", False), ("complex128", False)])
def test_float64_shows_nothing_of_what_has_its_digits(dtype: str, known: bool) -> None:
    assert (rerun_of("sum(abs(x))", f"x:{dtype}=3").shadow() is not None) == known


def test_float64_adds_another_eps_where_that_of_the_dtype_is_added() -> None:
    assert rerun_of("sum(rms_norm(x, [2]))", "x=1,2").shadow() is None
    assert rerun_of("sum(rms_norm(x, [2], eps=1e-3))", "x=1,2").shadow() is not None


@each("count, known", [(2_000, True), (2_001, False)])
def test_the_slope_of_each_of_two_thousand_elements_is_known_at_fifty_digits(count: int, known: bool) -> None:
    assert elementwise("x*x", count).slopes("x", [3, count - 1]) == ({3: 6, count - 1: 2 * count - 2} if known else {})


def test_of_elements_by_themselves_the_first_sixty_four_are_asked_for() -> None:
    assert elementwise("x*x", 70).slopes("x", range(70)) == {place: 2 * place for place in range(64)}


@each("count, known", [(128, True), (129, False)])
def test_where_elements_mix_eight_of_them_are_asked_for_and_of_few_numbers(count: int, known: bool) -> None:
    found = rerun_of("sum(x*x)", f"x=arange({count}) * 1.0").slopes("x", range(20))
    assert found == ({place: 2 * place for place in range(8)} if known else {})


def test_a_gradient_is_of_the_first_order_where_no_other_is_asked_for() -> None:
    asked = rerun_of("x**3", "x=2")
    (first,) = asked.gradients(asked.bound.evaluate())
    assert first["x"] == torch.tensor(12.0)


def test_a_zero_is_doubtful_where_a_smooth_function_sent_it_and_the_gradient_is_of_the_first_order() -> None:
    """The slope of exp(-x) at 200 is -1.4e-87."""
    asked = rerun_of("sum(exp(-x))", "x=1,200")
    for order, doubted in ((1, [False, True]), (2, [False, False])):
        evidence = Evidence(replace(asked, order=order) if order > 1 else asked, records=True)
        assert evidence.doubtful_zeros("x", np.array([-0.37, 0.0])).tolist() == doubted


@each(
    "text, x, there",
    [
        ("where(abs(x) < 2e-4, x, 0*x)", 0, True),  # near by alone
        ("where(abs(x) > 2e-4, x, 0*x)", 0, True),  # farther away alone
        ("where(abs(x) < 2e-5, x, 0*x)", 0, False),
        ("where(abs(x) > 2e-2, x, 0*x)", 0, False),
        ("where(abs(x - 1000) > 2, x, 0*x)", 1000, True),  # it is measured by the point
        ("where(abs(x - 1000) > 20, x, 0*x)", 1000, False),
        ("where(x > 0, 1/(x - x), x)", 0, False),  # no number
        ("(x + 1e12 - 1e12)**2", 1, True),  # which 64 roundings of 1e12 move by 0.014
        ("(x + 1e14 - 1e14)**2", 1, False),  # and those of 1e14 by 1.4: that may be no slope at all
    ],
)
def test_a_slope_is_looked_for_at_a_hundredth_and_at_a_ten_thousandth(text: str, x: int, there: bool) -> None:
    assert rerun_of(text, f"x={x}").has_slope_beside("x") == there


@each("count, known", [(10_000, True), (10_001, False)])
def test_numbers_that_are_rounded_to_zero_are_read_again_up_to_ten_thousand(count: int, known: bool) -> None:
    """Those that are too large for the dtype however many there are."""
    assert ("x" in bound("sum(x)", f"x=where(arange({count}) == 5, 1e-50, 1.0)").written) == known
    assert "x" in bound("sum(x)", f"x=exp(where(arange({count}) == 5, 100.0, 1.0))").written


@each("dtype", ["float64", "float32", "bfloat16", "float16"])
def test_every_real_number_is_rounded_to_the_dtype_that_is_asked_for(dtype: str) -> None:
    asked = bound("x*z*n", f"x:{dtype}=0.1", "z:complex64=2", "n:int64=3")
    for name, wanted in (("float16", torch.float16), ("bfloat16", torch.bfloat16)):
        leaves = asked.at_dtype(name).leaves
        assert [leaves[one].dtype for one in "xzn"] == [wanted, torch.complex64, torch.int64]


def test_random_numbers_are_those_of_the_seed_0_where_no_other_is_asked_for() -> None:
    asked = bind(read("x*rand(3)", ["x=1"], command="grad"), ComputeOptions(), Selection())
    found = asked.evaluate()
    assert torch.equal(found, torch.rand(3, generator=torch.Generator().manual_seed(0)))


def diagnosis(asked: BoundExpression, output: torch.Tensor, slope: float) -> Diagnosis:
    """What is found beside this output and this gradient by y."""
    return diagnose(Rerun(asked), Computed(), output, [{"y": torch.tensor(slope)}])


@each("size, looked", [(2**24, True), (2**24 + 1, False)])
def test_a_larger_output_is_not_computed_again(size: int, looked: bool) -> None:
    found = diagnosis(bound("y*1", "y=1"), torch.ones(()).expand(size), 0.0)
    assert found.sample == (None if looked else Sample(looked=0, of=1 + size))


def test_the_origin_of_a_nan_in_a_large_output_of_a_large_input_is_looked_for() -> None:
    asked = bound("sqrt(y)", "y=-1")
    asked = replace(asked, leaves={**asked.leaves, "x": torch.ones(()).expand(20_000)})
    found = diagnosis(asked, torch.tensor(float("nan")).expand(2**24 + 1), float("nan"))
    assert ([finding.code for finding in found.findings], found.sample) == (["nan-forward"], None)


@each("size, looked", [(2**25 - 1, True), (2**25, False)])
def test_of_larger_inputs_no_origin_is_looked_for(size: int, looked: bool) -> None:
    """Beside y there are so many numbers that it does not hang on."""
    asked = bound("sqrt(y)", "y=-1")
    asked = replace(asked, leaves={**asked.leaves, "x": torch.ones(()).expand(size)})
    found = diagnosis(asked, torch.tensor(float("nan")), float("nan"))
    assert [finding.code for finding in found.findings] == (["nan-forward"] if looked else [])
    assert found.sample == (None if looked else Sample(looked=0, of=1 + size))
