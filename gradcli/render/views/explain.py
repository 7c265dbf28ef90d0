"""What a finding or an error means: its cause, what to do, an example with its output."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.render.blocks import Block, Column, Facts, Heading, Names, Note, Table, Verbatim
from gradcli.render.views.errors import page_blocks
from gradcli.results import ExplainResult, Explanation
from gradcli.results.phrasing import counted


def blocks(result: ExplainResult) -> tuple[Block, ...]:
    """The answer for people."""
    if not result.asked:
        return tuple(_list(result.entries))
    return tuple(block for entry in result.entries for block in _page(entry))


def table(result: ExplainResult) -> Table:
    """A row a finding or error; the programs of errors are columns of `errors`."""
    texts: dict[str, list[str]] = {
        "code": [one.code for one in result.entries],
        "of": [one.of for one in result.entries],
        "meaning": [one.meaning for one in result.entries],
        "severities": ["; ".join(one.severities) for one in result.entries],
        "cause": [one.cause for one in result.entries],
        "fix": [one.fix for one in result.entries],
        "example": ["\n".join(example.command for example in one.example) for one in result.entries],
        "related": ["; ".join(one.related) for one in result.entries],
    }
    return Table(tuple(Column(name, values) for name, values in texts.items()))


def _page(entry: Explanation) -> Iterator[Block]:
    related = Facts((("related", Names(entry.related)),))
    if entry.error is not None:
        yield from page_blocks(entry.error)
        yield related
        return
    yield Heading(entry.code, entry.meaning)
    yield Facts((("severity", " or ".join(entry.severities)), ("cause", entry.cause), ("fix", entry.fix)))
    shown = (_typed(one.command) + (f"\n{one.output}" if one.output else "") for one in entry.example)
    yield Verbatim("\n".join(shown), prose=True)
    yield related


def _typed(command: str) -> str:
    """A command as a terminal has it, with the lines that go on."""
    return "$ " + command.replace("\n", "\n> ")


def _list(entries: tuple[Explanation, ...]) -> Iterator[Block]:
    """All findings by their usual severity, or what a text was found in."""
    if any(one.of == "error" for one in entries):
        columns = ("code", "meaning")
        yield Table(tuple(Column(name, [getattr(one, name) for one in entries]) for name in columns))
        yield Note(f"{counted(len(entries), 'error')}. 'gradcli explain ID' raises one.", "quiet")
        return
    by_severity = {s: [one.code for one in entries if one.severities[0] == s] for s in ("error", "warning", "note")}
    yield Facts(tuple((f"{severity}s", ", ".join(codes)) for severity, codes in by_severity.items() if codes))
    yield Note("gradcli explain CODE shows one, gradcli errors lists what PyTorch raises", "quiet")
