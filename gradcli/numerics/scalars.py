"""Arithmetic on plain numbers, as IEEE 754 has it: no exception, no integer that grows without end."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TypeGuard

import torch

Number = bool | int | float | complex
_NUMBERS = (int, float, complex)
"""Asked of every operand: `isinstance` with a tuple that stands takes a fifth of what it takes with a union."""

FUNCTIONS: dict[str, Callable[..., object]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "pow": operator.pow,
    "matmul": operator.matmul,
    "bitwise_and": operator.and_,
    "bitwise_or": operator.or_,
    "bitwise_xor": operator.xor,
    "bitwise_left_shift": operator.lshift,
    "bitwise_right_shift": operator.rshift,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
    "neg": operator.neg,
    "positive": operator.pos,
    "bitwise_not": operator.invert,
}
"""Python's functions for the operators: they work on numbers and on tensors."""

_LARGEST_INTEGER = 2**63 - 1
_BEYOND_DOUBLE = 1100
"""Places to the left by which 1 is moved out of double precision: 1 << 10**12 is infinite, and no memory is taken."""


def is_number(value: object) -> TypeGuard[Number]:
    """Whether a value is a plain number rather than a tensor."""
    return isinstance(value, _NUMBERS)


def refusal(name: str, *operands: Number) -> str | None:
    """Why an operation is not one of plain numbers, None if it is."""
    if name == "matmul":
        return "'@' multiplies tensors, not plain numbers"
    if not name.startswith("bitwise_"):
        return None
    if not all(isinstance(bounded(operand), int) for operand in operands):
        return "bits are those of whole numbers of at most 64 bits"
    if name.endswith("_shift") and operands[1].real < 0:
        return f"a number cannot be shifted by {operands[1]} places"
    return None


def compute(name: str, *operands: Number) -> Number:
    """One operation on plain numbers; integers beyond 64 bits become floating, 1/0 is inf, 0/0 is nan."""
    if name == "bitwise_not" and isinstance(operands[0], bool):
        return not operands[0]
    safe = [bounded(operand) for operand in operands]
    if name == "pow" and _too_large(*safe):
        return _as_tensors(name, safe)
    if name == "bitwise_left_shift" and isinstance(safe[1], int):
        safe[1] = min(safe[1], _BEYOND_DOUBLE)
    try:
        result = FUNCTIONS[name](*safe)
    except ArithmeticError:
        return _as_tensors(name, safe)
    if isinstance(result, complex) and not any(isinstance(operand, complex) for operand in safe):
        return _as_tensors(name, safe)  # (-8)**(1/3): a real tensor gives nan, and so do we
    assert isinstance(result, int | float | complex)
    return bounded(result)


def bounded(value: Number) -> Number:
    """An integer beyond 64 bits as a float, which may be infinite."""
    if not isinstance(value, int) or abs(value) <= _LARGEST_INTEGER:
        return value
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _too_large(base: Number, exponent: Number) -> bool:
    """Whether an integer power has more than 64 bits: 9**9**9 would take hours."""
    if not (isinstance(base, int) and isinstance(exponent, int)) or exponent < 0:
        return False
    return base.bit_length() * exponent > 4096


def _as_tensors(name: str, operands: list[Number]) -> Number:
    tensors = [torch.tensor(operand, dtype=torch.float64) for operand in operands]
    result: Number = FUNCTIONS[name](*tensors).item()  # type: ignore[attr-defined]
    return result
