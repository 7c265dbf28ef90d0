"""A function over a whole dtype: the largest errors first, then each way to them, and what is wrong in kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradcli.render.blocks import Block, Column, Heading, Note, Table
from gradcli.render.views.audit_chunks import chunk_blocks
from gradcli.render.views.audit_plots import derivative_name, plots
from gradcli.render.views.setting import footer
from gradcli.render.views.tensors import float_column, int_column
from gradcli.results.audit import (
    AuditedFunction,
    AuditFailure,
    AuditProof,
    AuditResult,
    AuditRow,
    AuditTrouble,
    AuditTroubles,
    AuditWorst,
    AuditWrong,
)
from gradcli.results.phrasing import counted, number

__all__ = ["blocks", "plots", "table"]

MOST_INTERVALS = 3
"""Intervals of one trouble that are shown; the JSON has more of them."""
_NO_ULPS = AuditWorst(0.0, 0.0, 0.0, 0.0)
"""In the place of a worst case where no answer has ULPs: a dash is shown."""
_WITHIN_ONE = 2
"""Bins of a histogram up to 1 ULP."""
_SAID = {
    "nan": "nan",
    "overflow": "infinite, though the truth is not",
    "dead": "0, where the truth is a normal number",
    "flushed": "0, where the truth is subnormal",
    "wrong sign": "of the wrong sign",
    "not zero": "not 0, where the truth rounds to 0",
}


def blocks(result: AuditResult) -> tuple[Block, ...]:
    """The answer for people."""
    where = f"{result.setting.dtype} on {result.setting.device}, from {number(result.low)} to {number(result.high)}"
    several = len(result.functions) > 1
    above = (Heading(counted(len(result.functions), "function"), where), _summary(result)) if several else ()
    shown = [block for one in result.functions for block in _function(one, None if several else where)]
    return (*above, *shown, *chunk_blocks(result), *_judgement(result), *footer(result.setting))


def table(result: AuditResult) -> Table:
    """For programs: a row for each function, derivative, mode and path."""
    pairs = [(function, row) for function in result.functions for row in function.rows]
    worst = [row.worst for _, row in pairs]

    def numbers(name: str) -> Column:
        return float_column(name, [None if one is None else getattr(one, name) for one in worst])

    return Table(
        (
            Column("function", [function.expression for function, _ in pairs]),
            Column("order", np.array([row.order for _, row in pairs])),
            Column("mode", [row.mode for _, row in pairs]),
            Column("path", [row.path for _, row in pairs]),
            Column("count", np.array([row.count for _, row in pairs])),
            *map(numbers, ("ulps", "x", "answer", "truth")),
            int_column("differs", [row.differs for _, row in pairs]),
            Column("error", [row.error or "" for _, row in pairs]),
        )
    )


def _summary(result: AuditResult) -> Table:
    """A row for each function: its largest errors, and how many answers are wrong in kind, by the worst way."""
    columns = [Column("function", [function.expression for function in result.functions])]
    for order in dict.fromkeys(proof.order for proof in result.functions[0].proofs):
        rows = [[row for row in function.rows if row.order == order] for function in result.functions]
        most = [max((row.worst.ulps for row in several if row.worst is not None), default=None) for several in rows]
        wrong = [max((sum(one.count for one in row.troubles) for row in several), default=0) for several in rows]
        columns += [
            float_column(f"{derivative_name(order)}, ULP", [None if one is None else round(one, 3) for one in most]),
            Column("wrong in kind", np.array(wrong)),
        ]
    return Table(tuple(columns))


def _function(function: AuditedFunction, where: str | None) -> Iterator[Block]:
    yield Heading(function.expression, where)
    for proof in function.proofs:
        yield _sentence(proof, [row for row in function.rows if row.order == proof.order])
    if compared := [row for row in function.rows if row.count]:
        yield _rows(compared)
    yield from _troubles(function.rows)
    for order, mode, error in dict.fromkeys((row.order, row.mode, row.error) for row in function.rows):
        if error is not None:
            by = "" if mode == "value" else f" in {mode} mode"
            yield Note(f"{derivative_name(order)}{by}: PyTorch raised: {error}", "note")
    yield from (Note(_proof(proof), "quiet") for proof in function.proofs)


def _sentence(proof: AuditProof, rows: Sequence[AuditRow]) -> Note:
    """What is worst of one derivative, over all ways to it."""
    found = [row.worst for row in rows if row.worst is not None]
    if not any(row.count for row in rows):
        return Note(f"{derivative_name(proof.order)}: no number was compared.", "note")
    worst = max(found, key=lambda one: one.ulps, default=None)
    troubles = sorted({one.trouble for row in rows for one in row.troubles}, key=list(_SAID).index)
    said = [_said(trouble, _most(rows, trouble)) for trouble in troubles]
    if worst is None:
        most = "no answer is finite"
    elif worst.ulps:
        there = f"{number(worst.answer)} where the truth is {number(worst.truth)}"
        most = f"at most {worst.ulps:.3g} ULP, at {number(worst.x)}: {there}"
    else:
        most = "every other answer is exact" if troubles else "every answer is exact"
    if proof.unproven:
        said.append(f"{proof.unproven:,} {'has' if proof.unproven == 1 else 'have'} no proven truth")
    text = f"{derivative_name(proof.order)}: {most}"
    return Note("; ".join([text, *said]), "warning" if said else "plain")


def _said(trouble: AuditTrouble, count: int) -> str:
    return f"{count:,} {'is' if count == 1 else 'are'} {_SAID[trouble]}"


def _most(rows: Sequence[AuditRow], trouble: str) -> int:
    """Numbers with a trouble by the way that has most of them."""
    return max(one.count for row in rows for one in row.troubles if one.trouble == trouble)


def _rows(shown: Sequence[AuditRow]) -> Table:
    worst = [row.worst or _NO_ULPS for row in shown]
    exact = np.array([one.ulps == 0 for one in worst], dtype=bool)
    return Table(
        (
            Column("of", [derivative_name(row.order) for row in shown]),
            Column("by", [f"{row.mode}, {row.path}" for row in shown]),
            Column("numbers", np.array([row.count for row in shown])),
            float_column("worst ULP", [None if row.worst is None else round(row.worst.ulps, 3) for row in shown]),
            Column("at", np.array([one.x for one in worst]), missing=exact),
            Column("over 1 ULP", np.array([sum(row.histogram[_WITHIN_ONE:]) for row in shown])),
            int_column("other bits", [row.differs for row in shown]),  # none where nothing was there to differ from
        )
    )


def _troubles(rows: Sequence[AuditRow]) -> Iterator[Table]:
    """What is wrong in kind; ways to a derivative on which the same is wrong at the same numbers are one line."""
    ways: dict[tuple[int, AuditTroubles], list[str]] = {}
    for row in rows:
        for one in row.troubles:
            ways.setdefault((row.order, one), []).append("forward" if row.mode == "forward" else row.path)
    if ways:
        yield Table(
            (
                Column("of", [derivative_name(order) for order, _ in ways]),
                Column("by", [", ".join(names) for names in ways.values()]),
                Column("is", [one.trouble for _, one in ways]),
                Column("numbers", np.array([one.count for _, one in ways])),
                Column("where", [_where(one) for _, one in ways]),
            ),
            "wrong in kind",
        )


def _where(troubles: AuditTroubles) -> str:
    shown = [
        number(one.low) if one.low == one.high else f"{number(one.low)} to {number(one.high)}"
        for one in troubles.intervals[:MOST_INTERVALS]
    ]
    more = troubles.stretches - MOST_INTERVALS
    return ", ".join(shown) + (f", {more:,} more" if more > 0 else "")


def _proof(proof: AuditProof) -> str:
    aside = [
        f"{count:,} {what}"
        for count, what in (
            (proof.undefined, "where there is no real number"),
            (proof.kinks, "at kinks"),
            (proof.unproven, "unproven"),
        )
        if count
    ]
    left = f"; set aside: {', '.join(aside)}" if aside else ""
    by = f"{counted(proof.pieces, 'polynomial')} with proven bounds, {proof.points:,} by Arb alone"
    return f"{derivative_name(proof.order)} is known to {proof.slack:.2g} ULP by {by}{left}"


def _judgement(result: AuditResult) -> Iterator[Note]:
    if result.passes is None:
        return
    if result.most_ulps is not None:
        said = "Every answer is" if result.passes else "Not every answer is"
        text = f"{said} within {number(result.most_ulps)} ULP and right in kind."
    else:
        text = "What --fail-on names occurs:" if result.failures else "Nothing that --fail-on names occurs."
    yield Note(text, "good" if result.passes else "error")
    yield from (Note(line, follows=True) for line in _failures(result.failures))


def _failures(failures: Sequence[AuditFailure]) -> Iterator[str]:
    """A line for each derivative, of what is wrong by one way or another."""
    for expression, order in dict.fromkeys((one.expression, one.order) for one in failures):
        here = [one for one in failures if (one.expression, one.order) == (expression, order)]
        wrongs = dict.fromkeys(one.wrong for one in here)
        yield f"{derivative_name(order)} of {expression}: " + ", ".join(_failure(wrong, here) for wrong in wrongs)


def _failure(wrong: AuditWrong, failures: Sequence[AuditFailure]) -> str:
    """What is wrong, and of how many numbers by the way that has most of them."""
    if wrong in ("ulps", "error"):
        return "too many ULPs" if wrong == "ulps" else "an error"
    return f"{wrong} at {max(one.count or 0 for one in failures if one.wrong == wrong):,}"
