"""What is counted of a chunk: how its truths are known, and each way's answers. Chunks add up in any order."""

from __future__ import annotations

from dataclasses import dataclass

from gradcli.inspections.auditing.answers import Way
from gradcli.inspections.auditing.tally import Tally
from gradcli.inspections.auditing.task import Task
from gradcli.numerics.proven.truth import SLACK
from gradcli.results.audit import AuditProof, AuditRow


@dataclass
class Counts:
    """Of one derivative: a tally for each way, or what PyTorch raised.

    pieces: the polynomials that begin in the chunk, so that each counts once whatever the chunks are; points: its
    numbers that were left to Arb.
    """

    tallies: dict[Way, Tally | str]
    pieces: int = 0
    points: int = 0
    undefined: int = 0
    kinks: int = 0
    unproven: int = 0

    @classmethod
    def of(cls, task: Task) -> Counts:
        """Nothing yet."""
        return cls({way: Tally(task.format, task.step(way)) for way in task.ways})

    def merge(self, other: Counts) -> None:
        """Take in what was counted of another chunk."""
        self.pieces += other.pieces
        self.points += other.points
        self.undefined += other.undefined
        self.kinks += other.kinks
        self.unproven += other.unproven
        for way, found in other.tallies.items():
            tally = self.tallies[way]
            if isinstance(tally, str) or isinstance(found, str):
                self.tallies[way] = min(text for text in (tally, found) if isinstance(text, str))
            else:
                tally.merge(found)

    def trim(self) -> None:
        """Forget what a chunk need not remember, whose numbers are counted in ascending order."""
        for tally in self.tallies.values():
            if isinstance(tally, Tally):
                tally.trim()

    def proof(self, task: Task) -> AuditProof:
        """How the truth of the task's derivative is known."""
        return AuditProof(
            order=task.order,
            pieces=self.pieces,
            points=self.points,
            undefined=self.undefined,
            kinks=self.kinks,
            unproven=self.unproven,
            slack=SLACK[task.format.name],
        )

    def rows(self, order: int) -> list[AuditRow]:
        """A row for each way."""
        first = next(iter(self.tallies.items()))
        is_compared = first[0].is_reference and isinstance(first[1], Tally)
        return [_row(order, way, tally, is_compared) for way, tally in self.tallies.items()]


def _row(order: int, way: Way, tally: Tally | str, is_compared: bool) -> AuditRow:
    if isinstance(tally, str):
        return AuditRow(order, way.mode, way.path, 0, None, (), (), (), None, error=tally)
    return AuditRow(
        order=order,
        mode=way.mode,
        path=way.path,
        count=tally.count,
        worst=tally.shown_worst,
        histogram=tally.shown_histogram,
        troubles=tally.troubles(),
        by_exponent=tally.by_exponent(),
        differs=tally.differs if is_compared else None,
    )
