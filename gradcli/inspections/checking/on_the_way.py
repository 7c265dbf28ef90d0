"""Values on the way to an output that a dtype could not hold: infinite or zero, where the exact one is neither."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.inspections.checking.slopes import Index
from gradcli.language.syntax import Binary, Call, Name, Node, Program, Unary, children, with_children
from gradcli.numerics.capture import array, exact

if TYPE_CHECKING:
    from gradcli.numerics.reference import Slope

DIGITS = 430
"""Of the exact values: 1 - sigmoid(200) is 1e-87."""

Kind = Literal["overflow", "underflow", "rounded", "inside", "singular"]

_SAID: dict[Kind, str] = {
    "overflow": "{text} overflows to {computed}; its value is {true}",
    "underflow": "{text} underflows to {computed}; its value is {true}",
    "rounded": "{text} is rounded to {computed}; its value is {true}",
    "singular": "{argument} is rounded to {computed}, where the slope of {text} is not finite; its value is {true}",
    "inside": "{text} leaves the range of this dtype inside PyTorch: it gives {computed}; its value is {true}",
}


@dataclass(frozen=True)
class Spoiled:
    """One sub-expression's value, at one element.

    kind: `overflow`, `underflow`: its exact result is out of range. `rounded`: its operands have lost their digits, or
    it is too small beside them to be seen. `singular`: an argument of it is rounded to where the function has no finite
    slope, `argument`. `inside`: its operands give an ordinary number, and PyTorch's function does not.
    """

    text: str
    kind: Kind
    computed: float
    true: str
    argument: str = ""

    @property
    def is_infinite(self) -> bool:
        """Whether the value is beyond all numbers, and not below them."""
        return not np.isfinite(self.computed)

    def __str__(self) -> str:
        said = _SAID[self.kind]
        return said.format(text=self.text, computed=f"{self.computed:.3g}", true=self.true, argument=self.argument)


@dataclass(frozen=True)
class _Value:
    node: Node
    computed: np.ndarray
    operands: list[object]
    dtype: torch.dtype

    @cached_property
    def in_doubt(self) -> np.ndarray:
        """Which elements are infinite, NaN, zero or below the normal numbers."""
        smallest = torch.finfo(self.dtype).smallest_normal
        doubtful: np.ndarray = ~np.isfinite(self.computed) | (np.abs(self.computed) < smallest)
        return doubtful

    def is_off(self, place: Index, true: Any) -> bool:
        """Whether an element is not the exact one to the digits that a normal number has."""
        computed = float(self.computed[place])
        return not np.isfinite(computed) or bool(abs(computed - true) > torch.finfo(self.dtype).eps * abs(true))


class OnTheWay:
    """The values of a bound expression's sub-expressions, computed and exact."""

    def __init__(self, bound: BoundExpression) -> None:
        self.bound = bound
        self.text = bound.program.text
        self.values = list(_computed(bound))

    @cached_property
    def exact(self) -> dict[int, np.ndarray]:
        """Only where a computed value is in doubt: mpmath and 430 digits take their time."""
        return _exact_values(self.bound)

    def spoiled(self, index: Index, *, elementwise: bool) -> Spoiled | None:
        """The first value that is spoiled at an element of an elementwise output; of any other output, anywhere."""
        for value in self.values:
            if not value.in_doubt.any():
                continue
            true = self.exact.get(id(value.node))
            if true is None or true.shape != value.computed.shape:
                continue
            for place in [index] if elementwise and true.shape else np.ndindex(*true.shape):
                if value.in_doubt[place] and _is_number(true[place]) and value.is_off(place, true[place]):
                    return self._described(value, true[place], place)
        return None

    def singular(self, index: Index) -> Spoiled | None:
        """For an element of an elementwise output: the first function with an argument rounded onto a singularity."""
        for value in self.values:
            for place, below in enumerate(children(value.node)):
                found = self._rounded_onto(value, place, below, index)
                if found is not None:
                    return found
        return None

    def _rounded_onto(self, value: _Value, place: int, below: Node, index: Index) -> Spoiled | None:
        from mpmath import mp

        from gradcli.numerics import reference

        operand, true = value.operands[place], self.exact.get(id(below))
        if not isinstance(operand, torch.Tensor) or true is None or true.shape != operand.shape:
            return None
        at = index if true.shape else ()
        computed = float(operand[at])
        if not np.isfinite(computed) or true[at] == computed:
            return None
        tensors = {n: o for n, o in enumerate(value.operands) if isinstance(o, torch.Tensor)}
        inputs = {f"v{n}": exact(tensor[at] if tensor.shape else tensor) for n, tensor in tensors.items()}
        parts = (
            Name(f"v{n}", below.span) if f"v{n}" in inputs else part for n, part in enumerate(children(value.node))
        )
        program = Program(self.text, (), with_children(value.node, tuple(parts)), tuple(inputs))

        def is_finite(numbers: dict[str, np.ndarray]) -> bool:
            slope: Slope = reference.slopes(program, numbers, [f"v{place}"], elementwise=True)[f"v{place}"].item()
            return slope.value is not None and abs(slope.value) != float("inf")

        try:  # with its exact value in its place alone: what another argument spoils is not this one's fault
            if is_finite(inputs) or not is_finite({**inputs, f"v{place}": np.array(true[at], dtype=object)}):
                return None
        except reference.NoReference:
            return None
        text, argument = (self.text[slice(*node.span)] for node in (value.node, below))
        digits = next((n for n in (6, 12, 25) if float(mp.mpf(mp.nstr(true[at], n))) != computed), 25)
        return Spoiled(text, "singular", computed, mp.nstr(true[at], digits), argument)

    def _described(self, value: _Value, true: Any, place: Index) -> Spoiled:
        from mpmath import mp

        computed = float(value.computed[place])
        text = self.text[slice(*value.node.span)]
        return Spoiled(text, _kind(value, computed, place), computed, mp.nstr(mp.mpf(true), 3))


def _computed(bound: BoundExpression) -> Iterator[_Value]:
    """PyTorch's values of what computes, in order."""
    found: list[_Value] = []

    def note(node: object, value: object, operands: list[object]) -> None:
        if isinstance(node, Call | Binary | Unary) and isinstance(value, torch.Tensor) and value.is_floating_point():
            kept = [operand.clone() if isinstance(operand, torch.Tensor) else operand for operand in operands]
            found.append(_Value(node, array(value.double()).copy(), kept, value.dtype))

    with torch.no_grad():
        bound.evaluate(observe=note)
    return iter(found)


def _exact_values(bound: BoundExpression) -> dict[int, np.ndarray]:
    """By node: at 430 digits; what has no rule, and comes after it, in float64 if their dtype is narrower."""
    from mpmath import mp

    from gradcli.numerics.reference.evaluator import evaluate
    from gradcli.numerics.reference.reals import reals
    from gradcli.numerics.reference.slope import NoReference

    found: dict[int, np.ndarray] = {}

    def note(node: Node, value: object) -> None:
        if isinstance(value, np.ndarray) and value.dtype == object:
            found[id(node)] = value

    inputs = {name: exact(leaf) for name, leaf in bound.leaves.items()}
    numbers = {name: reals(leaf) if leaf.dtype.kind == "f" else leaf for name, leaf in inputs.items()}
    try:
        with mp.workdps(DIGITS), np.errstate(all="ignore"):
            evaluate(bound.program, numbers, observe=note)
    except NoReference:
        if any(leaf.dtype not in (torch.float64, torch.bool) for leaf in bound.leaves.values()):
            for value in _computed(bound.at_dtype("float64")):
                found.setdefault(id(value.node), value.computed)
    return found


def _is_number(true: Any) -> bool:
    """Whether an exact value is neither zero, nor infinite, nor NaN."""
    return bool(true != 0 and true == true and abs(true) != float("inf"))


def _kind(value: _Value, computed: float, place: Index) -> Kind:
    """By what the exact operation makes of the operands that it was given."""
    from mpmath import mp

    from gradcli.numerics.reference.evaluator import value_of
    from gradcli.numerics.reference.slope import NoReference

    info = torch.finfo(value.dtype)
    try:
        with mp.workdps(DIGITS), np.errstate(all="ignore"):
            own = value_of(value.node, [_as_exact(operand) for operand in value.operands])
            size = abs(own[place] if own.shape == value.computed.shape else own.item())
    except (NoReference, ValueError, IndexError):
        return "overflow" if not np.isfinite(computed) else "underflow"
    if size != size or size == float("inf") or size == 0:
        return "rounded"
    if size > info.max:
        return "overflow"
    if size < info.smallest_normal:
        return "underflow"
    largest = max((_largest(operand) for operand in value.operands), default=0.0)
    return "rounded" if np.isfinite(computed) and size < info.eps * largest else "inside"


def _largest(operand: object) -> float:
    if not isinstance(operand, torch.Tensor) or not operand.is_floating_point() or not operand.numel():
        return 0.0
    return float(operand.abs().nan_to_num(0.0, 0.0, 0.0).max())


def _as_exact(operand: object) -> object:
    from gradcli.numerics.reference.reals import reals

    if isinstance(operand, list | tuple):
        return type(operand)(map(_as_exact, operand))
    if not isinstance(operand, torch.Tensor):
        return operand
    numbers = exact(operand)
    return reals(numbers) if numbers.dtype.kind == "f" else numbers
