"""Copies in front of in-place updates: what was saved, or belongs to the user, is no longer what is changed."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.language.rewrite.rule import Change
from gradcli.language.rewrite.writing import ATOM, Draft, Edit, Piece
from gradcli.language.syntax import Assign, Call, Node


def rule(draft: Draft) -> Iterator[Change]:
    """A copy of each value that gets a name, of each receiver without one, and of each input at the start."""
    for statement in draft.program.statements:
        if isinstance(statement, Assign):
            yield _copied(statement.value, draft)
    for node in draft.nodes:
        if isinstance(node, Call) and node.function.name.endswith("_") and isinstance(node.receiver, Call):
            yield _copied(node.receiver, draft)
    for name in draft.program.free_names:
        assigned = [s for s in draft.program.statements if isinstance(s, Assign) and s.target == name]
        if not assigned:
            yield Change("copy", (Edit((0, 0), f"{name} = {name}.clone(); "),), variant=name)


def _copied(node: Node, draft: Draft) -> Change:
    return Change(
        "copy", (draft.replace(node, Piece(f"{draft.piece(node).at(ATOM)}.clone()", ATOM)),), variant=str(node.span)
    )
