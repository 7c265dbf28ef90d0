"""Answers of the command line held against numbers that nobody here made up (see tests/data)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import answered, captured, failed, numbers
from each import each

pytestmark = pytest.mark.usefixtures("no_fixes")

DATA = Path(__file__).parents[1] / "data"


def read(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


# --- activations -----------------------------------------------------------------------------------------------------

FUNCTIONS = [function for function in read("activations")["functions"] if function["name"] != "glu"]
GLU = next(function for function in read("activations")["functions"] if function["name"] == "glu")

Where = Callable[[float], bool]

PYTORCH_IS_INEXACT: dict[tuple[str, str], tuple[Where, str]] = {
    ("sigmoid", "f1"): (lambda x: x > 10, "s(1 - s) cancels where s is nearly 1"),
    ("sigmoid", "f2"): (lambda x: x > 10 or abs(x) < 1e-3, "1 - s and 1 - 2s cancel where s is nearly 1 or 1/2"),
    ("tanh", "f1"): (lambda x: abs(x) > 5, "1 - t**2 cancels where t is nearly 1"),
    ("tanh", "f2"): (lambda x: abs(x) > 5, "1 - t**2 cancels where t is nearly 1"),
    ("silu", "f"): (lambda x: x < -700, "exp(-x) overflows before the result is 0"),
    ("silu", "f1"): (lambda x: x < -700, "exp(-x) overflows before the result is 0"),
    ("silu", "f2"): (lambda x: x > 10 or x < -700, "contains 1 - s"),
    ("gelu", "f"): (lambda x: x < -3.5, "1 + erf(x / sqrt(2)) cancels in the left tail"),
    ("gelu", "f1"): (lambda x: x < -3.5, "1 + erf(x / sqrt(2)) cancels in the left tail"),
    ("gelu", "f2"): (lambda x: abs(x) > 5, "contains the same difference, and its mirror image"),
    ("mish", "f1"): (lambda x: x < -700, "exp(-x) overflows before the result is 0"),
    ("mish", "f2"): (lambda x: x > 5 or x < -700, "1 - tanh(softplus(x))**2 cancels; NaN from 709.8 on"),
    ("hardsigmoid", "f1"): (lambda x: abs(x) < 3, "1/6 is held in float32"),
    ("tanhshrink", "f"): (lambda x: abs(x) < 0.02, "x - tanh(x) cancels near 0"),
    ("tanhshrink", "f1"): (lambda x: abs(x) < 0.005, "1 - (1 - t**2) cancels near 0"),
    ("tanhshrink", "f2"): (lambda x: abs(x) > 5, "contains 1 - t**2"),
    ("softplus", "f2"): (lambda x: x > 5, "contains 1 - s"),
    ("logsigmoid", "f2"): (lambda x: x > 10, "contains 1 - s"),
}
"""Where PyTorch loses digits of its own in float64, and why: nothing is asserted there, since it is being repaired."""

PYTORCH_HAS_NO_SECOND_DERIVATIVE = {"hardsigmoid", "hardswish"}
"""PyTorch raises, or answers nothing, where a second derivative is asked for."""


def exempt(name: str, what: str, x: float) -> bool:
    where, _ = PYTORCH_IS_INEXACT.get((name, what), (lambda _: False, ""))
    return where(x)


def asked(function: dict[str, Any], *options: str) -> Any:
    parameters = [f"--param={key}={value!r}" for key, value in function["params"].items()]
    points = [repr(point["x"]) for point in all_points(function)]
    return answered(["activate", function["name"], *points, *parameters, *options, "-t", "float64"])


def all_points(function: dict[str, Any]) -> list[dict[str, Any]]:
    return [*function["points"], *function["random_points"]]


def identity(function: dict[str, Any]) -> str:
    return "-".join([function["name"], *map(str, function["params"].values())])


@each("function", FUNCTIONS, ids=identity)
def test_values_and_derivatives_are_those_of_the_definition(function: dict[str, Any]) -> None:
    second = function["name"] not in PYTORCH_HAS_NO_SECOND_DERIVATIVE
    curve = asked(function, *(["--order", "2"] if second else []))["functions"][0]
    found = {"f": numbers(curve["values"]["values"]), "f1": numbers(curve["derivative"]["values"])}
    if second:
        found["f2"] = numbers(curve["second_derivative"]["values"])
    compared = 0
    for index, point in enumerate(all_points(function)):
        expected = point.get("torch_convention", point)
        for what, values in found.items():
            if expected.get(what) is None or exempt(function["name"], what, point["x"]):
                continue
            compared += 1
            # beyond a normal number's smallest, PyTorch may flush
            assert values[index] == pytest.approx(float(expected[what]), rel=1e-12, abs=1e-306, nan_ok=True), (
                what,
                point,
            )
    assert compared >= 40


@each("function", FUNCTIONS, ids=identity)
def test_grad_and_activate_agree_to_the_last_bit(function: dict[str, Any]) -> None:
    curve = asked(function)["functions"][0]
    points = [repr(point["x"]) for point in all_points(function)]
    result = answered(["grad", curve["expression"], *points, "-t", "float64"])
    assert result["output"]["values"] == curve["values"]["values"]
    assert result["gradients"]["x"]["values"] == curve["derivative"]["values"]


@each("function", [f for f in FUNCTIONS if f["kink_points"]], ids=identity)
def test_kinks_have_the_slopes_of_both_sides(function: dict[str, Any]) -> None:
    kinks = {kink["at"]: kink for kink in asked(function)["functions"][0]["verdict"]["kinks"]}
    for point in all_points(function):
        if not point.get("kink") or point["kink_order"] > 1 or point.get("domain"):
            continue
        kink = kinks[point["x"]]
        assert kink["jump"] == (point["kink_order"] == 0 and abs(point["left"]["f"] - point["right"]["f"]) > 1e-6)
        for side in ("left", "right"):
            assert kink[side] == pytest.approx(point[side]["f1"], rel=1e-6), (side, point)
        assert kink["torch"] == pytest.approx(point["torch_convention"]["f1"], rel=1e-6)


@each("function", [f for f in FUNCTIONS if not f["kink_points"]], ids=identity)
def test_a_smooth_function_has_no_kinks(function: dict[str, Any]) -> None:
    assert asked(function)["functions"][0]["verdict"]["kinks"] == []


def test_the_partial_derivatives_of_glu_are_those_of_the_definition() -> None:
    points = [point for point in GLU["points"] if abs(point["b"]) < 5]
    rows = [[point["a"], point["b"]] for point in points]
    result = answered(["grad", "glu(x, dim=-1)", f"x={rows!r}", "-t", "float64"])
    assert numbers(result["output"]["values"]) == pytest.approx([point["f"] for point in points], rel=1e-12)
    gradients = result["gradients"]["x"]["values"]
    assert [row[0] for row in gradients] == pytest.approx([point["da"] for point in points], rel=1e-12)
    assert [row[1] for row in gradients] == pytest.approx([point["db"] for point in points], rel=1e-12, abs=1e-300)
    assert len(points) > 30


# --- random expressions ----------------------------------------------------------------------------------------------

EXPRESSIONS = read("expressions")["expressions"]


def shaped(data: list[float], shape: list[int]) -> str:
    if not shape:
        return repr(data[0]).replace("Infinity", "inf").replace("'", "")
    if len(shape) == 1:
        return repr(data).replace("Infinity", "inf").replace("'", "")
    step = math.prod(shape[1:])
    return f"[{', '.join(shaped(data[i : i + step], shape[1:]) for i in range(0, len(data), step))}]"


@each("case", EXPRESSIONS, ids=lambda case: str(case["id"]))
def test_a_random_expression_has_the_gradients_that_mpmath_finds(case: dict[str, Any]) -> None:
    words = [f"{name}={shaped(v['data'], v['shape'])}" for name, v in case["vars"].items()]
    via = "backward" if case["id"] % 2 else "grad"
    result = answered(["grad", case["expr"], *words, "-t", "float64", "--via", via])
    assert float(result["output"]["values"]) == pytest.approx(case["mp_value"], rel=1e-12)
    for name, expected in case["mp_grads"].items():
        found = numbers(result["gradients"][name]["values"])
        scale = max(map(abs, expected))
        assert found == pytest.approx(expected, rel=1e-10, abs=1e-13 * scale), name
        assert result["gradients"][name]["shape"] == case["vars"][name]["shape"]


# --- losses ----------------------------------------------------------------------------------------------------------

LOSSES = read("losses")

TOLERANCE = {"cosine_embedding": 1e-10}
"""Relative differences above 1e-11: PyTorch adds 1e-12 to the squared norms."""


def loss_words(case: dict[str, Any]) -> list[str]:
    words = ["loss", case["name"]]
    for name, tensor in case["inputs"].items():
        integer = tensor["dtype"] == "int64"
        words.append(f"{name}{':int64' if integer else ''}={shaped(tensor['data'], tensor['shape'])}")
    words += [f"--param={key}={value}" for key, value in case["params"].items()]
    words += ["--reduction", case["reduction"], "--wrt", ",".join(case["grad_wrt"]), "-t", "float64"]
    if "upstream" in case:
        words += ["--vjp", shaped(case["upstream"]["data"], case["upstream"]["shape"])]
    return words


@each("case", LOSSES["cases"], ids=lambda case: f"{case['name']}-{case['id']}")
def test_a_loss_and_its_gradients_are_those_of_the_definition(case: dict[str, Any]) -> None:
    result = answered(loss_words(case))
    tolerance = TOLERANCE.get(case["name"], 1e-11)
    loss = case.get("mp_loss", case["loss"]["data"])
    assert numbers(result["loss"]["values"]) == pytest.approx(loss, rel=tolerance, abs=1e-14)
    assert set(result["gradients"]) == set(case["grad_wrt"])
    for name, gradient in case["grads"].items():
        expected = case.get("mp_grads", {}).get(name, gradient["data"])
        scale = max(map(abs, expected), default=0.0)
        found = numbers(result["gradients"][name]["values"])
        assert found == pytest.approx(expected, rel=tolerance, abs=max(1e-12 * scale, 1e-300)), name


EDGES = [case for case in LOSSES["edge_cases"] if case.get("torch_convention", {}).get("grads") and "error" not in case]


@pytest.mark.parametrize("case", EDGES, ids=lambda case: f"{case['name']}-{case['note'][:40]}")
def test_at_the_edge_of_a_loss_pytorchs_convention_is_shown(case: dict[str, Any]) -> None:
    result = answered(loss_words(case))
    assert numbers(result["loss"]["values"]) == pytest.approx(
        numbers(case["torch_convention"]["loss"]), rel=1e-9, nan_ok=True
    )
    for name, expected in case["torch_convention"]["grads"].items():
        assert numbers(result["gradients"][name]["values"]) == pytest.approx(
            numbers(expected), rel=1e-9, abs=1e-300, nan_ok=True
        )


# --- real troubles ---------------------------------------------------------------------------------------------------

TROUBLES = [case for case in read("gradient_cases") if case["procedure"] == "default"]


def trouble_words(case: dict[str, Any]) -> list[str]:
    words = ["grad", case["expr"]]
    frozen = []
    for name, given in case["inputs"].items():
        words.append(f"{name}:{given['dtype']}={literal(given['value'])}")
        if not given.get("requires_grad") and given["dtype"].startswith(("float", "bfloat", "complex")):
            frozen.append(name)
    return [*words, *(["--frozen", ",".join(frozen)] if frozen else [])]


def literal(value: Any) -> str:
    return f"[{', '.join(map(literal, value))}]" if isinstance(value, list) else str(value)


@pytest.mark.parametrize("case", TROUBLES, ids=lambda case: case["id"])
def test_a_real_trouble_shows_what_pytorch_was_observed_to_do(case: dict[str, Any]) -> None:
    observed = case["observed"]
    if "error" in observed:
        error = failed(trouble_words(case), 1)
        kind, _, message = observed["error"].partition(": ")
        assert error["type"] == kind
        assert error["message"].startswith(message[:60])
        assert error["code"] == ("pytorch" if observed["error_stage"] == "forward" else "autograd")
        return
    result = answered(trouble_words(case))
    assert numbers(result["output"]["values"]) == close_to(numbers(observed["output"]), result["output"]["dtype"])
    for name, expected in observed["grads"].items():
        gradient = result["gradients"][name]
        if expected is None:
            assert gradient is None, name
        else:
            assert numbers(gradient["values"]) == close_to(numbers(expected), gradient["dtype"]), name
            assert numbers(gradient["values"]) == pytest.approx(numbers(expected), rel=1e-5, abs=0, nan_ok=True), name


# JSON has the shortest decimals that read back to the same value: half a unit of the last place off, at most
PRECISION = {"float16": 1e-3, "bfloat16": 8e-3, "float32": 1e-5, "float64": 1e-9}
SMALLEST = {"float16": 6e-8, "bfloat16": 1e-40, "float32": 1.5e-45, "float64": 5e-324}


def close_to(expected: list[float], dtype: str) -> Any:
    scale = max((abs(number) for number in expected if math.isfinite(number)), default=0.0)
    relative = PRECISION.get(dtype, 1e-5)
    return pytest.approx(expected, rel=relative, abs=max(relative * scale / 10, SMALLEST.get(dtype, 0)), nan_ok=True)


@pytest.mark.parametrize("case", [c for c in TROUBLES if c["workaround_exact"]], ids=lambda case: case["id"])
def test_the_known_workaround_gives_the_gradients_that_it_promises(case: dict[str, Any]) -> None:
    code, out, _ = captured([*trouble_words({**case, "expr": case["workaround"]}), "--json"])
    assert code == 0, out
    gradients = json.loads(out)["gradients"]
    for name, expected in case["workaround_grads"].items():
        assert numbers(gradients[name]["values"]) == close_to(numbers(expected), gradients[name]["dtype"]), name
