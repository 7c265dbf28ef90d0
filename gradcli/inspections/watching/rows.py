"""Rows that hold nothing but minus infinity: what a softmax over them makes NaN of, and where they were written."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from gradcli.diagnose.origins.elements import Index
from gradcli.diagnose.origins.forward import KNOW_INFINITY, PLACING
from gradcli.diagnose.origins.parts import texts_of
from gradcli.recording.tape import Step, Tape


@dataclass(frozen=True)
class Row:
    """A row of an operation's argument. at: its index, with a colon for the dimension; None where it is all of it."""

    step: Step
    size: int
    at: str

    @property
    def described(self) -> str:
        """`all 6 of row [5, :]`."""
        return f"all {self.size} of row {self.at}"

    @property
    def sentence(self) -> str:
        """Why the operation gives NaN."""
        texts = texts_of(self.step)
        name = texts[0] if texts else "the input"
        return (
            f"all {self.size} elements of {name}{self.at} are -inf; "
            f"{self.step.name} subtracts the largest: -inf - (-inf) = nan"
        )


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
    row = source[tuple(slice(None) if d == dim else i for d, i in enumerate(index))]
    if not row.numel() or not bool((row == float("-inf")).all()):
        return None
    return Row(step, row.numel(), f"[{', '.join(':' if d == dim else str(i) for d, i in enumerate(index))}]")


def placed_infinity(tape: Tape, row: Row) -> Step | None:
    """The step that wrote the infinities: the last one on the way that puts constants in place."""
    waiting = [step for step in tape.inputs(row.step) if step.value is not None]
    seen: set[int] = set()
    while waiting:
        step = waiting.pop(0)
        if step.index in seen or step.value is None or not bool(torch.isinf(step.value).any()):
            continue
        seen.add(step.index)
        if step.name in PLACING and not step.is_leaf:
            return step
        waiting += tape.inputs(step)
    return None
