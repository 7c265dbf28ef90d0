"""What a hint says in the user's own words: names, sub-expressions and shapes for the places in its template."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from gradcli.diagnose.explain.indices import as_integers
from gradcli.language.parser import parse
from gradcli.language.printer import SIGN, unary
from gradcli.language.rewrite.editing import EditableProgram
from gradcli.language.rewrite.places import operands_of
from gradcli.language.syntax import Binary, Call, Literal, Name, Node, children, postorder
from gradcli.language.syntax import Sequence as Items
from gradcli.numerics.capture import TorchError

MOST_ONES = 4
"""Longer cotangents are written as ones(...)."""
LONGEST_PART = 60

SUPPORTED = {False: "try --dtype float32", True: "take real(...), imag(...) or abs(...) of the argument first"}
"""What has another dtype, for real numbers and for complex ones."""

_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*(?!\w*\s*[(=])")


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
) -> str | None:
    """The template with its places filled; None where nothing is left of it. inputs: their names, if known."""
    filled = template.format(
        available=raised.order - 1,
        frozen=Frozen(tuple(frozen)),
        inputs=" and ".join(inputs) or "the input",
        indices=as_integers(raised, text, inputs),
        instead=", or ".join(raised.suggestions) or "put .clone() before the change",
        name=name_of(raised, text, inputs),
        moved=moved(raised, text, inputs),
        cut=raised.cut or "'detach' and comparisons",
        ones=ones(output),
        output="" if output is None else f", which is {list(output)}",
        part=_quoted_part(raised, text),
        shapes="".join(f"{shape}. " for shape in [" and ".join(shapes_of(raised, text))] if shape),
        step=step(raised, text, inputs),
        supported=SUPPORTED["Complex" in str(raised)],
        transposed=" ".join(raised.suggestions),
    )
    return filled.strip() or None


def part_of(raised: TorchError, text: str) -> str:
    """The sub-expression concerned, empty where it is not known."""
    return "" if raised.span is None else text[raised.span[0] : raised.span[1]]


def shapes_of(raised: TorchError, text: str) -> list[str]:
    """`a is [2, 3]` for each tensor that the failing operation was given."""
    given = [] if raised.node is None else list(zip(children(raised.node), raised.operands, strict=False))
    for node, operand in list(given):
        if isinstance(node, Items) and isinstance(operand, list | tuple):  # cat([a, b])
            given += zip(children(node), operand, strict=False)
    return [f"{_source(node, text)} is {list(value.shape)}" for node, value in given if isinstance(value, torch.Tensor)]


def ones(output: Sequence[int] | None) -> str:
    """A cotangent of ones as it is typed: `1,1`, or `'ones(2, 3)'`."""
    if output is None:
        return "1,1,..."
    if not output:
        return "1"
    if len(output) == 1 and output[0] <= MOST_ONES:
        return ",".join(["1"] * output[0])
    return f"'ones({', '.join(map(str, output))})'"


def name_of(raised: TorchError, text: str, inputs: Sequence[str]) -> str:
    """The tensor concerned: the argument that PyTorch names, the first name in the sub-expression, the first input."""
    node = raised.node
    if isinstance(node, Call):
        argument = re.search(r"argument '(\w+)'", str(raised))
        given = dict(node.keywords).get(argument[1]) if argument else None
        if isinstance(given, Name):
            return given.name
    if node is not None:
        found = [part.name for part in postorder(node) if isinstance(part, Name)]
    else:
        found = _NAME.findall(part_of(raised, text))
    return next((name for name in found if name in inputs or not inputs), None) or next(iter([*inputs, *found]), "x")


def moved(raised: TorchError, text: str, inputs: Sequence[str]) -> str:
    """A matrix with a little added to its diagonal."""
    operand = next(iter(raised.operands), None)
    node = None if raised.node is None else next(iter(children(raised.node)), None)
    if node is None or not isinstance(operand, torch.Tensor) or operand.ndim < 2:
        return f"{name_of(raised, text, inputs)} + 1e-3 * eye(n)"
    return f"{_source(node, text)} + 1e-3 * eye({operand.shape[-1]})"


def step(raised: TorchError, text: str, inputs: Sequence[str]) -> str:
    """`Replace the comparison by a smooth step: sigmoid(4 * (x - 5)).` for x > 5."""
    program = parse(text, bound=inputs) if inputs else None
    nodes = [] if program is None else program.nodes
    node = next((node for node in nodes if node.span == raised.span), None)
    sides = _sides(node)
    if program is None or sides is None:
        return "Replace the comparison by something smooth."
    editable = EditableProgram(program)
    larger, smaller = sides
    difference = editable.piece(larger)
    if isinstance(larger, Literal) and larger.value == 0:
        difference = unary("neg", editable.piece(smaller))
    elif not (isinstance(smaller, Literal) and smaller.value == 0):
        difference = editable.joined("sub", difference, editable.piece(smaller))
    return f"Replace the comparison by a smooth step: sigmoid(4 * {difference.at(SIGN)})."


def _sides(node: Node | None) -> tuple[Node, Node] | None:
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
