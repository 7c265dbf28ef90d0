"""Derivatives inside a program: by which names they are taken, and which inputs they need in a graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradcli.errors import ArgumentError, Span
from gradcli.language import syntax
from gradcli.language.catalogue.derivatives import SHORT
from gradcli.language.catalogue.rows import Row
from gradcli.language.syntax import Assign, AssignIndex, Call, Literal, Name, Node, Statement, Update, postorder

CATEGORY = "derivative"


def is_derivative(node: Node) -> bool:
    """Whether a node is grad(u, x) or torch.autograd.grad(u, x)."""
    return isinstance(node, Call) and node.function.category == CATEGORY


def inputs_of(call: Call) -> Node | None:
    """The argument that says by what a derivative is taken."""
    named = dict(call.keywords).get("inputs")
    return call.arguments[1] if named is None and len(call.arguments) > 1 else named


def cuts_graph(call: Call) -> bool:
    """Whether a derivative is a constant to what is done with it: torch.autograd.grad without create_graph=True."""
    if call.function.category != CATEGORY or call.function.name == SHORT:
        return False
    fourth = call.arguments[4] if len(call.arguments) > 4 else None
    given = dict(call.keywords).get("create_graph", fourth)
    return not (isinstance(given, Literal) and given.value is True)


def check_inputs(row: Row, arguments: tuple[Node, ...], keywords: tuple[tuple[str, Node], ...], span: Span) -> None:
    """Raises ArgumentError unless a derivative is taken by names: a piece of a tensor is no part of the graph."""
    wanted = inputs_of(Call(row, row.name, None, arguments, keywords, span))
    for node in _listed(wanted):
        if not isinstance(node, Name):
            raise ArgumentError(
                f"{row.name}() differentiates by a name: an input, or what was assigned before",
                span=node.span,
                hint="Name it first: h = ...; u = ...; grad(u, h).",
            )


def followed(statements: Sequence[Statement], result: Node) -> tuple[str, ...]:
    """The inputs that have to be in the graph for the derivatives inside a program, in order of appearance."""
    sources: dict[str, dict[str, None]] = {}  # the inputs that an assigned name comes from
    found: dict[str, None] = {}
    for root, target in _evaluated(statements, result):
        inputs: dict[str, None] = {}
        for node in postorder(root):
            if isinstance(node, Name):
                inputs |= sources.get(node.name, {node.name: None})
            if isinstance(node, Call) and is_derivative(node):
                for name in _listed(inputs_of(node)):
                    if isinstance(name, Name):
                        found |= sources.get(name.name, {name.name: None})
        if target is not None:
            sources[target] = inputs
    return tuple(found)


def _evaluated(statements: Sequence[Statement], result: Node) -> Iterator[tuple[Node, str | None]]:
    """Each expression in order of evaluation, and the name that its value goes into."""
    for statement in statements:
        match statement:
            case Assign(target=target, value=value):
                yield value, target
            case Update(target=place, value=value) | AssignIndex(target=place, value=value):
                yield place, None
                yield value, None
            case _:
                yield statement.value, None
    yield result, None


def _listed(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return node.items if isinstance(node, syntax.Sequence) else (node,)
