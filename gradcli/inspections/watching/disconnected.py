"""Parameters of an optimizer that no gradient reaches: the line that cut the graph, or that nothing uses them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from gradcli.inspections.watching.telling import lines_around, related_places
from gradcli.recording.program.entries import AnyTensor, Entry, resolved
from gradcli.recording.program.kinds import LEAVES_PYTORCH, MAKES_LEAF, SWITCHES_GRADIENTS
from gradcli.recording.program.log import Log
from gradcli.recording.program.operations import custom_of, operation_of
from gradcli.results.findings import Severity
from gradcli.results.phrasing import counted, few
from gradcli.results.watch import ProgramFinding

FIRST_STEPS = 2
"""Steps of an optimizer in which parameters without a gradient are looked for."""
MOST_OPERATIONS = 20_000
"""Operations that are kept for that."""
_NUMBERS = "Compute with the tensor: a number of Python's or an array of numpy's has no graph"
_WAYS_OUT = (
    dict.fromkeys((name.strip("_") for name in LEAVES_PYTORCH), _NUMBERS)
    | dict.fromkeys(("detach", "data"), "Leave {} out where the gradient is to go on")
    | dict.fromkeys(("tensor", "as_tensor", "asarray", "new_tensor"), "torch.stack keeps the graph; {} copies numbers")
    | dict.fromkeys(("argmax", "argmin", "argsort"), "{} gives indices, which have no slope: weigh by softmax instead")
    | dict.fromkeys(
        ("gt", "lt", "ge", "le", "eq", "ne"), "A comparison has no slope: a sigmoid of the difference has one"
    )
    | {MAKES_LEAF: "nn.Parameter makes a leaf of its values: compute with the tensor itself"}
)
"""What to do about an operation that cuts the graph, by its name."""


class FirstSteps:
    """The operations of the first steps of optimizers, in which parameters without a gradient are looked for."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._steps = 0
        self._earlier: list[Entry] = []
        self._trained: set[int] = set()

    def keep(self) -> None:
        """Keep what the log has, which a backward pass ends."""
        if self._log.everything and len(self._earlier) < MOST_OPERATIONS:
            self._earlier += self._log.calls.names()

    def entries(self) -> list[Entry]:
        """What was computed since the first of these steps: a pass leaves in the log what another one may need."""
        every = [*map(resolved, self._earlier), *self._log.calls.recorded()]
        return [*{_identity(one): one for one in every}.values()]

    def lost(self, parameters: Iterable[torch.Tensor]) -> list[torch.Tensor]:
        """Those of an optimizer that is about to step that have never had a gradient; none in later steps."""
        if self._steps >= FIRST_STEPS:
            return []
        wanted = [one for one in parameters if one.requires_grad]
        self._trained.update(id(one) for one in wanted if one.grad is not None)
        return [one for one in wanted if id(one) not in self._trained]

    def count(self) -> None:
        """An optimizer has stepped."""
        self._steps += 1
        self._log.everything = self._steps < FIRST_STEPS
        if not self._log.everything:
            self._earlier.clear()


def _identity(entry: Entry) -> tuple[int, ...]:
    """What a call has in common with itself alone, as long as its tensors have names."""
    return entry.number, id(entry.code), entry.instruction, *map(id, (*entry.tensors, *entry.made))


@dataclass
class _Way:
    """What becomes of a parameter in a step.

    is_used: whether an operation reads it. cut: the last one that makes of a gradient's path none.
    off: what has switched gradients off before it.
    end: the last one whose result no other reads, where nothing else becomes of the parameter.
    customs: calls of custom functions on its way.
    """

    is_used: bool = False
    cut: Entry | None = None
    off: Entry | None = None
    end: Entry | None = None
    customs: list[Entry] = field(default_factory=list)

    @property
    def silent(self) -> Entry | None:
        """The custom function whose backward has sent nothing, where there is one and no other reason."""
        alone = len({one.function for one in self.customs}) == 1 and self.cut is None and self.end is None
        return self.customs[0] if alone else None


@dataclass
class _Cut:
    """Parameters with one and the same end, or whose ends lie where gradients were switched off at one place."""

    ways: list[_Way] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


def disconnected(
    entries: Sequence[Entry],
    lost: Sequence[torch.Tensor],
    names: Mapping[int, str],
    step: int,
    value: torch.Tensor | None = None,
) -> Iterator[ProgramFinding]:
    """One finding for each cut, and a note for what is not used.

    value: what is differentiated; None where that is the last of the step that can be.
    """
    needed = _behind_the_last(entries) if value is None else _behind(entries, [value])
    cuts: defaultdict[object, _Cut] = defaultdict(_Cut)
    unused: list[str] = []
    for parameter in lost:
        name = names.get(id(parameter), f"a parameter of shape {tuple(parameter.shape)}")
        way = _followed(entries, parameter, needed)
        at = way.off or way.cut or way.end or way.silent
        if way.is_used:
            cut = cuts[None if at is None else at.spot]
            cut.ways.append(way)
            cut.names.append(name)
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


def cut_before(entries: Sequence[Entry], root: torch.Tensor) -> Entry | None:
    """The operation that leaves a value without a path to what is differentiated by; None if there was no path."""
    needed = _behind(entries, [root])
    leaves = {id(one): one for entry in entries for one in entry.tensors if isinstance(one, torch.Tensor)}
    trained = [one for one in leaves.values() if one.requires_grad and one.is_leaf]
    cuts = (_followed(entries, one, needed).cut for one in trained)
    return next((cut for cut in cuts if cut is not None), None)


def parameters_behind(entries: Sequence[Entry], root: torch.Tensor) -> list[torch.Tensor]:
    """The parameters that a value was made of."""
    needed = _behind(entries, [root])
    read = [one for entry in entries for one in entry.tensors if id(one) in needed]
    return [*{id(one): one for one in read if isinstance(one, torch.nn.Parameter)}.values()]


def cut_said(cut: Entry) -> tuple[str, str, str | None]:
    """The name of an operation that cuts the graph, what it does, and what to do about it."""
    name = operation_of(cut, ()).name
    where = "" if cut.differentiates else " under no_grad"
    return name, f"{name}{where} cuts the graph", _way_out(name, differentiates=cut.differentiates)


def _followed(entries: Sequence[Entry], parameter: torch.Tensor, needed: set[int]) -> _Way:
    """What becomes of a parameter. needed: what the last differentiated value was made of."""
    way, influenced = _Way(), {id(parameter)}
    left: Entry | None = None
    ended: Entry | None = None
    off: Entry | None = None
    inside = {id(custom.forward.__code__) for entry in entries if (custom := custom_of(entry.function)) is not None}
    unread: dict[int, Entry] = {}
    for entry in entries:
        name = getattr(entry.function, "__name__", "")
        off = entry if name == SWITCHES_GRADIENTS else off
        inputs = [tensor for tensor in entry.tensors if id(tensor) in influenced]
        if not inputs or id(entry.code) in inside:  # what a custom function computes has its own backward
            continue
        way.is_used = True
        made = list(entry.made)
        influenced.update(map(id, made))
        own = set(map(id, made))
        has_path = any(tensor.requires_grad for tensor in inputs if id(tensor) not in own)
        read = [tensor for tensor in made if id(tensor) in needed]
        if has_path and made and not any(_goes_on(entry, tensor) for tensor in read or made):
            ended = entry
            if read:
                way.cut, way.off = entry, None if entry.differentiates else off
        elif not made and (name in LEAVES_PYTORCH or name == MAKES_LEAF):
            left = left or (entry if has_path else ended)
        if has_path and custom_of(entry.function) is not None:
            way.customs.append(entry)
        for tensor in inputs:
            unread.pop(id(tensor), None)
        unread.update((id(tensor), entry) for tensor in made)
    way.cut = way.cut or left
    if way.cut is None and needed.isdisjoint(influenced - {id(parameter)}):
        way.end = next(reversed(unread.values()), None)
    return way


def _goes_on(entry: Entry, made: AnyTensor) -> bool:
    """Whether a gradient finds its way back through what a call made: a parameter that it fills is a leaf."""
    is_filled = not entry.differentiates and isinstance(made, torch.Tensor) and made.is_leaf
    return made.requires_grad and not is_filled


def _behind_the_last(entries: Sequence[Entry]) -> set[int]:
    """The tensors that the last differentiated value was made of."""
    last = next((entry for entry in reversed(entries) if any(one.requires_grad for one in entry.made)), None)
    return _behind(entries, () if last is None else last.made)


def _behind(entries: Sequence[Entry], made: Sequence[AnyTensor]) -> set[int]:
    """The tensors that these were made of, by their ids."""
    needed = set(map(id, made))
    for entry in reversed(entries):
        if any(id(tensor) in needed for tensor in entry.made):
            needed.update(map(id, entry.tensors))
    return needed


def _finding(cut: _Cut, step: int) -> ProgramFinding:
    way, names = cut.ways[0], few(cut.names)
    severity: Severity = "warning"
    related = []
    if way.cut is not None:
        operation, said, remark = cut_said(way.cut)
        others = {one.cut.spot for one in cut.ways if one.cut is not None} - {way.cut.spot}
        if others:
            said = f"{operation} and {counted(len(others), 'other operation')} under no_grad cut the graph"
        message, label = f"{names} got no gradient: {said}", "the graph ends here"
        related = [] if way.off is None else [("gradients are off from here", way.off.spot.place)]
    elif way.silent is not None:
        operation = operation_of(way.silent, ()).name
        message, label = f"{names} got no gradient: the backward of {operation} gives none", "sends no gradient back"
        remark = "Return a gradient for each input that has one"
    else:
        operation, label, remark, severity = "", "its result goes nowhere", None, "note"
        message = f"{names} got no gradient, though the step computes with {_it(cut.names)}"
        if way.end is not None:
            operation = operation_of(way.end, ()).name
            message = f"{names} got no gradient: nothing that is differentiated reads what {operation} makes of it"
    at = way.cut or way.end or way.silent
    place = None if at is None else at.spot.place
    return ProgramFinding(
        code="disconnected",
        severity=severity,
        message=message,
        step=step,
        operation=operation or None,
        place=None if place is None else place.in_file,
        label=label,
        related=related_places(related),
        lines=lines_around([*([] if place is None else [place]), *(one for _, one in related)]),
        spoils=tuple(cut.names),
        remark=remark,
    )


def _way_out(name: str, *, differentiates: bool) -> str | None:
    if not differentiates:
        return "Compute it outside of no_grad"
    found = _WAYS_OUT.get(name)
    return None if found is None else found.format(name)


def _it(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"
