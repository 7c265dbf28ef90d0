"""The report of a graph: who saved, used, freed and missed what, what keeping costs, and the ways out."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from command_line import answered, failed, numbers

from gradcli.inspections import retain_demo as inspection
from gradcli.inspections.retaining import graph_report, workarounds
from gradcli.language.request import read
from gradcli.numerics import autodiff
from gradcli.numerics.watch import Watch
from gradcli.results import RetainDemoResult

TWICE = ["softmax(a, dim=0)[1] + softmax(a, dim=0)[2]", "a=2,1,0.1", "--calls", "2"]


def own(*argv: str) -> Any:
    (scenario,) = answered(["retain-demo", *argv])["scenarios"]
    return scenario


def saved(scenario: Any) -> list[tuple[str, str, Any]]:
    return [(node["node"], node["expression"], entry) for node in scenario["graph"] for entry in node["saved"]]


# --- where the pass died ----------------------------------------------------------------------------------------------


def test_the_pass_dies_at_the_node_that_plain_pytorch_enters_last() -> None:
    a = torch.tensor([2.0, 1.0, 0.1], requires_grad=True)
    first, second = torch.softmax(a, 0), torch.softmax(a, 0)
    y = first[1] + second[2]
    torch.autograd.grad(y, [a])
    entered: list[torch.autograd.graph.Node] = []
    for node in (y.grad_fn, first.grad_fn, second.grad_fn):
        assert node is not None
        node.register_prehook(lambda _, node=node: entered.append(node))
    with pytest.raises(RuntimeError, match="second time"):
        torch.autograd.grad(y, [a])
    scenario = own(*TWICE)
    call = scenario["calls"][1]
    start, end = call["error"]["span"]
    assert entered[-1] in (first.grad_fn, second.grad_fn)
    expected = (0, 17) if entered[-1] is first.grad_fn else (23, 40)
    assert (start, end) == expected
    assert call["node"] == "SoftmaxBackward0"
    assert scenario["expression"][start:end] == "softmax(a, dim=0)"


def test_each_of_two_equal_expressions_has_saved_tensors_of_its_own() -> None:
    scenario = own(*TWICE)
    spans = [node["span"] for node in scenario["graph"] if node["saved"]]
    assert sorted(spans) == [[0, 17], [23, 40]]
    assert [entry["used_by"] for _, _, entry in saved(scenario)] == [[1], [1]]
    assert sorted(entry["missed_by"] for _, _, entry in saved(scenario)) == [[], [2]]


def test_the_hint_says_who_saved_and_who_freed() -> None:
    hint = own("sum(exp(x * w))", "x=1,2", "w=3", "--calls", "4", "--retain", "1")["calls"][2]["error"]["hint"]
    assert hint.startswith("Call 3 needs ExpBackward0.result: 'exp(x * w)' saved it, call 2 freed it.")


def test_a_call_that_returns_died_nowhere() -> None:
    call = own("sum(exp(a))", "a=1,2", "--calls", "1")["calls"][0]
    assert (call["node"], call["error"]) == (None, None)


# --- what was kept, and what it costs ---------------------------------------------------------------------------------


def test_a_retained_result_costs_its_bytes_until_it_is_freed() -> None:
    calls = own("sum(exp(a))", "a=1,2,3", "--retain", "1", "-t", "float64")["calls"]
    assert [call["kept_bytes"] for call in calls] == [3 * 8, 0]


def test_a_saved_input_costs_nothing_since_it_is_there_anyway() -> None:
    scenario = own("sum(a * a)", "a=1,2,3", "--retain", "1")
    assert [call["kept_bytes"] for call in scenario["calls"]] == [0, 0]
    assert {entry["input"] for _, _, entry in saved(scenario)} == {"a"}


def test_memory_that_two_nodes_saved_is_counted_once() -> None:
    scenario = own("h = exp(a); sum(h * sin(h))", "a=1,2,3", "--retain", "all")
    shared = [(node, entry["name"]) for node, _, entry in saved(scenario)]
    assert {("ExpBackward0", "result"), ("SinBackward0", "self")} <= set(shared)
    # exp's result is saved three times (by exp, sin and mul), sin's once
    assert scenario["calls"][0]["kept_bytes"] == 2 * 3 * 4


def test_a_node_without_saved_tensors_is_named_as_surviving() -> None:
    scenario = own("sum(a + 1)", "a=1,2", "--calls", "3")
    assert [node["node"] for node in scenario["graph"]] == ["SumBackward0", "AddBackward0", "AccumulateGrad"]
    assert all(node["saved"] == [] and node["freed"] is None for node in scenario["graph"])
    assert [node["expression"] for node in scenario["graph"]] == ["sum(a + 1)", "a + 1", "a"]
    assert scenario["fixes"] == []


def test_saved_tensors_have_the_shapes_that_pytorch_reports() -> None:
    a = torch.ones(2, 3, requires_grad=True)
    node = torch.exp(a).sum().grad_fn.next_functions[0][0]  # type: ignore[union-attr]
    ((_, _, entry),) = saved(own("sum(exp(a))", "a=ones(2, 3)", "--calls", "1"))
    assert tuple(entry["shape"]) == tuple(node._saved_result.shape)  # type: ignore[union-attr]
    assert entry["bytes"] == 2 * 3 * 4


# --- instruments ------------------------------------------------------------------------------------------------------


def test_every_scenario_does_the_same_under_instruments() -> None:
    assert all(scenario["agrees"] for scenario in answered(["retain-demo"])["scenarios"])


def test_a_run_that_instruments_have_changed_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_report, "_same", lambda plain, watched: False)
    result = inspection.retain_demo(read("sum(exp(a))", ["a=1"], command="retain-demo"))
    assert isinstance(result, RetainDemoResult)
    (scenario,) = result.scenarios
    assert scenario.agrees is False
    assert [call.kept_bytes for call in scenario.calls] == [None, None]
    assert all(call.node is None for call in scenario.calls)
    assert (scenario.graph, scenario.explanation) == ((), "under instruments the calls did something else")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [(1.0, 1.0, True), (1.0, 1.0000001, False), (1.0, float("nan"), False), (0.0, -0.0, False)],
)
def test_outcomes_are_compared_to_the_bit(one: float, other: float, same: bool) -> None:
    first, second = torch.tensor([one], dtype=torch.float64), torch.tensor([other], dtype=torch.float64)
    assert graph_report._same({"a": first}, {"a": second}) is same
    assert graph_report._same({"a": first}, {"a": first.float()}) is False
    assert graph_report._same({"a": None}, {"a": second}) is False


def test_watching_a_pass_names_the_nodes_it_ran_and_forgets_them() -> None:
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    y = a.exp().sum()
    assert y.grad_fn is not None
    nodes = [y.grad_fn, y.grad_fn.next_functions[0][0]]
    watch = Watch([node for node in nodes if node is not None])
    autodiff.gradients(y, {"a": a}, cotangent=None)
    assert watch.ran == nodes
    assert watch.stopped is None
    watch.begin()
    assert watch.ran == []
    with pytest.raises(Exception, match="second time"):
        autodiff.gradients(y, {"a": a}, cotangent=None)
    assert watch.stopped is nodes[1]
    watch.close()


# --- ways out ---------------------------------------------------------------------------------------------------------


def ways(*argv: str) -> dict[str, Any]:
    return {fix["name"]: fix for fix in own(*argv)["fixes"]}


def test_every_way_out_works_and_gives_what_it_says() -> None:
    fixes = ways("sum(a**3)", "a=1,2", "--calls", "3")
    assert set(fixes) == {"sum", "several-outputs", "again", "retain"}
    each = [3.0, 12.0]  # 3 a**2
    for fix in fixes.values():
        assert fix["verified"], fix["name"]
        found = [numbers(gradient["a"]["values"]) for gradient in fix["gradients"]]
        assert found == ([[9.0, 36.0]] if fix["gives"] == "sum" else [each] * 3)


def test_the_work_and_the_memory_of_each_way_out_are_counted() -> None:
    fixes = ways("sum(exp(a))", "a=1,2", "--calls", "3", "-t", "float64")
    cost = {name: (fix["forward_passes"], fix["backward_nodes"], fix["kept_bytes"]) for name, fix in fixes.items()}
    # the graph: SumBackward0 and ExpBackward0; two additions join three outputs
    assert cost == {"several-outputs": (1, 2, 0), "sum": (1, 4, 0), "again": (3, 6, 0), "retain": (1, 6, 16)}


def test_the_cheapest_way_for_this_graph_comes_first() -> None:
    def names(*argv: str) -> list[str]:
        return [fix["name"] for fix in own(*argv)["fixes"]]

    assert names("sum(exp(a))", "a=1,2", "--calls", "3") == ["several-outputs", "sum", "again", "retain"]
    # where only inputs are saved, keeping the graph costs no memory, and no second forward pass
    assert names("sum(a * a)", "a=1,2") == ["several-outputs", "sum", "retain", "again"]


def test_two_heads_are_told_apart_in_the_programs() -> None:
    shared = next(s for s in answered(["retain-demo"])["scenarios"] if s["name"] == "shared")
    programs = {fix["name"]: fix["program"] for fix in shared["fixes"]}
    assert programs["sum"] == "torch.autograd.grad(y1 + y2, [a])"
    assert programs["several-outputs"] == "torch.autograd.grad([y1, y2], [a])"


@pytest.mark.parametrize("name", ["sum", "several-outputs", "again", "retain"])
@pytest.mark.parametrize(
    ("subject", "values", "calls"),
    [
        ("sum(exp(a) * b)", {"a": [1.0, 2.0], "b": [3.0, 4.0]}, 2),
        ("exp(a) * y", {"a": [1.0, 2.0], "y": [3.0, 4.0]}, 7),
        ("h=exp(a); h * output * y * result", {"a": [1.0], "output": [2.0], "y": [3.0], "result": [4.0]}, 2),
        ("exp(a) * 1j", {"a": [1.0, 2.0]}, 3),
    ],
)
def test_the_program_of_a_way_out_is_what_was_run(
    name: str, subject: str, values: dict[str, list[float]], calls: int
) -> None:
    words = [f"{key}={','.join(map(str, value))}" for key, value in values.items()]
    fix = ways(subject, *words, "--calls", str(calls), "-t", "float64")[name]
    space: dict[str, Any] = {"torch": torch, "exp": torch.exp, "sum": torch.sum}
    for key, value in values.items():
        space[key] = torch.tensor(value, dtype=torch.float64, requires_grad=True)
    target = next(name for name in ("y", "output", "result", "y_") if name not in values)
    *before, result = subject.split("; ")
    exec("; ".join([*before, f"{target} = {result}"]), space)
    head, _, last = fix["program"].rpartition("; ")
    exec(head, space)
    found = dict(zip(values, eval(last, space), strict=True))
    expected = fix["gradients"][0]
    assert {key: found[key].tolist() for key in values} == {key: numbers(expected[key]["values"]) for key in values}


def test_a_way_out_that_gives_something_else_is_not_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    def half(trial: workarounds._Trial) -> None:
        trial.one_pass([trial.run.outputs[0] / 2])

    wrong = dataclasses.replace(workarounds.FIXES[0], run=half)
    monkeypatch.setattr(workarounds, "FIXES", (wrong, *workarounds.FIXES[1:]))
    fixes = own("sum(exp(a))", "a=1,2")["fixes"]
    assert [fix["verified"] for fix in fixes] == [True, True, True, False]
    assert fixes[-1]["name"] == "sum"


def test_a_sum_that_overflows_is_no_way_out() -> None:
    fixes = ways("exp(a)", "a=10,2", "-t", "float16", "--calls", "3")
    # exp(10) = 22026 fits into float16, three times that does not
    assert {name: fix["verified"] for name, fix in fixes.items()} == {
        "again": True,
        "retain": True,
        "several-outputs": False,
        "sum": False,
    }


def test_random_numbers_are_drawn_again_as_they_were() -> None:
    fix = ways("dropout(a) * a", "a=1,2,3")["again"]
    assert fix["verified"]
    assert fix["program"].startswith("torch.set_rng_state(random_state); y = ")


def test_a_way_out_that_raises_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def twice(trial: workarounds._Trial) -> None:
        trial.one_pass(trial.run.outputs[:1])
        trial.one_pass(trial.run.outputs[:1])

    monkeypatch.setattr(workarounds, "FIXES", (dataclasses.replace(workarounds.FIXES[0], run=twice),))
    (fix,) = own("sum(exp(a))", "a=1,2")["fixes"]
    assert fix["verified"] is False
    assert "second time" in fix["error"]["message"]


# --- graphs that have no second pass ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["sum(exp(a))", "a=1", "--frozen", "a"], "does not require grad"),
        (["a > 0", "a=1,2"], "does not require grad"),
        (["sum(exp(a.detach()))", "a=1,2"], "does not require grad"),
        (["heaviside(a, a)", "a=0.0"], "not implemented"),
        (["linalg.inv(a)", "a=zeros(2, 2)"], "singular"),
        (["a @ a", "a=ones(2, 3)"], "shapes"),
        (["sum(exp(a).add_(1))", "a=1,2"], "inplace operation"),
    ],
)
def test_a_graph_whose_first_pass_raises_gives_that_error(argv: list[str], message: str) -> None:
    assert message in failed(["retain-demo", *argv], 1)["message"]


def test_who_changed_a_saved_tensor_in_place_is_told_here_too() -> None:
    error = failed(["retain-demo", "sum(exp(x).add_(1))", "x=1,2"], 1)
    assert "'exp(x)'" in error["hint"]
    assert "'exp(x).add_(1)'" in error["hint"]
