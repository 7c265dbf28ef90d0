"""What a step of a tape does, as far as the rules ask: a function of PyTorch's, and how to apply it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch

from gradcli.exceptions import ArgumentError
from gradcli.language.catalogue.binding import Bound, bind
from gradcli.language.catalogue.rows import Row
from gradcli.language.catalogue.signature import WHOLE
from gradcli.model.place import Place
from gradcli.numerics.literals import Context

LEAF, ITEM = "leaf", "item"
"""The names of what is no function: an input, and one of the tensors that a call gave."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A plain number among the arguments of an operation.

    is_typed: whether it stands there in digits or by its name, such as `nan`, and is not computed.
    """

    number: complex
    place: Place
    is_typed: bool


@dataclass(eq=False, slots=True, kw_only=True)
class Operation:
    """A function of PyTorch's, as it was called. Each maker of tapes has a kind of its own that knows how.

    name: PyTorch's name: `add`, `linalg.svd`, `mul_`; `leaf` for an input, `item` for one of several results.
    elementwise: whether element i of the value depends on element i of the (broadcast) operands alone.
    row: what the catalogue says of the function, None for what it does not list.
    keywords: the names of those arguments, the last ones, that were given by name.
    infix: whether it is written with an operator, so that an index behind it needs brackets.
    """

    name: str
    elementwise: bool = False
    row: Row | None = None
    keywords: tuple[str, ...] = ()
    infix: bool = False

    @property
    def places(self) -> Sequence[Place]:
        """Where the arguments stand; empty where that is not known."""
        return ()

    @property
    def title(self) -> str | None:
        """What it is called in a sentence, where its place shows something else: `softmax in self.attend(x)`."""
        return None

    @property
    def assigned(self) -> str | None:
        """The variable that the value is given to, where that names it better than its place does."""
        return None

    @property
    def out_of_place(self) -> Operation | None:
        """`mul` of `y *= 2`, whose own arguments are not kept; None of any other operation."""
        return None

    def constants(self, _arguments: Sequence[object]) -> Sequence[Constant]:
        """The plain numbers among the arguments, in order."""
        return ()

    def apply(self, _arguments: Sequence[object], _context: Context) -> object:
        """The operation once more, on these arguments.  Raises GradcliError or what PyTorch raises."""
        raise ArgumentError(f"'{self.name}' cannot be applied again")

    def exact(self, _arguments: Sequence[object]) -> np.ndarray[Any, Any] | None:
        """The value to 50 digits, of arguments whose tensors are arrays; None where there is no reference."""
        return None

    def named(self, arguments: Sequence[object]) -> dict[str, tuple[int, object]]:
        """The arguments by their names, each with its position; empty where the catalogue does not know them."""
        bound = self._bound(arguments)
        if bound is None:
            return {}
        split = len(arguments) - len(bound.keywords)
        found = {parameter.name: (position, value) for position, (parameter, value) in enumerate(bound.positional)}
        for position, (_, parameter, value) in enumerate(bound.keywords, start=split):
            found[parameter.name] = (position, value)
        return found

    def whole(self, arguments: Sequence[object]) -> list[object]:
        """What is taken as integers, such as a size or the n of `matrix_power(x, n)`: numbers of no dtype."""
        bound = self._bound(arguments)
        if bound is None:
            return []
        given = [*bound.positional, *((parameter, value) for _, parameter, value in bound.keywords)]
        whole = [value for parameter, value in given if parameter.kind in WHOLE]
        return [number for value in whole for number in (value if isinstance(value, list | tuple) else [value])]

    def _bound(self, arguments: Sequence[object]) -> Bound | None:
        if self.row is None:
            return None
        split = len(arguments) - len(self.keywords)
        keywords = dict(zip(self.keywords, arguments[split:], strict=True))
        try:
            return bind(self.row, arguments[:split], keywords, name=self.row.name, is_tensor=torch.is_tensor)
        except ArgumentError:
            return None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """An operation that is still to be made, as far as it is known beforehand.

    computed: for each argument, whether it is computed on the way: neither an input nor a number.
    """

    operation: Operation
    computed: tuple[bool, ...]


@cache
def short_name(path: str) -> str:
    """`softmax` for torch.nn.functional.softmax."""
    prefix = next((p for p in ("torch.nn.functional.", "torch.Tensor.", "torch.") if path.startswith(p)), "")
    return path.removeprefix(prefix)
