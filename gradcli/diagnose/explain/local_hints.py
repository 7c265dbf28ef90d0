"""Hints for one kind of node: masks and integers that came as numbers, derivatives inside an expression."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from gradcli.diagnose.explain.indices import value_of, whole_numbers
from gradcli.language.parser import parse
from gradcli.language.properties import changes_in_place, is_derivative
from gradcli.language.rewrite.places import operands_of, option_of
from gradcli.language.syntax import Binary, Call, Index, Name, Node, Unary, children
from gradcli.language.syntax import Sequence as Items
from gradcli.numerics.capture import TorchError

_MASKED = {"where": "condition", "masked_fill": "mask", "masked_select": "mask", "masked_scatter": "mask"}
"""Functions that take a mask, and as what."""
_LOGIC = ("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not")
_SHIFTS = ("bitwise_left_shift", "bitwise_right_shift")

_OF_DERIVATIVES = {
    "implicitly created only for scalar outputs": (
        "Write grad({output}, {inputs}), which takes a cotangent of ones, or add "
        "grad_outputs=torch.ones_like({output})."
    ),
    "Mismatch in shape": "Give grad_outputs the shape of {output}: torch.ones_like({output}).",
    "not have been used in the graph": (
        "Add allow_unused=True or materialize_grads=True, or write grad({output}, {inputs}), which gives zeros there."
    ),
    "does not require grad": (
        "Nothing leads from {inputs} to {output} in the graph: a detach, a comparison or --frozen stands between them."
    ),
}
"""What helps a derivative inside an expression, by a piece of PyTorch's message."""


def local_hint(raised: TorchError, text: str, inputs: Sequence[str]) -> str | None:
    """What to write instead at the node that raised; None where nothing is known of it."""
    node, message = raised.node, str(raised)
    if is_derivative(node):
        return _of_derivative(node, message, text)
    if "modified by an inplace operation" in message:
        return _changed_by_pytorch(raised, text, inputs)
    if isinstance(node, Index) and "must be long, int, byte or bool" in message:
        index = _floating_index(raised, node)
        mask = _is_mask(value_of(raised, index))
        return f"{_as(raised, index, text, inputs, 'int64')} picks elements by number" + (
            f", {_as(raised, index, text, inputs, 'bool')} those where it is 1." if mask else "."
        )
    if isinstance(node, Call) and "bool" in message.lower():
        mask_node = option_of(node, _MASKED.get(node.function.name.removesuffix("_"), ""))
        return None if mask_node is None else f"A mask is boolean: {_as(raised, mask_node, text, inputs, 'bool')}."
    if isinstance(node, Binary | Unary) and node.operator in (*_LOGIC, *_SHIFTS) and "implemented" in message:
        number = next((child for child in children(node) if _is_floating(value_of(raised, child))), None)
        if number is None:
            return None
        if node.operator in _SHIFTS:
            return f"Integers are shifted: {_as(raised, number, text, inputs, 'int64')}."
        if node.operator == "bitwise_xor" and _is_power(raised, node):
            return f"^ is the exclusive or of masks. A power is written **: {_power(node, text)}."
        return f"Masks are combined: {_as(raised, number, text, inputs, 'bool')}."
    return None


def _changed_by_pytorch(raised: TorchError, text: str, inputs: Sequence[str]) -> str | None:
    """What to do where the user's own words change no tensor, and PyTorch's do, inside of a call; None elsewhere."""
    program = parse(text, bound=inputs) if raised.span is not None else None
    if program is None or changes_in_place(program):
        return None
    said = "It is PyTorch that changes it, inside of this call: write the same with other functions"
    call = next((node for node in program.nodes if node.span == raised.span), None)
    if not isinstance(call, Call) or call.function.name != "linalg.cond":
        return f"{said}."
    matrix, power = _source(operands_of(call)[0], text), option_of(call, "p")
    order = "" if power is None else f", {_source(power, text)}"
    return f"{said}, linalg.norm({matrix}{order}) * linalg.norm(linalg.inv({matrix}){order})."


def _of_derivative(node: Call, message: str, text: str) -> str | None:
    template = next((hint for piece, hint in _OF_DERIVATIVES.items() if piece in message), None)
    output, inputs = (_source(option_of(node, name), text) for name in ("outputs", "inputs"))
    return None if template is None else template.format(output=output, inputs=inputs)


def _is_power(raised: TorchError, node: Binary | Unary) -> bool:
    """Whether ^ was meant as a power: a side is a plain number, or both are floats and no masks of 0 and 1."""
    left, right = (value_of(raised, side) for side in children(node))
    if isinstance(left, int | float) or isinstance(right, int | float):
        return True
    return _is_floating(left) and _is_floating(right) and not (_is_mask(left) and _is_mask(right))


def _power(node: Binary | Unary, text: str) -> str:
    """The two sides of an operator as a base and an exponent."""
    sides = [(side, _source(side, text)) for side in children(node)]
    return "**".join(f"({source})" if isinstance(side, Binary | Unary) else source for side, source in sides)


def _floating_index(raised: TorchError, node: Index) -> Node:
    """The index, or the first floating one of several: i of x[0, i]."""
    several = node.index.items if isinstance(node.index, Items) else ()
    return next((item for item in several if _is_floating(value_of(raised, item))), node.index)


def _as(raised: TorchError, node: Node, text: str, inputs: Sequence[str], dtype: str) -> str:
    """`m:bool=1,0` for an input, `(a - b) != 0` or `long(a - b)` for what is computed."""
    plain = dtype != "bool" or _is_mask(value_of(raised, node))
    if plain and isinstance(node, Name) and node.name in inputs:
        values = whole_numbers(value_of(raised, node))
        return f"{node.name}:{dtype}={'...' if values is None else values}"
    source = _source(node, text)
    if dtype == "int64":
        return f"long({source})"
    return f"{source} != 0" if isinstance(node, Name | Call) else f"({source}) != 0"


def _source(node: Node | None, text: str) -> str:
    return "..." if node is None else text[slice(*node.span)]


def _is_floating(value: object) -> bool:
    return isinstance(value, float) or (isinstance(value, torch.Tensor) and value.is_floating_point())


def _is_mask(value: object) -> bool:
    """Whether a tensor holds nothing but zeros and ones."""
    return isinstance(value, torch.Tensor) and bool(((value == 0) | (value == 1)).all())
