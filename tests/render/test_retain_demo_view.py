"""Backward more than once as text, from results written by hand."""

from __future__ import annotations

from dataclasses import replace

from answers_by_hand import ONE_SCENARIO, RETAIN_DEMO, SECOND_TIME
from showing import shown


def test_the_scenarios_are_a_table_of_what_was_run_how_it_ended_and_why_and_the_error_follows() -> None:
    assert shown(RETAIN_DEMO) == (
        "p = softmax(a, dim=0); grad(y) is torch.autograd.grad(y, a)\n"
        "scenario  run                                        ended       why\n"
        "twice     grad(p[1]); grad(p[2])                     ok, raised  call 1 freed it\n"
        "retained  grad(p[1], retain_graph=True); grad(p[2])  ok, ok      retained\n"
        "\n"
        "call 2 of 'gradcli retain-demo twice' raised RuntimeError:\n"
    ) + "".join(f"  {line}\n" for line in SECOND_TIME.message.split("\n"))


def test_without_an_error_there_is_the_table_alone() -> None:
    assert "raised RuntimeError" not in shown(replace(RETAIN_DEMO, error=None))


def test_one_scenario_says_what_it_shows_what_was_run_and_what_each_call_did() -> None:
    text = shown(ONE_SCENARIO)
    assert text.startswith(
        "twice  float32 on cpu\n"
        "\n"
        "shows  two backwards over one graph\n"
        "run    p = softmax(a, dim=0); grad(p[1]); grad(p[2])\n"
        "\n"
        "call  outcome  gradient of a"
    )
    assert "\nwhy  The first call frees the result" in text
    assert "\nwhat the graph of 'twice' saved: softmax(a, dim=0)\n" in text


def test_a_graph_of_ones_own_is_named_by_its_expression_and_has_no_code() -> None:
    scenario = replace(ONE_SCENARIO.scenarios[0], name="your graph", code=None)
    text = shown(replace(ONE_SCENARIO, expression="sum(exp(a))", given=None, scenarios=(scenario,)))
    assert text.startswith("sum(exp(a))  float32 on cpu\n\ncall  outcome")
    assert "\nyour graph  The first call frees" in text
