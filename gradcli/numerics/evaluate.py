"""Nodes to values: a walk over the tree that calls PyTorch, and nothing but what the catalogue names."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import replace

import torch

from gradcli.exceptions import BoundError, ExpressionError, Span, UnknownNameError
from gradcli.language.catalogue.binding import takes_tensors
from gradcli.language.names import CONSTANTS
from gradcli.language.syntax import (
    Assign,
    AssignIndex,
    Attribute,
    Binary,
    Call,
    Dots,
    DtypeName,
    Evaluate,
    Index,
    Literal,
    Name,
    Node,
    Numbers,
    Program,
    Sequence,
    Slice,
    Starred,
    Statement,
    Unary,
    Update,
)
from gradcli.numerics import bounds, scalars
from gradcli.numerics.calls import Spread, prepare, resolve, spread
from gradcli.numerics.capture import TORCH_ERRORS, TorchError
from gradcli.numerics.derivatives import SHORT, graph_of
from gradcli.numerics.indexing import as_index, attribute
from gradcli.numerics.indexing import index as element_of
from gradcli.numerics.literals import Context as Context
from gradcli.numerics.literals import is_integral, to_tensor
from gradcli.numerics.schedule import schedule
from gradcli.numerics.sizes import Arguments, Keywords

Observed = Node | AssignIndex | Update
Observer = Callable[[Observed, object, list[object]], None]
"""Told of every value as it is computed, with its operands, and of every variable as it is changed in place."""

_IN_PLACE: dict[str, Callable[..., object]] = {
    "add": operator.iadd,
    "sub": operator.isub,
    "mul": operator.imul,
    "div": operator.itruediv,
    "floor_divide": operator.ifloordiv,
    "remainder": operator.imod,
    "pow": operator.ipow,
    "matmul": operator.imatmul,
    "bitwise_and": operator.iand,
    "bitwise_or": operator.ior,
    "bitwise_xor": operator.ixor,
    "bitwise_left_shift": operator.ilshift,
    "bitwise_right_shift": operator.irshift,
}


def evaluate(
    program: Program, variables: Mapping[str, torch.Tensor], context: Context, observe: Observer | None = None
) -> torch.Tensor:
    """The value of a program, a tensor.

    Raises ExpressionError for what the language refuses, TorchError for what PyTorch does.
    """
    if program.followed:
        recorded = torch.is_grad_enabled()
        with graph_of(variables, program.followed, context.frozen) as followed:
            result = evaluate(replace(program, followed=()), followed, context, observe)
        return result if recorded else result.detach()
    run = Evaluation(variables, context, observe)
    try:
        for statement in program.statements:
            run.execute(statement)
        return run.tensor(program.result)
    except (ExpressionError, BoundError) as error:
        error.expression = program.text
        raise


def evaluate_node(
    node: Node, variables: Mapping[str, torch.Tensor], context: Context, *, integers: bool = False
) -> torch.Tensor:
    """The value of one expression without statements; `integers` keeps integer literals as int64."""
    return Evaluation(variables, context, None).tensor(node, integers=integers)


def apply(node: Node, operands: list[object], context: Context) -> object:
    """One node's operation on values of its operands."""
    return Evaluation({}, context, None)._compute(node, operands)


class Evaluation:
    """One evaluation: its variables, and the values that wait to be used."""

    def __init__(self, variables: Mapping[str, torch.Tensor], context: Context, observe: Observer | None) -> None:
        self.variables: dict[str, object] = dict(variables)
        self.context = context
        self.observe = observe

    def execute(self, statement: Statement) -> None:
        match statement:
            case Assign(target=target, value=value):
                self.variables[target] = self.value(value)
            case Evaluate(value=value):
                self.value(value)
            case AssignIndex(target=target, value=value):
                self._notify(statement, self._store(target, self.value(value)), [])
            case Update(target=Name(name=name) as target, value=value):
                self.variables[name] = self._update(statement, self.value(target), self.value(value))
                self._notify(statement, self.variables[name], [])
            case Update(target=Index() as target, value=value):
                changed = self._update(statement, self.value(target), self.value(value))
                self._notify(statement, self._store(target, changed), [])

    def _notify(self, node: Observed, value: object, operands: list[object]) -> None:
        if self.observe is not None:
            self.observe(node, value, operands)

    def tensor(self, node: Node, *, integers: bool = False) -> torch.Tensor:
        """The value of an expression as a tensor; raises ExpressionError if it is none."""
        value = self.value(node)
        if isinstance(value, tuple) and not isinstance(node, Sequence | Numbers) and not isinstance(value, torch.Size):
            raise ExpressionError(
                f"the expression gives {len(value)} tensors, not one",
                span=node.span,
                hint="Take one of them, the first for example: (...)[0].",
            )
        if isinstance(value, str | torch.dtype | slice) or value is None or value is ...:
            raise ExpressionError("the expression is no tensor", span=node.span, hint="Write a function of x.")
        return to_tensor(value, node.span, self.context, dtype=torch.int64 if integers and is_integral(value) else None)

    def value(self, root: Node) -> object:
        """The value of one expression: a tensor, a number, a list of such, a text, ..."""
        values: dict[int, object] = {}
        for node, below in schedule(root):
            operands = [values.pop(key) for key in below]
            try:
                value = self._compute(node, operands)
            except TORCH_ERRORS as error:
                raise TorchError(error, stage="forward", node=node, operands=operands) from None
            except ExpressionError as error:
                error.span = error.span or node.span
                raise
            values[id(node)] = value
            self._notify(node, value, operands)
        return values[id(root)]

    def _compute(self, node: Node, operands: list[object]) -> object:
        match node:
            case Literal(value=value):
                return scalars.bounded(value) if scalars.is_number(value) else value
            case Name(name=name):
                return self._variable(name, node.span)
            case DtypeName(name=name):
                return getattr(torch, name)
            case Dots():
                return ...
            case Sequence(bracketed=bracketed):
                items = spread(operands)
                return items if bracketed else tuple(items)
            case Numbers(values=values):
                return values
            case Starred():
                return Spread.of(operands[0], node.span)
            case Slice(start=start, stop=stop, step=step):
                rest = iter(operands)
                return slice(*(None if part is None else next(rest) for part in (start, stop, step)))
            case Unary(operator=name) | Binary(operator=name):
                return self._operate(name, operands, node.span)
            case Attribute(name=name):
                return attribute(operands[0], name, node.span)
            case Index():
                index = as_index(operands[1], node.index.span, self.context)
                if isinstance(operands[0], torch.Tensor):
                    bounds.check_index(operands[0], index, most=self.context.max_elements, span=node.span)
                return element_of(operands[0], index, node.span)
            case Call():
                return self._call(node, operands)

    def _variable(self, name: str, span: Span) -> object:
        if name in self.variables:
            return self.variables[name]
        if name in CONSTANTS:
            return CONSTANTS[name]
        raise UnknownNameError(f"'{name}' has no value", span=span, hint=f"Give it one: {name}=1,2,3.")

    def _operate(self, name: str, operands: list[object], span: Span) -> object:
        if all(map(scalars.is_number, operands)):
            numbers = [operand for operand in operands if isinstance(operand, int | float | complex)]
            if refusal := scalars.refusal(name, *numbers):
                raise ExpressionError(refusal, span=span, hint="Write a tensor, torch.tensor(...), or other numbers.")
            return scalars.compute(name, *numbers)
        tensors: list[object] = [
            operand
            if isinstance(operand, torch.Tensor) or scalars.is_number(operand)
            else to_tensor(operand, span, self.context, like=operands)
            for operand in operands
        ]
        if name == "matmul":
            tensors = [to_tensor(operand, span, self.context, like=operands) for operand in tensors]
        function = scalars.FUNCTIONS[name]
        if len(tensors) == 2:
            self._check_size(name, function, tensors, {}, span, steady=name != "matmul")
        return function(*tensors)

    def _update(self, statement: Update, old: object, value: object) -> object:
        span = statement.span
        old = old if scalars.is_number(old) else to_tensor(old, span, self.context)
        value = value if scalars.is_number(value) else to_tensor(value, span, self.context, like=[old])
        try:
            if scalars.is_number(old) and scalars.is_number(value):
                return self._operate(statement.operator, [old, value], span)
            return _IN_PLACE[statement.operator](old, value)
        except TORCH_ERRORS as error:
            raise TorchError(error, stage="forward", node=statement.target) from None

    def _store(self, target: Index, value: object) -> torch.Tensor:
        tensor = self.value(target.operand)
        index = as_index(self.value(target.index), target.index.span, self.context)
        if not isinstance(tensor, torch.Tensor):
            raise ExpressionError("only an element of a tensor can be assigned", span=target.span)
        if not scalars.is_number(value):
            value = to_tensor(value, target.span, self.context, like=[tensor])
        try:
            operator.setitem(tensor, index, value)  # type: ignore[call-overload]
        except TORCH_ERRORS as error:
            raise TorchError(error, stage="forward", node=target) from None
        return tensor

    def _call(self, node: Call, operands: list[object]) -> object:
        row, function = node.function, SHORT.get(node.function.name) or resolve(node.function.torch)
        on_numbers, arguments, named = False, operands, {}
        if node.keywords or not _are_tensors(operands) or not takes_tensors(row, len(operands)):
            call = prepare(node, operands, self.context)
            on_numbers, arguments, named = call.on_numbers, call.arguments, call.named
        steady = on_numbers or bounds.is_steady(row)
        self._check_size(row.name, function, arguments, named, node.span, steady=steady)
        if on_numbers:
            result = function(*arguments, **named)
            return result.item() if isinstance(result, torch.Tensor) and result.ndim == 0 else result
        if self.context.device != "cpu":
            with torch.device(self.context.device):  # what creates a tensor creates it there
                return function(*arguments, **named)
        return function(*arguments, **named)

    def _check_size(
        self,
        name: str,
        function: Callable[..., object],
        arguments: Arguments,
        keywords: Keywords,
        span: Span,
        *,
        steady: bool,
    ) -> None:
        if self.context.checked:
            return
        most = self.context.max_elements
        bounds.check(name, function, arguments, keywords, most=most, span=span, steady=steady)


def _are_tensors(operands: list[object]) -> bool:
    return all(isinstance(operand, torch.Tensor) for operand in operands)
