"""Errors on demand: a list, one of them with everything, or the outcome of all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from itertools import groupby

from gradcli.render.blocks import Block, Column, Facts, Heading, Names, Note, Scalar, Table, Tensors, Verbatim
from gradcli.render.text import shortened
from gradcli.results import ErrorEntry, ErrorsResult
from gradcli.results.phrasing import counted

MARK = "-> "
LONGEST_MESSAGE = 60


def blocks(result: ErrorsResult) -> tuple[Block, ...]:
    """The answer for people."""
    if result.torch is None and result.searched is None and not result.asked:
        return tuple(_index(result.entries))
    if result.torch is None:
        return tuple(_list(result.entries))
    if result.asked:
        return tuple(block for entry in result.entries for block in page_blocks(entry))
    return tuple(_outcome(result))


def table(result: ErrorsResult) -> Table:
    """A row an error, with all that is known about it."""
    names = [field.name for field in fields(ErrorEntry)]
    return Table(tuple(_column(name, [getattr(entry, name) for entry in result.entries]) for name in names))


def _index(entries: tuple[ErrorEntry, ...]) -> Iterator[Block]:
    """The ids of each family on a line."""
    families = groupby(entries, lambda entry: entry.family)
    yield Facts(tuple((family, Names(entry.id for entry in members)) for family, members in families))
    said = "gradcli errors ID raises one, a family or a word lists some, --all raises all"
    yield Note(f"{counted(len(entries), 'error')}: {said}", "quiet")


def _list(entries: tuple[ErrorEntry, ...]) -> Iterator[Block]:
    """Ids, classes and titles by family, in one table a family; nothing was run."""
    for family, members in groupby(entries, lambda entry: entry.family):
        rows = list(members)
        columns = ("id", "type", "title")
        yield Table(tuple(Column(name, [getattr(row, name) for row in rows]) for name in columns), family)
    yield Note(f"{counted(len(entries), 'error')}. 'gradcli errors ID' raises one, --all raises all.", "quiet")


def page_blocks(entry: ErrorEntry) -> Iterator[Block]:
    """The program with its lines, what PyTorch said, why, and what to write instead."""
    yield Heading(entry.id, entry.title)
    yield Verbatim(_numbered(entry.program, entry.line))
    if entry.needs is not None:
        yield Note(f"Not raised here: it needs {entry.needs}. PyTorch would raise {entry.type}.", "warning")
    elif entry.raised is None:
        yield Note(f"PyTorch raised nothing. Expected was {entry.type}.", "error")
    else:
        yield Note(f"PyTorch raised {entry.raised}:", "error")
        yield Verbatim((entry.message or "").rstrip("\n"), "error", prose=True)
        if not entry.ok:
            yield Note(f"Expected was {entry.type}.", "error")
    for warning in entry.warnings:
        yield Note("PyTorch warned:", "warning")
        yield Verbatim(warning, "warning", prose=True)
    yield Facts((("cause", entry.cause), ("fix", entry.fix)))
    yield Verbatim(_numbered(entry.repaired, None), "good")
    if entry.fix_ok and entry.result is not None:
        yield Facts((("result", _value(entry)),))
    else:
        yield Note(f"The fix failed: {entry.fix_error}", "error")


def _outcome(result: ErrorsResult) -> Iterator[Block]:
    """One row an error, and what became of all of them."""
    from gradcli.render.views.tensors import text_column  # with NumPy, which the list does without

    entries = result.entries
    messages = [shortened((entry.message or "").split("\n")[0], LONGEST_MESSAGE) for entry in entries]
    yield Table(
        (
            Column("id", [entry.id for entry in entries]),
            Column("raised", [_raised(entry) for entry in entries]),
            Column("fix", [_fixed(entry) for entry in entries]),
            text_column("message", [message or None for message in messages]),
        )
    )
    raised, fixed = sum(entry.ok is True for entry in entries), sum(entry.fix_ok is True for entry in entries)
    absent = sum(entry.needs is not None for entry in entries)
    total = f" of {len(entries)}" if result.failures else ""
    left = f", {absent} not raised here" if absent else ""
    version = (result.torch or "").partition("+")[0]
    tone = "error" if result.failures else "good"
    yield Note(f"{raised}{total} raised{left}, {fixed}{total} fixes ran (PyTorch {version})", tone)  # type: ignore[arg-type]


def _raised(entry: ErrorEntry) -> str:
    if entry.ok:
        return entry.type
    if entry.needs is not None:
        return "not raised here"
    return f"{entry.raised or 'nothing'}, not {entry.type}"


def _fixed(entry: ErrorEntry) -> str:
    return "ok" if entry.fix_ok else f"failed: {shortened(entry.fix_error or '', LONGEST_MESSAGE)}"


def _value(entry: ErrorEntry) -> str | Scalar:
    """The result in one line: a number, or a small tensor."""
    assert entry.result is not None
    if entry.result.values.ndim == 0 and entry.result.values.dtype.kind == "f":
        return Scalar(entry.result.values, entry.result.dtype)
    from gradcli.render.summaries import summary

    return summary(entry.result, 6)


def _numbered(program: str, line: int | None) -> str:
    """The program with its lines numbered, and a mark at one of them."""
    lines = program.rstrip("\n").split("\n")
    width = len(str(len(lines)))
    space = "" if line is None else " " * len(MARK)
    return "\n".join(
        f"{MARK if number == line else space}{number:>{width}}  {text}".rstrip() for number, text in enumerate(lines, 1)
    )


def _column(name: str, values: list[object]) -> Column:
    import numpy as np  # which the list does without

    missing = np.array([value is None for value in values], dtype=bool)
    if name == "result":
        return Column(name, Tensors(values), missing=missing)  # type: ignore[arg-type]
    if name in ("ok", "fix_ok"):
        return Column(name, np.array([bool(value) for value in values], dtype=bool), missing=missing)
    if name == "line":
        return Column(name, np.array([value or 0 for value in values], dtype=np.int64), missing=missing)
    texts = ["; ".join(value) if isinstance(value, tuple) else str(value or "") for value in values]
    return Column(name, texts, missing=missing)
