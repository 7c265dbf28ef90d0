"""A tape of plain PyTorch code: its steps are the calls that were made, at lines of a Python file."""

from __future__ import annotations

import ast
import operator
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode, resolve_name

from gradcli.language import catalogue
from gradcli.model.place import Place, Source
from gradcli.numerics.literals import Context
from gradcli.recording.operation import LEAF, Constant, Operation
from gradcli.recording.recorder import Recorder, record_backward, tensors_in
from gradcli.recording.tape import Tape

NAMES = {"__getitem__": "index", "__setitem__": "index_put_", "__pow__": "pow"}
REFLECTED = {"__rtruediv__": operator.truediv, "__rsub__": operator.sub, "__rpow__": operator.pow}
"""`1 / x` and its like: PyTorch is told of them with the operands the other way round."""
TORCH = str(Path(torch.__file__).parent)


def tape_of(program: Callable[..., torch.Tensor], **inputs: torch.Tensor) -> Tape:
    """The tape of a function of tensors, differentiated with a cotangent of ones by all that require a gradient."""
    mode = ProgramRecorder(inputs)
    with mode:
        output = program(**inputs)
    mode.recorder.last = next(iter(mode.recorder.steps_of(output)), None)
    wanted = {name: tensor for name, tensor in inputs.items() if tensor.requires_grad}
    return record_backward(mode.recorder, output, wanted, torch.ones_like(output))


class ProgramRecorder(TorchFunctionMode):
    """Notes each call while it is active. A tensor that none of them made is an input.

    inputs: tensors by the names that they are known by, which need not be those that the code has for them.
    """

    def __init__(self, inputs: Mapping[str, torch.Tensor]) -> None:
        super().__init__()
        self.recorder = Recorder(in_place=True)
        self._names = {id(tensor): name for name, tensor in inputs.items()}

    def __torch_function__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = {word: value for word, value in (kwargs or {}).items() if value is not None}
        path = (resolve_name(function) or "").removesuffix(".__get__")
        name = path.rpartition(".")[2]
        arguments = [*args, *kwargs.values()]
        call = WrittenCall.at(_user_frame(sys._getframe(1)))
        if name in REFLECTED:
            arguments.reverse()
        places = [call.place_of(position) for position in range(len(arguments))]
        operands = tuple(
            index for value, place in zip(arguments, places, strict=True) for index in self._steps_of(value, place)
        )
        before = [self.recorder.kept(value) for value in arguments]  # a call may change them
        value = function(*args, **kwargs)
        if name == "__setitem__":
            value = args[0]
        if tensors_in(value):
            operation = CallOperation.of(path, name, function, tuple(kwargs), call)
            self.recorder.add(operation, call.place, value, operands=operands, arguments=before)
        return None if name == "__setitem__" else value

    def _steps_of(self, value: object, place: Place) -> tuple[int, ...]:
        """The steps behind an argument, which is an input where there is none."""
        known = self.recorder.steps_of(value)
        if known or not isinstance(value, torch.Tensor):
            return known
        variable = self._names.get(id(value), f"{place.text}, line {place.line}")
        return (self.recorder.add(Operation(name=LEAF), place, value, variable=variable),)


@dataclass(frozen=True)
class WrittenCall:
    """A call as it is written. parts: the expressions of its arguments; infix: whether it is an operator's."""

    place: Place
    parts: tuple[tuple[ast.expr, Place], ...]
    infix: bool

    @classmethod
    def at(cls, frame: FrameType) -> WrittenCall:
        """The call that a frame is at."""
        lines = Path(frame.f_code.co_filename).read_text(encoding="utf-8")
        source = Source(lines, "file", frame.f_code.co_filename)
        line, end_line, column, end_column = list(frame.f_code.co_positions())[frame.f_lasti // 2]
        assert None not in (line, end_line, column, end_column)
        place = _place(source, frame, (line, column), (end_line, end_column))
        try:
            (statement,) = ast.parse(place.text).body
            shift = column
        except SyntaxError:  # it was broken into lines inside of brackets
            (statement,) = ast.parse(f"({place.text})").body
            shift = column - 1
        whole = statement.value if isinstance(statement, ast.Expr) else statement
        parts = []
        for part in _arguments(whole):
            assert part.end_lineno is not None
            assert part.end_col_offset is not None
            start = (line + part.lineno - 1, part.col_offset + shift * (part.lineno == 1))
            end = (line + part.end_lineno - 1, part.end_col_offset + shift * (part.end_lineno == 1))
            parts.append((part, _place(source, frame, start, end)))
        return cls(place, tuple(parts), not isinstance(whole, ast.Call | ast.Subscript | ast.Attribute))

    def is_typed(self, position: int) -> bool:
        """Whether an argument is written as a number."""
        return position < len(self.parts) and isinstance(self.parts[position][0], ast.Constant | ast.UnaryOp)

    def place_of(self, position: int) -> Place:
        """Where an argument stands; the call, where that is not known."""
        return self.parts[position][1] if position < len(self.parts) else self.place


@dataclass(eq=False, slots=True, kw_only=True)
class CallOperation(Operation):
    """What a call does."""

    function: Callable[..., Any]
    call: WrittenCall

    @classmethod
    def of(
        cls, path: str, name: str, function: Callable[..., Any], keywords: tuple[str, ...], call: WrittenCall
    ) -> CallOperation:
        """The operation of a function that PyTorch's name is known of."""
        short = REFLECTED[name].__name__.replace("truediv", "div") if name in REFLECTED else NAMES.get(name, name)
        row = catalogue.find_method(short) if path.startswith("torch.Tensor.") else catalogue.find(short)
        return cls(
            name=short,
            elementwise=row is not None and row.elementwise,
            row=row,
            keywords=keywords,
            infix=call.infix,
            function=REFLECTED.get(name, function),
            call=call,
        )

    @property
    def places(self) -> Sequence[Place]:
        return [place for _, place in self.call.parts]

    def constants(self, arguments: Sequence[object]) -> Sequence[Constant]:
        return [
            Constant(value, self.call.place_of(position), self.call.is_typed(position))
            for position, value in enumerate(arguments)
            if isinstance(value, int | float | complex) and not isinstance(value, bool)
        ]

    def apply(self, arguments: Sequence[object], _context: Context) -> object:
        split = len(arguments) - len(self.keywords)
        return self.function(*arguments[:split], **dict(zip(self.keywords, arguments[split:], strict=True)))


def _user_frame(frame: FrameType) -> FrameType:
    """The innermost frame that is not PyTorch's own."""
    while frame.f_code.co_filename.startswith(TORCH) and frame.f_back is not None:
        frame = frame.f_back
    return frame


def _place(source: Source, frame: FrameType, start: tuple[int, int], end: tuple[int, int]) -> Place:
    lines = source.text.splitlines(keepends=True)

    def offset(line: int, column: int) -> int:
        before = lines[line - 1].encode()[:column].decode()  # Python counts bytes
        return sum(map(len, lines[: line - 1])) + len(before)

    return Place(source, offset(*start), offset(*end), frame.f_code.co_qualname)


def _arguments(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions that an operation reads, in the order of PyTorch's arguments."""
    match node:
        case ast.Call(func=function, args=arguments, keywords=keywords):
            if isinstance(function, ast.Attribute) and ast.unparse(function.value) not in ("torch", "functional"):
                yield function.value
            yield from arguments
            yield from (keyword.value for keyword in keywords)
        case ast.BinOp(left=ast.Constant() as left, op=ast.Add() | ast.Mult(), right=right):
            yield from (right, left)
        case ast.BinOp(left=left, right=right) | ast.Compare(left=left, comparators=[right]):
            yield from (left, right)
        case ast.UnaryOp(operand=operand) | ast.Attribute(value=operand):
            yield operand
        case ast.Subscript(value=value, slice=index):
            yield from (value, index)
        case ast.AugAssign(target=target, value=value):
            yield from (target, value)
