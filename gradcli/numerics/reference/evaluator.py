"""Nodes to exact values: the walk over the tree of `numerics/evaluate.py`, over arrays of mpf instead of tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from mpmath import mp

from gradcli.exceptions import ArgumentError
from gradcli.language import syntax
from gradcli.language.catalogue import DERIVATIVE, GRAD
from gradcli.language.catalogue.binding import bind
from gradcli.language.names import CONSTANTS
from gradcli.language.syntax import Node, Program, children
from gradcli.numerics import scalars
from gradcli.numerics.calls import Spread, is_number_function, spread
from gradcli.numerics.reference.calls import apply, as_array, known
from gradcli.numerics.reference.derivatives import slopes as slopes_inside
from gradcli.numerics.reference.indexing import attribute, index
from gradcli.numerics.reference.reals import Array, choose, finite, reals
from gradcli.numerics.reference.rules import RULES
from gradcli.numerics.reference.rules.activations import Formula
from gradcli.numerics.reference.slope import NoReference
from gradcli.numerics.schedule import schedule

Observer = Callable[[Node, object], None]

_NOT_COVERED = (ArgumentError, TypeError, ValueError, IndexError, ArithmeticError, RuntimeError, mp.NoConvergence)
"""What a rule, numpy or mpmath raises for a call that is not covered; PyTorch has accepted the call before."""


def evaluate(
    program: Program,
    inputs: Mapping[str, object],
    *,
    exact: bool = False,
    observe: Observer | None = None,
    held: dict[int, Array] | None = None,
) -> Array:
    """The value of a program at mpmath's present precision, an array of mpf.

    exact: the text is a formula of the catalogue: 0.1 is one tenth, pi is pi, sqrt(2) is no double.
    observe: hears each node and its value.
    held: truth values by the id of their node; an empty one is filled with those of this run, a filled one is obeyed.
    Raises NoReference.
    """
    run = _Run(inputs, exact, observe, held)
    for statement in program.statements:
        run.execute(statement)
    return reals(as_array(run.value(program.result)))


def value_of(node: Node, operands: list[object]) -> Array:
    """The value of one node whose operands are known. Raises NoReference."""
    return reals(as_array(_Run({}, exact=False)._compute(node, operands)))


class _Run:
    """One evaluation: its variables, and the values that wait to be used."""

    def __init__(
        self,
        inputs: Mapping[str, object],
        exact: bool,
        observe: Observer | None = None,
        held: dict[int, Array] | None = None,
    ) -> None:
        self.variables: dict[str, object] = dict(inputs)
        self.exact = exact
        self.observe, self.held = observe, held
        self._inputs = dict(inputs)
        self._done: list[syntax.Assign] = []

    def execute(self, statement: syntax.Statement) -> None:
        match statement:
            case syntax.Assign(target=target, value=value):
                self.variables[target] = self.value(value)
                self._done.append(statement)
            case syntax.Evaluate(value=value):
                self.value(value)
            case _:
                raise NoReference("in-place update")

    def value(self, root: Node) -> object:
        values: dict[int, object] = {}
        for node, below in schedule(root):
            operands = [values.pop(key) for key in below]
            if self.held is not None and isinstance(node, syntax.Call) and node.function.name == "nan_to_num":
                operands[0] = _without_replaced(node, as_array(operands[0]), self.held)
            computed = self._compute(node, operands)
            if self.held is not None and isinstance(computed, np.ndarray) and computed.dtype == bool:
                computed = self.held.setdefault(id(node), computed)
            values[id(node)] = computed
            if self.observe is not None:
                self.observe(node, computed)
        return values[id(root)]

    def _compute(self, node: Node, operands: list[object]) -> object:
        match node:
            case syntax.Literal(value=value):
                return self._literal(value)
            case syntax.Name(name=name):
                return self._variable(name)
            case syntax.DtypeName(name=name):
                return getattr(torch, name)
            case syntax.Dots():
                return ...
            case syntax.Sequence(bracketed=bracketed):
                items = spread(operands)
                return items if bracketed else tuple(items)
            case syntax.Numbers(values=values):
                return values
            case syntax.Starred():
                parts = operands[0]
                assert isinstance(parts, np.ndarray | list | tuple)
                return Spread(map(np.asarray, parts) if isinstance(parts, np.ndarray) else parts)
            case syntax.Slice(start=start, stop=stop, step=step):
                rest = iter(operands)
                return slice(*(None if part is None else next(rest) for part in (start, stop, step)))
            case syntax.Unary(operator=name) | syntax.Binary(operator=name):
                return self._operate(name, operands)
            case syntax.Attribute(name=name):
                return attribute(operands[0], name)
            case syntax.Index():
                return index(operands[0], operands[1])
            case syntax.Call(function=row) if row.category == DERIVATIVE:
                return self._derivative(node)
            case syntax.Call():
                return self._call(node, operands)

    def _derivative(self, call: syntax.Call) -> object:
        """grad(u, x): the statements so far are run again with x moved."""
        if call.function.name != GRAD or len(call.arguments) != 2:
            raise NoReference(call.function.name)
        output, inputs = call.arguments
        names = [node.name for node in (inputs, *children(inputs)) if isinstance(node, syntax.Name)]
        if not self.variables.keys() >= set(names):
            raise NoReference(GRAD)
        found = [slopes_inside(partial(self._moved, output, name), as_array(self.variables[name])) for name in names]
        return found[0] if isinstance(inputs, syntax.Name) else tuple(found)

    def _moved(self, output: Node, name: str, value: Array) -> Array:
        """An output where a name has another value, from the statement on that gave it one."""
        last = max((place for place, done in enumerate(self._done) if done.target == name), default=None)
        run = _Run(self._inputs if last is not None else {**self._inputs, name: value}, self.exact, held=self.held)
        for place, statement in enumerate(self._done):
            if place == last:
                run.variables[name] = value
                run._done.append(statement)
            else:
                run.execute(statement)
        return reals(as_array(run.value(output)))

    def _literal(self, value: object) -> object:
        if isinstance(value, complex):
            raise NoReference("complex numbers")
        if self.exact and isinstance(value, float):
            return reals(mp.mpf(repr(value)))
        return value

    def _variable(self, name: str) -> object:
        if name in self.variables:
            return self.variables[name]
        if self.exact and name in ("pi", "e"):
            return reals(mp.pi if name == "pi" else mp.e)
        return CONSTANTS[name]

    def _operate(self, name: str, operands: list[object]) -> object:
        if not self.exact and all(map(scalars.is_number, operands)):
            return scalars.compute(name, *[one for one in operands if isinstance(one, int | float | complex)])
        parts = [operand if scalars.is_number(operand) else as_array(operand) for operand in operands]
        places = ("input", "other" if name != "pow" else "exponent")
        try:
            return RULES[name](**dict(zip(places, parts, strict=False)))
        except _NOT_COVERED:
            raise NoReference(name) from None

    def _call(self, node: syntax.Call, operands: list[object]) -> object:
        first = len(operands) - len(node.keywords)
        positional = spread(operands[:first])
        keywords = {name: operand for (name, _), operand in zip(node.keywords, operands[first:], strict=True)}
        row = node.function
        if node.receiver is not None:
            positional[0] = as_array(positional[0])
        plain = all(map(scalars.is_number, operands))
        if not known(row):
            raise NoReference(row.name)
        try:
            bound = bind(row, positional, keywords, name=node.written, is_tensor=_is_tensor)
            result: Any = apply(row, bound)
            if isinstance(result, Formula):
                result = evaluate(result.program, result.inputs, exact=True)
        except _NOT_COVERED:
            raise NoReference(row.name) from None
        if plain and not self.exact and is_number_function(row):
            return _as_number(result)
        return result


def _without_replaced(node: Node, value: Array, held: dict[int, Array]) -> Array:
    """What nan_to_num works on, with a constant for what it replaces: the limit is that of what it lets through."""
    broken = np.array([not finite(x) for x in reals(value).ravel()], dtype=bool).reshape(value.shape)
    return choose(held.setdefault(id(node), broken), reals(np.zeros(value.shape)), reals(value))


def _is_tensor(value: object) -> bool:
    return isinstance(value, np.ndarray)


def _as_number(array: Array) -> object:
    """What a function of plain numbers gives, as Python has it: sqrt(2) is the double."""
    item = array.item()
    return float(item) if array.dtype == object else item
