"""The reference against the reference data: activations, losses, random expressions."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from each import each

from gradcli.language.catalogue import find_activation
from gradcli.language.parser import parse
from gradcli.language.syntax import Program
from gradcli.numerics.reference import Slope, slopes, value

Case = dict[str, Any]

DATA = Path(__file__).parents[2] / "data"
ACTIVATIONS = json.loads((DATA / "activations.json").read_text(encoding="utf-8"))["functions"]
LOSSES = json.loads((DATA / "losses.json").read_text(encoding="utf-8"))
EXPRESSIONS = json.loads((DATA / "expressions.json").read_text(encoding="utf-8"))["expressions"]

CLOSE = 3e-16
"""One unit in the last place: the row of selu has its constants rounded to float64."""
CLOSE_TO_JAX = 5e-14
"""Losses without `mp_` values were computed in float64; `mp_max_rel_err` is at most 1e-14 of the largest."""

UNCLAMPED = "bce: input exactly 0 or 1, wrong target"
"""An edge case whose data is that of the unclamped definition; the documented one is flat there."""


def read(number: Any) -> float:
    return math.nan if number is None else float(number)


def is_close(found: Any, expected: Any, tolerance: float) -> bool:
    answer, wanted = float(found), read(expected)
    return (
        answer == wanted or (answer != answer and wanted != wanted) or abs(answer - wanted) <= tolerance * abs(wanted)
    )


def subject(case: Case) -> str:
    words = [f"{name}={setting!r}" for name, setting in case["params"].items() if name != "dim"]
    return f"{case['name']}({', '.join(['x', *words])})"


ELEMENTWISE = [case for case in ACTIVATIONS if case["name"] != "glu"]


def points(case: Case) -> list[Case]:
    return [*case["points"], *case["random_points"], *case["points_f32"]]


@functools.cache
def slopes_of(text: str, x: tuple[float, ...]) -> np.ndarray:
    return slopes(parse(text), {"x": np.array(x)}, ["x"], elementwise=True)["x"]


def slopes_at(case: Case) -> Iterator[tuple[Case, Slope]]:
    found = slopes_of(subject(case), tuple(point["x"] for point in points(case)))
    return zip(points(case), found, strict=True)


every_activation = each("case", ELEMENTWISE, ids=subject)


@every_activation
def test_the_value_of_an_activation_is_that_of_the_data(case: Case) -> None:
    x = np.array([point["x"] for point in points(case)])
    found = value(parse(subject(case)), {"x": x})
    assert [p["x"] for p, f in zip(points(case), found, strict=True) if not is_close(f, p["f"], CLOSE)] == []


@every_activation
def test_the_slope_of_an_activation_is_that_of_the_data(case: Case) -> None:
    for point, slope in slopes_at(case):
        if point["f1"] is None:
            continue
        if point.get("domain") == "outside":
            assert slope.kind == "unknown", point["x"]
            continue
        assert slope.kind == "smooth", point["x"]
        assert is_close(slope.value, point["f1"], CLOSE), point["x"]


@every_activation
def test_the_slopes_at_a_kink_are_the_two_of_the_data(case: Case) -> None:
    for point, slope in slopes_at(case):
        if point["f1"] is not None:
            continue
        if point["left"] is None:  # the function ends here, and has the slope of its one side
            assert slope.kind == "smooth"
            assert is_close(slope.value, point["right"]["f1"], CLOSE)
            continue
        assert slope.kind == "kink", point["x"]
        assert is_close(slope.left, point["left"]["f1"], CLOSE), point["x"]
        assert is_close(slope.right, point["right"]["f1"], CLOSE), point["x"]


def test_the_slopes_of_glu_are_its_partial_derivatives() -> None:
    case = next(case for case in ACTIVATIONS if case["name"] == "glu")
    program = parse("glu(x)")
    for point in case["points"]:
        x = np.array([point["a"], point["b"]])
        assert is_close(value(program, {"x": x})[0], point["f"], CLOSE)
        found = slopes(program, {"x": x}, ["x"], elementwise=False)["x"]
        assert is_close(found[0].value, point["da"], CLOSE)
        assert is_close(found[1].value, point["db"], CLOSE)


def test_the_data_has_every_elementwise_activation_it_had() -> None:
    assert len({case["name"] for case in ELEMENTWISE}) >= 25
    assert all(find_activation(case["name"]) for case in ELEMENTWISE)


def tensor(data: Case) -> np.ndarray:
    return np.array([float(x) for x in data["data"]]).astype(data["dtype"]).reshape(data["shape"])


def call_of(case: Case) -> tuple[Program, dict[str, np.ndarray]]:
    inputs = {name: tensor(data) for name, data in case["inputs"].items()}
    words = [f"{name}={name}" for name in inputs] + [f"{name}={setting!r}" for name, setting in case["params"].items()]
    return parse(f"{case['name']}({', '.join(words)}, reduction='{case['reduction']}')", bound=list(inputs)), inputs


def gradients_of(case: Case) -> dict[str, np.ndarray]:
    cotangent = tensor(case["upstream"]) if "upstream" in case else None
    return slopes(*call_of(case), case["grad_wrt"], elementwise=False, cotangent=cotangent)


def cases_of(name: str) -> list[Case]:
    return [case for case in LOSSES["cases"] if case["name"] == name]


every_loss = pytest.mark.parametrize("name", sorted({case["name"] for case in LOSSES["cases"]}))


@every_loss
def test_every_case_of_a_loss_has_the_value_of_the_data(name: str) -> None:
    for case in cases_of(name):
        expected, tolerance = (case["mp_loss"], CLOSE) if "mp_loss" in case else (case["loss"]["data"], CLOSE_TO_JAX)
        found = value(*call_of(case))
        assert all(is_close(f, e, tolerance) for f, e in zip(found.ravel(), expected, strict=True)), case["id"]


@every_loss
def test_every_variant_of_a_loss_has_the_gradients_of_the_data(name: str) -> None:
    """One reduction of each: the reductions differ by a factor that the values above show."""
    variants = {(case["variant"], str(case["params"]), len(case["inputs"])): case for case in cases_of(name)}
    for case in variants.values():
        exact = "mp_grads" in case
        gradients = gradients_of(case)
        for input_name, wanted in (case["mp_grads"] if exact else case["grads"]).items():
            listed = wanted if exact else wanted["data"]
            for slope, number in zip(gradients[input_name].ravel(), listed, strict=True):
                assert slope.kind == "smooth", case["id"]
                assert is_close(slope.value, number, CLOSE if exact else CLOSE_TO_JAX), case["id"]


@each("case", LOSSES["edge_cases"], ids=lambda case: f"{case['name']}: {case['note']}")
def test_an_edge_case_of_a_loss_is_what_the_definition_says(case: Case) -> None:
    found, gradients = value(*call_of(case)), gradients_of(case)
    if case["math"]["loss"] is not None:
        assert is_close(found.item(), case["math"]["loss"][0], CLOSE_TO_JAX)
    for name, wanted in case["math"]["grads"].items():
        for slope, number, x in zip(gradients[name].ravel(), wanted, tensor(case["inputs"][name]).ravel(), strict=True):
            if number is not None and math.isfinite(x):
                assert slope.kind == "smooth"
                assert is_close(slope.value, number, CLOSE_TO_JAX)
            elif f"{case['name']}: {case['note']}".startswith(UNCLAMPED):
                assert slope == Slope("smooth", slope.value)
                assert slope.value == 0
            else:
                assert slope.kind in ("kink", "unknown")


@pytest.mark.parametrize("case", EXPRESSIONS, ids=lambda case: str(case["id"]))
def test_a_random_expression_has_the_value_and_gradients_of_the_data(case: Case) -> None:
    inputs = {name: np.array(data["data"]).reshape(data["shape"]) for name, data in case["vars"].items()}
    program = parse(case["expr"], bound=list(inputs))
    assert is_close(value(program, inputs).item(), case["mp_value"], CLOSE)
    found = slopes(program, inputs, list(inputs), elementwise=False)
    for name, expected in case["mp_grads"].items():
        assert all(is_close(s.value, e, CLOSE) for s, e in zip(found[name].ravel(), expected, strict=True)), name
