"""A typed expression of one variable as a function on series: the tree of the language, with a rule for each call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import NamedTuple

from flint import arb

from gradcli.exceptions import GradcliError
from gradcli.language import syntax
from gradcli.language.catalogue.binding import bind
from gradcli.language.names import CONSTANTS
from gradcli.language.syntax import Node, Program
from gradcli.numerics import scalars
from gradcli.numerics.proven import activations, elementary, special
from gradcli.numerics.proven.not_bounded import NOT_BOUNDED
from gradcli.numerics.proven.series import (
    HugeError,
    KinkError,
    Rule,
    Series,
    UndecidedError,
    UndefinedError,
    check_length,
    coefficients,
    constant,
    joined,
    side,
    variable,
)
from gradcli.numerics.schedule import schedule

Enclosure = Callable[[arb, int], Series]
"""The series of a function around x with so many terms: x is a number, or a ball."""

RULES: Mapping[str, Rule] = {**elementary.RULES, **activations.RULES, **special.RULES}
_SWITCHES = ("inplace", "training", "out", "dtype")
"""Parameters that change no value as long as they are off."""
_IDENTITIES = ("clone", "contiguous", "real", "conj", "conj_physical", "resolve_conj", "resolve_neg")
_COMPARISONS = {"gt": (1, False), "ge": (1, True), "lt": (-1, False), "le": (-1, True)}
"""On which side of the other operand the first one has to be, and whether it may be equal."""


NOWHERE = (UndecidedError, UndefinedError, KinkError, ZeroDivisionError, ValueError)
"""Why there is no series around a number or a ball; the last two are Arb's, for a denominator that holds 0."""


class NotBoundedError(Exception):
    """No rule bounds what an expression asks for."""


class Condition(NamedTuple):
    """The answer of a comparison: the side of 0 on which a difference is, and whether that is what was asked.

    terms: how many of a series are asked for; a value alone has no kink.
    """

    terms: int
    where: int
    wanted: int
    at_zero: bool

    @property
    def holds(self) -> bool:
        return self.at_zero if self.where == 0 else self.where == self.wanted


def enclosure(program: Program, name: str) -> Enclosure:
    """The series of a program of one free name. Raises NotBoundedError, also at a point for what shows only there."""

    def around(x: arb, terms: int) -> Series:
        values: dict[str, object] = {name: variable(x, terms)}
        for statement in program.statements:
            if not isinstance(statement, syntax.Assign):
                raise NotBoundedError("an in-place update")
            values[statement.target] = _value(statement.value, values)
        found = _value(program.result, values)
        if isinstance(found, Exception):
            raise found
        if isinstance(found, Condition) or not isinstance(found, Series | int | float):
            raise NotBoundedError("a result that is no real number")
        series = found if isinstance(found, Series) else constant(found, variable(x, terms))
        check_length(coefficients(series), terms)
        return series

    return around


def _value(root: Node, names: Mapping[str, object]) -> object:
    """The value of a tree, or why there is none here: a branch that is not chosen may have none."""
    values: dict[int, object] = {}
    for node, below in schedule(root):
        operands = [values.pop(key) for key in below]
        is_choice = isinstance(node, syntax.Call) and node.function.name == "where"
        missing = [one for one in operands[: 1 if is_choice else None] if isinstance(one, (*NOWHERE, HugeError))]
        try:
            # what is huge and goes into something else need not be so behind it
            values[id(node)] = _no_longer_huge(missing[0]) if missing else _computed(node, operands, names)
        except (*NOWHERE, HugeError) as error:
            values[id(node)] = error
    return values[id(root)]


def _no_longer_huge(error: object) -> object:
    return UndecidedError() if isinstance(error, HugeError) else error


def _computed(node: Node, operands: list[object], names: Mapping[str, object]) -> object:
    match node:
        case syntax.Literal(value=int() | float() | str() | None as value):
            return value
        case syntax.Name(name=name):
            return names[name] if name in names else CONSTANTS[name]
        case syntax.Unary(operator=name) | syntax.Binary(operator=name):
            return _operate(name, operands)
        case syntax.Call():
            return _call(node, operands)
    raise NotBoundedError(getattr(node, "name", type(node).__name__.lower()))


def _operate(name: str, operands: list[object]) -> object:
    if all(map(scalars.is_number, operands)):
        return scalars.compute(name, *operands)  # type: ignore[arg-type]
    if name in RULES and len(operands) == 1:
        return RULES[name](operands[0])
    if name not in _OPERATORS or len(operands) != 2:
        raise NotBoundedError(name)
    left, right = _alike(operands)
    return _OPERATORS[name](left, right, operands)


def _alike(operands: Sequence[object]) -> tuple[Series, Series]:
    """Two operands as series."""
    like = next((one for one in operands if isinstance(one, Series)), None)
    if like is None:
        raise NotBoundedError("a comparison that is computed with")
    left, right = (_as_series(one, like) for one in operands)
    return left, right


def _as_series(operand: object, like: Series) -> Series:
    if isinstance(operand, Series):
        return operand
    if isinstance(operand, int | float):
        return constant(operand, like)
    raise NotBoundedError("a comparison that is computed with")


def _power(base: Series, exponent: Series, operands: Sequence[object]) -> Series:
    if isinstance(operands[1], int | float):
        if not isfinite(operands[1]):
            raise NotBoundedError(f"a power of {operands[1]}")
        return elementary.power(base, operands[1])
    return (elementary.log(base) * exponent).exp()


def _compared(name: str) -> Callable[[Series, Series, Sequence[object]], Condition]:
    wanted, at_zero = _COMPARISONS[name]
    return lambda left, right, _: Condition(left.prec, side((left - right)[0]), wanted, at_zero)


_OPERATORS: dict[str, Callable[[Series, Series, Sequence[object]], object]] = {
    "add": lambda left, right, _: left + right,
    "sub": lambda left, right, _: left - right,
    "mul": lambda left, right, _: left * right,
    "div": lambda left, right, _: left * elementary.reciprocal(right),
    "pow": _power,
    "maximum": lambda left, right, _: elementary.maximum(left, right),
    "minimum": lambda left, right, _: elementary.minimum(left, right),
    **{name: _compared(name) for name in _COMPARISONS},
}


def _call(node: syntax.Call, operands: list[object]) -> object:
    row = node.function
    if row.name == "where" and len(operands) == 3:
        return _chosen(*operands)
    first = len(operands) - len(node.keywords)
    keywords = {name: operand for (name, _), operand in zip(node.keywords, operands[first:], strict=True)}
    if operands and all(map(scalars.is_number, operands)):
        raise NotBoundedError(f"{row.name} of a number")
    try:
        bound = bind(row, operands[:first], keywords, name=node.written, is_tensor=_is_tensor)
    except GradcliError:
        raise NotBoundedError(row.name) from None
    given = {p.name: value for p, value in bound.positional} | {name: value for name, _, value in bound.keywords}
    for switch in _SWITCHES:
        if given.pop(switch, None):
            raise NotBoundedError(f"{row.name} with {switch}")
    if row.name in _IDENTITIES:
        return next(iter(given.values()))
    if row.name in ("clamp", "clip"):
        return _clamped(given["input"], given.get("min"), given.get("max"))
    values = list(given.values())
    if row.name in _OPERATORS and len(values) == 2:
        left, right = _alike(values)
        return _OPERATORS[row.name](left, right, values)
    if row.name not in RULES or sum(isinstance(value, Series) for value in values) != 1:
        reason = NOT_BOUNDED.get(row.name)
        raise NotBoundedError(f"{row.name}: {reason}" if reason else row.name)
    return _ruled(row.name, given)


def _clamped(operand: object, low: object, high: object) -> Series:
    like = next(one for one in (operand, low, high) if isinstance(one, Series))
    least, most = (None if one is None else _as_series(one, like) for one in (low, high))
    return elementary.clamp(_as_series(operand, like), least, most)


def _ruled(name: str, given: Mapping[str, object]) -> Series:
    parameters = dict(given)
    (series,) = [parameters.pop(key) for key, value in given.items() if isinstance(value, Series)]
    try:
        return RULES[name](series, **{key: value for key, value in parameters.items() if value is not None})
    except TypeError:  # a parameter that the rule does not know
        raise NotBoundedError(f"{name} with {', '.join(parameters)}") from None


def _chosen(condition: object, chosen: object, other: object) -> object:
    if not isinstance(condition, Condition):
        raise NotBoundedError("where by a condition that is no comparison")
    branch = chosen if condition.holds else other
    if condition.where or condition.terms == 1 or isinstance(branch, Exception):
        return branch
    if isinstance(chosen, Exception) or isinstance(other, Exception):
        raise KinkError
    at, rest = _alike([branch, other if condition.holds else chosen])
    return joined(0, lambda: at, lambda: rest, lambda: at)


def _is_tensor(value: object) -> bool:
    return isinstance(value, Series | Condition)
