"""`trace` on the command line: the tape, its findings, its exit codes, and what happens when PyTorch raises."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from command_line import captured, failed, numbers
from each import each

from gradcli.diagnose.rerun import Rerun
from gradcli.numerics.capture import agreement


def traced(*words: str, code: int = 0) -> Any:
    found, out, err = captured(["trace", *words, "--json"])
    assert found == code, (out, err)
    return json.loads(out)


def codes(answer: Any) -> list[tuple[str, str | None]]:
    return [(finding["code"], finding["operation"]) for finding in answer["findings"]]


def test_the_example_of_the_house() -> None:
    answer = traced("where(x > 0, sqrt(x), 0 * x)", "x=0,1")
    (finding,) = answer["findings"]
    assert (finding["code"], finding["operation"], finding["index"]) == ("masked-branch", "sqrt", [0])
    assert "local derivative 1/(2*sqrt(0)) = inf, times the incoming gradient 0 = nan" in finding["message"]
    assert finding["fix"] is not None
    fixed = json.loads(captured(["grad", finding["fix"], "x=0,1", "--json"])[1])
    assert numbers(fixed["gradients"]["x"]["values"]) == [0, 0.5]


def test_a_fine_value_with_a_nan_gradient_names_exp() -> None:
    answer = traced("1/(1 + exp(-x))", "x=-100")
    assert answer["output"]["values"] == 0
    assert codes(answer) == [("nan-backward", "exp")]


def test_steps_carry_value_gradient_and_local_derivative() -> None:
    answer = traced("3 * x**2", "x=1,2")
    by_text = {step["expression"]: step for step in answer["steps"]}
    power = by_text["x**2"]
    assert (power["value"]["values"], power["gradient"]["values"]) == ([1, 4], [3, 3])
    assert power["derivative"]["values"] == [2, 4]
    assert (power["operation"], power["node"], power["span"]) == ("pow", "PowBackward0", [4, 8])
    assert by_text["x"]["gradient"]["values"] == [6, 12]
    assert answer["agrees"] is True


def test_a_derivative_is_shown_for_elementwise_steps_only() -> None:
    answer = traced("sum(x @ w)", "x=[[1,2],[3,4]]", "w=1,2")
    assert [step["derivative"] for step in answer["steps"]] == [None] * 4


def test_the_step_of_a_finding_is_marked() -> None:
    answer = traced("sqrt(x) + 1", "x=0")
    assert [step["findings"] for step in answer["steps"]] == [[], ["inf-backward"], []]


def test_the_cotangent_can_be_given() -> None:
    answer = traced("x**2", "x=1,2,3", "--vjp", "1,0,2")
    assert answer["gradients"]["x"]["values"] == [2, 0, 12]
    assert answer["steps"][-1]["gradient"]["values"] == [1, 0, 2]


def test_frozen_inputs_have_steps_without_gradients() -> None:
    answer = traced("x * y", "x=2", "y=3", "--frozen", "x")
    by_text = {step["expression"]: step for step in answer["steps"]}
    assert by_text["x"]["gradient"] is None
    assert by_text["y"]["gradient"]["values"] == 2
    assert set(answer["gradients"]) == {"y"}


@pytest.mark.parametrize(
    "words",
    [
        ("x", "x=1"),
        ("sum(x)", "x=zeros(0)"),
        ("[x, 2 * x]", "x=1"),
        ("abs(z)", "z:complex64=1+2j"),
        ("sqrt(x)", "x:bfloat16=1,4"),
        ("dropout(x, 0.5)", "x=1,2,3"),
        ("s = linalg.svd(x); s.S.sum() + s[0].sum()", "x=[[1,2],[3,4]]"),
        ("linalg.qr(x)[1].sum()", "x=[[1,2],[3,4]]"),
        ("y = x.clone(); y[0] = 5; z = y[1]; z.mul_(2); sum(y**2)", "x=1,2"),
        ("t.add_(1); sum(x * t)", "x=1,2", "t=1,1", "--frozen", "t"),
        ("batch_norm(x, m, v, training=True)[0, 0]", "x=[[1,2],[3,5]]", "m=0,0", "v=1,1", "--frozen", "m,v"),
    ],
)
def test_the_instrumented_run_gives_the_bits_of_the_plain_one(words: tuple[str, ...]) -> None:
    assert traced(*words)["agrees"] is True


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (torch.tensor([1.0, float("nan")]), torch.tensor([1.0, float("nan")]), True),
        (torch.tensor(0.0), torch.tensor(-0.0), False),
        (torch.tensor(1.0), torch.tensor(1.0 + 2**-23), False),
        (torch.tensor(1.0), torch.tensor(1.0, dtype=torch.float64), False),
        (torch.tensor([1.0]), torch.tensor(1.0), False),
        (torch.tensor(complex(1, -0.0)), torch.tensor(complex(1, 0.0)), False),
        (torch.tensor(1 + 2j), torch.tensor(1 + 2j), True),
        (torch.tensor([True]), torch.tensor([True]), True),
        (None, None, True),
        (None, torch.tensor(0.0), False),
    ],
)
def test_agreement_is_to_the_bit(one: torch.Tensor | None, other: torch.Tensor | None, same: bool) -> None:
    assert agreement({"x": one}, {"x": other}) is same


def test_a_planted_disagreement_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Rerun.gradients
    monkeypatch.setattr(
        Rerun, "gradients", lambda *given: [{n: -g for n, g in found.items()} for found in plain(*given)]
    )
    assert traced("x * x", "x=3")["agrees"] is False


def test_an_operation_that_raises_is_the_last_step_and_the_exit_code_is_1() -> None:
    answer = traced("exp(a) @ b", "a=[[1,2]]", "b=[[1,2]]", code=1)
    assert [(step["expression"], step["value"] is None) for step in answer["steps"]] == [
        ("a", False),
        ("exp(a)", False),
        ("b", False),
        ("exp(a) @ b", True),
    ]
    assert answer["steps"][-1]["operands"] == [1, 2]
    assert answer["raised"]["span"] == [0, 10]
    assert answer["output"] is None
    assert answer["gradients"] == {"a": None, "b": None}


def test_a_singular_matrix_has_its_caret() -> None:
    answer = traced("sum(linalg.inv(x))", "x=[[1,2],[2,4]]", code=1)
    assert answer["raised"]["span"] == [4, 17]
    assert "singular" in answer["raised"]["message"]


@pytest.mark.parametrize("command", ["trace", "grad"])
@pytest.mark.parametrize(
    ("text", "saver", "changer"),
    [
        ("exp(x).add_(1)", "exp(x)", "exp(x).add_(1)"),
        ("y = exp(x); y += 1; sum(y)", "exp(x)", "y += 1"),
        ("y = sigmoid(x); z = y * 2; y.mul_(2); sum(z * y)", "sigmoid(x)", "y.mul_(2)"),
        ("y = x * 1; z = y * y; y[0] = 3; sum(z)", "y * y", "y[0] = 3"),
        ("y = x * 1; z = sqrt(y); v = z[0]; v.add_(1); sum(z)", "sqrt(y)", "v.add_(1)"),
    ],
)
def test_a_change_in_place_names_who_saved_and_who_changed(command: str, text: str, saver: str, changer: str) -> None:
    code, out, _ = captured([command, text, "x=1,2", "--json"])
    assert code == 1
    answer = json.loads(out)
    error = answer["raised"] if command == "trace" else answer["error"]
    assert text[slice(*error["span"])] == changer
    start = text.index(saver)
    assert f"'{saver}' (characters {start} to {start + len(saver)}) saved a tensor" in error["hint"]
    assert f"and '{changer}' (characters {error['span'][0]} to {error['span'][1]}) changed it in place" in error["hint"]


def test_an_output_without_a_path_shows_where_it_ends() -> None:
    error = failed(["grad", "sum((x > 0).float())", "x=1"], 1)
    assert error["span"] == [5, 10]
    assert "it ends at x > 0" in error["hint"]
    assert codes(traced("sum((x > 0).float())", "x=1", code=1)) == [("disconnected", "gt")]


def test_an_operation_without_a_derivative_is_found_where_backward_ended() -> None:
    answer = traced("2 * (x // y)", "x=3", "y=2", code=1)
    assert codes(answer) == [("not-differentiable", "floor_divide")]
    assert answer["raised"]["span"] == [5, 11]


def test_fail_on_turns_findings_into_exit_code_1() -> None:
    for word in ("error", "inf-backward"):
        traced("sqrt(x)", "x=0", "--fail-on", word, code=1)
    for word in ("warning", "dead"):
        found, _, _ = captured(["trace", "sqrt(x)", "x=4", "--fail-on", word])
        assert found == 0


def test_large_inputs_get_no_tape_unless_it_is_asked_for() -> None:
    words = ["sum(0 * x)", "x=ones(20000)"]
    plain = json.loads(captured(["grad", *words, "--json"])[1])
    assert plain["findings"] == []
    assert codes(traced(*words)) == [("dead", "mul")]
    text = captured(["trace", *words])[1]
    assert "[20000] all 1" in text
    assert max(map(len, text.splitlines())) < 120


@each(
    "text, kept",
    [("x.repeat(100)", 202), ("sum(x.repeat(100))", 204), ("h = x.repeat(50); sum(h * 1)", 204)],
)
def test_a_tape_counts_the_values_and_gradients_that_it_keeps(text: str, kept: int) -> None:
    assert captured(["trace", text, "x=1", "--max-elements", str(kept)])[0] == 0
    error = failed(["trace", text, "x=1", "--max-elements", str(kept - 1)], 2)
    assert error["message"] == f"trace would keep {kept} numbers; at most {kept - 1} are allowed"


def test_findings_of_activate_and_softmax_are_those_that_their_verdicts_do_not_give() -> None:
    answer = json.loads(captured(["activate", "tanh,where(x > 0, sqrt(x), 0)", "0", "1", "30", "--json"])[1])
    assert codes(answer) == [("masked-branch", "sqrt")]
    (finding,) = answer["findings"]
    assert answer["expression"][slice(*finding["span"])] == "sqrt(x)"
    answer = json.loads(captured(["softmax", "-inf", "-inf", "--json"])[1])
    assert codes(answer) == [("nan-forward", "softmax")]
    answer = json.loads(captured(["softmax", "2", "1", "0.1", "--json"])[1])
    assert codes(answer) == []
