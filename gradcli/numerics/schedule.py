"""In which order an expression is evaluated."""

from __future__ import annotations

from gradcli.language.syntax import Node, children, postorder

Schedule = list[tuple[Node, list[int]]]

SHORT = 100
"""Nodes of an expression whose schedule is kept: with longer ones, what is kept would be large."""
MOST_KEPT = 256

_kept: dict[int, tuple[Node, Schedule]] = {}


def schedule(root: Node) -> Schedule:
    """The nodes below and including `root` in order of evaluation, each with the identities of its operands.

    Kept for short expressions, which are evaluated several times for one answer; the root is kept with its schedule, so
    that no other node gets its identity.
    """
    known = _kept.get(id(root))
    if known is not None:
        return known[1]
    made = [(node, [id(child) for child in children(node)]) for node in postorder(root)]
    if len(made) <= SHORT:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[id(root)] = root, made
    return made
