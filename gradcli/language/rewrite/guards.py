"""The double `where`: what a branch computes on must be safe where the branch is thrown away too: 0 * inf is NaN."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gradcli.language import catalogue
from gradcli.language.printer import ATOM, OR, Piece
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
from gradcli.language.rewrite.rule import Change
from gradcli.language.rewrite.writing import Draft, Edit, applied
from gradcli.language.syntax import Binary, Call, Literal, Name, Node, Program

NAN_NAME = "nan-to-num"
PRECISION_NAME = "single-precision"
SAFE = ("1.0", "0.5", "2.0", "0.0")
"""Constants at which most functions are smooth: 1 suits roots, logarithms and divisors, 0.5 acos and logit."""


def rule(draft: Draft) -> Iterator[Change]:
    """Guard the dangerous arguments of a discarded branch, one of them, or an input at all its places."""
    found = list(discards(draft))
    for safe in SAFE:
        for discard in found:
            for sites in _choices(discard, draft):
                yield Change("double-where", _guarded(discard, sites, draft, safe), variant=safe)


def factor_rule(draft: Draft) -> Iterator[Change]:
    """The same where a zero factor throws the other one away.

    A factor that is differentiated does not throw away: its own derivative is the other one. There the whole product
    is replaced where the factor is zero, by a zero without a slope.
    """
    for discard in factors(draft):
        differentiated = _is_differentiated(discard.factor, draft)
        for sites in _choices(discard, draft):
            edits = _guarded(discard, sites, draft, SAFE[0])
            if differentiated:
                yield Change("zero-product", _selected(discard, discard.node, edits, "0.0", draft))
            else:
                yield Change("zero-factor", edits)


def replaced_rule(draft: Draft) -> Iterator[Change]:
    """The same where nan_to_num replaces what is not finite, which its argument still computes on its way back."""
    for node in draft.nodes:
        if not (isinstance(node, Call) and node.function.name == "nan_to_num" and operands_of(node)):
            continue
        branch = operands_of(node)[0]
        if isinstance(branch, Name) and branch.name not in draft.definitions_of:
            continue
        for condition in _conditions(branch, draft):
            discard = Discard(node, branch, keeps=condition)
            for sites in _choices(discard, draft):
                edits = _guarded(discard, sites, draft, SAFE[0])
                for other in (f"{draft.piece(node).at(ATOM)}.detach()", "0.0"):
                    yield Change("replaced", _selected(discard, branch, edits, other, draft))


def _conditions(branch: Node, draft: Draft) -> Iterator[Piece]:
    """When a branch is finite, as one would say it."""
    match branch:
        case Call(function=row) if row.name in ("log", "log2", "log10") and operands_of(branch):
            yield Piece(f"{draft.piece(operands_of(branch)[0]).at(OR)} > 0")
        case Binary(operator="div", right=right):
            yield Piece(f"{draft.piece(right).at(OR)} != 0")
        case _:
            pass
    yield Piece(f"{draft.function('isfinite')}({draft.piece(branch).text})")


def nan_rule(draft: Draft) -> Iterator[Change]:
    """Replace the NaNs of an input where what comes of them is thrown away."""
    branches = [discard.branch for discard in discards(draft)]
    branches += [
        node.receiver or node.arguments[0]
        for node in draft.nodes
        if isinstance(node, Call) and node.function.name in ("nansum", "nanmean") and (node.receiver or node.arguments)
    ]
    function = draft.function("nan_to_num")
    for branch in branches:
        for name, places in variables(branch, draft).items():
            edits = tuple(draft.replace(place, Piece(f"{function}({name}, 0.0)")) for place in places)
            yield Change(NAN_NAME, _distinct(edits))
        for node in inside(branch, draft):
            if isinstance(node, Call):
                piece = Piece(f"{function}({draft.piece(node).text}, 0.0)")
                yield Change(NAN_NAME, (draft.replace(node, piece),), variant="calls")


def _guarded(discard: Discard, sites: list[Node], draft: Draft, safe: str) -> tuple[Edit, ...]:
    return _distinct(tuple(draft.replace(node, discard.guarded(draft, draft.piece(node), safe)) for node in sites))


def _selected(discard: Discard, inner: Node, edits: tuple[Edit, ...], other: str, draft: Draft) -> tuple[Edit, ...]:
    """The edits, with the place of the discard made `where(keeps, inner, other)`."""
    start, end = discard.node.span
    within = [edit for edit in edits if start <= edit.span[0] and edit.span[1] <= end]
    length = len(draft.program.text) - inner.span[1]
    text = applied(draft.program.text, within)
    kept = text[inner.span[0] : len(text) - length]
    assert discard.keeps is not None
    whole = draft.replace(discard.node, Piece(f"{draft.function('where')}({discard.keeps.text}, {kept}, {other})"))
    return (*(edit for edit in edits if edit not in within), whole)


def _is_differentiated(node: Node | None, draft: Draft) -> bool:
    """Whether something that a node reads is differentiated."""
    return node is not None and any(draft.wrt is None or name in draft.wrt for name in variables(node, draft))


def _choices(discard: Discard, draft: Draft) -> Iterator[list[Node]]:
    dangerous: list[Node] = [
        node for node in dangerous_arguments(discard.branch, draft) if not isinstance(node, Literal)
    ]
    if isinstance(discard.node, Call) and discard.node.function.name in ("xlogy", "special.xlog1py"):
        dangerous.append(discard.branch)
    yield from ([node] for node in dangerous)
    outermost = _outermost(dangerous)
    if len(outermost) > 1:
        yield outermost
    names: list[list[Name]] = list(variables(discard.branch, draft).values())
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


def precision_rule(draft: Draft) -> Iterator[Change]:
    """Single precision for what overflows in 16 bits: an input at all its places, or what one function works on."""
    for name in draft.program.free_names:
        places = [node for node in draft.nodes if isinstance(node, Name) and node.name == name]
        edits = tuple(Edit(place.span, f"{name}.float()") for place in places)
        if edits:
            yield Change(PRECISION_NAME, edits, variant="inputs")
    for node in draft.nodes:
        if isinstance(node, Call) and (node.function.name in DANGEROUS or node.function.category == "activation"):
            for operand in operands_of(node)[:1]:
                if not isinstance(operand, Literal | Name):
                    piece = Piece(f"{draft.piece(operand).at(ATOM)}.float()")
                    yield Change(PRECISION_NAME, (draft.replace(operand, piece),), variant="calls")


def in_double(program: Program) -> Program:
    """What stands in float64 for a program with single precision: that would round there."""
    double = catalogue.find_method("double")
    assert double is not None

    def change(node: Node) -> Node:
        if isinstance(node, Call) and node.written == "float" and node.receiver is not None:
            return replace(node, function=double, written="double")
        return node

    return with_nodes(program, change)
