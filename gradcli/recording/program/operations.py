"""What a logged call does: PyTorch's name for it, what the catalogue knows of it, and how it is applied again."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch.overrides import resolve_name

from gradcli.language import catalogue
from gradcli.language.catalogue.rows import Row
from gradcli.model.place import Place
from gradcli.numerics.literals import Context
from gradcli.recording.operation import Constant, Operation, short_name
from gradcli.recording.program.entries import Entry
from gradcli.recording.program.transforms import transformed
from gradcli.recording.program.written import Written, written_at

_BITWISE = {"and": "and", "or": "or", "xor": "xor", "lshift": "left_shift", "rshift": "right_shift"}
_OPERATORS = {
    "__getitem__": "index",
    "__setitem__": "index_put_",
    "__floordiv__": "floor_divide",
    "__invert__": "bitwise_not",
    **{f"__{own}__": f"bitwise_{name}" for own, name in _BITWISE.items()},
    **{f"__i{own}__": f"bitwise_{name}_" for own, name in _BITWISE.items()},
}
"""Those that PyTorch has another name for."""
_REFLECTED: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "__rdiv__": ("div", operator.truediv),
    "__rfloordiv__": ("floor_divide", operator.floordiv),
    "__rmod__": ("remainder", operator.mod),
    "__rsub__": ("sub", operator.sub),
    "__rpow__": ("pow", operator.pow),
    "__rmatmul__": ("matmul", operator.matmul),
    "__rlshift__": ("bitwise_left_shift", operator.lshift),
    "__rrshift__": ("bitwise_right_shift", operator.rshift),
}
"""`1 / x` and its like: PyTorch is told of them with the operands the other way round."""
_UNTOLD = frozenset({"_stacklevel"})
"""Arguments that PyTorch's own functions pass on among themselves."""


@dataclass(eq=False, slots=True, kw_only=True)
class UnseenLeaf(Operation):
    """A leaf whose place shows what reads or makes it, and not its name: it is told by its name."""

    title: str


@dataclass(eq=False, slots=True, kw_only=True)
class CallOperation(Operation):
    """What a call of a program does.

    inside: whether a function that stands there made the call.
    read_as: of such a call what the program writes where it reads the value, `features`; None where it does not.
    """

    function: Callable[..., Any]
    written: Written
    inside: bool
    read_as: str | None = None

    @property
    def places(self) -> Sequence[Place]:
        return () if self.inside else [place for _, place in self.written.parts]

    @property
    def custom(self) -> type | None:
        """The class of a custom function that is applied."""
        return custom_of(self.function)

    @property
    def title(self) -> str | None:
        if self.name == "index_put_" and self.written.parts:  # what is changed, not the part that is written
            return self.written.place_of(0).text
        return (self.read_as or f"{self.name} in {self.written.place.text}") if self.inside else None

    @property
    def assigned(self) -> str | None:
        return None if self.inside else self.written.assigned

    def constants(self, arguments: Sequence[object]) -> Sequence[Constant]:
        return [
            Constant(number, self.written.place_of(position), not self.inside and self.written.is_typed(position))
            for position, value in enumerate(arguments)
            for number in _numbers(value)
        ]

    def apply(self, arguments: Sequence[object], _context: Context) -> object:
        split = len(arguments) - len(self.keywords)
        return self.function(*arguments[:split], **dict(zip(self.keywords, arguments[split:], strict=True)))


def custom_of(function: Any) -> type[torch.autograd.Function] | None:
    """The custom function that a call of this applies."""
    owner = getattr(function, "__self__", None)
    return owner if isinstance(owner, type) and issubclass(owner, torch.autograd.Function) else None


def operation_of(entry: Entry, keywords: tuple[str, ...]) -> CallOperation:
    """The operation of a logged call. keywords: the names of those arguments that are given by name."""
    name, row, function = _known(entry.function)
    written = written_at(entry.spot.place)
    return CallOperation(
        name=name,
        elementwise=row is not None and row.elementwise,
        row=row,
        keywords=keywords,
        infix=written.is_operator,
        function=function,
        written=written,
        inside=written.is_statement or not _is_called(entry.function, written),
    )


def named_where_read(operations: Sequence[Operation], place: Place) -> None:
    """A value that stands at this place as an operand is called as it is written there, and by its variable first."""
    ours = [made for made in operations if isinstance(made, CallOperation)]
    for made in ours if "\n" not in place.text else ():
        is_better = made.read_as is None or place.text == made.written.assigned
        if is_better and made.written.place.function == place.function:
            made.read_as = place.text


def named_as_held(operation: Operation, name: str) -> None:
    """A value that no place reads by a name is called as what the program holds it by."""
    if isinstance(operation, CallOperation) and operation.read_as is None:
        operation.read_as = name


def arguments_of(entry: Entry) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a call in the order in which they are written, and those that are given by name."""
    given = {word: value for word, value in entry.given_by_name.items() if value is not None and word not in _UNTOLD}
    name = getattr(entry.function, "__name__", "")
    return ([*reversed(entry.args)] if name in _REFLECTED else [*entry.args]), given


def name_of(function: Any) -> str:
    """PyTorch's name for a function."""
    return _known(function)[0]


@cache
def _known(function: Any) -> tuple[str, Row | None, Callable[..., Any]]:
    """PyTorch's name, the row of the catalogue, and what computes it with its operands as they are written."""
    own = str(getattr(function, "__name__", type(function).__name__))
    if own == "apply" and isinstance(custom := getattr(function, "__self__", None), type):
        return custom.__name__, None, function
    if not (getattr(function, "__module__", None) or "torch").startswith("torch"):
        return own, None, function  # one of the user's, which a transform was made of, whatever its name is
    if made := transformed(function):
        return made.name, None, function  # and so is one of PyTorch's, whose own call is a step inside
    path = (resolve_name(function) or "").removesuffix(".__get__")
    if own == "__get__":
        own = str(function.__self__.__name__)
    if own in _REFLECTED:
        name, function = _REFLECTED[own]
    else:
        name = _OPERATORS.get(own) or (own.strip("_") if own.startswith("__") else _in_its_module(own))
    row = catalogue.find_method(name) if path.startswith("torch.Tensor.") else catalogue.find(name)
    if row is not None and row.torch != "torch.asarray":  # the row of `tensor`, which no program calls so
        name = short_name(row.torch)  # not the alias that was called
    return name, row, function


def _in_its_module(own: str) -> str:
    """`special.expit` of `special_expit`."""
    module, _, name = own.partition("_")
    return f"{module}.{name}" if module in ("fft", "linalg", "special") else own


def _is_called(function: Any, written: Written) -> bool:
    """Whether the call that is written is the call of this function, and not of one that calls it in turn."""
    called = written.called
    if called is None:  # an operator, an index or an attribute
        return True
    own = str(getattr(function, "__name__", ""))
    if called == _in_its_module(own).rpartition(".")[2]:
        return True
    return any(getattr(space, called, None) is function for space in (torch, torch.nn.functional, torch.Tensor))


def _numbers(value: object) -> Iterator[complex]:
    """An argument that is a number, or those of the lists that `torch.tensor` is given."""
    if isinstance(value, list | tuple):
        for part in value:
            yield from _numbers(part)
    elif isinstance(value, int | float | complex) and not isinstance(value, bool):
        yield value
