"""The findings of `check`: where a dtype lost more than half of its digits against the reference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import torch

from gradcli.diagnose.findings.finding import usual
from gradcli.inspections.checking.comparison import ALL_LOST, LOST
from gradcli.inspections.checking.stable import Stable
from gradcli.numerics.precision import is_lost
from gradcli.results import CheckRow, Finding
from gradcli.results.parts import At, Difference, Phrase, phrase


def lost_digits(rows: Iterable[CheckRow], expression: str, stable: Mapping[str, Stable | None]) -> Iterator[Finding]:
    """One `cancellation` and one `underflow` for each input and dtype, at its worst element.

    stable: by dtype the form that keeps the digits, where there is one.
    """
    groups: dict[tuple[str, str, str], list[CheckRow]] = {}
    for row in rows:
        is_told = row.why is not None and row.why.template in (LOST, ALL_LOST)
        if is_told and row.reverse is not None and row.reference and _is_lost(row):
            code = "underflow" if row.reverse == 0 else "cancellation"
            groups.setdefault((code, row.variable, row.dtype), []).append(row)
    for (code, variable, dtype), found in groups.items():
        worst = max(found, key=_size)
        said = _phrase(worst, others=len(found) - 1)
        form = stable.get(dtype)
        fix = None if form is None else form.text
        yield Finding(code, usual(code), said, variable=variable, index=worst.index, expression=expression, fix=fix)


def _is_lost(row: CheckRow) -> bool:
    """Whether it was reverse mode that lost the digits; where forward mode did, the gradient is right."""
    assert row.reverse is not None
    assert row.reference is not None
    return bool(is_lost(np.asarray(row.reverse), np.asarray(row.reference), getattr(torch, row.dtype)))


def _size(row: CheckRow) -> float:
    """How bad: the true slope of what came out zero, else the error as a part of it."""
    assert row.reverse is not None
    assert row.reference is not None
    return abs(row.reference) if row.reverse == 0 else abs(row.reverse / row.reference - 1)


def _phrase(row: CheckRow, *, others: int) -> Phrase:
    assert row.reverse is not None
    assert row.reference is not None
    error = Difference("derivative", row.dtype, row.reverse, row.reference, others=others, ulps=row.ulp_error)
    return phrase("{at}", at=At(row.variable, row.index, row.value)).because(error)
