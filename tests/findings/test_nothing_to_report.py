"""Where a second run is spared, it would have found nothing: the same findings with and without the shortcut."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from command_line import captured

from gradcli.diagnose import diagnosis
from gradcli.diagnose.findings import OF_TAPES
from gradcli.diagnose.findings.nothing_to_report import has_nothing_to_report
from gradcli.diagnose.findings.table import NOT_FINITE
from gradcli.language import catalogue
from gradcli.language.catalogue.rows import Activation
from gradcli.language.parser import parse
from gradcli.recording.from_expression import foreseen

CASES = json.loads((Path(__file__).parents[1] / "data" / "gradient_cases.json").read_text())
ACTIVATIONS = [row for row in catalogue.all_rows() if isinstance(row, Activation)]
POINTS = (["0"], ["-3", "0.5", "2"], ["40"], ["-1000", "1000"], ["1e-8", "3"])


def words(case: dict[str, Any]) -> list[str]:
    given = case["inputs"].items()
    return [case["expr"], *(f"{name}:{value['dtype']}={json.dumps(value['value'])}" for name, value in given)]


REQUESTS = [
    *(["grad", row.name, *points] for row in ACTIVATIONS for points in POINTS),
    *(["grad", *words(case)] for case in CASES if "NaN" not in json.dumps(case["inputs"])),
    *(["softmax", *points, "1"] for points in POINTS),
    ["softmax", "1000", "0"],
    ["loss", "mse", "1,2", "1,2"],
    ["loss", "l1", "1,2", "1,3"],
    ["loss", "nll", "[[0.2, 0.8]]", "[1]"],
    ["loss", "mse", "1,2", "1.5,3"],
    ["grad", "x + 1/x", "2"],
    ["grad", "sum(x * w)", "x=1,2", "w=3,4"],
    ["grad", "x**2 * sin(x)", "1", "2"],
    ["grad", "exp(x) / (1 + x)", "1"],
    ["grad", "sinc", "1e-10", "1"],
    ["grad", "where(x > 0, x, 0)", "1", "-1"],
    ["grad", "scaled_dot_product_attention(q, q, q, attn_mask=m)", "q=[[[1,2]]]", "m:bool=[[0]]"],
    ["grad", "kl_div(x, t)", "x=0.2", "t=0.5"],
    ["loss", "cross_entropy", "[[100, -100, 0]]", "[0]"],
    ["grad", "sum(x**8)", "10", "10"],
    ["grad", "tanh(tanh(tanh(tanh(x))))", "5"],
    ["grad", "abs(x) * 3", "0", "1"],
    ["grad", "1e-5 * x", "1"],
    ["grad", "1e5 * x", "1"],
    ["grad", "x * 0", "1"],
]


def findings(argv: list[str]) -> Any:
    code, out, _ = captured([*argv, "--json"])
    answer = json.loads(out)
    return code, answer.get("findings"), answer.get("error")


@pytest.mark.usefixtures("no_fixes")  # which hang on what is found alone
def test_nothing_is_missed_where_no_tape_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[bool] = []

    def asked(*arguments: Any) -> bool:
        answers.append(has_nothing_to_report(*arguments))
        return answers[-1]

    spared = 0
    for argv in REQUESTS:
        answers.clear()
        with monkeypatch.context() as patch:
            patch.setattr(diagnosis, "has_nothing_to_report", asked)
            found = findings(argv)
        if not any(answers):  # everything was looked for already
            continue
        spared += 1
        with monkeypatch.context() as patch:
            patch.setattr(diagnosis, "has_nothing_to_report", lambda *_: False)
            assert found == findings(argv), argv
    assert spared > 30  # the shortcut is taken,
    assert len(REQUESTS) - spared > 50  # and not always


@pytest.mark.parametrize(
    ("text", "value", "gradient", "nothing"),
    [
        ("x * x", [4.0], [4.0], True),
        ("x * x", [float("inf")], [4.0], False),
        ("x * x", [4.0], [float("nan")], False),
        ("x * x", [4.0], [0.0], False),
        ("x * x", [4.0], [1001.0], False),
        ("x * x", [4.0], [0.0009], False),
        ("relu(x)", [4.0], [1.0], False),
        ("abs(x)", [4.0], [1.0], False),
        ("sigmoid(x)", [4.0], [1.0], False),
        ("exp(x)", [4.0], [4.0], True),
        ("x * x", [4 + 1j], [4.0], False),
        ("where(x > 0, x, 1)", [4.0], [1.0], False),
        ("linalg.eigvalsh(x)", [4.0], [1.0], False),
        ("std(x)", [4.0], [1.0], False),
        ("var(x)", [4.0], [1.0], False),
        ("layer_norm(x, [1])", [4.0], [1.0], False),
        ("log(x * x)", [4.0], [1.0], False),
        ("y = x * 1; y += x; y", [4.0], [1.0], False),
    ],
)
def test_what_could_have_a_finding_is_looked_at(
    text: str, value: list[complex], gradient: list[float], nothing: bool
) -> None:
    output, found = torch.tensor(value), {"x": torch.tensor(gradient)}
    assert has_nothing_to_report(foreseen(parse(text)), output, torch.ones_like(output), found, OF_TAPES) is nothing


@pytest.mark.parametrize(
    ("text", "gradient", "codes", "nothing"),
    [
        ("x * x", 1001.0, ("exploding",), False),
        ("x * x", 0.0009, ("vanishing",), False),
        ("x * x", 1001.0, ("kink",), True),
        ("log(x * x)", 4.0, ("underflow-forward",), False),
        ("log(x * x)", 4.0, ("kink",), True),
    ],
)
def test_only_what_is_asked_for_is_looked_at(text: str, gradient: float, codes: tuple[str, ...], nothing: bool) -> None:
    one = torch.ones(1)
    assert has_nothing_to_report(foreseen(parse(text)), one, one, {"x": gradient * one}, codes) is nothing


def test_a_gradient_is_measured_by_the_cotangent_that_was_given() -> None:
    one = torch.ones(1)
    for cotangent, nothing in ((None, False), (one, False), (1e4 * one, True), (0.1 * one, False)):
        gradient = {"x": 1e4 * one}
        assert has_nothing_to_report(foreseen(parse("x * x")), one, cotangent, gradient, OF_TAPES) is nothing


def test_rules_about_infinity_alone_need_no_more_than_finite_numbers() -> None:
    one = torch.ones(1)
    assert has_nothing_to_report(parse("relu(x)"), one, one, {"x": torch.zeros(1)}, NOT_FINITE)
    assert not has_nothing_to_report(parse("relu(x)"), one / 0, one, {"x": torch.zeros(1)}, NOT_FINITE)


def test_an_input_without_a_gradient_is_no_trouble() -> None:
    one = torch.ones(1)
    assert has_nothing_to_report(foreseen(parse("x * 2")), one, one, {"x": one, "y": None}, OF_TAPES)
