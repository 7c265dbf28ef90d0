"""`retain-demo`: what each call returns or raises, what was freed by whom, and PyTorch's own words."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from command_line import answered, captured, failed, in_process_of_its_own, numbers

from gradcli.inspections.retaining.scenarios import GIVEN

SECOND_TIME = "Trying to backward through the graph a second time"


@pytest.fixture(scope="module")
def scenarios() -> dict[str, Any]:
    return {scenario["name"]: scenario for scenario in answered(["retain-demo", "-t", "float64"])["scenarios"]}


def oks(scenario: Any) -> list[bool]:
    return [call["ok"] for call in scenario["calls"]]


def plain_pytorch(name: str) -> list[str | None]:
    """The same calls written by hand: what each raised, None where it worked."""
    a = torch.tensor([2.0, 1.0, 0.1], dtype=torch.float64, requires_grad=True)
    p = torch.softmax(a, dim=0)
    one = torch.ones((), dtype=torch.float64)
    h = a + 1
    e, s, added, cubed = h.exp().sum(), h.sin().sum(), (a + 1).sum(), (a**3).sum()
    first: list[torch.Tensor] = []

    def keep() -> None:
        first.append(torch.autograd.grad(cubed, a, create_graph=True)[0])

    by_grad = torch.autograd.grad
    calls: dict[str, list[Any]] = {
        "single": [lambda: by_grad(p[1], a)],
        "twice": [lambda q=p[1]: by_grad(q, a)] * 2,
        "retained": [lambda q=p[1], r=r: by_grad(q, a, one, retain_graph=r) for r in (True, None, None)],
        "shared": [lambda q=p[i]: by_grad(q, a) for i in (1, 2)],
        "rebuilt": [lambda: by_grad(torch.softmax(a, dim=0)[1], a)] * 2,
        "nothing-saved": [lambda: by_grad(added, a)] * 2,
        "partial": [lambda: by_grad(e, a), lambda: by_grad(s, a)],
        "accumulated": [lambda q=p[1], r=r: q.backward(retain_graph=r) for r in (True, None)],
        "create-graph": [keep, lambda: by_grad(first[0].sum(), a)],
    }
    outcomes: list[str | None] = []
    for call in calls[name]:
        try:
            call()
            outcomes.append(None)
        except RuntimeError as error:
            outcomes.append(str(error))
    return outcomes


NAMES = ["single", "twice", "retained", "shared", "rebuilt", "nothing-saved", "partial", "accumulated", "create-graph"]
EXPECTED = {
    "single": [True],
    "twice": [True, False],
    "retained": [True, True, False],
    "shared": [True, False],
    "rebuilt": [True, True],
    "nothing-saved": [True, True],
    "partial": [True, True],
    "accumulated": [True, True],
    "create-graph": [True, True],
}


def test_the_scenarios_are_those_of_the_article_in_its_order(scenarios: dict[str, Any]) -> None:
    assert list(scenarios) == NAMES == list(EXPECTED)


@pytest.mark.parametrize("name", NAMES)
def test_each_scenario_works_and_fails_as_the_article_says(name: str, scenarios: dict[str, Any]) -> None:
    assert oks(scenarios[name]) == EXPECTED[name]


@pytest.mark.parametrize("name", NAMES)
def test_each_call_raises_what_plain_pytorch_raises(name: str, scenarios: dict[str, Any]) -> None:
    errors = [None if call["error"] is None else call["error"]["message"] for call in scenarios[name]["calls"]]
    assert errors == plain_pytorch(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_code_of_a_scenario_is_what_was_run(name: str, scenarios: dict[str, Any]) -> None:
    """Python runs it: the same calls return, with the same gradients, and the same one raises."""
    a = torch.tensor([2, 1, 0.1], dtype=torch.float64, requires_grad=True)
    found: list[Any] = []

    def grad(y: torch.Tensor, **options: bool) -> torch.Tensor:
        (gradient,) = torch.autograd.grad(y, a, **options)
        found.append(gradient.tolist())
        return gradient

    names = {"a": a, "grad": grad, "softmax": torch.softmax, "sum": torch.sum, "exp": torch.exp, "sin": torch.sin}
    exec(GIVEN, names)
    for statement in scenarios[name]["code"].split("; "):
        try:
            exec(statement, names)
        except RuntimeError as error:
            found.append(str(error))
        if ".backward(" in statement:
            found.append(a.grad.tolist())
    expected = [
        call["gradient"]["a"]["values"] if call["ok"] else call["error"]["message"] for call in scenarios[name]["calls"]
    ]
    assert found == [pytest.approx(one) if isinstance(one, list) else one for one in expected]


def test_the_name_of_a_scenario_is_that_one_alone(scenarios: dict[str, Any]) -> None:
    result = answered(["retain-demo", "shared", "-t", "float64"])
    assert result["scenarios"] == [scenarios["shared"]]
    assert result["error"] == scenarios["shared"]["calls"][1]["error"]
    assert (result["expression"], result["given"]) == (None, "p = softmax(a, dim=0); y = p[1]")
    assert answered(["retain-demo", "single"])["error"] is None


def test_a_wrong_name_is_told_the_nearest_scenario_and_a_wrong_function_its_own() -> None:
    assert failed(["retain-demo", "twise"], 2)["hint"] == "Did you mean 'twice'?"
    assert failed(["retain-demo", "sigmod"], 2)["hint"] == "Did you mean 'sigmoid'?"


def test_a_scenario_of_one_output_has_a_program_and_the_others_say_which_have() -> None:
    code, out, _ = captured(["retain-demo", "accumulated", "--emit", "torch"])
    assert code == 0
    assert "y.backward(retain_graph=True)" in out
    error = failed(["retain-demo", "shared", "--emit", "torch"], 2)
    assert error["message"] == "--emit torch writes calls of one output, and 'shared' is more"
    assert "'nothing-saved'" in error["hint"]


def test_the_error_that_is_shown_is_that_of_two_passes_over_one_graph() -> None:
    error = answered(["retain-demo"])["error"]
    assert error["message"] == plain_pytorch("twice")[1]
    assert error["message"].startswith(SECOND_TIME)
    assert (error["type"], error["code"]) == ("RuntimeError", "autograd")


@pytest.mark.parametrize(
    ("name", "freed"),
    [
        ("single", {"SoftmaxBackward0.result": 1}),
        ("twice", {"SoftmaxBackward0.result": 1}),
        ("retained", {"SoftmaxBackward0.result": 2}),
        ("shared", {"SoftmaxBackward0.result": 1}),
        ("rebuilt", {"SoftmaxBackward0.result": 1}),
        ("nothing-saved", {}),
        ("partial", {"ExpBackward0.result": 1, "SinBackward0.self": 2}),
        ("accumulated", {"SoftmaxBackward0.result": 2}),
        ("create-graph", {"PowBackward0.self": None}),
    ],
)
def test_the_call_that_freed_a_saved_tensor_is_named(
    name: str, freed: dict[str, int | None], scenarios: dict[str, Any]
) -> None:
    found = {
        f"{node['node']}.{saved['name']}": saved["freed_by"]
        for node in scenarios[name]["graph"]
        for saved in node["saved"]
    }
    assert found == freed
    for node in scenarios[name]["graph"]:
        expected = None if not node["saved"] else all(saved["freed_by"] is not None for saved in node["saved"])
        assert node["freed"] is expected


def test_gradients_are_rows_of_the_softmax_jacobian(scenarios: dict[str, Any]) -> None:
    powers = [math.exp(value) for value in (2.0, 1.0, 0.1)]
    p = [power / math.fsum(powers) for power in powers]
    row = [p[1] * ((j == 1) - p[j]) for j in range(3)]
    assert numbers(scenarios["single"]["calls"][0]["gradient"]["a"]["values"]) == pytest.approx(row, rel=1e-13)
    assert scenarios["twice"]["calls"][1]["gradient"] is None


def test_backward_accumulates_and_grad_does_not(scenarios: dict[str, Any]) -> None:
    first, second = (numbers(call["gradient"]["a"]["values"]) for call in scenarios["accumulated"]["calls"])
    assert second == pytest.approx([2 * value for value in first], rel=1e-15)
    first, second = (numbers(call["gradient"]["a"]["values"]) for call in scenarios["rebuilt"]["calls"])
    assert second == first


def test_create_graph_gives_the_second_derivative(scenarios: dict[str, Any]) -> None:
    first, second = (numbers(call["gradient"]["a"]["values"]) for call in scenarios["create-graph"]["calls"])
    assert first == pytest.approx([3 * a**2 for a in (2.0, 1.0, 0.1)], rel=1e-13)
    assert second == pytest.approx([6 * a for a in (2.0, 1.0, 0.1)], rel=1e-13)


def test_every_scenario_explains_itself(scenarios: dict[str, Any]) -> None:
    assert all(scenario["explanation"] for scenario in scenarios.values())
    assert scenarios["twice"]["explanation"] == "call 2 needs SoftmaxBackward0.result, freed by call 1"
    assert scenarios["retained"]["explanation"] == "call 3 needs SoftmaxBackward0.result, freed by call 2"
    assert "no node saved a tensor" in scenarios["nothing-saved"]["explanation"]


# --- a graph of one's own --------------------------------------------------------------------------------------------


def own(*argv: str) -> Any:
    result = answered(["retain-demo", *argv])
    assert len(result["scenarios"]) == 1
    return result["scenarios"][0]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], [True, False]),
        (["--calls", "1"], [True]),
        (["--calls", "4"], [True, False, False, False]),
        (["--calls", "3", "--retain", "all"], [True, True, True]),
        (["--calls", "3", "--retain", "none"], [True, False, False]),
        (["--calls", "4", "--retain", "1,2"], [True, True, True, False]),
        (["--calls", "3", "--retain", "2"], [True, False, False]),
        (["--calls", "3", "--retain", "1, 2", "--via", "backward"], [True, True, True]),
    ],
)
def test_calls_work_while_the_graph_was_retained(options: list[str], expected: list[bool]) -> None:
    assert oks(own("sum(exp(a))", "a=1,2", *options)) == expected


def test_a_graph_of_additions_needs_no_retaining() -> None:
    assert oks(own("sum(a + 1)", "a=1,2", "--calls", "5")) == [True] * 5


def test_a_mistake_in_the_graph_is_pointed_at() -> None:
    for subject, place in (("sum(a) + ones(10**12)", "ones(10**12)"), ("sum(a) + a.new_ones(a)", "a.new_ones(a)")):
        error = failed(["retain-demo", subject, "a=1,2"], 2)
        start, end = error["span"]
        assert error["expression"][start:end] == place


def test_statements_and_several_inputs_make_a_graph_too() -> None:
    scenario = own("h = a * b; sum(h**2)", "a=1,2", "b=3", "--calls", "2", "--retain", "1")
    assert oks(scenario) == [True, True]
    assert set(scenario["calls"][0]["gradient"]) == {"a", "b"}
    assert numbers(scenario["calls"][0]["gradient"]["a"]["values"]) == [18, 36]


def test_an_input_without_a_path_has_no_gradient_here_either() -> None:
    assert own("sum(exp(a))", "a=1", "b=2", "--calls", "1")["calls"][0]["gradient"]["b"] is None


def test_backward_starts_without_old_gradients_in_every_run() -> None:
    for _ in range(2):
        scenario = own("sum(a + a)", "a=1", "--calls", "2", "--via", "backward")
        assert [numbers(call["gradient"]["a"]["values"]) for call in scenario["calls"]] == [[2], [4]]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--calls", "2"], "--calls, --retain and --via go with a graph of your own"),
        (["twice", "--calls", "2"], "--calls, --retain and --via go with a graph of your own"),
        (["a=1"], "'a=1' gives a value, but there is no expression"),
        (["sum(exp(a))", "a=1", "--calls", "0"], "--calls 0 is out of bounds"),
        (["sum(exp(a))", "a=1", "--calls", "101"], "--calls 101 is out of bounds"),
        (["sum(exp(a))", "a=1", "--retain", "3"], "--retain names call 3, there are 2 calls"),
        (["sum(exp(a))", "a=1", "--retain", "0"], "--retain takes none, all or numbers of calls, not '0'"),
        (["sum(exp(a))", "a=1", "--retain", "x"], "--retain takes none, all or numbers of calls, not 'x'"),
        (["sum(exp(a))", "a=1", "--retain", ""], "--retain takes none, all or numbers of calls, not ''"),
        (["sum(exp(a))", "a=1", "--via", "forward"], "--via takes grad or backward, not 'forward'"),
    ],
)
def test_calls_that_cannot_be_are_refused(argv: list[str], message: str) -> None:
    assert failed(["retain-demo", *argv], 2)["message"] == message


# --- --raise ---------------------------------------------------------------------------------------------------------


def test_raise_lets_pytorchs_traceback_out() -> None:
    code, out, err = captured(["retain-demo", "--raise"])
    assert (code, out) == (1, "")
    assert err.startswith("Traceback (most recent call last):\n")
    assert "torch/autograd" in err.replace("\\", "/")
    assert err.splitlines()[-1] == f"RuntimeError: {plain_pytorch('twice')[1]}"


def test_raise_without_an_error_answers_as_usual() -> None:
    code, out, err = captured(["retain-demo", "sum(a + 1)", "a=1", "--raise"])
    assert code == 0
    assert "Traceback" not in out + err


def test_raise_in_a_process_of_its_own() -> None:
    code, out, err = in_process_of_its_own(["retain-demo", "sum(exp(a))", "a=1", "--raise"])
    assert (code, out) == (1, "")
    assert SECOND_TIME in err.splitlines()[-1]


def test_raise_does_not_let_the_users_mistakes_out_as_a_traceback() -> None:
    code, _, err = captured(["retain-demo", "sum(exp(a)", "a=1", "--raise"])
    assert code == 2
    assert "Traceback" not in err
