"""Plain numbers in the text of an operation: the one that is not finite, or that the dtype cannot hold."""

from __future__ import annotations

import cmath
from collections.abc import Callable, Iterator

import torch

from gradcli.diagnose.findings.local import whole_arguments
from gradcli.language import syntax
from gradcli.language.names import CONSTANTS
from gradcli.recording.tape import Step

Constant = tuple[syntax.Node, complex]
"""Where a number stands in the text, and what it is."""


def not_finite(step: Step, *, nan: bool) -> Constant | None:
    """The first NaN, or the first infinity, among an operation's numbers."""
    return _first(step, lambda _, number: cmath.isnan(number) if nan else cmath.isinf(number))


def beyond_dtype(step: Step) -> Constant | None:
    """The first finite number that an operation's dtype has no room for. An exponent need not fit into it."""
    dtype = next((value.dtype for value in step.values if value.is_floating_point()), None)
    if dtype is None or step.operation == "pow":
        return None
    largest = torch.finfo(dtype).max
    found = _first(
        step, lambda node, number: abs(number) > largest and (cmath.isfinite(number) or _in_digits(step, node))
    )
    return None if found is None or found[1] in whole_arguments(step) else found


def text_of(step: Step, node: syntax.Node) -> str:
    """What the user wrote for an operand of a step."""
    start = step.span[0]
    return step.text[node.span[0] - start : node.span[1] - start]


def _in_digits(step: Step, node: syntax.Node) -> bool:
    """Whether a number is written in digits: 1e400 is finite on paper, float('-inf') is not."""
    return any(map(str.isdigit, text_of(step, node)))


def _first(step: Step, wanted: Callable[[syntax.Node, complex], bool]) -> Constant | None:
    return next((constant for constant in _constants(step) if wanted(*constant)), None)


def _constants(step: Step) -> Iterator[Constant]:
    node = step.node
    if isinstance(node, syntax.AssignIndex | syntax.Update):  # their operands are not noted
        number = value_of(node.value)
        if number is not None:
            yield node.value, number
    elif isinstance(node, syntax.Assign | syntax.Evaluate):
        return
    else:
        for child, argument in zip(syntax.children(node), step.arguments, strict=False):
            yield from _inside(child, argument)


def _inside(node: syntax.Node, value: object) -> Iterator[Constant]:
    """The numbers of an operand: itself, or the items of a list."""
    if isinstance(value, list | tuple):
        items = node.items if isinstance(node, syntax.Sequence) else (node,) * len(value)
        for item, part in zip(items, value, strict=False):
            yield from _inside(item, part)
    elif isinstance(value, int | float | complex) and not isinstance(value, bool):
        yield node, value


def value_of(node: syntax.Node) -> complex | None:
    """The plain number that a node writes; None where it is something else."""
    match node:
        case syntax.Literal(value=int() | float() | complex() as value):
            return value
        case syntax.Name(name=name) if isinstance(CONSTANTS.get(name), int | float):
            return CONSTANTS[name]
        case syntax.Unary(operator="neg", operand=operand):
            number = value_of(operand)
            return None if number is None else -number
        case _:
            return None
