"""What an expression is to a rewrite, and how sums, products and powers of terms are put into one form."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gradcli.language.syntax import Node


@dataclass(frozen=True)
class Term:
    """One operation on terms; sums and products are flat, a difference is a sum with a `neg` in it.

    operation: PyTorch's name for it, or `literal`, `name`, `dtype`, `list`, `index`, `slice`, `dots`, `attribute`.
    options: the arguments that say how (`dim`, `reduction`), sorted by name, defaults left out.
    around: of an arrangement that was moved inwards, the node that the user wrote it as, around something else.
    """

    operation: str
    operands: tuple[Term, ...] = ()
    options: tuple[tuple[str, Term], ...] = ()
    value: object = None
    node: Node | None = field(default=None, compare=False)
    around: Node | None = field(default=None, compare=False)


def number(value: float) -> Term:
    """A number as a term; 1 and 1.0 are equal."""
    return Term("literal", value=value)


def as_number(term: Term) -> float | None:
    """The real number that a term is, None for anything else."""
    return term.value if isinstance(term.value, int | float) else None


def negated(term: Term) -> Term:
    """-x, where -(-x) is x and the negative of a number is a number."""
    if term.operation == "neg":
        return term.operands[0]
    value = as_number(term)
    return Term("neg", (term,)) if value is None else number(-value)


def total(terms: Iterable[Term]) -> Term:
    """A flat sum."""
    flat = [part for term in terms for part in (term.operands if term.operation == "add" else (term,))]
    return flat[0] if len(flat) == 1 else Term("add", tuple(flat))


def product(terms: Iterable[Term]) -> Term:
    """A flat product, its sign in front; x * x is x**2."""
    negative = False
    flat: list[Term] = []
    for term in terms:
        value = as_number(term)
        if term.operation == "neg" or (value is not None and value < 0):
            negative, term = not negative, negated(term)
        flat += term.operands if term.operation == "mul" else (term,)
    if len(flat) == 2 and flat[0] == flat[1]:
        result = Term("pow", (flat[0], number(2)))
    else:
        result = flat[0] if len(flat) == 1 else Term("mul", tuple(flat))
    return negated(result) if negative else result


def quotient(dividend: Term, divisor: Term) -> Term:
    """A quotient with its sign in front."""
    if dividend.operation == "neg":
        return negated(Term("div", (dividend.operands[0], divisor)))
    return Term("div", (dividend, divisor))


def power(base: Term, exponent: Term) -> Term:
    """x**0.5 is sqrt(x), x**-1 is 1 / x."""
    value = as_number(exponent)
    if value == 0.5:
        return Term("sqrt", (base,))
    if value == -0.5:
        return quotient(number(1), Term("sqrt", (base,)))
    return quotient(number(1), base) if value == -1 else Term("pow", (base, exponent))


REDUCED: dict[str, Callable[..., Term]] = {
    "add": lambda x, y: total([x, y]),
    "sub": lambda x, y: total([x, negated(y)]),
    "mul": lambda x, y: product([x, y]),
    "div": quotient,
    "pow": power,
    "neg": negated,
    "positive": lambda x: x,
    "square": lambda x: power(x, number(2)),
    "reciprocal": lambda x: quotient(number(1), x),
    "rsqrt": lambda x: quotient(number(1), Term("sqrt", (x,))),
    "log1p": lambda x: Term("log", (total([number(1), x]),)),
    "expm1": lambda x: total([Term("exp", (x,)), number(-1)]),
    "clamp_min": lambda x, bound: Term("clamp", (x,), (("min", bound),)),
    "clamp_max": lambda x, bound: Term("clamp", (x,), (("max", bound),)),
}
"""Operations that are written in terms of others."""
