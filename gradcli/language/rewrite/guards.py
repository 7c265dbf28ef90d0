"""The double `where`: what a branch computes on must be safe where the branch is thrown away too: 0 * inf is NaN."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gradcli.language import catalogue
from gradcli.language.printer import ATOM, OR, Piece
from gradcli.language.rewrite.editing import Edit, EditableProgram, applied
from gradcli.language.rewrite.nodes import with_nodes
from gradcli.language.rewrite.places import (
    DANGEROUS,
    Discard,
    dangerous_arguments,
    discards,
    factors,
    inside,
    operands_of,
    variables,
)
from gradcli.language.rewrite.rule import Replacement
from gradcli.language.syntax import Binary, Call, Literal, Name, Node, Program

NAN_NAME = "nan-to-num"
PRECISION_NAME = "single-precision"
SAFE = ("1.0", "0.5", "2.0", "0.0")
"""Constants at which most functions are smooth: 1 suits roots, logarithms and divisors, 0.5 acos and logit."""


def rule(editable: EditableProgram) -> Iterator[Replacement]:
    """Guard the dangerous arguments of a discarded branch, one of them, or an input at all its places."""
    found = list(discards(editable))
    for safe in SAFE:
        for discard in found:
            for sites in _choices(discard, editable):
                yield Replacement("double-where", _guarded(discard, sites, editable, safe), variant=safe)


def factor_rule(editable: EditableProgram) -> Iterator[Replacement]:
    """Guard the other factor of a product where one factor is zero and so throws it away.

    A factor that is differentiated does not throw away: its own derivative is the other one. There the whole product
    is replaced where the factor is zero, by a zero without a slope.
    """
    for factor, discard in factors(editable):
        differentiated = _is_differentiated(factor, editable)
        for sites in _choices(discard, editable):
            edits = _guarded(discard, sites, editable, SAFE[0])
            if differentiated:
                yield Replacement("zero-product", _selected(discard, discard.node, edits, "0.0", editable))
            else:
                yield Replacement("zero-factor", edits)


def replaced_rule(editable: EditableProgram) -> Iterator[Replacement]:
    """Guard what nan_to_num replaces: its argument still computes its gradient on the way back."""
    for node in editable.nodes:
        if not (isinstance(node, Call) and node.function.name == "nan_to_num" and operands_of(node)):
            continue
        branch = operands_of(node)[0]
        computed = editable.definitions_of.get(branch.name) if isinstance(branch, Name) else branch
        if computed is None:
            continue
        for condition in _conditions(computed, editable):
            discard = Discard(node, branch, keeps=condition)
            for sites in _choices(discard, editable):
                edits = _guarded(discard, sites, editable, SAFE[0])
                for other in (f"{_unguarded(node, branch, computed, editable).at(ATOM)}.detach()", "0.0"):
                    yield Replacement("replaced", _selected(discard, branch, edits, other, editable))


def _unguarded(call: Node, branch: Node, computed: Node, editable: EditableProgram) -> Piece:
    """A call of a branch that is guarded where it is computed, on what was computed before."""
    if branch is computed:
        return editable.piece(call)
    text, (start, end) = editable.program.text, branch.span
    return Piece(f"{text[call.span[0] : start]}{editable.piece(computed).at(ATOM)}{text[end : call.span[1]]}")


def _conditions(branch: Node, editable: EditableProgram) -> Iterator[Piece]:
    """When a branch is finite, as one would say it."""
    match branch:
        case Call(function=row) if row.name in ("log", "log2", "log10") and operands_of(branch):
            yield Piece(f"{editable.piece(operands_of(branch)[0]).at(OR)} > 0")
        case Binary(operator="div", right=right):
            yield Piece(f"{editable.piece(right).at(OR)} != 0")
        case _:
            pass
    yield Piece(f"{editable.function('isfinite')}({editable.piece(branch).text})")


def nan_rule(editable: EditableProgram) -> Iterator[Replacement]:
    """Replace the NaNs of an input where what comes of them is thrown away."""
    branches = [discard.branch for discard in discards(editable)]
    for node in editable.nodes:
        if isinstance(node, Call) and node.function.name in ("nansum", "nanmean"):
            branches += operands_of(node)
    function = editable.function("nan_to_num")
    for branch in branches:
        for name, places in variables(branch, editable).items():
            edits = tuple(editable.replace(place, Piece(f"{function}({name}, 0.0)")) for place in places)
            yield Replacement(NAN_NAME, _distinct(edits))
        for node in inside(branch, editable):
            if isinstance(node, Call):
                piece = Piece(f"{function}({editable.piece(node).text}, 0.0)")
                yield Replacement(NAN_NAME, (editable.replace(node, piece),), variant="calls")


def _guarded(discard: Discard, sites: list[Node], editable: EditableProgram, safe: str) -> tuple[Edit, ...]:
    return _distinct(
        tuple(editable.replace(node, discard.guarded(editable, editable.piece(node), safe)) for node in sites)
    )


def _selected(
    discard: Discard, inner: Node, edits: tuple[Edit, ...], other: str, editable: EditableProgram
) -> tuple[Edit, ...]:
    """The edits, with the place of the discard made `where(keeps, inner, other)`."""
    within = [edit for edit in edits if discard.node.span[0] <= edit.span[0]]  # a definition stands before
    length = len(editable.program.text) - inner.span[1]
    text = applied(editable.program.text, within)
    kept = text[inner.span[0] : len(text) - length]
    assert discard.keeps is not None
    whole = editable.replace(
        discard.node, Piece(f"{editable.function('where')}({discard.keeps.text}, {kept}, {other})")
    )
    return (*(edit for edit in edits if edit not in within), whole)


def _is_differentiated(node: Node, editable: EditableProgram) -> bool:
    """Whether something that a node reads is differentiated."""
    return any(editable.wrt is None or name in editable.wrt for name in variables(node, editable))


def _choices(discard: Discard, editable: EditableProgram) -> Iterator[list[Node]]:
    dangerous: list[Node] = [
        node for node in dangerous_arguments(discard.branch, editable) if not isinstance(node, Literal)
    ]
    if isinstance(discard.node, Call) and discard.node.function.name in ("xlogy", "special.xlog1py"):
        dangerous.append(discard.branch)
    yield from ([node] for node in dangerous)
    outermost = _outermost(dangerous)
    if len(outermost) > 1:
        yield outermost
    names: list[list[Name]] = list(variables(discard.branch, editable).values())
    for places in names:
        yield list(places)
    if len(names) > 1:
        yield [place for places in names for place in places]


def _outermost(nodes: list[Node]) -> list[Node]:
    spans = {node.span for node in nodes}
    return [
        node
        for node in nodes
        if not any(span != node.span and span[0] <= node.span[0] and node.span[1] <= span[1] for span in spans)
    ]


def _distinct(edits: tuple[Edit, ...]) -> tuple[Edit, ...]:
    return tuple(dict.fromkeys(edits))


def precision_rule(editable: EditableProgram) -> Iterator[Replacement]:
    """Single precision for what overflows in 16 bits: an input at all its places, or what one function works on."""
    for name in editable.program.free_names:
        places = [node for node in editable.nodes if isinstance(node, Name) and node.name == name]
        edits = tuple(Edit(place.span, f"{name}.float()") for place in places)
        if edits:
            yield Replacement(PRECISION_NAME, edits, variant="inputs")
    for node in editable.nodes:
        if isinstance(node, Call) and (node.function.name in DANGEROUS or node.function.category == "activation"):
            for operand in operands_of(node)[:1]:
                if not isinstance(operand, Literal | Name):
                    piece = Piece(f"{editable.piece(operand).at(ATOM)}.float()")
                    yield Replacement(PRECISION_NAME, (editable.replace(operand, piece),), variant="calls")


def in_double(program: Program) -> Program:
    """What stands in float64 for a program with single precision: that would round there."""
    double = catalogue.find_method("double")
    assert double is not None

    def change(node: Node) -> Node:
        if isinstance(node, Call) and node.function.name == "float":
            return replace(node, function=double, written="double")
        return node

    return with_nodes(program, change)
