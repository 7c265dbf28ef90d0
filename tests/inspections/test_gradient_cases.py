"""Real gradient troubles from public issue trackers: the birthplace is named, the controls are silent.

tests/data/gradient_cases.json: each case with its source, what torch 2.13 computes, and the operations that count as
the right answer (`root_op_accept`). `fixed_in_2_13` marks controls, on which nothing may be found wrong.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from command_line import captured
from each import each

pytestmark = pytest.mark.usefixtures("no_fixes")

Case = dict[str, Any]
CASES: list[Case] = json.loads((Path(__file__).parents[1] / "data" / "gradient_cases.json").read_text())
WRONG = [case for case in CASES if not case["fixed_in_2_13"] and case["procedure"] == "default"]
CONTROLS = [case for case in CASES if case["fixed_in_2_13"]]


def named(case: Case) -> str:
    return str(case["id"])


def literal(value: Any) -> str:
    """Nested lists as the expression language writes them."""
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return value if isinstance(value, str) else repr(value)


def words(case: Case) -> list[str]:
    """The command line of a case, behind the command."""
    inputs = case["inputs"].items()
    bound = [f"{name}:{given['dtype']}={literal(given['value'])}" for name, given in inputs]
    floating = [name for name, given in inputs if given["dtype"].startswith(("float", "bfloat", "complex"))]
    frozen = [name for name in floating if not case["inputs"][name].get("requires_grad")]
    return [case["expr"], *bound, *(["--frozen", ",".join(frozen)] if frozen else [])]


def asked(command: str, case: Case) -> tuple[int, Any]:
    code, out, _ = captured([command, *words(case), "--json"])
    return code, json.loads(out)


def numbers(values: Any) -> list[float]:
    if isinstance(values, list):
        return [number for part in values for number in numbers(part)]
    return [float(values)]


def operation_at(trace: Any, span: list[int]) -> str | None:
    """What the sub-expression at a place does."""
    return next((step["operation"] for step in reversed(trace["steps"]) if step["span"] == span), None)


@pytest.mark.parametrize("case", WRONG, ids=named)
def test_the_operation_to_blame_is_named_and_a_gradient_that_is_not_finite_is_an_error(case: Case) -> None:
    code, trace = asked("trace", case)
    blamed = {finding["operation"] for finding in trace["findings"]}
    if case["kind"] == "autograd_error":
        assert code == 1
        assert trace["raised"]["message"].startswith(case["observed"]["error"].partition(": ")[2][:60])
        assert trace["raised"]["span"] is not None
        blamed.add(operation_at(trace, trace["raised"]["span"]))
    else:
        assert code == 0
        assert trace["agrees"]
    assert blamed & set(case["root_op_accept"]), trace["findings"]
    present = [gradient for gradient in trace["gradients"].values() if gradient is not None]
    if any(not math.isfinite(number) for gradient in present for number in numbers(gradient["values"])):
        assert "error" in {finding["severity"] for finding in trace["findings"]}


@each("case", CONTROLS, ids=named)
def test_nothing_is_found_wrong_with_a_control(case: Case) -> None:
    for command in ("trace", "grad"):
        code, answer = asked(command, case)
        assert code == 0
        assert [finding for finding in answer["findings"] if finding["severity"] == "error"] == []


@pytest.mark.parametrize("case", [case for case in CASES if case["procedure"] == "twice"], ids=named)
def test_backward_twice_is_what_retain_demo_is_for(case: Case) -> None:
    code, out, _ = captured(["retain-demo", *words(case), "--calls", "2", "--via", "backward", "--json"])
    assert code == 0
    demo = json.loads(out)
    assert demo["error"]["message"].startswith(case["observed"]["error"].partition(": ")[2][:60])


@pytest.mark.parametrize("case", [case for case in CASES if case["procedure"] == "autograd_grad_all_inputs"], ids=named)
def test_an_input_that_takes_no_part_is_named(case: Case) -> None:
    code, trace = asked("trace", case)
    assert code == 0
    unused = {finding["variable"] for finding in trace["findings"] if finding["code"] == "disconnected"}
    assert unused == {"y"}
    assert trace["gradients"]["y"] is None
