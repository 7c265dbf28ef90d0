"""The sensitive piece in single precision: what overflows or vanishes in 16 bits."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.language.rewrite.places import DANGEROUS, operands_of
from gradcli.language.rewrite.rule import Change
from gradcli.language.rewrite.writing import ATOM, Draft, Edit, Piece
from gradcli.language.syntax import Call, Literal, Name

NAME = "single-precision"


def rule(draft: Draft) -> Iterator[Change]:
    """Inputs as `x.float()`, each at all its places, or what one function works on."""
    for name in draft.program.free_names:
        places = [node for node in draft.nodes if isinstance(node, Name) and node.name == name]
        edits = tuple(Edit(place.span, f"{name}.float()") for place in places)
        if edits:
            yield Change(NAME, edits, variant="inputs")
    for node in draft.nodes:
        if isinstance(node, Call) and (node.function.name in DANGEROUS or node.function.category == "activation"):
            for operand in operands_of(node)[:1]:
                if not isinstance(operand, Literal | Name):
                    piece = Piece(f"{draft.piece(operand).at(ATOM)}.float()")
                    yield Change(NAME, (draft.replace(operand, piece),), variant="calls")
