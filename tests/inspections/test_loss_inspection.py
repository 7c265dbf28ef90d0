"""`loss`: values, contributions, what is inside, and gradient descent, held against closed forms."""

from __future__ import annotations

import math
from typing import Any

import pytest
from command_line import answered, failed, numbers


def gradient(result: Any, name: str = "input") -> list[float]:
    return numbers(result["gradients"][name]["values"])


def test_mean_squared_error_by_hand() -> None:
    result = answered(["loss", "mse", "[2.5, 0, 2]", "[3, -0.5, 2]", "-t", "float64"])
    assert result["loss"]["values"] == pytest.approx(0.5 / 3, rel=1e-15)
    assert result["contributions"]["values"] == [0.25, 0.25, 0]
    assert gradient(result) == pytest.approx([-1 / 3, 1 / 3, 0], rel=1e-15)
    assert set(result["gradients"]) == {"input"}
    assert (result["name"], result["reduction"]) == ("mse", "mean")


@pytest.mark.parametrize(("reduction", "loss", "scale"), [("mean", 0.25, 0.5), ("sum", 0.5, 1.0)])
def test_a_reduction_scales_the_loss_and_the_gradient(reduction: str, loss: float, scale: float) -> None:
    result = answered(["loss", "mse", "[2.5, 0]", "[3, -0.5]", "--reduction", reduction])
    assert result["loss"]["values"] == loss
    assert gradient(result) == [-1 * scale, 1 * scale]
    assert result["contributions"]["values"] == [0.25, 0.25]


def test_an_unreduced_loss_is_differentiated_with_the_cotangent() -> None:
    words = ["loss", "mse", "[2.5, 0]", "[3, -0.5]", "--reduction", "none"]
    assert gradient(answered(words)) == [-1, 1]
    assert gradient(answered([*words, "--vjp", "2,-3"])) == [-2, -3]
    error = failed([*words, "--vjp", "none"], 1)
    assert error["message"] == "grad can be implicitly created only for scalar outputs"


def test_contributions_add_up_to_the_loss() -> None:
    for name, *words in (
        ("huber", "[0.2, 5, -3]", "[0, 1, 1]"),
        ("bce_with_logits", "[0.2, 5, -3]", "[0, 1, 1]"),
        ("kl_div", "[-1, -2, -0.5]", "[0.2, 0.3, 0.5]"),
        ("poisson_nll", "[0.2, 1, -3]", "[0, 1, 2]"),
    ):
        result = answered(["loss", name, *words, "--reduction", "sum", "-t", "float64"])
        total = math.fsum(numbers(result["contributions"]["values"]))
        assert result["loss"]["values"] == pytest.approx(total, rel=1e-14), name


# --- who is differentiated -------------------------------------------------------------------------------------------


def test_the_articles_example() -> None:
    result = answered(["loss", "mse", "x * w", "1", "x=1", "w=2", "--wrt", "w"])
    assert gradient(result, "w") == [2]
    assert set(result["gradients"]) == {"w"}


def test_a_weight_that_requires_no_gradient_gives_the_articles_error() -> None:
    import torch

    with pytest.raises(RuntimeError) as raised:
        torch.autograd.grad((torch.ones(1) * torch.tensor([2.0]) - 1).square().mean(), torch.tensor([2.0]))
    error = failed(["loss", "mse", "x * w", "1", "x=1", "w=2", "--frozen", "w"], 1)
    assert error["message"] == str(raised.value)
    assert "--frozen w" in error["hint"]


def test_the_names_of_the_prediction_are_differentiated_and_the_target_only_on_request() -> None:
    words = ["loss", "mse", "x * w + b", "y", "x=1", "w=2", "b=0", "y=1"]
    assert set(answered(words)["gradients"]) == {"x", "w", "b"}
    asked = answered([*words, "--wrt", "w,y"])
    assert (gradient(asked, "w"), gradient(asked, "y")) == ([2], [-2])


@pytest.mark.parametrize("via", ["grad", "backward"])
def test_both_ways_give_the_same(via: str) -> None:
    words = ["loss", "mse", "x * w + b", "1", "x=1", "w=2", "b=0", "--wrt", "w,b"]
    result = answered([*words, "--via", via])
    assert (gradient(result, "w"), gradient(result, "b")) == ([2], [2])
    assert result["method"]["via"] == via


def test_the_definition_and_the_squared_norm_agree() -> None:
    words = ["x=[[1, 2], [3, 4], [5, 6]]", "w=0.5,-1", "b=0.1", "y=1,2,3", "--wrt", "w,b", "-t", "float64"]
    by_sum = answered(["grad", "sum((y - (x @ w + b))**2)", *words])
    by_norm = answered(["grad", "norm(y - (x @ w + b))**2", *words])
    by_loss = answered(["loss", "mse", "x @ w + b", "y", "--reduction", "sum", *words])
    for other in (by_norm, by_loss):
        assert gradient(other, "w") == pytest.approx(gradient(by_sum, "w"), rel=1e-13)
        assert gradient(other, "b") == pytest.approx(gradient(by_sum, "b"), rel=1e-13)


# --- class indices ---------------------------------------------------------------------------------------------------

LOGITS = [[2.0, 1.0, 0.1], [0.5, 2.5, -1.0]]
CLASSES = [0, 2]


def softmaxes() -> list[list[float]]:
    rows = [[math.exp(v) for v in row] for row in LOGITS]
    return [[value / math.fsum(row) for value in row] for row in rows]


@pytest.mark.parametrize(
    "words",
    [
        ["[[2, 1, 0.1], [0.5, 2.5, -1]]", "[0, 2]"],
        ["[[2, 1, 0.1], [0.5, 2.5, -1]]", "0,2"],
        ["[[2, 1, 0.1], [0.5, 2.5, -1]]", "(0, 2)"],
        ["[[2, 1, 0.1], [0.5, 2.5, -1]]", "target=0,2"],
        ["[[2, 1, 0.1], [0.5, 2.5, -1]]", "target:int64=0,2"],
        ["input=[[2, 1, 0.1], [0.5, 2.5, -1]]", "target=[0, 2]"],
        ["target=[0, 2]", "input=[[2, 1, 0.1], [0.5, 2.5, -1]]"],
        ["[[2, 1, 0.1], [0.5, 2.5, -1]]", "t", "t=0,2"],
        ["x * 1", "t", "t:long=0,2", "x=[[2, 1, 0.1], [0.5, 2.5, -1]]"],
        ["x", "long([0, 2])", "x=[[2, 1, 0.1], [0.5, 2.5, -1]]"],
        ["[[2, 1, 0.1], [0.5, 2.5, -1]]", "[[1, 0, 0], [0, 0, 1]]"],
        ["[[2, 1, 0.1], [0.5, 2.5, -1]]", "[[1.0, 0, 0], [0, 0, 1]]"],
    ],
)
def test_class_indices_may_be_written_in_any_way(words: list[str]) -> None:
    result = answered(["loss", "cross_entropy", *words, "-t", "float64"])
    p = softmaxes()
    expected = -(math.log(p[0][0]) + math.log(p[1][2])) / 2
    assert result["loss"]["values"] == pytest.approx(expected, rel=1e-13)
    name = next(iter(result["gradients"]))
    hot = [[1, 0, 0], [0, 0, 1]]
    by_hand = [(q - h) / 2 for row, hots in zip(p, hot, strict=True) for q, h in zip(row, hots, strict=True)]
    assert gradient(result, name) == pytest.approx(by_hand, rel=1e-12)


def test_the_same_loss_as_an_expression() -> None:
    for target in ("[0, 2]", "t"):
        words = ["grad", f"F.cross_entropy(x, {target})", "x=[[2, 1, 0.1], [0.5, 2.5, -1]]", "-t", "float64"]
        result = answered([*words, *(["t=0,2"] if target == "t" else [])])
        p = softmaxes()
        assert float(result["output"]["values"]) == pytest.approx(
            -(math.log(p[0][0]) + math.log(p[1][2])) / 2, rel=1e-13
        )


def test_one_sample_needs_no_batch_and_probabilities_of_its_shape_are_no_indices() -> None:
    by_index = answered(["loss", "cross_entropy", "2,1,0.1", "1", "-t", "float64"])
    by_probabilities = answered(["loss", "cross_entropy", "2,1,0.1", "0,1,0", "-t", "float64"])
    assert by_index["loss"]["values"] == pytest.approx(-math.log(softmaxes()[0][1]), rel=1e-14)
    assert by_probabilities["loss"]["values"] == pytest.approx(by_index["loss"]["values"], rel=1e-14)


def test_the_softmax_inside_cross_entropy_stands_beside_its_target() -> None:
    inside = answered(["loss", "cross_entropy", "[[2, 1, 0.1]]", "[0]", "--reduction", "sum", "-t", "float64"])[
        "inside"
    ]
    assert inside["name"] == "softmax"
    assert numbers(inside["probabilities"]["values"]) == pytest.approx(softmaxes()[0], rel=1e-14)
    assert numbers(inside["target"]["values"]) == [1, 0, 0]


def test_the_gradient_of_cross_entropy_is_the_difference_that_is_shown() -> None:
    result = answered(["loss", "cross_entropy", "[[2, 1, 0.1]]", "[0]", "--reduction", "sum", "-t", "float64"])
    assert gradient(result) == pytest.approx(numbers(result["inside"]["difference"]["values"]), rel=1e-13)


def test_the_sigmoid_inside_bce_with_logits_stands_beside_its_target() -> None:
    result = answered(["loss", "bce_with_logits", "0.5,-1", "1,0", "--reduction", "sum", "-t", "float64"])
    assert result["inside"]["name"] == "sigmoid"
    expected = [1 / (1 + math.exp(-0.5)) - 1, 1 / (1 + math.exp(1))]
    assert numbers(result["inside"]["difference"]["values"]) == pytest.approx(expected, rel=1e-14)
    assert gradient(result) == pytest.approx(expected, rel=1e-14)


def test_other_losses_have_nothing_inside() -> None:
    assert answered(["loss", "mse", "1", "2"])["inside"] is None


def test_an_ignored_class_contributes_nothing() -> None:
    result = answered(["loss", "cross_entropy", "[[2, 1, 0.1], [1, 2, 3]]", "[0, -100]"])
    assert numbers(result["contributions"]["values"])[1] == 0
    assert gradient(result)[3:] == [0, 0, 0]
    assert numbers(result["inside"]["target"]["values"])[3:] == [0, 0, 0]


def test_a_class_out_of_bounds_is_pytorchs_error() -> None:
    assert "out of bounds" in failed(["loss", "cross_entropy", "[[2, 1, 0.1]]", "[5]"], 1)["message"]


# --- gradient descent ------------------------------------------------------------------------------------------------


def test_descent_is_the_update_rule_step_by_step() -> None:
    """Linear regression by hand: new = old - lr * gradient, on paper's arithmetic."""
    xs, ys, rate = [1.0, 2.0, 3.0], [2.0, 3.0, 5.0], 0.05
    result = answered(
        [
            "loss",
            "mse",
            "x * w + b",
            "2,3,5",
            "x=1,2,3",
            "w=0",
            "b=0",
            "--wrt",
            "w,b",
            "--lr",
            str(rate),
            "--steps",
            "20",
            "-t",
            "float64",
        ]
    )
    descent = result["descent"]
    assert [step["step"] for step in descent] == list(range(21))
    w = b = 0.0
    for step in descent:
        errors = [w * x + b - y for x, y in zip(xs, ys, strict=True)]
        loss = math.fsum(error**2 for error in errors) / 3
        by_w = 2 * math.fsum(error * x for error, x in zip(errors, xs, strict=True)) / 3
        by_b = 2 * math.fsum(errors) / 3
        assert step["loss"] == pytest.approx(loss, rel=1e-12)
        assert step["parameters"]["w"]["values"] == pytest.approx(w, rel=1e-12, abs=1e-15)
        assert step["parameters"]["b"]["values"] == pytest.approx(b, rel=1e-12, abs=1e-15)
        assert step["gradients"]["w"]["values"] == pytest.approx(by_w, rel=1e-11)
        assert step["gradients"]["b"]["values"] == pytest.approx(by_b, rel=1e-11, abs=1e-13)
        w, b = w - rate * by_w, b - rate * by_b
    assert descent[-1]["loss"] < descent[0]["loss"] / 10


def test_the_answer_itself_is_that_of_the_start() -> None:
    words = ["loss", "mse", "x * w", "1", "x=1", "w=2", "--wrt", "w"]
    plain, descended = answered(words), answered([*words, "--lr", "0.1", "--steps", "3"])
    assert descended["descent"][0]["gradients"]["w"]["values"] == gradient(plain, "w")[0]
    assert {**descended, "descent": []} == plain


@pytest.mark.parametrize("via", ["grad", "backward"])
@pytest.mark.parametrize("words", [["x * w", "1"], ["torch.ones(())", "x * w"]])
def test_data_is_differentiated_and_stays_where_it_is(words: list[str], via: str) -> None:
    words = ["loss", "mse", *words, "x=3", "w=2", "--via", via]
    plain = answered(words)
    assert {*plain["gradients"]} == {"x", "w"}
    descended = answered([*words, "--lr", "0.01", "--steps", "3"])
    assert {**descended, "descent": []} == plain
    assert descended["descent"] == answered([*words, "--wrt", "w", "--lr", "0.01", "--steps", "3"])["descent"]
    both = answered([*words, "--wrt", "x,w", "--lr", "0.01", "--steps", "3"])["descent"]
    assert [{*step["parameters"]} for step in both] == [{"x", "w"}] * 4


def test_a_parabola_shrinks_by_a_constant_factor() -> None:
    """w -> w - 0.1 * 2 w = 0.8 w."""
    steps = answered(["loss", "mse", "w", "0", "w=1", "--lr", "0.1", "--steps", "10", "-t", "float64"])["descent"]
    assert [step["parameters"]["w"]["values"] for step in steps] == pytest.approx(
        [0.8**n for n in range(11)], rel=1e-13
    )


@pytest.mark.parametrize("via", ["grad", "backward"])
def test_descent_does_not_accumulate_gradients(via: str) -> None:
    words = ["loss", "mse", "w", "0", "w=1", "--lr", "0.1", "--steps", "4", "--via", via, "-t", "float64"]
    steps = answered(words)["descent"]
    assert [s["gradients"]["w"]["values"] for s in steps] == pytest.approx([2 * 0.8**n for n in range(5)], rel=1e-13)


def test_a_parameter_without_a_path_stays_where_it_is() -> None:
    words = ["loss", "mse", "w", "0", "w=1", "u=7", "--wrt", "w,u", "--lr", "0.1", "--steps", "2"]
    steps = answered(words)["descent"]
    assert [step["parameters"]["u"]["values"] for step in steps] == [7, 7, 7]
    assert [step["gradients"]["u"] for step in steps] == [None, None, None]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--steps", "2"], "gradient descent needs --lr and --steps"),
        (["--lr", "2"], "gradient descent needs --lr and --steps"),
        (["--lr", "1", "--steps", "0"], "--steps 0 is out of bounds"),
        (["--lr", "1", "--steps", "10001"], "--steps 10001 is out of bounds"),
        (["--lr", "1", "--steps", "1", "--reduction", "none"], "gradient descent needs a scalar loss"),
    ],
)
def test_descents_that_cannot_be_are_refused(options: list[str], message: str) -> None:
    assert failed(["loss", "mse", "[1, 2]", "[2, 3]", *options], 2)["message"] == message
