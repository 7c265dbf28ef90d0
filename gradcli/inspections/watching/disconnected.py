"""Parameters of an optimizer that no gradient reaches: the line that cut the graph, or that nothing uses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from gradcli.inspections.watching.telling import lines_around
from gradcli.recording.program.entries import Entry
from gradcli.recording.program.kinds import LEAVES_PYTORCH
from gradcli.recording.program.operations import operation_of
from gradcli.results.phrasing import few
from gradcli.results.watch import ProgramFinding

_LEAVING = frozenset(name.strip("_") for name in LEAVES_PYTORCH)


@dataclass
class _Cut:
    """Parameters with one and the same end. entry: the operation that cut the graph; None where there is none."""

    entry: Entry | None
    names: list[str] = field(default_factory=list)


def disconnected(
    entries: Sequence[Entry], lost: Sequence[torch.Tensor], names: Mapping[int, str], step: int
) -> Iterator[ProgramFinding]:
    """One finding for each cut, and a note for what is not used."""
    needed = _behind_the_last(entries)
    cuts: dict[object, _Cut] = {}
    unused: list[str] = []
    for parameter in lost:
        name = names.get(id(parameter), "a parameter")
        is_used, cut = _followed(entries, parameter, needed)
        if is_used:
            cuts.setdefault(None if cut is None else cut.spot, _Cut(cut)).names.append(name)
        else:
            unused.append(name)
    for found in cuts.values():
        yield _finding(found, step)
    if unused:
        yield ProgramFinding(
            code="disconnected",
            severity="note",
            message=f"{few(unused)} got no gradient: no operation of the step uses {_it(unused)}",
            step=step,
            spoils=tuple(unused),
        )


def _followed(entries: Sequence[Entry], parameter: torch.Tensor, needed: set[int]) -> tuple[bool, Entry | None]:
    """Whether a parameter is used, and the last operation on its way that makes of a gradient's path none."""
    influenced, is_used = {id(parameter)}, False
    cut: Entry | None = None
    left: Entry | None = None
    ended: Entry | None = None
    for entry in entries:
        inputs = [tensor for tensor in entry.tensors if id(tensor) in influenced]
        if not inputs:
            continue
        is_used = True
        made = list(entry.made)
        influenced.update(map(id, made))
        has_path = any(tensor.requires_grad for tensor in inputs)
        if has_path and made and not any(tensor.requires_grad for tensor in made):
            ended = entry
            cut = entry if any(id(tensor) in needed for tensor in made) else cut
        elif not made and getattr(entry.function, "__name__", "") in LEAVES_PYTORCH:
            left = left or (entry if has_path else ended)
    return is_used, cut or left


def _behind_the_last(entries: Sequence[Entry]) -> set[int]:
    """The tensors that the last differentiated value was made of."""
    last = next((entry for entry in reversed(entries) if any(one.requires_grad for one in entry.made)), None)
    needed = set() if last is None else set(map(id, last.made))
    for entry in reversed(entries):
        if any(id(tensor) in needed for tensor in entry.made):
            needed.update(map(id, entry.tensors))
    return needed


def _finding(cut: _Cut, step: int) -> ProgramFinding:
    if cut.entry is None:
        return ProgramFinding(
            code="disconnected",
            severity="note",
            message=f"{few(cut.names)} got no gradient, though the step computes with {_it(cut.names)}",
            step=step,
            spoils=tuple(cut.names),
        )
    place = cut.entry.spot.place
    operation = operation_of(cut.entry, ())
    where = "" if cut.entry.differentiates else " under no_grad"
    return ProgramFinding(
        code="disconnected",
        severity="warning",
        message=f"{few(cut.names)} got no gradient: {operation.name}{where} cuts the graph",
        step=step,
        operation=operation.name,
        place=place.in_file,
        label="the graph ends here",
        lines=lines_around([place]),
        spoils=tuple(cut.names),
        remark=_way_out(operation.name, differentiates=cut.entry.differentiates),
    )


def _way_out(name: str, *, differentiates: bool) -> str | None:
    if not differentiates:
        return "Compute it outside of no_grad"
    if name in ("detach", "data"):
        return f"Leave {name} out where the gradient is to go on"
    if name in _LEAVING:
        return "Compute with the tensor: a number of Python's or an array of numpy's has no graph"
    return None


def _it(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"
