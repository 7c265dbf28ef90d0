"""Backward more than once: what each call did, the error word for word, and what was freed when."""

from __future__ import annotations

import numpy as np

from gradcli.render.blocks import Block, Column, Facts, Heading, Table
from gradcli.render.numbers import json_array
from gradcli.render.views.error import failure_blocks
from gradcli.render.views.findings import finding_blocks
from gradcli.render.views.retain_graph import sizes, timeline, workarounds
from gradcli.render.views.setting import footer, place
from gradcli.render.views.tensors import absent, whole_tensors
from gradcli.results import BackwardCall, ReportedNode, RetainDemoResult, Scenario


def blocks(result: RetainDemoResult) -> tuple[Block, ...]:
    """The answer for people."""
    (scenario, *more) = result.scenarios
    shown = _raising(result)
    return (
        Heading(result.expression or "backward more than once", place(result.setting, result.inputs)),
        _scenarios(result.scenarios) if more else _calls(scenario),
        Facts(tuple((scenario.name, scenario.explanation) for scenario in result.scenarios)),
        *(failure_blocks(result.error) if result.error is not None else ()),
        *(timeline(shown) if shown is not None else ()),
        *(workarounds(shown.fixes) if shown is not None else ()),
        *footer(result.setting),
        *finding_blocks(result.findings, result.expression),
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
            Column(
                "kept_bytes",
                sizes(call.kept_bytes for _, call in calls),
                missing=absent(c.kept_bytes for _, c in calls),
            ),
            Column("gradient", [_gradient(call) for _, call in calls], missing=absent(c.gradient for _, c in calls)),
            Column(
                "error",
                [call.error.message if call.error else "" for _, call in calls],
                missing=absent(call.error for _, call in calls),
            ),
        )
    )


def _scenarios(scenarios: tuple[Scenario, ...]) -> Table:
    """What each call did, and which saved tensors were gone afterwards."""
    freed = [_freed_list(scenario.graph) for scenario in scenarios]
    return Table(
        (
            Column("scenario", [scenario.name for scenario in scenarios]),
            Column("calls", [", ".join(map(_outcome, scenario.calls)) for scenario in scenarios]),
            Column("freed", freed, missing=np.array([not text for text in freed], dtype=bool)),
        )
    )


def _outcome(call: BackwardCall) -> str:
    """`1 ok`, `1 ok retained`, `2 raised`."""
    return f"{call.index} {'ok' if call.ok else 'raised'}{' retained' if call.retain_graph else ''}"


def _freed_list(graph: tuple[ReportedNode, ...]) -> str:
    gone = [
        f"{node.node}.{saved.name} by call {saved.freed_by}" for node in graph for saved in node.saved if saved.freed_by
    ]
    return ", ".join(dict.fromkeys(gone))


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
            Column("bytes kept", sizes(call.kept_bytes for call in calls), missing=absent(c.kept_bytes for c in calls)),
        )
    )


def _fate_of(call: BackwardCall) -> str:
    if not call.ok:
        return "raised" if call.node is None else f"raised at {call.node}"
    return "ok, graph retained" if call.retain_graph else "ok"


def _raising(result: RetainDemoResult) -> Scenario | None:
    """The scenario whose error is shown, or the only one."""
    raised = (s for s in result.scenarios for call in s.calls if call.error is not None and call.error == result.error)
    return next(raised, result.scenarios[0] if len(result.scenarios) == 1 else None)


def _gradient(call: BackwardCall) -> str:
    """The gradients of a call in one field: `x = [0.25, 0.5]`."""
    values = {
        name: "none" if tensor is None else json_array(tensor.values, tensor.dtype).decode()
        for name, tensor in (call.gradient or {}).items()
    }
    return "; ".join(f"{name} = {text}" for name, text in values.items())
