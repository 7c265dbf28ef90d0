"""What can be read off an expression: whether it works element by element, whether it draws random numbers."""

from __future__ import annotations

from dataclasses import replace

from gradcli.language.catalogue.derivatives import SHORT
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
    Unary,
    Update,
    postorder,
    roots,
)

_RANDOM_IN_PLACE = frozenset(
    {"random_", "normal_", "uniform_", "bernoulli_", "exponential_", "geometric_", "cauchy_", "log_normal_"}
)

_WITH_STATE = frozenset({"batch_norm", "instance_norm"})
"""Functions that change the running statistics they are given."""


def is_pointwise(program: Program) -> bool:
    """True only if element i of the result depends on element i of the (broadcast) variables alone."""
    if not all(isinstance(statement, Assign) for statement in program.statements):
        return False
    alone = len(program.free_names) == 1
    return all(_is_pointwise(node, alone) for root in roots(program) for node in postorder(root))


def _is_pointwise(node: object, alone: bool) -> bool:
    """alone: there is one variable, so that the sum behind grad(u, x) mixes nothing: u[i] depends on x[i] alone."""
    match node:
        case Call(function=row) if row.name == SHORT:
            return alone
        case Literal() | Name() | DtypeName() | Unary():
            return True
        case Binary(operator=operator):
            return operator != "matmul"
        case Call(function=row):
            return row.pointwise
        case _:
            return False


def selections(program: Program) -> int:
    """How many times a program selects between values by a condition."""
    nodes = (node for root in roots(program) for node in postorder(root))
    return sum(isinstance(node, Call) and node.function.name in ("where", "masked_fill") for node in nodes)


def is_random(program: Program) -> bool:
    """Whether an expression draws random numbers, which differ from dtype to dtype."""
    nodes = (node for root in roots(program) for node in postorder(root))
    return any(isinstance(node, Call) and _draws(node) for node in nodes)


def _draws(call: Call) -> bool:
    row = call.function
    if row.name.startswith("rrelu"):  # draws its slope while training, and takes the middle else
        return any(
            isinstance(a, Literal) and a.value is True for a in (*call.arguments, *(v for _, v in call.keywords))
        )
    return row.category == "random" or row.name in _RANDOM_IN_PLACE


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
        for root in roots(program)
        for node in postorder(root)
    )


def is_elementwise_sum(program: Program) -> bool:
    """Whether a program works element by element, or sums what does."""
    inner = summed(program.result)
    return is_pointwise(program if inner is None else replace(program, result=inner))


def summed(node: Node) -> Node | None:
    """What is summed: f(x) of sum(f(x)), f(x).sum(), mean(f(x))."""
    if not isinstance(node, Call) or node.function.name not in ("sum", "mean") or node.keywords:
        return None
    operands = node.arguments if node.receiver is None else (node.receiver, *node.arguments)
    return operands[0] if len(operands) == 1 else None
