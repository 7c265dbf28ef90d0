"""Backward more than once: what each call did, the error word for word, and what was freed when."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcli.render.blocks import Block, Column, Facts, Heading, Note, Table, Verbatim
from gradcli.render.numbers import json_array
from gradcli.render.views.error import failure_blocks
from gradcli.render.views.findings import finding_blocks
from gradcli.render.views.retain_graph import timeline, workarounds
from gradcli.render.views.setting import footer, place
from gradcli.render.views.tensors import absent, int_column, text_column, whole_tensors
from gradcli.results import BackwardCall, RetainDemoResult, Scenario


def blocks(result: RetainDemoResult) -> tuple[Block, ...]:
    """The answer for people: the scenarios on one screen, or one graph whole."""
    found = finding_blocks(result.findings, result.expression)
    (scenario, *more) = result.scenarios
    if more:
        return (_scenarios(result), *_raised(result), *found)
    return (
        Heading(result.expression or scenario.name, place(result.setting, result.inputs)),
        *_run(scenario, result.given),
        _calls(scenario),
        Facts(((scenario.name if scenario.code is None else "why", scenario.explanation),)),
        *(failure_blocks(result.error) if result.error is not None else ()),
        *timeline(scenario),
        *workarounds(scenario.fixes),
        *footer(result.setting),
        *found,
    )


def table(result: RetainDemoResult) -> Table:
    """A row a call."""
    calls = [(scenario, call) for scenario in result.scenarios for call in scenario.calls]
    return Table(
        (
            Column("scenario", [scenario.name for scenario, _ in calls]),
            Column("call", np.array([call.index for _, call in calls], dtype=np.int64)),
            Column("expression", [call.expression for _, call in calls]),
            Column("via", [scenario.via for scenario, _ in calls]),
            Column("retain_graph", np.array([call.retain_graph for _, call in calls], dtype=bool)),
            Column("ok", np.array([call.ok for _, call in calls], dtype=bool)),
            int_column("kept_bytes", [call.kept_bytes for _, call in calls]),
            Column("gradient", [_gradient(call) for _, call in calls], missing=absent(c.gradient for _, c in calls)),
            text_column("error", [call.error.message if call.error else None for _, call in calls]),
        )
    )


def _scenarios(result: RetainDemoResult) -> Table:
    """What was run, how each call ended, and why."""
    scenarios = result.scenarios
    return Table(
        (
            Column("scenario", [scenario.name for scenario in scenarios]),
            Column("run", [scenario.code or "" for scenario in scenarios]),
            Column("ended", [", ".join("ok" if call.ok else "raised" for call in s.calls) for s in scenarios]),
            Column("why", [scenario.why for scenario in scenarios]),
        ),
        f"{result.given}; grad(y) is torch.autograd.grad(y, {', '.join(result.inputs)})",
    )


def _raised(result: RetainDemoResult) -> Iterator[Block]:
    """The error that all of it is about, word for word, with the command that shows that scenario whole."""
    for scenario in result.scenarios:
        for call in scenario.calls:
            if call.error is not None and call.error == result.error:
                said = f"call {call.index} of 'gradcli retain-demo {scenario.name}' raised {call.error.type}:"
                yield Note(said, "error")
                yield Verbatim(call.error.message, "error", prose=True)
                return


def _run(scenario: Scenario, given: str | None) -> Iterator[Block]:
    """The code of a scenario, and what it is an example of."""
    if scenario.code is not None:
        yield Facts((("shows", scenario.title), ("run", f"{given}; {scenario.code}")))


def _calls(scenario: Scenario) -> Table:
    """A row a call of the user's own graph, with the gradients it returned."""
    calls = scenario.calls
    names = list(dict.fromkeys(name for call in calls for name in call.gradient or {}))
    returned = [call.gradient or {} for call in calls]
    gradients = [whole_tensors(f"gradient of {name}", [found.get(name) for found in returned]) for name in names]
    return Table(
        (
            Column("call", np.array([call.index for call in calls], dtype=np.int64)),
            Column("outcome", [_fate_of(call) for call in calls]),
            *gradients,
            int_column("bytes kept", [call.kept_bytes for call in calls]),
        )
    )


def _fate_of(call: BackwardCall) -> str:
    if not call.ok:
        return "raised" if call.node is None else f"raised at {call.node}"
    return "ok, graph retained" if call.retain_graph else "ok"


def _gradient(call: BackwardCall) -> str:
    """The gradients of a call in one field: `x = [0.25, 0.5]`."""
    values = {
        name: "none" if tensor is None else json_array(tensor.values, tensor.dtype).decode()
        for name, tensor in (call.gradient or {}).items()
    }
    return "; ".join(f"{name} = {text}" for name, text in values.items())
