"""What a hint says in the user's own words: names, sub-expressions and shapes for the places in its template."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from gradcli.compute.capture import TorchError
from gradcli.language import catalogue
from gradcli.language.syntax import Binary, Call, Index, Name, Node, children, postorder
from gradcli.language.syntax import Sequence as Items

MOST_ONES = 4
"""Longer cotangents are written as ones(...)."""
LONGEST_PART = 60

_UPDATE = re.compile(r"([^\W\d]\w*)\s*(\*\*|//|[-+*/%@&|^])=\s*(.+)", re.DOTALL)
_ELEMENT = re.compile(r"([^\W\d]\w*)\s*\[.*\]\s*(\*\*|//|[-+*/%@&|^])?=[^=].*", re.DOTALL)
_ATOM = re.compile(r"-?[\w.]+|\w+\([^()]*\)")
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
        instead=instead(text, raised.span),
        name=name_of(raised, text, inputs),
        second=second_name(raised) or name_of(raised, text, inputs),
        ones=ones(output),
        output="" if output is None else f", which is {list(output)}",
        part=_quoted_part(raised, text),
        shapes="".join(f"{shape}. " for shape in [" and ".join(shapes_of(raised, text))] if shape),
        transposed=transposed(raised, text),
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


def transposed(raised: TorchError, text: str) -> str:
    """The product with the second matrix transposed, if that is what fits."""
    node = raised.node
    if not (isinstance(node, Binary) and node.operator == "matmul" and len(raised.operands) == 2):
        return ""
    left, right = raised.operands
    if not (isinstance(left, torch.Tensor) and isinstance(right, torch.Tensor) and right.ndim == 2):
        return ""
    if left.ndim == 0 or left.shape[-1] != right.shape[1]:
        return ""
    shape = [*left.shape[:-1], right.shape[0]]
    return f"Try '{_source(node.left, text)} @ {_source(node.right, text)}.T', which gives {shape}."


def ones(output: Sequence[int] | None) -> str:
    """A cotangent of ones as it is typed: `1,1`, or `'ones(2, 3)'`."""
    if output is None:
        return "1,1,..."
    if not output:
        return "1"
    if len(output) == 1 and output[0] <= MOST_ONES:
        return ",".join(["1"] * output[0])
    return f"'ones({', '.join(map(str, output))})'"


def instead(text: str, place: tuple[int, int] | None) -> str:
    """`write 'y = y + 1' for 'y += 1'`: the change in place at that place, out of place."""
    statement = "" if place is None else _statement(text, place)
    if place is not None and len(statement) <= LONGEST_PART:
        if update := _UPDATE.fullmatch(statement):
            name, operator, value = update.groups()
            value = value if _ATOM.fullmatch(value) else f"({value})"
            return f"write '{name} = {name} {operator} {value}' for '{statement}'"
        if element := _ELEMENT.fullmatch(statement):
            return f"assign in a copy, '{element[1]} = {element[1]}.clone(); {statement}'"
        part = text[place[0] : place[1]]
        if plain := _out_of_place(part):
            receiver = part.partition(".")[0]
            kept = f"{receiver} = {plain}" if part == statement and ";" in text and receiver.isidentifier() else plain
            return f"write '{kept}' for '{part}'"
    return "write y = y + 1 for y += 1"


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


def second_name(raised: TorchError) -> str | None:
    """The index of `x[i]`, the second argument of a call, where it is a name."""
    node = raised.node
    if node is None:
        return None
    second = node.index if isinstance(node, Index) else next(iter(children(node)[1:]), None)
    return second.name if isinstance(second, Name) else None


def _quoted_part(raised: TorchError, text: str) -> str:
    part = " ".join(part_of(raised, text).split())
    return f"'{part}'" if 0 < len(part) <= LONGEST_PART else "this operation"


def _statement(text: str, place: tuple[int, int]) -> str:
    """The statement in which a place lies."""
    start = max(text.rfind(end, 0, place[0]) for end in ";\n") + 1
    ends = [end for end in (text.find(mark, place[1]) for mark in ";\n") if end >= 0]
    return text[start : min(ends, default=len(text))].strip()


def _out_of_place(part: str) -> str | None:
    """`exp(x).add(1)` for `exp(x).add_(1)`; None where there is no such method."""
    if not part.endswith(")"):
        return None
    depth, start = 0, len(part)
    for start in range(len(part) - 1, -1, -1):  # the bracket that the last one closes
        depth += {")": 1, "(": -1}.get(part[start], 0)
        if depth == 0:
            break
    method = re.search(r"\.(\w*[a-z0-9])_$", part[:start])
    row = catalogue.find(method[1]) if method else None
    if method is None or row is None or not row.method:
        return None
    return f"{part[: start - 1]}{part[start:]}"


def _source(node: Node, text: str) -> str:
    return text[node.span[0] : node.span[1]]
