"""A step in which something is not finite, with what is known of it."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from gradcli.diagnose.origins.elements import element_at
from gradcli.diagnose.origins.parts import in_one_line
from gradcli.inspections.watching.alone import Saving
from gradcli.inspections.watching.backward_start import BackwardStart
from gradcli.inspections.watching.hooks import GradientHooks
from gradcli.inspections.watching.updates import Updates
from gradcli.recording.program.changes import Change
from gradcli.recording.program.entries import Entry
from gradcli.recording.program.places import Spot, UserCode
from gradcli.recording.program.written import written_at
from gradcli.results.phrasing import number


@dataclass(frozen=True)
class Situation:
    """A step in which something is not finite.

    spot: where the backward pass was called. names: what the program calls its tensors, by their ids.
    updates: what optimizers did last. hooks: those of the program's that change gradients.
    known: causes that have been told. saving: where the tensors of new ones are written.
    is_bounded: whether the user bounds what is kept. inside: whether the call itself computes what it differentiates.
    made_by: what changed a gradient after it was sound, the last one first.
    """

    number: int
    entries: Sequence[Entry]
    call: BackwardStart
    spot: Spot | None
    names: Mapping[int, str]
    user: UserCode
    updates: Updates
    hooks: GradientHooks
    known: Container[object] = ()
    saving: Saving | None = None
    is_bounded: bool = False
    made_by: Sequence[Change] = ()
    inside: bool = False

    @property
    def reached(self) -> str | None:
        """`loss = nan, before loss.backward() at line 44`."""
        if self.spot is None:
            return None
        place = self.spot.place
        shown = f"{in_one_line(place.text) or 'the backward pass'} at line {place.line}"
        value = element_at(root.detach(), ()) if (root := self.call.roots[0]).ndim == 0 else None
        if self.call.is_finite:
            return f"gradients, in {shown}; {self.root} {'is finite' if value is None else f'= {number(value)}'}"
        said = "not finite" if value is None else number(value)
        return f"{self.root} = {said}, {'in' if self.inside else 'before'} {shown}"

    @property
    def root(self) -> str:
        """What the program calls what it differentiates."""
        known = self.names.get(id(self.call.roots[0]))
        if known is None and self.spot is not None:
            written = written_at(self.spot.place)
            known = written.parts[0][1].text if written.parts else None
        return known or "the loss"
