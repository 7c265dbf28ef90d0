"""Losses as people read them: the loss first, where descent led, the worst elements."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from answers_by_hand import CROSS_ENTROPY, DESCENT, MSE
from results_by_hand import gradient, leaf, tensor
from showing import shown

from gradcli.results import DescentStep, Inside, LossResult


def mse(size: int) -> LossResult:
    """Contributions that grow with the index."""
    values = np.arange(size, dtype=np.float32)
    return replace(
        MSE,
        inputs={"input": leaf(values), "target": leaf(np.zeros(size), requires_grad=False)},
        contributions=tensor(values**2),
        gradients={"input": gradient(2 * values, norm=1)},
    )


def test_the_loss_is_first_and_every_gradient_says_of_what() -> None:
    assert shown(MSE) == (
        "mse_loss(input, target)  float32 on cpu\n"
        "\n"
        "loss       0.166667\n"
        "reduction  mean\n"
        "\n"
        "index  input  target  contribution   d/dinput\n"
        "[0]      2.5     3            0.25  -0.333333\n"
        "[1]      0      -0.5          0.25   0.333333\n"
        "[2]      2       2            0      0\n"
        "\n"
        "gradient norm  0.471405\n"
    )


def test_parameters_that_nobody_gave_are_not_shown() -> None:
    assert "label_smoothing" not in shown(CROSS_ENTROPY)
    assert "\nindex   input    d/dinput\n[0, 0]    2    -0.340999\n" in shown(CROSS_ENTROPY)


def test_scalars_stand_beside_each_other_each_with_its_gradient() -> None:
    several = replace(
        DESCENT,
        inputs={"w": leaf(2), "b": leaf(0), "target": leaf([1, 2], requires_grad=False)},
        contributions=tensor([1, 4]),
        gradients={"w": gradient(2, norm=2), "b": None},
        descent=(),
    )
    assert "index  target  contribution\n[0]         1             1\n" in shown(several)
    assert "\nw  d/dw  b  d/db\n2     2  0     -\n" in shown(several)


def test_of_many_elements_the_worst_are_first() -> None:
    lines = shown(mse(64)).splitlines()
    start = lines.index("64 elements, the worst first")
    assert lines[start - 1] == ""
    assert [line.split()[0] for line in lines[start + 1 : start + 9]] == [
        *("index", "[63]", "[62]", "[61]"),
        "…",
        *("[2]", "[1]", "[0]"),
    ]
    assert "… 58 more" in lines
    every = shown(mse(64), max_rows=None).splitlines()
    assert [line.split()[0] for line in every if line.startswith("[")] == [f"[{index}]" for index in range(63, -1, -1)]
    assert "worst" not in shown(mse(20))


def test_what_is_no_number_is_the_worst() -> None:
    answer = mse(30)
    values = np.array(answer.contributions.values)  # type: ignore[union-attr]
    values[[3, 7]] = np.nan, np.inf
    lines = shown(replace(answer, contributions=tensor(values))).splitlines()
    assert [line.split()[0] for line in lines[lines.index("30 elements, the worst first") :][2:5]] == [
        *("[3]", "[7]", "[29]")
    ]


def test_a_batch_of_64_by_10_is_about_a_screen() -> None:
    values = np.random.default_rng(0).random((64, 10))
    many = replace(
        CROSS_ENTROPY,
        inputs={"input": leaf(values), "target": leaf(np.arange(64) % 10, "int64", requires_grad=False)},
        contributions=tensor(values[:, 0]),
        gradients={"input": gradient(values, norm=1)},
        inside=Inside("softmax", tensor(values), tensor(values), tensor(values)),
    )
    lines = shown(many, width=80).splitlines()
    assert len(lines) <= 28
    assert lines.count("… 638 more") == 2


def test_descent_says_where_it_led_before_its_steps_and_shows_the_last_one() -> None:
    steps = tuple(DescentStep(n, 0.5**n, {"w": tensor(0.5**n)}, {"w": gradient(0.5**n, norm=1)}) for n in range(21))
    text = shown(replace(DESCENT, descent=steps, gradients={"w": gradient(2, norm=2)}))
    outcome = text.index("The loss went from 1 to 9.53674e-07 in 20 steps.")
    assert outcome < text.index("gradient descent\nstep  ") < text.index("\n  20  ") < text.index("gradient norm")
    assert "… " not in text
    assert "stays as it is" not in text
    assert text.endswith("\nvia backward\n")


def test_what_descent_leaves_alone_is_said() -> None:
    step = DescentStep(0, 1.0, {"w": tensor(2)}, {"w": gradient(2, norm=2)})
    kept = replace(DESCENT, gradients={"x": gradient(4, norm=4), "w": gradient(2, norm=2)}, descent=(step, step))
    assert "\nx stays as it is, as data does; --wrt x,w moves it too.\n" in shown(kept)
