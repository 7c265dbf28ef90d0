"""The chunks of an audit: who counted how many of them, and for how long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradcli.render.blocks import Block, Column, Note, Table
from gradcli.render.views.audit_plots import derivative_name
from gradcli.render.views.tensors import float_column
from gradcli.results.audit import AuditChunk, AuditChunks, AuditResult
from gradcli.results.phrasing import counted, number


def chunk_blocks(result: AuditResult) -> Iterator[Block]:
    """Who counted what, where that was not this process alone in one piece; who was not asked, and why."""
    chunks = result.chunks
    here = chunks.count - chunks.resumed
    if chunks.resumed or chunks.workers > 1 or chunks.count > sum(len(one.proofs) for one in result.functions):
        said = [f"{here:,} by {counted(chunks.workers, 'process', 'es')}"] if here else []
        said += [f"{chunks.resumed:,} from the file of --resume"] if chunks.resumed else []
        yield Note(f"{chunks.numbers:,} numbers in {counted(chunks.count, 'chunk')}: {', '.join(said)}", "quiet")
    if here and chunks.each:
        yield _workers(chunks)
    for one in chunks.refused:
        yield Note(f"{one.worker} was not asked: {one.reason}", "warning")


def _workers(chunks: AuditChunks) -> Table:
    """A row for each that counted, or ended before it did, with the chunk that took it longest."""
    lost = {one.worker: one.chunks for one in chunks.lost}
    by: dict[str, list[AuditChunk]] = {name: [] for name in lost}
    for one in chunks.each:
        if one.worker is not None:
            by.setdefault(one.worker, []).append(one)
    rows = sorted(by.items(), key=lambda row: (len(row[0]), row[0]))  # 10 behind 2
    longest = [max(several, key=_seconds, default=None) for _, several in rows]
    columns = [
        Column("by", [name for name, _ in rows]),
        Column("chunks", np.array([len(several) for _, several in rows])),
        Column("numbers", np.array([sum(one.numbers for one in several) for _, several in rows])),
        Column("seconds", np.array([round(sum(map(_seconds, several)), 2) for _, several in rows])),
        float_column("longest", [None if one is None else round(_seconds(one), 2) for one in longest]),
        Column("of", [_named(one, chunks.each) for one in longest]),
    ]
    if lost:
        columns.insert(2, Column("lost", np.array([lost.get(name, 0) for name, _ in rows])))
    return Table(tuple(columns), "chunks")


def _seconds(chunk: AuditChunk) -> float:
    return chunk.seconds or 0.0


def _named(chunk: AuditChunk | None, chunks: Sequence[AuditChunk]) -> str:
    """A chunk by its derivative and its numbers."""
    if chunk is None:
        return "-"
    of = f" of {chunk.expression}" if len({one.expression for one in chunks}) > 1 else ""
    return f"{derivative_name(chunk.order)}{of}, {number(chunk.low)} to {number(chunk.high)}"
