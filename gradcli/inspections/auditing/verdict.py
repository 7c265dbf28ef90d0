"""What of an audit is not as it was asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import get_args

from gradcli.results.audit import AuditedFunction, AuditFailure, AuditTrouble, AuditWrong

WRONGS: tuple[AuditWrong, ...] = ("ulps", *get_args(AuditTrouble), "unproven", "error")
WITH_ULPS = frozenset(WRONGS) - {"flushed"}
"""What is wrong where a largest error is asked for: an underflow to 0 is within it or not, as every error."""


def wrongs_of(names: Collection[str]) -> tuple[AuditWrong, ...]:
    """What --fail-on names, where a hyphen stands for a blank."""
    return tuple(wrong for wrong in WRONGS if wrong.replace(" ", "-") in names)


def failures(
    functions: Sequence[AuditedFunction], most_ulps: float | None, fail_on: Collection[AuditWrong]
) -> tuple[AuditFailure, ...]:
    """What is wrong of each derivative by each way, of what was asked for."""
    wrongs = {*fail_on, *(WITH_ULPS if most_ulps is not None else ())}
    most = float("inf") if most_ulps is None else most_ulps
    return tuple(one for function in functions for one in _wrong(function, most) if one.wrong in wrongs)


def _wrong(function: AuditedFunction, most: float) -> Iterator[AuditFailure]:
    for proof in function.proofs:
        for row in function.rows:
            if row.order != proof.order:
                continue
            counts: dict[AuditWrong, int | None] = {one.trouble: one.count for one in row.troubles}
            if row.worst is not None and row.worst.ulps > most:
                counts["ulps"] = None
            if row.error is not None:
                counts["error"] = None
            for wrong in sorted(counts, key=WRONGS.index):
                yield AuditFailure(function.expression, row.order, wrong, row.mode, row.path, counts[wrong])
        if proof.unproven:
            yield AuditFailure(function.expression, proof.order, "unproven", None, None, proof.unproven)
