"""The inputs and the statements of a request as lines of Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.values import default_dtype
from gradcli.exceptions import BoundError
from gradcli.inspections.emission import literals
from gradcli.inspections.emission.expression import Writer
from gradcli.language.printer import ATOM, symbol_of
from gradcli.language.properties import is_random
from gradcli.language.request import Request, Value
from gradcli.language.syntax import (
    Assign,
    AssignIndex,
    Call,
    Evaluate,
    Name,
    Program,
    Statement,
    Update,
)
from gradcli.numerics.capture import TorchError
from gradcli.numerics.evaluate import Evaluation
from gradcli.numerics.literals import Context

WRITTEN_OUT = 64
"""Elements of an input that are written even where an expression made them,"""
MOST_WRITTEN = 1_000
"""and those that are written where none did."""

_MADE_HERE = frozenset({"creation", "random"})


def moved_names(request: Request, bound: BoundExpression) -> set[str]:
    """The inputs whose user's name the program assigns anew, or whose elements it changes."""
    assigned = {s.target for s in request.program.statements if isinstance(s, Assign)}
    return assigned | {n for n in request.names if bound.in_place and not bound.leaves[n].requires_grad}


def starting_lines(bound: BoundExpression, names: dict[str, str], leaves: dict[str, str]) -> Iterator[str]:
    """The user's names for inputs that have a variable of their own; a copy where the program may change it."""
    for name, variable in leaves.items():
        if variable != names.get(name, name):
            copied = bound.in_place and not bound.leaves[name].requires_grad
            yield f"{names.get(name, name)} = {variable}{'.clone()' if copied else ''}"


def input_lines(request: Request, bound: BoundExpression, leaves: dict[str, str]) -> Iterator[str]:
    """One line an input: its elements, or the expression that made them where it is long or random."""
    given = {binding.name: binding for binding in request.bindings}
    for name in request.names:
        values = request.points if name == request.variable else (given[name].value,)
        dtype = None if name == request.variable or given[name].dtype is None else given[name].dtype
        leaf = bound.leaves[name]
        yield from _input(leaves[name], leaf, values, dtype, bound, points=name == request.variable)


def _input(
    name: str, leaf: torch.Tensor, values: tuple[Value, ...], dtype: str | None, bound: BoundExpression, *, points: bool
) -> Iterator[str]:
    default = bound.context.dtype
    programs = [value.program for value in values if value.program is not None]
    random = any(map(is_random, programs))
    if not random and leaf.numel() <= (WRITTEN_OUT if any(map(_is_made, programs)) else MOST_WRITTEN):
        yield f"{name} = {literals.tensor(leaf.detach(), default, requires_grad=leaf.requires_grad)}"
        return
    if len(programs) < len(values):
        raise BoundError(
            f"{name} has {leaf.numel():,} numbers, too many to write into a program; at most {MOST_WRITTEN:,}",
            hint="Give fewer numbers, or an expression that makes them: linspace(-5, 5, 2000).",
        )
    wanted = bound.context.dtype if dtype is None else getattr(torch, dtype)
    yield from _expressions(name, leaf, programs, _literal_context(wanted, bound), bound.context, points=points)


def _is_made(program: Program) -> bool:
    """Whether an expression makes a tensor out of few words: `linspace(-5, 5, 1000)`."""
    return any(isinstance(node, Call) and node.function.category in _MADE_HERE for node in program.nodes)


def _literal_context(wanted: torch.dtype, bound: BoundExpression) -> Context:
    literal = wanted if wanted.is_floating_point else torch.float64
    return Context(literal, bound.context.device, bound.context.max_elements)


def _expressions(
    name: str, leaf: torch.Tensor, programs: list[Program], own: Context, context: Context, *, points: bool
) -> Iterator[str]:
    """An input that an expression makes: the same, with the default dtype that it was evaluated under."""
    if own.dtype is not context.dtype:
        yield f"torch.set_default_dtype({literals.dtype_source(own.dtype)})"
    written = [_evaluated(program, own, integers=not leaf.is_floating_point()) for program in programs]
    sources = [source for source, _ in written]
    value = written[0][1]
    if len(sources) > 1:
        source = f"torch.cat([{', '.join(f'{source}.reshape(-1)' for source in sources)}])"
        value = torch.cat([tensor.reshape(-1) for _, tensor in written])
    elif points and value.ndim == 0:
        source = f"{sources[0]}.reshape(1)"
    else:
        root = programs[0].result
        made_here = isinstance(root, Call) and root.function.category in _MADE_HERE
        source = sources[0] if made_here else f"{sources[0]}.clone()"
    if value.dtype is not leaf.dtype:
        source += f".to({literals.dtype_source(leaf.dtype)})"
    if own.dtype is not context.dtype:
        yield f"{name} = {source}"
        yield f"torch.set_default_dtype({literals.dtype_source(context.dtype)})"
        if leaf.requires_grad:
            yield f"{name}.requires_grad_()"
        return
    yield f"{name} = {source}" + (".requires_grad_()" if leaf.requires_grad else "")


def _evaluated(program: Program, context: Context, *, integers: bool) -> tuple[str, torch.Tensor]:
    """The source of a value without free names, and the value."""
    writer = Writer(context)
    with default_dtype(context.dtype):
        value = Evaluation({}, context, writer).tensor(program.result, integers=integers)
    if value.numel() <= WRITTEN_OUT and not is_random(program):
        return literals.tensor(value, context.dtype), value
    return writer.tensor(program.result).at(ATOM), value


def statement_lines(writer: Writer, program: Program, target: str) -> Iterator[str]:
    """The program's statements, and its value under a name."""
    for statement in program.statements:
        yield from _statement(writer, statement)
    yield f"{target} = {writer.tensor(program.result).text}"


def _statement(writer: Writer, statement: Statement) -> Iterable[str]:
    match statement:
        case Assign(target=target, value=value):
            return [f"{writer.name(target)} = {writer.source(value).text}"]
        case Evaluate(value=value):
            return [writer.source(value).text]
        case AssignIndex(target=target, value=value):
            return [f"{writer.source(target).text} = {writer.operand(value, beside=target.operand)}"]
        case Update(operator=operator, target=target, value=value):
            place, added = writer.source(target).text, writer.operand(value, beside=target)
            line = f"{place} {symbol_of(operator)}= {added}"
            if isinstance(target, Name) and writer.is_list(target):
                return [f"{place} = {writer.tensor(target).text}", line]
            return [line]


def observed(bound: BoundExpression, writer: Writer) -> torch.Tensor | None:
    """Run the forward pass under the writer, up to where PyTorch raises; None where it does."""
    try:
        return bound.evaluate(observe=writer, first=True)
    except TorchError as raised:
        writer.stopped_at(raised.node, raised.operands)
        return None
