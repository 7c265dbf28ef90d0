"""Expressions in one canonical form, so that `x.log()`, `torch.log(x)` and `log(input=x)` are the same term.

Spans do not count: two terms are equal if they mean the same. A term remembers the node it was read from, for its text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gradcli.language import syntax
from gradcli.language.catalogue.rows import Row
from gradcli.language.catalogue.signature import SPELLINGS, Signature, signatures_of
from gradcli.language.syntax import Node, children, postorder


@dataclass(frozen=True)
class Term:
    """One operation on terms; sums and products are flat, a difference is a sum with a `neg` in it.

    operation: PyTorch's name for it, or `literal`, `name`, `dtype`, `list`, `index`, `slice`, `dots`, `attribute`.
    options: the arguments that say how (`dim`, `reduction`), sorted by name, defaults left out.
    """

    operation: str
    operands: tuple[Term, ...] = ()
    options: tuple[tuple[str, Term], ...] = ()
    value: object = None
    node: Node | None = field(default=None, compare=False)


def terms_of(root: Node) -> dict[int, Term]:
    """The term of every node below and including `root`, by the node's id."""
    built: dict[int, Term] = {}
    for node in postorder(root):
        built[id(node)] = _with_node(_term(node, [built[id(child)] for child in children(node)]), node)
    return built


def term_of(root: Node) -> Term:
    """The term of one expression."""
    return terms_of(root)[id(root)]


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


def _term(node: Node, parts: list[Term]) -> Term:
    match node:
        case syntax.Literal(value=value):
            # True is 1 to Python, but no number here
            return Term("literal", value=("truth", value) if isinstance(value, bool) else value)
        case syntax.Name(name="inf"):
            return number(math.inf)
        case syntax.Name(name=name):
            return Term("name", value=name)
        case syntax.DtypeName(name=name):
            return Term("dtype", value=name)
        case syntax.Dots():
            return Term("dots")
        case syntax.Sequence():
            return Term("list", tuple(parts))
        case syntax.Numbers(span=span):
            return Term("numbers", value=span)
        case syntax.Starred():
            return Term("starred", tuple(parts))
        case syntax.Slice(start=start, stop=stop, step=step):
            return Term("slice", tuple(parts), value=tuple(part is None for part in (start, stop, step)))
        case syntax.Attribute(name=name):
            return Term("attribute", tuple(parts), value=name)
        case syntax.Index():
            return Term("index", tuple(parts))
        case syntax.Unary(operator=name) | syntax.Binary(operator=name):
            return REDUCED[name](*parts) if name in REDUCED else Term(name, tuple(parts))
        case syntax.Call():
            return _call(node, parts)


def _call(call: syntax.Call, parts: list[Term]) -> Term:
    row = call.function
    named = arguments(call, parts)
    if named is None:
        return Term(row.name, tuple(parts), value="unread")
    operands = [part for is_operand, _, part, _ in named if is_operand]
    options = [(name, part) for is_operand, name, part, default in named if not is_operand and not _is(part, default)]
    if row.name in REDUCED and not options:
        return REDUCED[row.name](*operands)
    return Term(row.name, tuple(operands), tuple(sorted(options, key=lambda option: option[0])))


def arguments(call: syntax.Call, parts: list[Term]) -> list[tuple[bool, str, Term, str | None]] | None:
    """For each argument whether it is an operand, its parameter, its term and the default; None if that is unclear."""
    first = len(parts) - len(call.keywords)
    keywords = [SPELLINGS.get(name, name) for name, _ in call.keywords]
    signature = _signature(call.function, first, keywords)
    if signature is None:
        return None
    by_name = {parameter.name: parameter for parameter in signature.parameters}
    places = [*signature.positional[:first], *(by_name[name] for name in keywords)]
    return [
        (p.required and p.kind in ("tensor", "tensors", "number", "any"), p.name, part, p.default)
        for p, part in zip(places, parts, strict=True)
    ]


def _signature(row: Row, positional: int, keywords: list[str]) -> Signature | None:
    """The first overload with a place for each argument."""
    for signature in signatures_of(row):
        names = {parameter.name for parameter in signature.parameters}
        taken = {parameter.name for parameter in signature.positional[:positional]} | set(keywords)
        whole = all(parameter.name in taken for parameter in signature.parameters if parameter.required)
        if whole and positional <= len(signature.positional) and names.issuperset(keywords):
            return signature
    return None


def _is(term: Term, default: str | None) -> bool:
    value = term.value[1] if isinstance(term.value, tuple) else term.value
    return term.operation == "literal" and repr(value) == default


def _with_node(term: Term, node: Node) -> Term:
    return Term(term.operation, term.operands, term.options, term.value, node)
