"""What can be read off a program: whether it works element by element, draws numbers, changes or differentiates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeGuard

from gradcli.exceptions import ArgumentError, Span
from gradcli.language import syntax
from gradcli.language.catalogue import DERIVATIVE, GRAD
from gradcli.language.catalogue.rows import Row
from gradcli.language.syntax import (
    Assign,
    AssignIndex,
    Binary,
    Call,
    DtypeName,
    Literal,
    Name,
    Node,
    Program,
    Statement,
    Unary,
    Update,
    postorder,
)

_RANDOM_IN_PLACE = frozenset(
    {"random_", "normal_", "uniform_", "bernoulli_", "exponential_", "geometric_", "cauchy_", "log_normal_"}
)

_WITH_STATE = frozenset({"batch_norm", "instance_norm"})
"""Functions that change the running statistics they are given."""


def is_elementwise(program: Program) -> bool:
    """True only if element i of the result depends on element i of the (broadcast) variables alone."""
    if not all(isinstance(statement, Assign) for statement in program.statements):
        return False
    alone = len(program.free_names) == 1
    return all(_is_elementwise(node, alone) for node in program.nodes)


def _is_elementwise(node: object, alone: bool) -> bool:
    """alone: there is one variable, so that the sum behind grad(u, x) mixes nothing: u[i] depends on x[i] alone."""
    match node:
        case Call(function=row) if row.name == GRAD:
            return alone
        case Literal() | Name() | DtypeName() | Unary():
            return True
        case Binary(operator=operator):
            return operator != "matmul"
        case Call(function=row):
            return row.elementwise
        case _:
            return False


def selections(program: Program) -> int:
    """How many times a program selects between values by a condition."""
    return sum(isinstance(node, Call) and node.function.name in ("where", "masked_fill") for node in program.nodes)


_ARGUMENTS_OF_RMS_NORM = 4


def is_random(program: Program) -> bool:
    """Whether an expression draws random numbers, which differ from dtype to dtype."""
    return any(isinstance(node, Call) and _draws(node) for node in program.nodes)


def _draws(call: Call) -> bool:
    row = call.function
    if row.name.startswith("rrelu"):  # draws its slope while training, and takes the middle else
        return any(
            isinstance(a, Literal) and a.value is True for a in (*call.arguments, *(v for _, v in call.keywords))
        )
    return row.category == "random" or row.name in _RANDOM_IN_PLACE


def takes_eps_of_its_dtype(program: Program) -> bool:
    """Whether an expression adds the eps of a dtype, so that it is another function in another one."""
    return any(isinstance(node, Call) and _is_without_eps(node) for node in program.nodes)


def _is_without_eps(call: Call) -> bool:
    given = len(syntax.children(call)) - len(call.keywords)
    return call.function.name == "rms_norm" and "eps" not in dict(call.keywords) and given < _ARGUMENTS_OF_RMS_NORM


def changes_in_place(program: Program) -> bool:
    """Whether evaluating a program may change tensors that are there already."""
    if any(isinstance(statement, Update | AssignIndex) for statement in program.statements):
        return True
    return any(
        isinstance(node, Call)
        and (
            node.function.name.endswith("_")
            or node.function.name in _WITH_STATE
            or any(name == "inplace" for name, _ in node.keywords)
        )
        for node in program.nodes
    )


def is_elementwise_sum(program: Program) -> bool:
    """Whether a program works element by element, or sums what does."""
    inner = summed(program.result)
    return is_elementwise(program if inner is None else replace(program, result=inner))


def summed(node: Node) -> Node | None:
    """What is summed: f(x) of sum(f(x)), f(x).sum(), mean(f(x))."""
    if not isinstance(node, Call) or node.function.name not in ("sum", "mean") or node.keywords:
        return None
    operands = node.arguments if node.receiver is None else (node.receiver, *node.arguments)
    return operands[0] if len(operands) == 1 else None


def is_derivative(node: Node | None) -> TypeGuard[Call]:
    """Whether a node is grad(u, x) or torch.autograd.grad(u, x)."""
    return isinstance(node, Call) and node.function.category == DERIVATIVE


def inputs_of(call: Call) -> Node | None:
    """The argument that says by what a derivative is taken."""
    named = dict(call.keywords).get("inputs")
    return call.arguments[1] if named is None and len(call.arguments) > 1 else named


def cuts_graph(call: Call) -> bool:
    """Whether a derivative is a constant to what is done with it: torch.autograd.grad without create_graph=True."""
    if call.function.category != DERIVATIVE or call.function.name == GRAD:
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
            if is_derivative(node):
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
