"""A typed expression of one variable as a function on series: the tree of the language, with a rule for each call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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


def enclosure(program: Program, name: str, others: Mapping[str, arb | bool] | None = None) -> Enclosure:
    """The series of a program by one of its names. Raises NotBoundedError, also at a point for what shows only there.

    others: the values of its other names, which may change from one point to the next.
    """

    called: _Called = {}

    def around(x: arb, terms: int) -> Series:
        at = variable(x, terms)
        values: dict[str, object] = {other: _held(value, at) for other, value in (others or {}).items()}
        values[name] = at
        for statement in program.statements:
            if not isinstance(statement, syntax.Assign):
                raise NotBoundedError("an in-place update")
            values[statement.target] = _value(statement.value, values, called)
        found = _value(program.result, values, called)
        if isinstance(found, Exception):
            raise found
        if isinstance(found, Condition) or not isinstance(found, Series | int | float):
            raise NotBoundedError("a result that is no real number")
        series = found if isinstance(found, Series) else constant(found, at)
        check_length(coefficients(series), terms)
        return series

    return around


def _held(value: arb | bool, like: Series) -> Series | Condition:
    """A name that stays as it is: no number to Python, which would round what is computed with it."""
    return Condition(like.prec, 1, 1 if value else -1, False) if isinstance(value, bool) else constant(value, like)


def _value(root: Node, names: Mapping[str, object], called: _Called) -> object:
    """The value of a tree, or why there is none here: a branch that is not chosen may have none."""
    values: dict[int, object] = {}
    failed = any(isinstance(value, Exception) for value in names.values())
    for node, below in schedule(root):
        operands = [values.pop(key) for key in below]
        try:
            missing = _missing(node, operands) if failed else None
            values[id(node)] = missing or _computed(node, operands, names, called)
        except (*NOWHERE, HugeError) as error:
            values[id(node)], failed = error, True
    return values[id(root)]


def _missing(node: Node, operands: list[object]) -> object:
    """Why an operand has no value; what is huge and goes into something else need not be so behind it."""
    is_choice = isinstance(node, syntax.Call) and node.function.name == "where"
    missing = next((one for one in operands[: 1 if is_choice else None] if isinstance(one, Exception)), None)
    return UndecidedError() if isinstance(missing, HugeError) else missing


def _computed(node: Node, operands: list[object], names: Mapping[str, object], called: _Called) -> object:
    match node:
        case syntax.Literal(value=int() | float() | str() | None as value):
            return value
        case syntax.Name(name=name):
            return names[name] if name in names else CONSTANTS[name]
        case syntax.Unary(operator=name) | syntax.Binary(operator=name):
            return _operate(name, operands)
        case syntax.Call(function=row):
            if row.name == "where" and len(operands) == 3:
                like, (condition, *branches) = _first_series([*names.values()]), operands
                series = [constant(one, like) if isinstance(one, int | float) else one for one in branches]
                return _chosen(condition, *series)
            key = (id(node), *(Series if isinstance(one, Series) else one for one in operands))
            if key not in called:
                called[key] = _applied(node, operands)
            return called[key](operands)
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
    like = _first_series(operands)
    left, right = (_as_series(one, like) for one in operands)
    return left, right


def _first_series(operands: Sequence[object]) -> Series:
    for one in operands:
        if isinstance(one, Series):
            return one
    raise NotBoundedError("a comparison that is computed with")


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


@dataclass(frozen=True, slots=True)
class _Place:
    """Stands for the operand of this number, while a call is bound."""

    number: int

    @staticmethod
    def filled(value: object, operands: Sequence[object]) -> object:
        return operands[value.number] if isinstance(value, _Place) else value


_Applied = Callable[[Sequence[object]], object]
_Called = dict[tuple[object, ...], _Applied]
"""By a call and its operands that are no series: what it does with operands."""


def _applied(node: syntax.Call, operands: Sequence[object]) -> _Applied:
    """What a call does with operands like these, bound once for all numbers."""
    row, fill = node.function, _Place.filled
    given = _given(node, operands)
    values = list(given.values())
    if row.name in _IDENTITIES:
        return lambda series: fill(values[0], series)
    if row.name in ("clamp", "clip"):
        bounds = [given.get(name) for name in ("input", "min", "max")]
        return lambda series: _clamped(*(fill(one, series) for one in bounds))
    if row.name in _OPERATORS and len(values) == 2:
        return lambda series: _operate(row.name, [fill(one, series) for one in values])
    places = {name: one for name, one in given.items() if isinstance(one, _Place)}
    if row.name not in RULES or len(places) != 1 or any(isinstance(one, Condition) for one in operands):
        reason = NOT_BOUNDED.get(row.name)
        raise NotBoundedError(f"{row.name}: {reason}" if reason else row.name)
    parameters = {name: one for name, one in given.items() if name not in places and one is not None}
    (place,) = places.values()
    return lambda series: _ruled(row.name, series[place.number], parameters)


def _given(node: syntax.Call, operands: Sequence[object]) -> dict[str, object]:
    """What each parameter is given, with places for tensors. Raises NotBoundedError."""
    row, first = node.function, len(operands) - len(node.keywords)
    if operands and all(map(scalars.is_number, operands)):
        raise NotBoundedError(f"{row.name} of a number")
    placed = [_Place(k) if isinstance(one, Series | Condition) else one for k, one in enumerate(operands)]
    keywords = {name: one for (name, _), one in zip(node.keywords, placed[first:], strict=True)}
    try:
        bound = bind(row, placed[:first], keywords, name=node.written, is_tensor=_is_place)
    except GradcliError:
        raise NotBoundedError(row.name) from None
    given = {p.name: value for p, value in bound.positional} | {name: value for name, _, value in bound.keywords}
    for switch in _SWITCHES:
        if given.pop(switch, None):
            raise NotBoundedError(f"{row.name} with {switch}")
    return given


def _clamped(operand: object, low: object, high: object) -> Series:
    like = _first_series((operand, low, high))
    least, most = (None if one is None else _as_series(one, like) for one in (low, high))
    return elementary.clamp(_as_series(operand, like), least, most)


def _ruled(name: str, series: object, parameters: Mapping[str, object]) -> Series:
    try:
        return RULES[name](series, **parameters)
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


def _is_place(value: object) -> bool:
    return isinstance(value, _Place)
