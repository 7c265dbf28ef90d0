"""`gradcli.assert_gradient`: what it accepts, what it rejects, and what its message says."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from each import each
from torch import nn

import gradcli
from gradcli.api.asserting import MOST_LINES
from gradcli.inspections.callables import derivatives, sampled
from gradcli.results import CheckResult
from tools.planted import Swapped, Unsummed, detached_silu, own_function

POINTS = torch.tensor([-1.5, 0.5, 2.0])


def square(x: torch.Tensor) -> torch.Tensor:
    return x**2


def message(function: object, inputs: object, **options: object) -> str:
    """What the failed assertion says."""
    with pytest.raises(AssertionError) as raised:
        gradcli.assert_gradient(function, inputs, **options)
    return str(raised.value)


def passed(function: object, inputs: object, **options: object) -> CheckResult:
    return gradcli.assert_gradient(function, inputs, **options)


def verdicts(result: CheckResult) -> set[str]:
    return {row.verdict for row in result.rows}


# --- what is right ----------------------------------------------------------------------------------------------------

RIGHT = {
    "a function": (torch.tanh, POINTS),
    "several inputs": (lambda x, y: x * y.sum(), [POINTS, torch.ones(2)]),
    "inputs by name": (nn.functional.mse_loss, {"target": torch.ones(3), "input": POINTS}),
    "inputs in a list": (lambda xs, n: sum(xs) * n, [[POINTS, POINTS], 3]),
    "inputs in a dictionary": (lambda batch: batch["x"] * batch["n"], [{"x": POINTS, "n": 2}]),
    "a tuple of outputs": (lambda x: (x.exp(), x.sum(), "text", None), POINTS),
    "a dictionary of outputs": (lambda x: {"loss": (x**2).mean(), "step": 3}, POINTS),
    "values and places": (lambda x: x.sort(), POINTS),
    "an input that nothing is made of": (lambda x, y: x * 2, [POINTS, POINTS]),
    "an integer input": (lambda x, n: x[n], [POINTS, torch.tensor([2, 0])]),
    "no element": (lambda x, y: x * 2 + y.sum(), [POINTS, torch.ones(0)]),
    "one number": (lambda x: x**3, torch.tensor(2.0)),
    "a module": (nn.Linear(3, 2), POINTS),
    "a module with state": (nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.GELU()), torch.randn(4, 3)),
    "a module with hidden inputs": (nn.GRUCell(3, 2), (POINTS[None], torch.ones(1, 2))),
    "a module of places": (nn.Embedding(4, 2), torch.tensor([1, 1, 3])),
    "a sparse gradient": (nn.Embedding(4, 2, sparse=True), torch.tensor([1, 1, 3])),
    "a loss": (nn.CrossEntropyLoss(), (torch.randn(2, 3), torch.tensor([0, 2]))),
    "a gradient inside": (lambda x: torch.autograd.grad(x.exp().sum(), x, create_graph=True)[0], POINTS),
    "a function of one's own": (own_function(square, lambda g, x: 2 * g * x, lambda t, x: 2 * t * x), POINTS),
    "an input that does not lie in one piece": (lambda x: x.view(x.shape) * 3, torch.randn(3, 4).T),
    "an expanded input": (lambda x: x**2, torch.tensor([2.0]).expand(3)),
    "relu at 0": (torch.relu, torch.tensor([0.0])),
    "the hinge of a loss": (lambda x: torch.clamp(1 - x, min=0).sum(), torch.tensor([0.5, 1.0, 2.0])),
    "abs at 0": (torch.abs, torch.tensor([0.0, 1e-12])),
    "sqrt at 0": (torch.sqrt, torch.tensor([0.0])),
    "sqrt at 0 and elsewhere": (torch.sqrt, torch.tensor([0.0, 4.0])),
    "log at 1e-12": (torch.log, torch.tensor([1e-12])),
    "a large input": (lambda x: x**2, torch.tensor([1e8])),
    "a saturated sigmoid": (torch.sigmoid, torch.tensor([-40.0, 40.0])),
    "what cancels": (lambda x: (1 - x.cos()) / x**2, torch.tensor([1e-8])),
    "what cancels in its values": (lambda x: (1 - x.cos()) / x**2, torch.tensor([1e-3])),
    "an oscillation": (lambda x: torch.sin(1e7 * x), torch.tensor([1.0])),
    "nearly an overflow": (torch.exp, torch.tensor([709.5], dtype=torch.float64)),
}


@each("title, case", RIGHT.items())
def test_what_is_right_passes(title: str, case: tuple[object, object]) -> None:
    result = passed(*case)
    assert result.rows
    assert "disagree" not in verdicts(result)


def test_a_derivative_at_a_kink_may_be_any_slope_between_the_sides() -> None:
    assert verdicts(passed(torch.relu, torch.tensor([0.0]))) == {"kink"}
    inside = own_function(torch.relu, lambda g, x: g * torch.where(x == 0, 0.7, (x > 0).double()))
    assert verdicts(passed(inside, torch.tensor([0.0]))) == {"kink"}
    outside = own_function(torch.relu, lambda g, x: g * torch.where(x == 0, 1.1, (x > 0).double()))
    assert "0 to 1" in message(outside, torch.tensor([-1.0, 0.0, 1.0]))


def test_what_cancels_in_the_sum_of_smooth_outputs_is_no_kink() -> None:
    normalised = passed(lambda x: nn.functional.layer_norm(x, (4,)), torch.tensor([-0.25, 0.75, 1.0, -1.0]))
    assert verdicts(normalised) == {"agree"}


def test_the_result_has_a_row_for_each_element() -> None:
    result = passed(lambda x, w: x @ w, {"x": torch.ones(2, 2), "w": torch.ones(2)})
    assert isinstance(result, CheckResult)
    assert [(row.variable, row.index) for row in result.rows[:2]] == [("x", (0, 0)), ("x", (0, 1))]
    assert result.summary[0].agree == 6
    assert "agrees at 6 of 6 elements in float64" in str(result)


# --- what is wrong ----------------------------------------------------------------------------------------------------

WRONG = {
    "a factor": (own_function(square, lambda g, x: g * x), POINTS, "all of them are 1/2 times what they should be"),
    "a small factor": (
        own_function(square, lambda g, x: 2.000001 * g * x),
        POINTS,
        "all of them are off by 5e-07 of what they should be",
    ),
    "the sign": (own_function(square, lambda g, x: -2 * g * x), POINTS, "the sign is wrong"),
    "the sign of negative inputs": (own_function(square, lambda g, x: 2 * g * x.abs()), POINTS, "the sign is wrong"),
    "negative inputs": (
        own_function(square, lambda g, x: g * torch.where(x < 0, x - 1, 2 * x)),
        torch.tensor([-1.5, -2.0, 0.5]),
        "wrong where x is negative, right elsewhere",
    ),
    "the factor from above": (own_function(square, lambda g, x: 2 * x), POINTS, "does not multiply by grad_output"),
    "the same of a sum": (
        lambda x: own_function(lambda x: square(x).sum(), lambda g, x: 2 * x)(x),
        POINTS,
        "does not multiply by grad_output",
    ),
    "NaN": (own_function(square, lambda g, x: g * torch.nan), POINTS, "the gradient is nan where it should not be"),
    "zero": (own_function(square, lambda g, x: g * 0), POINTS, "the gradient is 0 where it should not be"),
    "swapped inputs": (Swapped.apply, [POINTS, POINTS + 5], "the gradients of y and x stand in each other's place"),
    "transposed": (
        own_function(lambda x: x**2 / 2, lambda g, x: (g * x).T),
        torch.tensor([[1.0, 2.0], [3.0, 4.0]]),
        "the gradient of x is transposed",
    ),
    "a forgotten sum": (Unsummed.apply, [torch.ones(2, 2), torch.ones(2)], "2 of 2 elements of bias"),
    "a detached factor": (detached_silu, POINTS, "3 of 3 elements of x"),
    "detached": (lambda x, y: x * y.detach(), [POINTS, POINTS], "no path leads from the output back to y"),
    "one element": (
        own_function(square, lambda g, x: 2 * g * x * torch.tensor([1, 1, 1.001])),
        POINTS,
        "1 of 3 elements of x",
    ),
    "forward mode": (
        own_function(square, lambda g, x: 2 * g * x, lambda t, x: 3 * t * x),
        POINTS,
        "reverse mode is right: the mistake is in jvp",
    ),
    "NaN behind a condition": (
        lambda x: torch.where(x > 0, torch.sqrt(x), 0 * x),
        torch.tensor([0.0, 1.0]),
        "sqrt(x) at x[0] = 0: local derivative 1/(2*sqrt(0)) = inf, times",
    ),
    "a row instead of a column": (
        own_function(lambda x: x.flip(0) * 3, lambda g, x: g * 3),
        POINTS,
        "2 of 3 elements of x",
    ),
}


@each("title, case", WRONG.items())
def test_what_is_wrong_is_rejected_with_its_cause(title: str, case: tuple[object, object, str]) -> None:
    function, inputs, said = case
    assert said in message(function, inputs)


def test_what_is_wrong_in_different_ways_has_no_cause() -> None:
    doubled = own_function(square, lambda g, x: 4 * g * x)
    told = message(lambda y, x: y.detach() * doubled(x), [POINTS, POINTS])
    assert told.splitlines()[-1].startswith("x[2]  output[2]")
    deaf = own_function(square, lambda g, x: 2 * x)
    assert "grad_output" not in message(lambda y, x: (doubled(y), deaf(x)), [POINTS, POINTS])


def test_a_message_names_the_element_and_both_numbers() -> None:
    told = message(own_function(square, lambda g, x: g * 2 * x.abs()), POINTS)
    assert told.startswith("the gradient of Own is wrong by 1 of 3 elements of x in float64\n\nby    of ")
    row = told.splitlines()[3].split()
    assert row[:5] == ["x[0]", "output[0]", "-1.5", "3", "-3"]
    assert 0 < float(row[5]) < 1e-10


def test_a_parameter_is_named_as_the_module_names_it() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(2, 2)
            self.weight = nn.Parameter(torch.ones(2))

        def forward(self, weight: torch.Tensor) -> torch.Tensor:
            return self.inner(weight) * self.weight.detach()

    told = message(Scaled(), torch.tensor([1.0, 2.0]))
    assert told.startswith("the gradient of Scaled is wrong by 2 of 2 elements of self.weight")
    assert "inner.weight" not in told


def test_a_message_is_at_most_a_screen_and_counts_the_rest() -> None:
    told = message(own_function(square, lambda g, x: g * x), torch.randn(40))
    assert len(told.splitlines()) <= 20
    assert f"and {40 - MOST_LINES} more by x" in told


def test_every_input_with_a_wrong_derivative_has_a_line() -> None:
    wrong = own_function(square, lambda g, x: g * x)
    told = message(lambda x, y: (wrong(x), wrong(y)), [torch.randn(40), torch.tensor([1.0])])
    assert ["y[0]", "output[1][0]"] in [line.split()[:2] for line in told.splitlines()]


def test_what_lies_expanded_in_memory_may_arrive_from_above() -> None:
    careless = own_function(square, lambda g, x: 2 * torch.as_strided(g, x.shape, (1,)) * x)
    with pytest.raises(RuntimeError, match="out of bounds") as raised:
        passed(careless, POINTS)
    assert raised.value.__notes__ == ["gradcli called Own with its inputs in float64; dtype= takes another one."]


# --- large inputs -----------------------------------------------------------------------------------------------------


@pytest.fixture
def few_elements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampled, "MOST_ELEMENTS", 20)


def test_of_a_large_input_a_sample_is_looked_at_one_by_one(few_elements: None) -> None:
    result = passed(lambda x, y: (x.sin() * y).sum(), [torch.randn(30, 30), torch.ones(1)])
    assert len(result.rows) == 20
    assert {(0, 0), (29, 29)} < {row.index for row in result.rows}
    assert len(passed(lambda *leaves: sum(leaf.sum() for leaf in leaves), [torch.ones(4)] * 12).rows) == 24


def test_the_larger_the_inputs_the_fewer_elements_are_looked_at() -> None:
    for sizes, count in (
        ((0,), 0),
        ((150,), 150),
        ((300,), 200),
        ((100_000, 3), 199),
        ((400_000, 100_000), 40),
        ((10**8,), 20),
    ):
        leaves = {f"x{place}": torch.ones(1).expand(size) for place, size in enumerate(sizes)}
        assert sum(map(len, sampled.sampled(leaves).values())) == count


@each("place", [(3, 4), (17, 29)])
def test_one_wrong_element_of_a_large_input_is_found(place: tuple[int, int], few_elements: None) -> None:
    def wrong(g: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        right = g * x.cos()
        right[place] *= 1.001
        return right

    told = message(lambda x: own_function(torch.sin, wrong)(x).sum(), torch.linspace(-2, 2, 900).reshape(30, 30))
    assert f"x[{place[0]}, {place[1]}] " in told
    assert told.startswith("the gradient of lambda")


def test_many_outputs_are_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derivatives, "MOST_OUTPUTS", 10)
    wrong = own_function(square, lambda g, x: 2 * g * x * (1 + 1e-6 * (x == 2)))
    x = torch.linspace(0, 2, 15)
    assert passed(square, x).summary[0].agree == 15
    assert "x[14]  the sum of all outputs" in message(wrong, x)
    assert "a random sum of the outputs" in message(own_function(lambda x: x.flip(0), lambda g, x: g), x)


# --- dtype, tolerance, order ------------------------------------------------------------------------------------------


@each("dtype, off", [("float64", 1e-7), ("float32", 1e-3), (torch.float16, 0.1), ("bfloat16", 0.3)])
def test_half_of_the_digits_of_a_dtype_have_to_be_right(dtype: object, off: float) -> None:
    inputs = torch.tensor([-1.5, 0.5, 2.0])
    assert verdicts(passed(own_function(square, lambda g, x: 2 * g * x), inputs, dtype=dtype)) == {"agree"}
    assert " what they should be" in message(
        own_function(square, lambda g, x: 2 * g * x * (1 + off)), inputs, dtype=dtype
    )


def test_a_tolerance_is_a_share_of_the_derivative() -> None:
    off = own_function(square, lambda g, x: 2 * g * x * 1.001)
    passed(off, POINTS * 1e6, tolerance=2e-3)
    message(off, POINTS * 1e-6, tolerance=5e-4)


def test_with_a_tolerance_rounding_is_no_excuse() -> None:
    point = torch.tensor([10.0])
    assert verdicts(passed(torch.sigmoid, point, dtype="float32")) == {"rounding"}
    assert "float64 has it right" in message(torch.sigmoid, point, dtype="float32", tolerance=1e-4)
    passed(torch.sigmoid, point, dtype="float32", tolerance=1e-2)


def test_a_function_that_takes_no_float64_is_compared_in_float32() -> None:
    weight = torch.randn(3, 3)
    assert verdicts(passed(lambda x: x @ weight, POINTS, dtype="float32")) == {"agree"}
    wrong = own_function(lambda x: x @ weight, lambda g, x: g @ weight)
    assert "3 of 3 elements of x in float32" in message(wrong, POINTS, dtype="float32")


def test_order_2_looks_at_the_derivatives_of_the_gradient() -> None:
    right = own_function(square, lambda g, x: 2 * g * x)
    once = own_function(square, lambda g, x: 2 * g * x.detach())
    assert verdicts(passed(right, POINTS, order=2)) == verdicts(passed(once, POINTS)) == {"agree"}
    told = message(once, POINTS, order=2)
    assert told.startswith("the gradient of the gradient of Own is wrong by 3 of 3 elements of x")
    assert "gradient['x'][0]" in told


# --- what cannot be checked -------------------------------------------------------------------------------------------

MISTAKES = {
    "no floating input": (lambda x: x, torch.tensor([1, 2]), {}, "has no floating input"),
    "no input": (lambda: torch.ones(1), [], {}, "has no floating input"),
    "no floating output": (torch.argmax, POINTS, {}, "argmax gives no floating tensor"),
    "an empty input": (torch.sum, torch.empty(0, 3), {}, "^x is empty"),
    "an empty output": (lambda x: x[:0], POINTS, {}, "gives an empty tensor"),
    "a complex input": (torch.abs, torch.tensor([1j]), {}, "x is complex"),
    "a sparse input": (lambda w: w * 2, torch.eye(2).to_sparse(), {}, "w is sparse"),
    "a complex output": (lambda x: x * 1j, POINTS, {}, "gives no floating tensor"),
    "a class": (Swapped, [POINTS, POINTS], {}, "Swapped is a class of functions"),
    "an expression": ("x**2", POINTS, {}, "is no function of tensors"),
    "a number": (torch.tanh, 1.0, {}, "the inputs are float"),
    "a dtype": (torch.tanh, POINTS, {"dtype": "float128"}, "unknown dtype 'float128'"),
    "an integer dtype": (torch.tanh, POINTS, {"dtype": torch.int64}, "unknown dtype 'torch.int64'"),
    "a tolerance": (torch.tanh, POINTS, {"tolerance": -1}, "a tolerance of -1 is no share of a derivative"),
    "an order": (torch.tanh, POINTS, {"order": 3}, "there is no order 3"),
}


@each("title, case", MISTAKES.items())
def test_a_mistake_in_the_call_is_no_wrong_gradient(title: str, case: tuple[object, object, dict, str]) -> None:
    function, inputs, options, said = case
    with pytest.raises(gradcli.GradcliError, match=said) as raised:
        passed(function, inputs, **options)
    assert raised.value.__notes__


def test_what_is_nan_or_too_noisy_does_not_pass() -> None:
    assert message(torch.log, -POINTS.abs()).endswith("output[0] is nan at these inputs")
    assert "by y is right cannot be known" in message(lambda x, y: (x * 1e30).sum() + y, [POINTS, torch.tensor(1.0)])


def test_a_function_that_changes_from_call_to_call_does_not_pass() -> None:
    generator = torch.Generator().manual_seed(0)
    told = message(lambda x: x * torch.rand(3, generator=generator), POINTS)
    assert "when it is called again with the same inputs and the same random numbers" in told
    assert (
        message(lambda x, calls=[]: calls.append(1) or x * len(calls), POINTS).splitlines()[2].startswith("output[0] ")
    )


def test_importing_gradcli_brings_in_none_of_it() -> None:
    program = "import sys, gradcli; gradcli.assert_gradient; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
