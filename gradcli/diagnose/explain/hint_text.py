"""What a hint says in the user's own words: names, sub-expressions and shapes for the places in its template."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from gradcli.diagnose.explain.indices import as_integers, operands
from gradcli.language.parser import parse
from gradcli.language.printer import SIGN, unary
from gradcli.language.rewrite.editing import EditableProgram
from gradcli.language.rewrite.places import operands_of, option_of, variables
from gradcli.language.syntax import Binary, Call, Literal, Node, children
from gradcli.numerics.capture import TorchError

MOST_ONES = 4
"""Longer cotangents are written as ones(...)."""
LONGEST_PART = 60

SUPPORTED = {False: "try --dtype float32", True: "take real(...), imag(...) or abs(...) of the argument first"}
"""What has another dtype, for real numbers and for complex ones."""

_SMOOTH = "Replace the comparison by something smooth."
_ARGUMENT = re.compile(r"argument '(\w+)'|derivative for '\w+: (\w+)'")
"""How PyTorch names an argument that has no derivative."""


@dataclass(frozen=True)
class Frozen:
    """What --frozen says: `{frozen:leave} it` becomes `Take --frozen x away, or leave it`, or just `Leave it`."""

    names: tuple[str, ...]

    def __format__(self, verb: str) -> str:
        if self.names:
            return f"Take --frozen {','.join(self.names)} away, {verb}"
        verb = verb.removeprefix("or ")
        return verb[:1].upper() + verb[1:]


def hint_of(
    template: str,
    raised: TorchError,
    text: str,
    *,
    frozen: Sequence[str],
    output: Sequence[int] | None,
    inputs: Sequence[str],
) -> str:
    """The template with its places filled, which may leave nothing. inputs: their names, if known."""
    place = _ended_at(raised, text, inputs)
    name = _input_behind(raised, place, inputs)
    filled = template.format(
        available=raised.order - 1,
        frozen=Frozen(tuple(frozen)),
        inputs=" and ".join(inputs) or "the input",
        indices=as_integers(raised, text, inputs),
        instead=", or ".join(raised.suggestions) or "put .clone() before the change",
        name=name,
        moved=_moved(raised, text, name),
        cut=raised.cut or "'detach' and comparisons",
        ones=ones(output),
        output="" if output is None else f", which is {list(output)}",
        part=_quoted_part(raised, text),
        shapes="".join(f"{shape}. " for shape in [" and ".join(shapes_of(raised, text))] if shape),
        step=_step(place),
        supported=SUPPORTED["Complex" in str(raised)],
        transposed=" ".join(raised.suggestions),
    )
    return filled.strip()


def part_of(raised: TorchError, text: str) -> str:
    """The sub-expression concerned, empty where it is not known."""
    return "" if raised.span is None else text[raised.span[0] : raised.span[1]]


def shapes_of(raised: TorchError, text: str) -> list[str]:
    """`a is [2, 3]` for each tensor that the failing operation was given."""
    given = [(node, value) for node, value in operands(raised) if isinstance(value, torch.Tensor)]
    return [f"{_source(node, text)} is {list(value.shape)}" for node, value in given]


def ones(output: Sequence[int] | None) -> str:
    """A cotangent of ones as it is typed: `1,1`, or `'ones(2, 3)'`."""
    if output is None:
        return "1,1,..."
    if not output:
        return "1"
    if len(output) == 1 and output[0] <= MOST_ONES:
        return ",".join(["1"] * output[0])
    return f"'ones({', '.join(map(str, output))})'"


def _ended_at(raised: TorchError, text: str, inputs: Sequence[str]) -> tuple[EditableProgram, Node] | None:
    """The expression and the node in it that raised; None where that, or the inputs, are not known."""
    if not inputs:
        return None
    program = EditableProgram(parse(text, bound=inputs))
    return next(((program, node) for node in program.nodes if node.span == raised.span), None)


def _input_behind(raised: TorchError, place: tuple[EditableProgram, Node] | None, inputs: Sequence[str]) -> str:
    """An input that the argument is made of which PyTorch names, else one of the sub-expression, else the first."""
    if place is None:
        return next(iter(inputs), "x")
    program, node = place
    named = _ARGUMENT.search(str(raised))
    argument = option_of(node, named[1] or named[2]) if named is not None and isinstance(node, Call) else None
    parts = (*children(node), node) if argument is None else (argument,)
    return next(iter([*(name for part in parts for name in variables(part, program)), *inputs]))


def _moved(raised: TorchError, text: str, given: str) -> str:
    """A matrix with a little added to its diagonal. given: the input, where the matrix is not known."""
    for node, operand in operands(raised)[:1]:
        if isinstance(operand, torch.Tensor) and operand.ndim > 1:
            return f"{_source(node, text)} + 1e-3 * eye({operand.shape[-1]})"
    return f"{given} + 1e-3 * eye(n)"


def _step(place: tuple[EditableProgram, Node] | None) -> str:
    """`Replace the comparison by a smooth step: sigmoid(4 * (x - 5)).` for x > 5."""
    if place is None:
        return _SMOOTH
    program, node = place
    sides = _sides(node)
    if sides is None:
        return _SMOOTH
    larger, smaller = sides
    difference = program.piece(larger)
    if isinstance(larger, Literal) and larger.value == 0:
        difference = unary("neg", program.piece(smaller))
    elif not (isinstance(smaller, Literal) and smaller.value == 0):
        difference = program.joined("sub", difference, program.piece(smaller))
    return f"Replace the comparison by a smooth step: sigmoid(4 * {difference.at(SIGN)})."


def _sides(node: Node) -> tuple[Node, Node] | None:
    """What has to be the larger one for a comparison to be true, and the other."""
    if isinstance(node, Binary):
        operator, operands = node.operator, [node.left, node.right]
    elif isinstance(node, Call):
        operator, operands = node.function.name, operands_of(node)
    else:
        return None
    if len(operands) != 2 or operator not in ("gt", "ge", "lt", "le"):
        return None
    return (operands[0], operands[1]) if operator in ("gt", "ge") else (operands[1], operands[0])


def _quoted_part(raised: TorchError, text: str) -> str:
    part = " ".join(part_of(raised, text).split())
    return f"'{part}'" if 0 < len(part) <= LONGEST_PART else "this operation"


def _source(node: Node, text: str) -> str:
    return text[node.span[0] : node.span[1]]
