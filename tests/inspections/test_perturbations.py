"""How far inputs are moved, which ones are, and which stay."""

from __future__ import annotations

import math

import torch

from gradcli.diagnose.equivalence.perturbations import changed_one_by_one, far_inputs, near_inputs, ulps_apart

X = torch.cat([torch.linspace(0.5, 60.0, 30), -torch.linspace(0.5, 60.0, 30)])
INPUTS = {
    "x": X,
    "w": torch.full((40,), 2.0),
    "mask": torch.ones(40, dtype=torch.bool),
    "index": torch.tensor([3, 1, 2]),
}


def ulps(moved: torch.Tensor, here: torch.Tensor) -> torch.Tensor:
    """How far in ULPs of each number, rounded; negative on the left."""
    return ((moved.double() - here.double()) / (here.double().abs() * torch.finfo(here.dtype).eps)).round()


def test_the_first_inputs_nearby_are_one_to_three_ulps_away_on_both_sides() -> None:
    first, *_ = near_inputs(INPUTS, ["x"])
    for name in ("x", "w"):
        steps = ulps(first[name], INPUTS[name])
        assert set(steps.abs().tolist()) == {1, 2, 3}
        assert set(steps.sign().tolist()) == {-1, 1}
    assert first["mask"] is INPUTS["mask"]
    assert first["index"] is INPUTS["index"]


def test_then_come_a_few_percent_of_all_inputs_and_of_those_with_a_gradient() -> None:
    moved = list(near_inputs(INPUTS, ["x"]))[1:7]
    for inputs, signs in zip(moved, [{-1, 1}, {1}, {-1}] * 2, strict=True):
        share = inputs["x"] / X - 1
        assert 0.0099 < float(share.abs().min()) < 0.015
        assert 0.035 < float(share.abs().max()) < 0.0401
        assert set(share.sign().tolist()) == signs
    assert [torch.equal(inputs["w"], INPUTS["w"]) for inputs in moved] == [False] * 3 + [True] * 3


def test_the_last_inputs_nearby_go_to_zero_where_there_is_a_gradient() -> None:
    *_, half, tenth = near_inputs(INPUTS, ["x"])
    for inputs, factor in ((half, 0.5), (tenth, 0.1)):
        assert torch.equal(inputs["x"], X * factor)
        assert inputs["w"] is INPUTS["w"]


def test_a_zero_moves_by_percents_of_the_largest_finite_number_beside_it() -> None:
    for leaf, scale in (([0.0, 100.0, -200.0, math.inf], 200.0), ([0.0, 0.0], 1.0), ([0.0, 0.01], 0.01)):
        _, around, *_ = near_inputs({"x": torch.tensor(leaf)}, ["x"])
        assert 0.0099 < abs(float(around["x"][0])) / scale < 0.0401
    infinite = torch.tensor([math.inf, -math.inf])
    assert torch.equal(list(near_inputs({"x": infinite}, ["x"]))[1]["x"], infinite)


def test_two_sides_are_a_few_ulps_apart_and_a_zero_moves_to_normal_numbers() -> None:
    farther, nearer = ulps_apart(INPUTS, ["x"])
    assert set((ulps(farther["x"], X) * X.sign()).tolist()) == {1, 2, 3}
    assert set((ulps(nearer["x"], X) * X.sign()).tolist()) == {-1, -2, -3}
    assert farther["w"] is nearer["w"] is INPUTS["w"]
    right, left = ulps_apart({"x": torch.zeros(40)}, ["x"])
    tiny = torch.finfo(torch.float32).smallest_normal
    assert set((right["x"] / tiny).tolist()) == {1, 2, 3}
    assert set((left["x"] / tiny).tolist()) == {-1, -2, -3}


def test_inputs_are_changed_one_by_one_where_there_are_several() -> None:
    assert not list(changed_one_by_one(INPUTS, ["x"]))
    inputs = {**INPUTS, "w": torch.zeros(40)}
    first, second = changed_one_by_one(inputs, ["x", "w"])
    assert first["w"] is inputs["w"]
    assert second["x"] is X
    for shares in (first["x"] / X, second["w"]):
        assert 0.25 <= float(shares.min()) < 0.35
        assert 0.65 < float(shares.max()) <= 0.75


def test_far_inputs_are_first_those_that_are_given_ever_smaller() -> None:
    leaf = torch.tensor([2.0, -3.0, 0.0, math.nan, math.inf])
    inputs = {"x": leaf, "mask": INPUTS["mask"], "index": INPUTS["index"]}
    for found, factor in zip(far_inputs(inputs), (1.0, 0.5, 0.1, 0.01, 1e-4), strict=False):
        assert torch.equal(found["x"][:2], leaf[:2] * factor)
        assert bool((torch.isfinite(found["x"]) & (found["x"] != 0)).all())
        assert found["mask"] is inputs["mask"]
        assert found["index"] is inputs["index"]


def test_random_inputs_first_keep_their_signs_and_then_have_any_or_one() -> None:
    found = list(far_inputs(INPUTS))[5:]
    signs = [set((inputs["x"] * X).sign().tolist()) for inputs in found[:2]]
    assert signs == [{1}, {1}]
    signs = [set(inputs["x"].sign().tolist()) for inputs in found[2:]]
    assert signs == [{-1, 1}, {1}, {-1}, {1}, {1}, {-1}]
    for inputs, spread in zip(found, (1, 3, 1, 1, 1, 3, 10, 10), strict=True):
        size = float(inputs["x"].square().mean().sqrt())
        assert 0.7 * spread < size < 1.4 * spread
        assert set(inputs["mask"].tolist()) == {False, True}
        assert inputs["index"] is INPUTS["index"] or torch.equal(inputs["index"], INPUTS["index"])
