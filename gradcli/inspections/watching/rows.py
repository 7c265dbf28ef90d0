"""Rows that hold nothing but minus infinity: what a softmax over them makes NaN of, and where they were written."""

from __future__ import annotations

from dataclasses import dataclass
from math import isinf

import torch

from gradcli.diagnose.origins.elements import Index, element_at
from gradcli.diagnose.origins.forward import KNOW_INFINITY, PLACING
from gradcli.diagnose.origins.origin import Origin
from gradcli.diagnose.origins.parts import texts_of
from gradcli.inspections.watching.taken import is_taken
from gradcli.model.place import Place
from gradcli.recording.tape import Step, Tape
from gradcli.results.parts import At
from gradcli.results.phrasing import number, text


@dataclass(frozen=True)
class Row:
    """A row of an operation's argument. slices: its index. shape: that of the argument."""

    step: Step
    size: int
    slices: tuple[int | slice, ...]
    shape: torch.Size

    @property
    def at(self) -> str:
        """`[5, :]`."""
        return f"[{', '.join(':' if isinstance(one, slice) else str(one) for one in self.slices)}]"

    def is_in(self, value: torch.Tensor | None) -> bool:
        """Whether a tensor has the same row."""
        return value is not None and value.shape == self.shape and _is_minus_infinity(value[self.slices])

    @property
    def described(self) -> str:
        """`all 6 of row [5, :]`."""
        return f"all {self.size} of row {self.at}"

    @property
    def sentence(self) -> str:
        """Why the operation gives NaN."""
        return f"{self.elements}; {self.step.name} subtracts the largest: -inf - (-inf) = nan"

    @property
    def elements(self) -> str:
        """`all 6 elements of scores[5, :] are -inf`."""
        texts = texts_of(self.step)
        name = texts[0] if texts else "the input"
        name = name if name.replace(".", "").isidentifier() or not texts else f"({name})"
        return f"all {self.size} elements of {name}{self.at} are -inf"


def row_of_infinities(step: Step, index: Index) -> Row | None:
    """The row that an element of the value was made of, if it is minus infinity throughout."""
    source = step.arguments[0] if step.name in KNOW_INFINITY and step.arguments else None
    given = step.operation.named(step.arguments).get("dim")
    if not isinstance(source, torch.Tensor) or given is None or not isinstance(given[1], int) or not source.ndim:
        return None
    dim = given[1] % source.ndim
    if len(index) == source.ndim - 1:  # the dimension is gone, as in logsumexp
        index = (*index[:dim], 0, *index[dim:])
    if len(index) != source.ndim:
        return None
    slices = tuple(slice(None) if d == dim else i for d, i in enumerate(index))
    return Row(step, source.shape[dim], slices, source.shape) if _is_minus_infinity(source[slices]) else None


def _is_minus_infinity(row: torch.Tensor) -> bool:
    return bool(row.numel()) and bool((row == float("-inf")).all())


def writer_of_infinities(tape: Tape, origin: Origin, row: Row | None) -> tuple[str, Place] | None:
    """The place that wrote the infinities which became NaN, with what it wrote there."""
    knows = row is not None or origin.placed is not None
    step = _placing(tape, origin.step) if knows else None
    if step is None:
        return None
    if row is not None and row.is_in(step.value):
        return f"writes -inf into {row.described}", step.place
    element = element_at(step.value, origin.index)
    if is_taken(origin):
        return "writes -inf", step.place
    if element is None or not isinf(element):  # another element, which other operations have moved since
        return f"writes {'-inf' if row is not None else 'an infinity'}", step.place
    where = At(step.operation.assigned or "", origin.index)
    return f"writes {number(element)} at {text(where)}", step.place


def _placing(tape: Tape, last: Step) -> Step | None:
    """The last step before another that puts infinities into a tensor that had none."""
    waiting = tape.inputs(last)
    seen: set[int] = set()
    while waiting:
        step = waiting.pop(0)
        if step.index in seen or step.is_leaf or step.value is None or not _has_infinity(step.value):
            continue
        seen.add(step.index)
        inputs = tape.inputs(step)
        given = (one.value for one in inputs if one.value is not None and one.value.shape == step.value.shape)
        if step.name in PLACING and not any(map(_has_infinity, given)):
            return step
        waiting += inputs
    return None


def _has_infinity(value: torch.Tensor) -> bool:
    return value.is_floating_point() and bool(torch.isinf(value).any())
