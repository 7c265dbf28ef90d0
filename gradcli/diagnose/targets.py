"""Class-index targets: integer literals that a loss reads as int64 although literals are floating elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import numpy as np
import torch

from gradcli.exceptions import GradcliError
from gradcli.language.catalogue.rows import Loss
from gradcli.language.numerals import is_integral
from gradcli.language.properties import is_random
from gradcli.language.request import Value
from gradcli.language.syntax import Call, Literal, Name, Node, Numbers, Program, Sequence, postorder
from gradcli.numerics.capture import TorchError
from gradcli.numerics.evaluate import Context, evaluate


def is_integer_literal(value: Value) -> bool:
    """Whether a value is written with integers only; text that was read has no dtype to say so, but its numbers do."""
    if value.numbers is not None:
        return value.numbers.dtype.kind in "iu" or (value.dtype is None and _is_whole(value.numbers))
    if value.program is None or value.program.statements:
        return False
    if isinstance(value.program.result, Numbers):
        return is_integral(value.program.result.values)
    nodes = list(postorder(value.program.result))
    plain = all(isinstance(node, Literal | Sequence) for node in nodes)
    numbers = [node.value for node in nodes if isinstance(node, Literal)]
    return plain and bool(numbers) and all(type(number) is int for number in numbers)


def _is_whole(numbers: np.ndarray) -> bool:
    """Whether floating numbers are whole; most that are not show it early."""
    some = numbers.reshape(-1)[:1000]
    return numbers.dtype.kind == "f" and bool((some == np.trunc(some)).all() and (numbers == np.trunc(numbers)).all())


def index_names(
    program: Program, candidates: Collection[str], values: Mapping[str, torch.Tensor], context: Context
) -> Iterator[str]:
    """The candidates that a loss of the program takes as class indices."""
    for call, name, content in _targets(program):
        if name not in candidates:
            continue
        if content == "class index" or not _same_shape(program, call, values[name], values, context):
            yield name


def _targets(program: Program) -> Iterator[tuple[Call, str, str]]:
    for node in program.nodes:
        if not (isinstance(node, Call) and isinstance(node.function, Loss)):
            continue
        for position, argument in enumerate(node.function.arguments):
            given = _given(node, position, argument.name)
            if argument.content != "real" and isinstance(given, Name):
                yield node, given.name, argument.content


def _given(call: Call, position: int, name: str) -> Node | None:
    positional = call.arguments if call.receiver is None else (call.receiver, *call.arguments)
    named = dict(call.keywords)
    return positional[position] if position < len(positional) else named.get(name)


def _same_shape(
    program: Program, call: Call, target: torch.Tensor, values: Mapping[str, torch.Tensor], context: Context
) -> bool:
    """Whether the prediction has the target's shape, so that the target holds probabilities."""
    prediction = _given(call, 0, "input")
    assert prediction is not None  # every loss needs one
    if program.statements and is_random(program):  # it would draw its numbers before its turn
        return False
    copies = {name: value.clone() for name, value in values.items()}  # a statement may change them in place
    try:
        with torch.no_grad():
            return evaluate(replace(program, result=prediction), copies, context).shape == target.shape
    except (TorchError, GradcliError):  # the real evaluation will report it
        return False
