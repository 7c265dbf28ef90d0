"""Expressions in one canonical form, so that `x.log()`, `torch.log(x)` and `log(input=x)` are the same term.

Spans do not count: two terms are equal if they mean the same. A term remembers the node it was read from, for its text.
"""

from __future__ import annotations

import math

from gradcli.language import syntax
from gradcli.language.catalogue.rows import Row
from gradcli.language.catalogue.signature import SPELLINGS, Signature, signatures_of
from gradcli.language.rewrite.algebra import REDUCED, Term, number
from gradcli.language.rewrite.arrangements import arranged_by, inwards
from gradcli.language.syntax import Node, children, postorder


def terms_of(root: Node) -> dict[int, Term]:
    """The term of every node below and including `root`, by the node's id."""
    built: dict[int, Term] = {}
    for node in postorder(root):
        built[id(node)] = _with_node(_term(node, [built[id(child)] for child in children(node)]), node)
    return built


def term_of(root: Node) -> Term:
    """The term of one expression."""
    return terms_of(root)[id(root)]


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
            term = Term("attribute", tuple(parts), value=name)
            return term if arranged_by(node) is None else inwards(term, node)
        case syntax.Index():
            return inwards(Term("index", tuple(parts)), node)
        case syntax.Unary(operator=name) | syntax.Binary(operator=name):
            return REDUCED[name](*parts) if name in REDUCED else Term(name, tuple(parts))
        case syntax.Call():
            return _call(node, parts)


def _call(call: syntax.Call, parts: list[Term]) -> Term:
    row = call.function
    named = arguments(call, parts)
    if named is None:
        term = Term(row.name, tuple(parts), value="unread")
    else:
        operands = [part for is_operand, _, part, _ in named if is_operand]
        how = [(name, part) for is_operand, name, part, default in named if not is_operand and not _is(part, default)]
        if row.name in REDUCED and not how:
            return REDUCED[row.name](*operands)
        term = Term(row.name, tuple(operands), tuple(sorted(how, key=lambda option: option[0])))
    return term if arranged_by(call) is None else inwards(term, call)


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
