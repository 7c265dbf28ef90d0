"""What things are called in a program: names that Python can hold, that hide nothing, and that no two things share."""

from __future__ import annotations

import keyword
from collections.abc import Collection, Iterable

from gradcli.language.request import Request
from gradcli.language.syntax import Assign

RESERVED = frozenset({"torch", "print", "range", "complex", "derivative", "jacobian", "numbers"})
"""Names that programs need for themselves."""


def names_for(request: Request) -> dict[str, str]:
    """What the user's names are called where they would hide a name that the program needs, or are none in Python."""
    taken = taken_names(request)
    found: dict[str, str] = {}
    for name in sorted(taken):
        if not is_usable(name):
            found[name] = _longer(_identifier(name), {*taken, *found.values()})
    return found


def is_usable(name: str) -> bool:
    """Whether a name can be a variable as it is."""
    return (
        name.isidentifier() and not keyword.iskeyword(name) and not keyword.issoftkeyword(name) and name not in RESERVED
    )


def _identifier(name: str) -> str:
    """The identifier that is most like a name: `x_2` for `2`."""
    word = "".join(letter if f"x{letter}".isidentifier() else "_" for letter in name)
    return f"{word}_" if word.isidentifier() else f"x_{word}"


def taken_names(request: Request) -> set[str]:
    """The names that the user gave to inputs and variables."""
    return {*request.names, *(s.target for s in request.program.statements if isinstance(s, Assign))}


def free_name(taken: Collection[str], *wanted: str) -> str:
    """The first of these that is not taken, else the first of them made longer."""
    used = {*taken, *RESERVED}
    return next((name for name in wanted if name not in used), _longer(wanted[0], used))


def _longer(stem: str, taken: Iterable[str]) -> str:
    used = set(taken)
    while stem in used or not is_usable(stem):
        stem += "_"
    return stem
