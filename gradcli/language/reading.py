"""One expression's text to nodes; what is not in the language is refused with its name, its place and what to write."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection

from gradcli.exceptions import ExpressionError, UnknownNameError
from gradcli.language import calling, names, syntax
from gradcli.language.catalogue import DERIVATIVE
from gradcli.language.constructs import BINARY, COMPARISON, UNARY, refuse
from gradcli.language.properties import check_inputs
from gradcli.language.syntax import Node
from gradcli.language.text import MAX_DEPTH, ExpressionText, notation_hint, too_deep

_ASSIGNED_WORD = re.compile(r"\b(nan|inf)\s*=(?!=)")


class ExpressionReader:
    """Turns the expressions of one text into nodes, with what the names stand for so far.

    known: names with a value, bound by the user or assigned. assigned: the latter alone. free: names that are read
        before anything is assigned to them. modules: names that stand for a module; stale: those of them that were
        made with a name that has changed since, and that name. derivatives: whether there is a grad(u, x) inside.
    """

    def __init__(self, text: str, bound: Collection[str]) -> None:
        numbers = not ({"nan", "inf"} & {*bound} or _ASSIGNED_WORD.search(text))
        self.source = ExpressionText(text, words=numbers)
        self.known = set(bound)
        self.assigned: set[str] = set()
        self.free: dict[str, None] = {}
        self.modules: dict[str, calling.Made] = {}
        self.stale: dict[str, str] = {}
        self.derivatives = False

    def node(self, root: ast.expr) -> Node:
        """One expression, by a loop: chains such as x + x + ... may be longer than Python's stack."""
        if isinstance(root, ast.Starred):
            raise refuse(root, self.source.span(root))
        built: dict[ast.expr, Node] = {}
        stack: list[tuple[ast.expr, int, bool]] = [(root, 0, False)]
        while stack:
            current, depth, expanded = stack.pop()
            if expanded:
                built[current] = self._build(current, built)
                continue
            if depth > MAX_DEPTH:
                raise too_deep(self.source.span(current))
            stack.append((current, depth, True))
            parts = self._parts(current)
            spine = _spine(current)
            stack.extend((part, depth + (part is not spine), False) for part in reversed(parts))
        return built[root]

    def _parts(self, node: ast.expr) -> list[ast.expr]:
        """The sub-expressions that are read before this one; refuses what is not in the language."""
        match node:
            case ast.Constant() | ast.Name():
                return []
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return items
            case ast.UnaryOp(op=op, operand=operand) if type(op) in UNARY:
                return [operand]
            case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
                return [left, right]
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARISON:
                return [left, right]
            case ast.Call(func=function):
                module = self._module(function)
                if module is not None:
                    return [*self._given(module.call), *self._given(node)]
                return [*self._receiver(function), *self._given(node)]
            case ast.Starred(value=value):
                return [value]
            case ast.Attribute(value=value):
                self._refuse_object(node, is_called=False)
                return [] if names.dotted(node, self.known) else [value]
            case ast.Subscript(value=value, slice=index):
                return [value, index]
            case ast.Slice(lower=lower, upper=upper, step=step):
                return [part for part in (lower, upper, step) if part is not None]
            case ast.UnaryOp(op=op) | ast.BinOp(op=op):
                raise refuse(op, self.source.span(node))
            case ast.Compare(ops=ops):
                raise refuse(node if len(ops) > 1 else ops[0], self.source.span(node))
            case _:
                raise refuse(node, self.source.span(node))

    def _given(self, call: ast.Call) -> list[ast.expr]:
        """The arguments of a call, those with names behind the others."""
        for keyword in call.keywords:
            if keyword.arg is None:
                raise refuse(keyword, self.source.span(keyword.value))
        return [*call.args, *(keyword.value for keyword in call.keywords)]

    def _module(self, function: ast.expr) -> calling.Made | None:
        """The module that is called: made on the spot, or assigned before."""
        if isinstance(function, ast.Name) and function.id in self.modules:
            calling.refuse_stale(function.id, self.stale, self.source.span(function))
            return self.modules[function.id]
        return calling.made(function, self.known)

    def _receiver(self, function: ast.expr) -> list[ast.expr]:
        if isinstance(function, ast.Attribute) and not names.dotted(function, self.known):
            self._refuse_object(function, is_called=True)
            return [function.value]
        if isinstance(function, ast.Name | ast.Attribute):
            return []
        raise ExpressionError(
            "only a function of the catalogue can be called",
            span=self.source.span(function),
            hint=self._instead_of_called(function)
            or "Write name(...) or x.name(...); 'gradcli functions' lists the names.",
        )

    def _instead_of_called(self, function: ast.expr) -> str | None:
        """What was meant by `2(x)`, or by `torch.func.grad(f)(x)`, where what a call gives is called."""
        name = names.dotted(function.func, self.known) if isinstance(function, ast.Call) else None
        return notation_hint(self.source.text) if name is None or names.is_function(name) else names.instead_of(name)

    def _refuse_object(self, attribute: ast.Attribute, *, is_called: bool) -> None:
        if isinstance(attribute.value, ast.Name) and attribute.value.id not in self.known:
            span = self.source.span(attribute)
            names.check_object(attribute.value.id, attribute.attr, is_called=is_called, span=span)

    def _build(self, node: ast.expr, built: dict[ast.expr, Node]) -> Node:
        span = self.source.span(node)
        match node:
            case ast.Constant(value=value):
                if value is ...:
                    return syntax.Dots(span)
                if isinstance(value, bytes):
                    raise refuse(node, span)
                return syntax.Literal(value, span)
            case ast.Name(id=name):
                return self._name(name, span)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return syntax.Sequence(tuple(built[item] for item in items), isinstance(node, ast.List), span)
            case ast.Starred(value=value):
                return syntax.Starred(built[value], span)
            case ast.UnaryOp(op=op, operand=operand):
                return _negated(syntax.Unary(UNARY[type(op)], built[operand], span))
            case ast.BinOp(left=left, op=op, right=right):
                return syntax.Binary(BINARY[type(op)], built[left], built[right], span)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return syntax.Binary(COMPARISON[type(op)], built[left], built[right], span)
            case ast.Call():
                return self._call(node, built)
            case ast.Attribute():
                return self._attribute(node, built)
            case ast.Subscript(value=value, slice=index):
                return syntax.Index(built[value], built[index], span)
            case ast.Slice(lower=lower, upper=upper, step=step):
                start, stop, stride = (None if part is None else built[part] for part in (lower, upper, step))
                return syntax.Slice(start, stop, stride, span)
            case _:
                raise refuse(node, span)

    def _name(self, name: str, span: tuple[int, int]) -> Node:
        if name in self.source.lists:
            found = self.source.lists[name]
            return syntax.Numbers(found.values, found.span)
        names.check_plain(name, span)
        if name in self.modules:
            raise ExpressionError(f"'{name}' is a module", span=span, hint=f"Call it with tensors: {name}(x).")
        if name in self.known:
            if name not in self.assigned:
                self.free.setdefault(name)
            return syntax.Name(name, span)
        if name in names.CONSTANTS:
            return syntax.Name(name, span)
        if name in names.DTYPES:
            return syntax.DtypeName(names.DTYPES[name], span)
        if name in names.PREFIXES:
            raise UnknownNameError(f"'{name}' alone is no value", span=span, hint=f"Write {name}.exp(x), or exp(x).")
        self.free.setdefault(name)
        return syntax.Name(name, span)

    def _attribute(self, node: ast.Attribute, built: dict[ast.expr, Node]) -> Node:
        span = self.source.span(node)
        path = names.dotted(node, self.known)
        if not path:
            names.check_attribute(node.attr, self.source.after(node.value, span), self.source.text)
            return syntax.Attribute(built[node.value], node.attr, span)
        if path in names.CONSTANTS:
            return syntax.Literal(names.CONSTANTS[path], span)
        if path in names.FOREIGN_CONSTANTS:
            return syntax.Literal(names.FOREIGN_CONSTANTS[path], span)
        if path in names.PREFIXED_DTYPES:
            return syntax.DtypeName(names.PREFIXED_DTYPES[path], span)
        row = names.function(path, span)
        raise ExpressionError(f"'{row.name}' is a function", span=span, hint=f"Call it: {row.name}(x).")

    def _call(self, node: ast.Call, built: dict[ast.expr, Node]) -> Node:
        span = self.source.span(node)
        arguments, keywords = _built(node, built)
        module = self._module(node.func)
        if module is not None:
            return calling.module_call(module, _built(module.call, built), (arguments, keywords), span=span)
        function_span = self.source.span(node.func)
        if isinstance(node.func, ast.Attribute) and not names.dotted(node.func, self.known):
            written = node.func.attr
            receiver: Node | None = built[node.func.value]
            if written in calling.TURNED:
                assert receiver is not None
                arguments, keywords = calling.turned(receiver, arguments, keywords)
                receiver, row = None, names.function(written, function_span)
            else:
                row = names.method(written, self.source.after(node.func.value, function_span))
            return calling.function_call(row, receiver, arguments, keywords, written=written, span=span)
        written = names.dotted(node.func, self.known) or ast.unparse(node.func)
        if written in self.known and not names.is_function(written):
            raise ExpressionError(
                f"'{written}' is a tensor, not a function",
                span=function_span,
                hint=f"Write {written} * (...) to multiply, {written}[...] to index.",
            )
        if calling.is_known_module(written):
            raise calling.not_a_value(written, arguments, keywords, text=self.source.text, span=span)
        row = names.function(written, function_span)
        if row.category == DERIVATIVE:
            self.derivatives = True
            check_inputs(row, arguments, keywords, span)
        return calling.function_call(row, None, arguments, keywords, written=written, span=span)


def _built(call: ast.Call, built: dict[ast.expr, Node]) -> tuple[tuple[Node, ...], calling.Keywords]:
    """The nodes of a call's arguments."""
    named = tuple((keyword.arg or "", built[keyword.value]) for keyword in call.keywords)
    return tuple(built[argument] for argument in call.args), named


def _negated(node: syntax.Unary) -> Node:
    """A negative number is a number: `dim=-1` must stay an integer literal."""
    operand = node.operand
    if (
        isinstance(operand, syntax.Literal)
        and node.operator in ("neg", "positive")
        and isinstance(operand.value, int | float | complex)
        and not isinstance(operand.value, bool)
    ):
        value = -operand.value if node.operator == "neg" else operand.value
        return syntax.Literal(value, node.span)
    return node


def _spine(node: ast.expr) -> ast.expr | None:
    """The part that continues a chain (x + x + ..., x.exp().exp()...) and so nests no deeper."""
    match node:
        case ast.BinOp(left=left):
            return left
        case ast.Call(func=ast.Attribute(value=value)) | ast.Attribute(value=value) | ast.Subscript(value=value):
            return value
        case _:
            return None
