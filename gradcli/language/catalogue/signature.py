"""The arguments that a function takes, parsed from its row.

A signature is written as in Python, with the kind of value where an annotation stands:
`(input, dim: ints? = None, keepdim: bool = False, *, dtype: dtype? = None)`. A parameter without a kind is a tensor,
`?` means that None is accepted, `*name` takes all the remaining positional tensors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from gradcli.language.catalogue.rows import Row

KINDS = {
    "tensor": "a tensor",
    "tensors": "a list of tensors",
    "number": "a number",
    "int": "an integer",
    "ints": "an integer or a list of integers",
    "sizes": "an integer or a list of integers and None",
    "float": "a number",
    "floats": "a number or a list of numbers",
    "bool": "True or False",
    "str": "a text",
    "dtype": "a dtype",
    "any": "anything",
}
"""What each kind wants, in words."""
WHOLE = ("int", "ints", "sizes")
"""The kinds that PyTorch takes as integers of its own, whatever the dtype of the tensors is."""

SPELLINGS = {"axis": "dim", "keepdims": "keepdim"}
"""NumPy's names, which PyTorch accepts for its own."""

OUTER_COMMA = re.compile(r",(?![^(\[]*[)\]])")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a signature; `default` is None where a value is required."""

    name: str
    kind: str
    optional: bool
    default: str | None
    keyword_only: bool
    variadic: bool

    @property
    def required(self) -> bool:
        return self.default is None and not self.variadic


@dataclass(frozen=True, slots=True)
class Signature:
    """The arguments of one overload, in PyTorch's order."""

    parameters: tuple[Parameter, ...]
    text: str

    @property
    def positional(self) -> tuple[Parameter, ...]:
        return tuple(p for p in self.parameters if not p.keyword_only)

    @property
    def spread(self) -> int | None:
        """Where `x.view(2, 3)` may stand for `x.view([2, 3])`: PyTorch's rule, the last after at most one tensor."""
        places = self.positional
        index = len(places) - 1
        if index > 1 or index < 0 or places[index].kind != "ints":
            return None
        return index if index == 0 or places[0].kind == "tensor" else None


@cache
def parse_signature(text: str) -> Signature:
    """The signature that a row's text stands for."""
    parameters = []
    keyword_only = False
    for part in filter(None, map(str.strip, OUTER_COMMA.split(text.removeprefix("(").removesuffix(")")))):
        if part == "*":
            keyword_only = True
            continue
        declaration, equals, default = part.partition("=")
        name, _, kind = (piece.strip() for piece in declaration.partition(":"))
        optional = kind.endswith("?")
        kind = kind.removesuffix("?") or "tensor"
        variadic = name.startswith("*")
        if kind not in KINDS or not name.lstrip("*").isidentifier():
            raise ValueError(f"{part!r} in the signature {text!r} is not a parameter")
        given = default.strip() if equals else None
        parameters.append(Parameter(name.lstrip("*"), kind, optional, given, keyword_only, variadic))
        keyword_only = keyword_only or variadic
    return Signature(tuple(parameters), text)


def signatures_of(row: Row) -> tuple[Signature, ...]:
    """The overloads of a row, in the order in which they are tried."""
    return tuple(parse_signature(text) for text in row.signatures)
