"""One graph under several backward passes: what it saved, what each call did to it, and the ways out that were run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradcli.render.blocks import Block, Column, Note, Table
from gradcli.render.views.tensors import absent, int_column, text_column, whole_tensors
from gradcli.results import SavedTensor, Scenario, WayOut
from gradcli.results.phrasing import listed

_MOST_CALLS = 4
"""Calls that have a column of their own in the timeline."""


def timeline(scenario: Scenario) -> Iterator[Block]:
    """A row a saved tensor with what each call did to it, and the nodes that have none to lose."""
    rows = [(node, saved) for node in scenario.graph for saved in node.saved]
    tensors = [saved for _, saved in rows]
    if rows:
        yield Table(
            (
                Column("node", [node.node for node, _ in rows]),
                text_column("of", [node.expression for node, _ in rows]),
                Column("saved", [saved.name for saved in tensors]),
                Column("shape", [s.shape or () for s in tensors], missing=absent(s.shape for s in tensors)),
                int_column("bytes", [saved.bytes for saved in tensors]),
                *_life(tensors, len(scenario.calls)),
                *_inputs(tensors),
            ),
            f"what the graph of '{scenario.name}' saved: {scenario.expression}",
        )
    free = list(dict.fromkeys(node.node for node in scenario.graph if not node.saved))
    if free:
        end = "saves nothing and survives" if len(free) == 1 else "save nothing and survive"
        yield Note(f"{listed(free)} {end} any number of passes.")
    if not scenario.agrees:
        yield Note(
            "Under instruments the calls did something else: what was saved and freed is not to be trusted.", "warning"
        )


def workarounds(fixes: Sequence[WayOut]) -> Iterator[Table]:
    """The fixes, the cheapest for this graph first."""
    if not fixes:
        return
    last = [fix.gradients[-1] if fix.gradients else {} for fix in fixes]
    names = list(dict.fromkeys(name for gradients in last for name in gradients))
    yield Table(
        (
            Column("way out", [fix.advice for fix in fixes]),
            Column("gives", ["the sum" if fix.gives == "sum" else "each gradient" for fix in fixes]),
            *(whole_tensors(f"gradient of {name}", [found.get(name) for found in last]) for name in names),
            Column("forward", np.array([fix.forward_passes for fix in fixes], dtype=np.int64)),
            Column("nodes run", np.array([fix.backward_nodes for fix in fixes], dtype=np.int64)),
            Column("bytes kept", np.array([fix.kept_bytes for fix in fixes], dtype=np.int64)),
            Column("ran", [_ran(fix) for fix in fixes]),
        ),
        "ways out, the cheapest for this graph first; each was run here",
    )
    yield Table(
        (
            Column("way out", [fix.name for fix in fixes]),
            Column("in PyTorch", [fix.program for fix in fixes]),
        ),
    )


def _ran(fix: WayOut) -> str:
    if fix.verified:
        return "yes"
    return "no: another result" if fix.error is None else f"no: {fix.error.type}"


def _life(saved: Sequence[SavedTensor], calls: int) -> Iterator[Column]:
    """What happened to each saved tensor: a column a call, or two columns of numbers if there are many."""
    if calls <= _MOST_CALLS:
        for number in range(1, calls + 1):
            yield Column(f"call {number}", [_fate(entry, number) for entry in saved])
        return
    freed = [entry.freed_by for entry in saved]
    yield text_column("used by", [_numbers(entry.used_by) for entry in saved])
    yield text_column("freed by", [None if number is None else str(number) for number in freed])
    yield text_column("missed by", [_numbers(entry.missed_by) for entry in saved])


def _fate(saved: SavedTensor, number: int) -> str:
    """What one call did to one saved tensor."""
    if number in saved.missed_by:
        return "needed, gone"
    if saved.freed_by is not None and saved.freed_by < number:
        return "gone"
    used = "used, " if number in saved.used_by else ""
    return used + ("freed" if saved.freed_by == number else "kept")


def _inputs(saved: Sequence[SavedTensor]) -> Iterator[Column]:
    """Whose memory a saved tensor is, where it is an input's."""
    if any(entry.input for entry in saved):
        yield text_column("memory of", [entry.input for entry in saved])


def _numbers(calls: Sequence[int]) -> str | None:
    """`1 to 3`, `2`, `1, 3`."""
    if not calls:
        return None
    if len(calls) > 2 and calls[-1] - calls[0] == len(calls) - 1:
        return f"{calls[0]} to {calls[-1]}"
    return ", ".join(map(str, calls))
