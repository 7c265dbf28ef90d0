"""The catalogue: one function on a page, or many in a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields

from gradcli.render.blocks import Block, Column, Facts, Heading, Names, Note, Table
from gradcli.results import FunctionEntry, FunctionsResult
from gradcli.results.phrasing import counted

SMALL = 8
"""Functions of a category that has no line of its own among all of them."""


def blocks(result: FunctionsResult) -> tuple[Block, ...]:
    """The answer for people."""
    if result.name is not None and len(result.functions) == 1:
        return _page(result.functions[0])
    if not result.asked:
        return tuple(_index(result.functions))
    return (_list(result.functions),)


def table(result: FunctionsResult) -> Table:
    """A row a function, with all that is known about it."""
    names = [field.name for field in fields(FunctionEntry)]
    return Table(tuple(Column(name, [_cell(getattr(entry, name)) for entry in result.functions]) for name in names))


def _page(entry: FunctionEntry) -> tuple[Block, ...]:
    parameters = ", ".join(f"{name}={value}" for name, value in entry.parameters.items())
    answers = {
        "call": "\n".join(f"{entry.name}{text}" if text.startswith("(") else text for text in entry.signatures),
        "PyTorch": entry.torch,
        "also called": ", ".join(entry.aliases),
        "formula": entry.formula,
        "derivative": entry.derivative,
        "range": entry.range,
        "kinks": None if entry.kinks is None else ", ".join(entry.kinks) or "none, it is smooth",
        "flat where": entry.flat,
        "saturates": entry.saturation,
        "largest slope": entry.largest_slope,
        "parameters": parameters,
        "arguments": ", ".join(entry.arguments or ()),
        "reductions": ", ".join(entry.reductions or ()),
        "domain": entry.domain,
        "paper": entry.paper,
        "example": entry.example,
    }
    return (
        Heading(entry.name, entry.category),
        Facts(tuple((name, line) for name, text in answers.items() if text for line in text.split("\n"))),
    )


def _index(entries: tuple[FunctionEntry, ...]) -> Iterator[Block]:
    """The names of each category on a line, and the small categories together on the last one."""
    names: dict[str, list[str]] = {}
    for entry in entries:
        names.setdefault(entry.category, []).append(entry.name)
    small = [category for category in names if len(names[category]) <= SMALL]
    lines = [(category, Names(of_it)) for category, of_it in names.items() if category not in small]
    if small:
        lines.append(("others", Names(f"{category} ({len(names[category])})" for category in small)))
    yield Facts(tuple(lines))
    said = "gradcli functions NAME shows one, a category lists its own, --all lists all"
    yield Note(f"{counted(len(entries), 'function')}: {said}", "quiet")


def _list(entries: tuple[FunctionEntry, ...]) -> Table:
    return Table(
        (
            Column("name", [entry.name for entry in entries]),
            Column("category", [entry.category for entry in entries]),
            Column("formula or call", [entry.formula or next(iter(entry.signatures), "") for entry in entries]),
        )
    )


def _cell(value: object) -> str:
    """Several texts in one field, in the order of the catalogue."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "; ".join(value)
    if isinstance(value, Mapping):
        return "; ".join(f"{name}={default}" for name, default in value.items())
    return str(value)
