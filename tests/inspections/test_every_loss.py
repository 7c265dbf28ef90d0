"""Every loss of PyTorch through `gradcli loss`, with all of its arguments, against closed forms."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import pytest
from command_line import answered, captured, numbers
from each import each

from gradcli.language.catalogue.losses import LOSSES
from gradcli.language.catalogue.rows import Loss

every_loss = each("row", LOSSES, ids=lambda row: row.name)


def example(row: Loss) -> list[str]:
    return [f"{name}={value}" for name, value in row.example]


def exactly(expected: object) -> Any:
    return pytest.approx(expected, rel=1e-12, abs=1e-15)


def loss(*words: str) -> Any:
    return answered(["loss", *words, "-t", "float64"])


@every_loss
def test_the_sum_of_the_contributions_is_the_summed_loss(row: Loss) -> None:
    result = loss(row.name, *example(row), "--reduction", "sum")
    parts = numbers(result["contributions"]["values"])
    assert result["loss"]["values"] == exactly(math.fsum(parts))
    alone = loss(row.name, *example(row), "--reduction", "none")
    assert numbers(alone["loss"]["values"]) == exactly(parts)


@every_loss
def test_every_alias_is_the_same_loss(row: Loss) -> None:
    result = loss(row.name, *example(row))
    for alias in row.aliases:
        assert loss(alias, *example(row)) == result


@every_loss
def test_a_default_that_is_written_out_changes_nothing(row: Loss) -> None:
    given = [f"--param={name}={value}" for name, value in row.parameters if value is not None]
    result, same = loss(row.name, *example(row)), loss(row.name, *example(row), *given)
    assert (same["loss"], same["gradients"], same["parameters"]) == (
        result["loss"],
        result["gradients"],
        result["parameters"],
    )


@every_loss
def test_a_small_step_of_gradient_descent_lowers_the_loss_by_the_squared_gradient(row: Loss) -> None:
    start, end = loss(row.name, *example(row), "--lr", "1e-6", "--steps", "1")["descent"]
    squared = math.fsum(part**2 for g in start["gradients"].values() if g for part in numbers(g["values"]))
    if row.name == "ctc":  # its gradient is by the logits under the log_softmax
        assert squared > 0
        return
    assert start["loss"] - end["loss"] == pytest.approx(1e-6 * squared, rel=1e-3, abs=1e-12)


@every_loss
def test_the_example_stands_for_every_required_tensor(row: Loss) -> None:
    assert {a.name for a in row.arguments if a.required} <= {name for name, _ in row.example}


# --- arguments ---

LOGITS = [[2.0, 1.0, 0.1], [0.3, -1.0, 0.5], [0.0, 0.2, -0.4]]
TARGET = [0, 2, 1]


def log_softmax(row: list[float]) -> list[float]:
    total = math.log(math.fsum(map(math.exp, row)))
    return [x - total for x in row]


def test_class_weights_weigh_the_samples_and_their_mean() -> None:
    result = loss("cross_entropy", str(LOGITS), str(TARGET), "weight=1,2,5")
    weights = [(1.0, 2.0, 5.0)[target] for target in TARGET]
    parts = [-w * log_softmax(row)[t] for w, row, t in zip(weights, LOGITS, TARGET, strict=True)]
    assert numbers(result["contributions"]["values"]) == exactly(parts)
    assert result["loss"]["values"] == exactly(sum(parts) / sum(weights))
    for row, target, weight, gradient in zip(
        LOGITS, TARGET, weights, result["gradients"]["input"]["values"], strict=True
    ):
        softmax = [math.exp(x) for x in log_softmax(row)]
        assert gradient == exactly([weight * (p - (i == target)) / sum(weights) for i, p in enumerate(softmax)])


def test_label_smoothing_moves_a_share_of_the_target_to_all_classes() -> None:
    result = loss("cross_entropy", str(LOGITS), str(TARGET), "--param", "label_smoothing=0.3")
    parts = []
    for row, target in zip(LOGITS, TARGET, strict=True):
        smooth = [0.7 * (i == target) + 0.1 for i in range(3)]
        parts.append(-math.fsum(q * x for q, x in zip(smooth, log_softmax(row), strict=True)))
    assert result["loss"]["values"] == exactly(sum(parts) / 3)


def test_an_ignored_class_counts_neither_in_the_sum_nor_in_the_mean() -> None:
    result = loss("cross_entropy", str(LOGITS), "[0, 1, 1]", "--param", "ignore_index=1")
    assert result["loss"]["values"] == exactly(-log_softmax(LOGITS[0])[0])
    assert result["gradients"]["input"]["values"][1:] == [[0, 0, 0], [0, 0, 0]]


def test_a_mean_of_nothing_is_nan_and_breaks_nothing() -> None:
    result = loss("cross_entropy", str(LOGITS), "[1, 1, 1]", "--param", "ignore_index=1")
    assert result["loss"]["values"] == "NaN"


@pytest.mark.parametrize("how", ["", "batch"])
def test_ctc_is_the_sum_over_all_paths(how: str) -> None:
    probabilities = [[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.3, 0.3, 0.4]]
    spelled = math.fsum(
        math.prod(probabilities[time][label] for time, label in enumerate(path))
        for path in itertools.product(range(3), repeat=3)
        if [label for label, _ in itertools.groupby(path) if label] == [1, 2]
    )
    log_probs = [[math.log(p) for p in row] for row in probabilities]
    words = [f"log_probs={log_probs}", "targets=1,2", "input_lengths=3", "target_lengths=2"]
    if how == "batch":
        words = [
            f"log_probs={[[row] for row in log_probs]}",
            "targets=[[1, 2]]",
            "input_lengths=[3]",
            "target_lengths=[2]",
        ]
    result = loss("ctc", *words, "--reduction", "sum")
    assert result["loss"]["values"] == exactly(-math.log(spelled))
    assert loss("ctc", *words)["loss"]["values"] == exactly(-math.log(spelled) / 2)


def test_an_impossible_ctc_is_infinite_unless_infinity_is_zero() -> None:
    words = ["log_probs=[[[-1.0, -1.0]]]", "targets=[[1, 1]]", "input_lengths=[1]", "target_lengths=[2]"]
    assert loss("ctc", *words)["loss"]["values"] == "Infinity"
    assert loss("ctc", *words, "--param", "zero_infinity=True")["loss"]["values"] == 0


def test_a_triplet_compares_two_distances() -> None:
    result = loss(
        "triplet_margin", "anchor=[[1, 2]]", "positive=[[1, 3]]", "negative=[[4, 2]]", "--param", "margin=2.5"
    )
    assert result["loss"]["values"] == pytest.approx(1 - 3 + 2.5, abs=1e-5)  # PyTorch adds 1e-6 to each difference
    assert set(result["gradients"]) == {"anchor", "positive", "negative"}


def test_a_ranking_takes_three_tensors_and_differentiates_two() -> None:
    result = loss("margin_ranking", "input1=1,2", "input2=3,1", "target=1,1", "--param", "margin=0.5")
    assert result["loss"]["values"] == exactly((2.5 + 0) / 2)
    assert result["gradients"]["input1"]["values"] == [-0.5, 0]
    assert result["gradients"]["input2"]["values"] == [0.5, 0]


def test_a_positive_weight_weighs_the_positive_answers_only() -> None:
    result = loss("bce_with_logits", "input=0.5,-1", "target=1,0", "pos_weight=3")
    parts = [3 * math.log1p(math.exp(-0.5)), math.log1p(math.exp(-1))]
    assert result["loss"]["values"] == exactly(sum(parts) / 2)
    slopes = [-3 / (1 + math.exp(0.5)) / 2, 1 / (1 + math.exp(1)) / 2]
    assert result["gradients"]["input"]["values"] == exactly(slopes)


def test_a_gaussian_has_gradients_by_its_mean_and_its_variance() -> None:
    result = loss("gaussian_nll", "input=1", "target=3", "var=2", "--wrt", "input,var")
    assert result["loss"]["values"] == exactly((math.log(2) + 4 / 2) / 2)
    assert result["gradients"]["input"]["values"] == exactly(-2 / 2)
    assert result["gradients"]["var"]["values"] == exactly((1 / 2 - 4 / 4) / 2)


# --- gradient descent in the terminal ---

PARABOLA = ["loss", "mse", "x * w", "1", "x=1", "w=2", "--wrt", "w"]


def plotted(*words: str) -> bool:
    code, out, err = captured([*PARABOLA, *words])
    assert code == 0, err
    return "over step" in out


@pytest.mark.parametrize(
    ("words", "drawn"),
    [
        (["--lr", "0.1", "--steps", "20", "--plot"], True),
        (["--lr", "0.1", "--steps", "20", "--no-plot"], False),
        (["--lr", "0.1", "--steps", "20"], False),  # no terminal
        (["--plot"], False),  # nothing descends
    ],
)
def test_the_loss_over_the_steps_is_drawn_on_request(words: list[str], drawn: bool) -> None:
    assert plotted(*words) == drawn


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        ("0.1", "The loss went from 1 to 0.000132923 in 20 steps."),
        ("1.5", "The loss rose from 1 to 1.09951e+12: try a smaller --lr."),
        ("1e30", "The loss is not finite any more from step 1 on: try a smaller --lr."),
        ("-1e30", "The loss is not finite any more from step 1 on: try a smaller --lr."),
        ("0", "The loss went from 1 to 1 in 20 steps."),
    ],
)
@pytest.mark.parametrize("plot", ["--plot", "--no-plot"])
def test_where_a_descent_led_is_said(rate: str, said: str, plot: str) -> None:
    code, out, _ = captured([*PARABOLA, "--lr", rate, "--steps", "20", plot])
    assert code == 0
    assert said in out


def test_a_descent_that_diverges_is_an_answer_in_strict_json() -> None:
    code, out, _ = captured([*PARABOLA, "--lr", "1e30", "--steps", "5", "--json"])
    assert code == 0
    document = json.loads(out, parse_constant=lambda word: pytest.fail(word))
    assert document["descent"][0]["loss"] == 1
    assert {step["loss"] for step in document["descent"][1:]} == {"Infinity", "NaN"}
    assert document["descent"][5]["parameters"]["w"]["values"] == "NaN"
