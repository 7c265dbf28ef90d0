"""Every statement of docs/article.md, proved from closed forms.

float64 is asked for where a closed form is compared, so that a tolerance of 1e-12 tells it from anything else.
"""

from __future__ import annotations

import math

import pytest
from asking import answer, ask, gradient, sigmoid, softmax
from command_line import numbers
from each import each

HEAVISIDE = "derivative for aten::heaviside is not implemented"
NO_GRAD = "element 0 of tensors does not require grad and does not have a grad_fn"
SECOND_TIME = "Trying to backward through the graph a second time"


def exactly(expected: object) -> object:
    return pytest.approx(expected, rel=1e-12, abs=1e-15)


# --- activation functions ---


def test_a_step_has_values_and_no_derivative():
    result = answer("activate heaviside -1 0 1")
    (step,) = result["functions"]
    assert step["values"]["values"] == [0, 0.5, 1]
    assert step["derivative"] is None
    assert step["error"]["message"] == HEAVISIDE
    assert [finding["code"] for finding in result["findings"]] == ["not-differentiable"]


def test_the_sigmoid_beside_it_has_both():
    smooth = answer("activate heaviside,sigmoid -1 0 1 --dtype float64")["functions"][1]
    assert smooth["values"]["values"] == exactly([sigmoid(x) for x in (-1, 0, 1)])
    assert smooth["derivative"]["values"] == exactly([sigmoid(x) * sigmoid(-x) for x in (-1, 0, 1)])
    assert smooth["error"] is None


def test_the_gradient_of_a_step_is_pytorchs_error():
    code, result = ask("grad heaviside 0")
    assert code == 1
    assert result["error"]["message"] == HEAVISIDE


def test_the_norm_and_direction_of_a_gradient():
    result = answer("grad 'x**2 + 3*y' x=1 y=2 --dtype float64")
    assert result["norm"] == exactly(math.sqrt(13))
    assert result["gradients"]["x"]["values"] == 2
    assert result["gradients"]["y"]["values"] == 3
    assert result["gradients"]["x"]["direction"] == exactly(2 / math.sqrt(13))
    assert result["gradients"]["y"]["direction"] == exactly(3 / math.sqrt(13))


def tangent(angle: float) -> float:
    line = f"grad 'x**2 + 3*y' x=1 y=2 --jvp x={math.cos(angle)!r} --jvp y={math.sin(angle)!r} --dtype float64"
    return float(answer(line)["tangent"]["values"])


@each("degrees", range(0, 360, 15))
def test_no_direction_climbs_faster_than_the_gradient(degrees: int):
    angle = math.radians(degrees)
    assert tangent(angle) == exactly(2 * math.cos(angle) + 3 * math.sin(angle))
    assert tangent(angle) <= math.sqrt(13)


def test_along_the_gradient_the_derivative_is_its_norm():
    assert tangent(math.atan2(3, 2)) == exactly(math.sqrt(13))


def test_sigmoid_squeezes_everything_between_0_and_1():
    (curve,) = answer("activate sigmoid --range -30:30:61 --dtype float64")["functions"]
    assert curve["values"]["values"] == exactly([sigmoid(x) for x in range(-30, 31)])
    assert all(0 < value < 1 for value in curve["values"]["values"])


def test_float32_rounds_the_sigmoid_to_0_and_1_far_out():
    (curve,) = answer("activate sigmoid -100 100")["functions"]
    assert curve["values"]["values"] == pytest.approx([0, 1], abs=1e-43)


def test_far_out_sigmoids_derivative_is_too_small_to_move_anything():
    (curve,) = answer("activate sigmoid --range -100:100:10 --dtype float64")["functions"]
    steepest = 0.25
    true = [sigmoid(x) * sigmoid(-x) for x in (-100 + 200 * step / 9 for step in range(10))]
    assert curve["derivative"]["values"] == pytest.approx(true, rel=1e-9, abs=1e-15)
    assert curve["verdict"]["saturated"] == sum(slope < steepest / 1000 for slope in true) == 10


def test_a_chain_of_ten_sigmoids_multiplies_ten_derivatives():
    (curve,) = answer("activate sigmoid --depth 10 0 --dtype float64")["functions"]
    value, slope = 0.0, 1.0
    assert len(curve["layers"]) == 10
    for layer in curve["layers"]:
        value = sigmoid(value)
        slope *= value * (1 - value)
        assert layer["values"]["values"] == exactly([value])
        assert layer["slope"]["values"] == exactly([slope])
    assert slope < 0.25**10


def test_the_derivative_of_sigmoid_is_known_from_its_value():
    by_value = answer("grad 'sigmoid(x) * (1 - sigmoid(x))' -2 0 2 --dtype float64")["output"]["values"]
    assert gradient("grad sigmoid -2 0 2 --dtype float64") == exactly(by_value)
    assert by_value == exactly([sigmoid(x) * sigmoid(-x) for x in (-2, 0, 2)])


def test_both_names_of_sigmoid_are_the_same():
    first, second = (answer(f"grad '{name}(x)' 0") for name in ("torch.sigmoid", "F.sigmoid"))
    assert first["output"] == second["output"]
    assert first["gradients"] == second["gradients"]
    assert first["gradients"]["x"]["values"] == [0.25]


def test_the_derivative_of_tanh():
    (curve,) = answer("activate tanh -1 0 1 --dtype float64")["functions"]
    assert curve["values"]["values"] == exactly([math.tanh(x) for x in (-1, 0, 1)])
    assert curve["derivative"]["values"] == exactly([1 - math.tanh(x) ** 2 for x in (-1, 0, 1)])


def test_relu_keeps_what_is_positive_and_has_a_kink_at_0():
    (curve,) = answer("activate relu -2 -1 0 1 2")["functions"]
    assert curve["values"]["values"] == [0, 0, 0, 1, 2]
    assert curve["derivative"]["values"] == [0, 0, 0, 1, 1]
    (kink,) = curve["verdict"]["kinks"]
    assert (kink["at"], kink["left"], kink["right"], kink["torch"]) == (0, 0, 1, 0)


def test_two_relus_squeeze_into_0_to_1():
    (curve,) = answer("activate 'relu(x) - relu(x - 1)' -1 0 0.5 1 2")["functions"]
    assert curve["values"]["values"] == [0, 0, 0.5, 1, 1]
    assert curve["derivative"]["values"] == [0, 0, 1, 1, 0]


def test_leaky_relu_keeps_its_slope_below_0():
    (curve,) = answer("activate leaky_relu --param negative_slope=0.2 -2 -1 0 1 --dtype float64")["functions"]
    assert curve["values"]["values"] == exactly([-0.4, -0.2, 0, 1])
    assert curve["derivative"]["values"] == exactly([0.2, 0.2, 0.2, 1])


def test_selu_joins_a_line_and_an_exponential():
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    (curve,) = answer("activate selu -2 -1 0 1 --dtype float64")["functions"]
    below = [scale * alpha * math.expm1(x) for x in (-2, -1)]
    assert curve["values"]["values"] == exactly([*below, 0, scale])
    (kink,) = curve["verdict"]["kinks"]
    assert (kink["left"], kink["right"]) == pytest.approx((scale * alpha, scale), rel=1e-6)
    below = [scale * alpha * math.exp(x) for x in (-2, -1)]
    assert curve["derivative"]["values"] == exactly([*below, kink["torch"], scale])


def test_softplus_is_smooth_where_relu_has_a_kink():
    smooth, bent = answer("activate softplus,relu -1 0 1 --dtype float64")["functions"]
    assert smooth["values"]["values"] == exactly([math.log1p(math.exp(x)) for x in (-1, 0, 1)])
    assert smooth["derivative"]["values"] == exactly([sigmoid(x) for x in (-1, 0, 1)])
    assert (len(smooth["verdict"]["kinks"]), len(bent["verdict"]["kinks"])) == (0, 1)


# --- losses ---

REGRESSION = "x='[[1,2],[3,4]]' y={y} w=1,1 b=0.5 --wrt w,b --dtype float64"


def test_two_ways_to_the_sum_of_squares_have_one_gradient():
    # residuals y - (xw + b) are -2.5 and -5.5; the gradient by w is -2 x^T r, by b it is -2 sum(r)
    for expression in ("sum((y - (x @ w + b))**2)", "norm(y - (x @ w + b))**2"):
        result = answer(f"grad '{expression}' {REGRESSION.format(y='1,2')}")
        assert result["output"]["values"] == exactly(2.5**2 + 5.5**2)
        assert result["gradients"]["w"]["values"] == exactly([2 * (2.5 + 3 * 5.5), 2 * (2 * 2.5 + 4 * 5.5)])
        assert result["gradients"]["b"]["values"] == exactly(2 * (2.5 + 5.5))


def test_they_agree_where_all_is_fitted():
    for expression in ("sum((y - (x @ w + b))**2)", "norm(y - (x @ w + b))**2"):
        assert gradient(f"grad '{expression}' {REGRESSION.format(y='3.5,7.5')}", "w") == [0, 0]


def test_the_gradient_of_mse_by_the_chain_rule():
    gradients = answer("loss mse 'x * w + b' 1 x=1 w=2 b=0 --wrt w,b")["gradients"]
    assert (gradients["w"]["values"], gradients["b"]["values"]) == (2, 2)
    gradients = answer("loss mse 'x * w + b' 1 x=3 w=2 b=0.5 --wrt w,b")["gradients"]
    assert (gradients["w"]["values"], gradients["b"]["values"]) == (2 * 5.5 * 3, 2 * 5.5)


def test_a_frozen_weight_has_no_gradient():
    code, result = ask("loss mse 'x * w' 1 x=1 w=2 --frozen w")
    assert code == 1
    assert result["error"]["message"] == NO_GRAD
    assert "--frozen w" in result["error"]["hint"]


@pytest.mark.parametrize("via", ["grad", "backward"])
def test_a_weight_that_requires_its_gradient_has_it(via: str):
    assert gradient(f"loss mse 'x * w' 1 x=1 w=2 --wrt w --via {via}", "w") == [2]


def test_the_update_rule_walks_to_the_target():
    descent = answer("loss mse 'x * w' 1 x=1 w=2 --wrt w --lr 0.1 --steps 20 --dtype float64")["descent"]
    assert [step["step"] for step in descent] == list(range(21))
    for number, step in enumerate(descent):
        assert step["parameters"]["w"]["values"] == exactly(1 + 0.8**number)
        assert step["gradients"]["w"]["values"] == pytest.approx(2 * 0.8**number, rel=1e-12)
        assert step["loss"] == pytest.approx(0.64**number, rel=1e-12)


def test_the_gradient_of_cross_entropy_is_softmax_minus_one_hot():
    result = answer("loss cross_entropy '[[2, 1, 0.1]]' '[0]' --dtype float64")
    p = softmax([2, 1, 0.1])
    assert result["loss"]["values"] == exactly(-math.log(p[0]))
    assert numbers(result["inside"]["probabilities"]["values"]) == exactly(p)
    assert numbers(result["gradients"]["input"]["values"]) == exactly([p[0] - 1, p[1], p[2]])


def test_logistic_regression_is_the_case_of_two_classes():
    result = answer("loss bce_with_logits 0.5,-1 1,0 --dtype float64")
    p = [sigmoid(0.5), sigmoid(-1)]
    assert result["loss"]["values"] == exactly(-(math.log(p[0]) + math.log(1 - p[1])) / 2)
    assert result["gradients"]["input"]["values"] == exactly([(p[0] - 1) / 2, p[1] / 2])
    two = answer("loss cross_entropy '[[0, 0.5], [0, -1]]' '[1, 0]' --dtype float64")
    assert two["loss"]["values"] == exactly(result["loss"]["values"])


def test_softmax_of_2_1_and_a_tenth():
    result = answer("softmax 2 1 0.1 --dtype float64")
    assert result["probabilities"]["values"] == exactly(softmax([2, 1, 0.1]))
    assert [round(p, 1) for p in result["probabilities"]["values"]] == [0.7, 0.2, 0.1]
    assert result["sum"]["values"] == exactly(1)


def test_softmax_makes_of_2_to_1_the_ratio_e_and_not_3_5():
    amplification = answer("softmax 2 1 0.1 --dtype float64")["amplification"]
    assert [row["input_ratio"] for row in amplification] == exactly([1, 2, 20])
    assert [row["output_ratio"] for row in amplification] == exactly([1, math.e, math.exp(1.9)])


def test_the_jacobian_of_softmax_is_positive_on_its_diagonal_only():
    p = softmax([2, 1, 0.1])
    jacobian = answer("softmax 2 1 0.1 --dtype float64")["jacobian"]["values"]
    for i, row in enumerate(jacobian):
        assert row == exactly([p[i] * ((i == j) - p[j]) for j in range(3)])
        assert [entry > 0 for entry in row] == [i == j for j in range(3)]


@pytest.mark.parametrize("index", [1, 2])
def test_the_articles_two_calls_are_rows_of_the_jacobian(index: int):
    p = softmax([2, 1, 0.1])
    row = exactly([p[index] * ((index == j) - p[j]) for j in range(3)])
    assert answer(f"softmax 2 1 0.1 --index {index} --dtype float64")["gradient"]["values"] == row
    assert gradient(f"grad 'softmax(a, dim=0)[{index}]' a=2,1,0.1 --dtype float64", "a") == row


# --- retain_graph ---

WORKS, RAISES = True, False

SCENARIOS = {
    "single": [WORKS],
    "twice": [WORKS, RAISES],
    "retained": [WORKS, WORKS, RAISES],
    "shared": [WORKS, RAISES],
    "rebuilt": [WORKS, WORKS],
    "nothing-saved": [WORKS, WORKS],
    "partial": [WORKS, WORKS],
    "accumulated": [WORKS, WORKS],
    "create-graph": [WORKS, WORKS],
}

RETAINING = {"retained": [1], "accumulated": [1], "create-graph": [1]}

P1_BY_A = [softmax([2, 1, 0.1])[1] * ((j == 1) - softmax([2, 1, 0.1])[j]) for j in range(3)]


@pytest.fixture(scope="module")
def scenarios() -> dict:
    return {scenario["name"]: scenario for scenario in answer("retain-demo --dtype float64")["scenarios"]}


def gradients_of(scenario: dict) -> list[list[float]]:
    return [call["gradient"]["a"]["values"] for call in scenario["calls"] if call["ok"]]


def freed(scenario: dict) -> dict[str, int | None]:
    return {
        f"{node['node']}.{saved['name']}": saved["freed_by"] for node in scenario["graph"] for saved in node["saved"]
    }


def test_the_demonstration_stages_every_scenario(scenarios: dict):
    assert list(scenarios) == list(SCENARIOS)


@pytest.mark.parametrize("name", SCENARIOS)
def test_which_calls_work(scenarios: dict, name: str):
    assert [call["ok"] for call in scenarios[name]["calls"]] == SCENARIOS[name]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_call_that_raises_raises_pytorchs_own_error(scenarios: dict, name: str):
    for call in scenarios[name]["calls"]:
        assert (call["error"] is None) == call["ok"]
        assert call["ok"] or call["error"]["message"].startswith(SECOND_TIME)


@pytest.mark.parametrize("name", SCENARIOS)
def test_which_calls_retain(scenarios: dict, name: str):
    calls = scenarios[name]["calls"]
    assert [call["index"] for call in calls if call["retain_graph"]] == RETAINING.get(name, [])


@pytest.mark.parametrize("name", ["single", "twice", "retained", "shared", "rebuilt"])
def test_each_pass_that_works_finds_the_row_of_the_jacobian(scenarios: dict, name: str):
    for found in gradients_of(scenarios[name]):
        assert found == exactly(P1_BY_A)


def test_grad_holds_the_sum_of_both_passes(scenarios: dict):
    first, second = gradients_of(scenarios["accumulated"])
    assert first == exactly(P1_BY_A)
    assert second == exactly([2 * entry for entry in P1_BY_A])


def test_two_heads_have_their_own_gradients(scenarios: dict):
    first, second = gradients_of(scenarios["partial"])
    assert first == exactly([math.exp(a + 1) for a in (2, 1, 0.1)])
    assert second == exactly([math.cos(a + 1) for a in (2, 1, 0.1)])


def test_create_graph_gives_the_second_derivative(scenarios: dict):
    first, second = gradients_of(scenarios["create-graph"])
    assert first == exactly([3 * a**2 for a in (2, 1, 0.1)])
    assert second == exactly([6 * a for a in (2, 1, 0.1)])


@pytest.mark.parametrize(
    ("name", "tensors"),
    [
        ("single", {"SoftmaxBackward0.result": 1}),
        ("twice", {"SoftmaxBackward0.result": 1}),
        ("retained", {"SoftmaxBackward0.result": 2}),
        ("shared", {"SoftmaxBackward0.result": 1}),
        ("nothing-saved", {}),
        ("accumulated", {"SoftmaxBackward0.result": 2}),
    ],
)
def test_which_saved_tensor_was_freed_by_which_call(scenarios: dict, name: str, tensors: dict):
    assert freed(scenarios[name]) == tensors


def test_a_retaining_call_frees_nothing():
    (scenario,) = answer("retain-demo 'softmax(a, dim=0)[1]' a=2,1,0.1 --retain all --calls 2")["scenarios"]
    assert [call["ok"] for call in scenario["calls"]] == [WORKS, WORKS]
    assert freed(scenario) == {"SoftmaxBackward0.result": None}


def test_additions_may_be_walked_as_often_as_one_likes():
    (scenario,) = answer("retain-demo 'sum(a + 1)' a=1,2 --calls 3")["scenarios"]
    assert [call["ok"] for call in scenario["calls"]] == [WORKS] * 3
