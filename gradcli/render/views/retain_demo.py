"""Backward more than once: what each call did, the error word for word, and what was freed when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from gradcli.render.blocks import Block, Column, Facts, Heading, Note, Table
from gradcli.render.numbers import json_array
from gradcli.render.views.failure import failure_blocks
from gradcli.render.views.findings import finding_blocks
from gradcli.render.views.grad import place
from gradcli.results import Call, GraphNode, RetainDemoResult, SavedTensor, Scenario


def blocks(result: RetainDemoResult) -> tuple[Block, ...]:
    """The answer for people."""
    return (
        Heading(result.expression or "backward more than once", place(result.setting)),
        _scenarios(result.scenarios),
        Facts(tuple((scenario.name, scenario.explanation) for scenario in result.scenarios)),
        *(failure_blocks(result.error) if result.error is not None else ()),
        *_graph(result),
        Note(f"seed {result.setting.seed}", "quiet"),
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
            Column("gradient", [_gradient(call) for _, call in calls], missing=_none(c.gradient for _, c in calls)),
            Column(
                "error",
                [call.error.message if call.error else "" for _, call in calls],
                missing=_none(call.error for _, call in calls),
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


def _outcome(call: Call) -> str:
    """`1 ok`, `1 ok retained`, `2 raised`."""
    return f"{call.index} {'ok' if call.ok else 'raised'}{' retained' if call.retain_graph else ''}"


def _freed_list(graph: tuple[GraphNode, ...]) -> str:
    gone = [
        f"{node.node}.{saved.name} by call {saved.freed_by}" for node in graph for saved in node.saved if saved.freed_by
    ]
    return ", ".join(dict.fromkeys(gone))


def _graph(result: RetainDemoResult) -> Iterator[Table]:
    """The graph on which the error was raised, or the only one: a row a saved tensor."""
    raised = (s for s in result.scenarios for call in s.calls if call.error is not None and call.error == result.error)
    scenario = next(raised, result.scenarios[0] if len(result.scenarios) == 1 else None)
    if scenario is None or not scenario.graph:
        return
    rows: list[tuple[GraphNode, SavedTensor | None]] = []
    for node in scenario.graph:
        rows += [(node, saved) for saved in node.saved] or [(node, None)]
    tensors = [saved for _, saved in rows]
    sizes = [None if saved is None else saved.bytes for saved in tensors]
    columns = (
        Column("node", [node.node for node, _ in rows]),
        Column("saved", [saved.name if saved else "" for saved in tensors], missing=_none(tensors)),
        Column(
            "shape",
            [(saved.shape if saved else None) or () for saved in tensors],
            missing=_none(saved and saved.shape for saved in tensors),
        ),
        Column("bytes", np.array([size or 0 for size in sizes], dtype=np.int64), missing=_none(sizes)),
        Column("freed", [_fate(saved) for saved in tensors]),
    )
    yield Table(columns, f"the graph of '{scenario.name}': {scenario.expression}")


def _fate(saved: SavedTensor | None) -> str:
    if saved is None:
        return "nothing saved"
    return "kept" if saved.freed_by is None else f"by call {saved.freed_by}"


def _gradient(call: Call) -> str:
    """The gradients of a call in one field: `x = [0.25, 0.5]`."""
    values = {
        name: "none" if tensor is None else json_array(tensor.values, tensor.dtype).decode()
        for name, tensor in (call.gradient or {}).items()
    }
    return "; ".join(f"{name} = {text}" for name, text in values.items())


def _none(values: Iterable[object]) -> np.ndarray:
    return np.array([value is None for value in values], dtype=bool)
