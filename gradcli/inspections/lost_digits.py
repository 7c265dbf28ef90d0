"""The findings of `check`: where a dtype lost more than half of its digits against the reference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gradcli.inspections.judge import LOST
from gradcli.results import CheckRow, Finding


def lost_digits(rows: Iterable[CheckRow], expression: str) -> Iterator[Finding]:
    """One `cancellation` and one `underflow` for each input and dtype, at its worst element."""
    groups: dict[tuple[str, str, str], list[CheckRow]] = {}
    for row in rows:
        if row.reason == LOST and row.reverse is not None and row.reference is not None:
            code = "underflow" if row.reverse == 0 else "cancellation"
            groups.setdefault((code, row.variable, row.dtype), []).append(row)
    for (code, variable, _), found in groups.items():
        worst = max(found, key=_size)
        message = _message(worst, others=len(found) - 1)
        yield Finding(code, "warning", message, variable=variable, index=worst.index, expression=expression)


def _size(row: CheckRow) -> float:
    """How bad: the true slope of what came out zero, else the error as a part of it."""
    assert row.reverse is not None
    assert row.reference is not None
    return abs(row.reference) if row.reverse == 0 or row.reference == 0 else abs(row.reverse / row.reference - 1)


def _message(row: CheckRow, *, others: int) -> str:
    place = f"{row.variable}[{', '.join(map(str, row.index))}]" if row.index else row.variable
    more = f" (and at {others} more)" if others else ""
    ulps = "" if row.reverse == 0 or row.ulp_error is None else f", {row.ulp_error:,.0f} ULP off"
    numbers = f"{row.dtype} gives {row.reverse:.6g} where the derivative is {row.reference:.6g}"
    return f"{place} = {row.value:g}: {numbers}{ulps}{more}"
