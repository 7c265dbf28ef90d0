"""`explain`: the page of a finding or of an error. Only an error, whose program is run, needs PyTorch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from gradcli.diagnose.findings.pages import page_of
from gradcli.diagnose.findings.table import BY_CODE, CODES, ROWS, Row
from gradcli.exceptions import UsageError, listed, nearest
from gradcli.inspections.errors import LIKE_ENOUGH, listed_entry, raised_entry, searched
from gradcli.language.catalogue.errors import AutogradError, all_errors, find
from gradcli.results import ErrorEntry, ExplainResult
from gradcli.results.explain import Example, Explanation

_CODE_OF_A_FINDING = re.compile(r"(?:error|warning|note)\[([a-z-]+)\]")


def explain(words: Sequence[str] = ()) -> ExplainResult:
    """The findings and errors of these codes and ids, or that a pasted message is of; without words every finding.

    What a text finds several of is listed, and nothing is run.  Raises UsageError with the nearest code or id.
    """
    if not words:
        return ExplainResult(None, (), tuple(map(_of_finding, ROWS)))
    if (of_a_kind := _of_a_kind(words)) and len(of_a_kind) > 1:
        return ExplainResult(None, (), tuple(map(_of_finding, of_a_kind)))
    rows = of_a_kind or _meant(words)
    if len(rows) > 1 and isinstance(rows[0], AutogradError) and not any(map(_row, words)):
        return ExplainResult(None, (), tuple(_of_error(row) for row in rows if isinstance(row, AutogradError)))
    return explained(rows)


def explained(rows: Sequence[Row | AutogradError]) -> ExplainResult:
    """The pages of these rows; the programs of errors are run."""
    names = tuple(row.code if isinstance(row, Row) else row.id for row in rows)
    entries = tuple(_of_finding(row) if isinstance(row, Row) else _of_error(row, raises=True) for row in rows)
    version = None
    if any(entry.error for entry in entries):
        import torch

        version = torch.__version__
    return ExplainResult(version, names, entries)


def _of_a_kind(words: Sequence[str]) -> tuple[Row, ...]:
    """The findings whose codes have this word in them, such as `NaN`; none for the whole name of one."""
    if len(words) > 1 or _row(words[0]):
        return ()
    return tuple(row for row in ROWS if words[0].lower() in row.code.split("-"))


def _of_one_wording(rows: tuple[AutogradError, ...]) -> tuple[AutogradError, ...]:
    """The one error whose words the others raise too, where that is so: it stands for all of them."""
    for row in rows:
        if all(row.id in (one.id, one.words_of) for one in rows):
            return (row,)
    return rows


def _meant(words: Sequence[str]) -> tuple[Row | AutogradError, ...]:
    """The rows of these codes and ids; of other words those that they mention as one text.  Raises UsageError."""
    found = [_row(word) for word in dict.fromkeys(words)]
    if all(found):
        return tuple(row for row in found if row is not None)
    text = " ".join(words)
    if told := tuple(BY_CODE[code] for code in dict.fromkeys(_CODE_OF_A_FINDING.findall(text)) if code in BY_CODE):
        return told
    if any(found):
        raise _unknown(next(word for word in words if _row(word) is None))
    try:
        return _of_one_wording(searched(text))
    except UsageError:
        if " " in text.strip():
            raise
        raise _unknown(text) from None


def _row(name: str) -> Row | AutogradError | None:
    """The kind of finding, or the error, of that name."""
    return BY_CODE.get(name) or find(name)


def _unknown(name: str) -> UsageError:
    """The mistake of a name that is none, with the nearest one, or those that begin as it does."""
    names = [*CODES, *(row.id for row in all_errors())]
    close = nearest(name, names)
    hint = None if close is None else f"Did you mean '{close}'?"
    if close is None or SequenceMatcher(None, name.lower(), close).ratio() < LIKE_ENOUGH:
        beginning = name.lower().partition("-")[0]
        alike = [one for one in names if one.startswith(f"{beginning}-")]
        if alike:
            hint = f"There {'is' if len(alike) == 1 else 'are'} {listed(alike)}."
    return UsageError(
        f"there is no finding or error '{name}'",
        hint=hint or "'gradcli explain' lists the findings, 'gradcli errors' the errors.",
    )


def _of_finding(row: Row) -> Explanation:
    page = page_of(row.code)
    return Explanation(
        code=row.code,
        of="finding",
        meaning=row.meaning,
        severities=row.severities,
        cause=page.cause,
        fix=page.fix,
        example=tuple(Example(command, output) for command, output in page.example),
        related=page.related,
        error=None,
    )


def _of_error(row: AutogradError, *, raises: bool = False) -> Explanation:
    entry: ErrorEntry = raised_entry(row) if raises else listed_entry(row)
    return Explanation(
        code=row.id,
        of="error",
        meaning=row.title,
        severities=(),
        cause=row.cause,
        fix=row.fix,
        example=(),
        related=_related(row),
        error=entry,
    )


def _related(row: AutogradError) -> tuple[str, ...]:
    """The errors with the words of this one, then those of its family."""
    words = row.words_of or row.id
    alike = [one.id for one in all_errors() if words in (one.id, one.words_of)]
    family = [one.id for one in all_errors() if one.family == row.family]
    return tuple(name for name in dict.fromkeys((*alike, *family)) if name != row.id)
