"""Errors of a backward pass: the operation whose saved tensor was changed or freed, and the entry of the catalogue."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from types import CodeType
from typing import Any, NamedTuple

import torch

from gradcli.diagnose.explain.match_error import known_entry, matching_entry
from gradcli.diagnose.origins.parts import in_one_line
from gradcli.inspections.watching.backward_start import BackwardStart
from gradcli.inspections.watching.disconnected import cut_before, cut_said, parameters_behind
from gradcli.inspections.watching.telling import lines_around, related_places
from gradcli.language.catalogue.errors import AutogradError
from gradcli.numerics import graph
from gradcli.recording.program.changes import Change
from gradcli.recording.program.entries import AnyTensor, Entry, WeakTensor, alive_or_named
from gradcli.recording.program.operations import operation_of
from gradcli.recording.program.places import Spot
from gradcli.recording.tape import GraphNode, node_name
from gradcli.results.phrasing import few
from gradcli.results.watch import ProgramFinding

CHANGED, FREED = "modified by an inplace operation", "second time"
"""What PyTorch's two errors about saved tensors say."""
CUT = "does not require grad"
"""What it says of a value that no path leads to."""
_WHY = {
    CHANGED: "an operation saved a tensor for its derivative, and it was changed in place before the backward pass",
    FREED: "an earlier backward pass went through the same graph, and freed what its operations had saved",
}
_ENDINGS = {"detach": "detach"} | dict.fromkeys(("argmax", "argmin", "argsort"), "indices")
_ENDINGS |= dict.fromkeys(("gt", "lt", "ge", "le", "eq", "ne"), "comparison")
"""What a path ends at, by the operation that cuts it."""
MOST_NODES = 100_000
_MAY_BE_VIEWS = frozenset(
    {
        "__get__", "__getitem__", "view", "view_as", "reshape", "reshape_as", "flatten", "unflatten", "ravel",
        "squeeze", "unsqueeze", "transpose", "t", "permute", "movedim", "moveaxis", "swapaxes", "swapdims", "expand",
        "expand_as", "select", "narrow", "diagonal", "unfold", "as_strided", "split", "chunk", "tensor_split",
        "unbind", "detach", "contiguous", "requires_grad_",
    }
)  # fmt: skip
"""Functions that may give a view of their first argument."""

_OUT_OF_PLACE = "Write the change out of place: 'y = y * 2' instead of 'y *= 2'"
_CLONED = "max_norm rescales the rows that are looked up, in place: compute with 'weight.clone()' elsewhere"
_STEP_LATER = "Let the optimizer step after the last backward pass that goes through its parameters"
"""What to do about a saved tensor that the program, an embedding, or an optimizer has changed."""
_CARRIED = "Detach what is carried from one step to the next, or pass retain_graph=True to the first pass"
_SHARED = "Add the two losses up, detach what one of them is not to train, or pass retain_graph=True to the first pass"
"""What to do about a graph that the same call, or two of them, differentiate."""

_NOT_OF_GRADIENTS = frozenset({"shapes, dtypes, indices", "devices and processes"})
"""Families of the catalogue whose errors say themselves what is wrong, and nothing of gradients."""

_OWN = """
batch-norm-of-one batch-sizes batched-cotangent-shape cotangent-count derivative-not-implemented
derivative-of-argument-not-implemented detached-view double-backward-not-implemented empty-optimizer
forward-mode-not-implemented freed-saved-tensor frozen-input function-gradient-count function-gradient-shape
functional-grad-of-vector grad-is-none grad-of-non-leaf hessian-of-vector in-place-expanded in-place-leaf
in-place-saved-tensor in-place-view-of-leaf index-out-of-bounds inference-saved no-derivative-of-argument
not-positive-definite optimizer-of-non-leaf optimizer-step-between out-argument
post-accumulate-hook-of-non-leaf requires-grad-of-non-leaf retain-grad-without-grad singular-matrix
singular-system sparse-gradient target-out-of-bounds unused-input vmap-in-place vmap-mask wrong-gradient
"""
TELL_OF_THEIR_OWN = frozenset(_OWN.split())
"""Entries whose cause names the tensors, functions and numbers of the program that stands beside it."""

_MADE = itemgetter(0, 1, 2)
Made = tuple[int, CodeType, int]
"""An autograd sequence number after an operation, and the instruction that it came of."""


class Pass(NamedTuple):
    """A backward pass that has freed its graph.

    step: its number. made: what had been made before it. roots: what it differentiated.
    """

    step: int
    spot: Spot | None
    made: Sequence[Made]
    roots: Sequence[WeakTensor]

    @classmethod
    def of(cls, step: int, spot: Spot | None, entries: Iterable[tuple[Any, ...]], roots: Sequence[WeakTensor]) -> Pass:
        """The pass from these roots. entries: those of the log before it."""
        return cls(step, spot, [*map(_MADE, entries)], roots)

    def has_freed(self, nodes: Sequence[GraphNode]) -> list[GraphNode]:
        """Those of some nodes that it went through, the last one that was made first; all, where its roots are gone."""
        alive = [*map(alive_or_named, self.roots)]
        if not all(isinstance(root, torch.Tensor) for root in alive):
            return [*nodes]
        through = {node for root in alive if isinstance(root, torch.Tensor) for node in graph.nodes(root)}
        return sorted((node for node in nodes if node in through), key=lambda node: -node._sequence_nr())


def raised(
    error: Exception,
    call: BackwardStart,
    spot: Spot | None,
    step: int,
    entries: Sequence[Entry],
    changes: Iterable[Change],
    passes: Sequence[Pass],
    names: Mapping[int, str],
) -> ProgramFinding:
    """What is known of an error of a backward pass; it is the program's own, and goes on.

    names: what the program calls its tensors, by their ids.
    """
    text = str(error)
    if CHANGED in text:
        found = _changed(_refusing(call, "inplace"), step, entries, changes)
    elif FREED in text:
        found = _freed(_refusing(call, FREED), step, spot, passes)
    else:
        found = None
    if found is not None:
        return found
    cut = cut_before(entries, call.roots[0]) if CUT in text and call.roots else None
    name, said, way_out = ("", None, None) if cut is None else cut_said(cut)
    row = None if CHANGED in text or FREED in text else matching_entry(error, _ENDINGS.get(name))
    if row is None:  # what an entry says is of its own program
        said = _WHY.get(CHANGED if CHANGED in text else FREED if FREED in text else "")
    frozen = parameters_behind(entries, call.roots[0]) if CUT in text and cut is None and call.roots else []
    if frozen:
        said = f"{few([names.get(id(one), 'a parameter') for one in frozen])}: requires_grad is False for all of them"
        way_out = "Set requires_grad=True on what is to be trained"
    own = row is not None and row.id != "no-grad-fn"
    at = spot if cut is None else cut.spot
    related = [] if cut is None or spot is None else [("raised here", spot.place)]
    places = [] if at is None else [at.place]
    return ProgramFinding(
        code="autograd-error",
        severity="error",
        message=text.partition("\n")[0].partition(". ")[0],
        step=step,
        operation=name or None,
        place=None if at is None else at.place.in_file,
        label="raised here" if cut is None else "the graph ends here",
        related=related_places(related),
        lines=lines_around([*places, *(one for _, one in related)]),
        why=said if row is None or not (own or said is None) else _cause_of(row),
        remark=way_out if row is None or not (own or way_out is None) else _fix_of(row),
    )


def raised_elsewhere(error: BaseException, spot: Spot) -> ProgramFinding | None:
    """An error that no backward pass raised, where the catalogue has an entry for it that is about gradients."""
    row = known_entry(str(error)) if isinstance(error, RuntimeError) else None
    if row is None or row.family in _NOT_OF_GRADIENTS:
        return None
    return ProgramFinding(
        code="autograd-error",
        severity="error",
        message=str(error).partition("\n")[0].partition(". ")[0],
        step=0,  # nobody knows whether it is of the step that was, or of the next one
        place=spot.place.in_file,
        label="raised here",
        lines=lines_around([spot.place]),
        why=_cause_of(row),
        remark=_fix_of(row),
    )


def _cause_of(row: AutogradError) -> str:
    return row.title if row.id in TELL_OF_THEIR_OWN else row.cause


def _fix_of(row: AutogradError) -> str:
    return f"{row.fix} ('gradcli errors {row.id}' shows it alone)"


def _refusing(call: BackwardStart, words: str) -> Iterator[GraphNode]:
    """The nodes that do not give out what they saved, nearest to the root first."""
    for root in call.roots:
        for node in graph.nodes(root)[:MOST_NODES]:
            for name in dir(node):
                if name.startswith("_saved_") or name == "saved_tensors":
                    try:
                        getattr(node, name)
                    except RuntimeError as refused:
                        if words in str(refused):
                            yield node
                            break


def _changed(
    nodes: Iterator[GraphNode], step: int, entries: Sequence[Entry], changes: Iterable[Change]
) -> ProgramFinding | None:
    """A tensor that was saved at one line and changed at another."""
    node = next(nodes, None)
    numbers = [entry.number for entry in entries]
    position = len(entries) if node is None else bisect_right(numbers, node._sequence_nr())
    if node is None or position == len(entries):
        return None
    saved = entries[position]
    shared = _Shared(entries)
    memory = set(map(shared.memory, (*saved.tensors, *saved.made)))
    later = [one for one in (*entries[position + 1 :], saved) if one.changes]
    found = [(one.spot.place, _told(one), _OUT_OF_PLACE) for one in later if shared.memory(one.args[0]) in memory]
    looked_up = [(one, weight) for one in entries[position + 1 :] if (weight := _renormed(one)) is not None]
    found += [(one.spot.place, _told(one), _CLONED) for one, weight in looked_up if shared.memory(weight) in memory]
    since = [one for one in changes if one.number > node._sequence_nr() and shared.of(one.memory) in memory]
    found += [
        (one.spot.place, in_one_line(one.spot.place.text), _STEP_LATER if one.by_optimizer else _OUT_OF_PLACE)
        for one in since
    ]
    place = saved.spot.place
    related = [("changes it in place", where) for where, _, _ in found[:1]]
    change = found[0][1] if found else "something"
    return ProgramFinding(
        code="in-place",
        severity="error",
        message=f"{_told(saved)} saved a tensor for its derivative, and {change} changed it in place",
        step=step,
        node=node_name(node),
        place=place.in_file,
        label="saved here",
        related=related_places(related),
        lines=lines_around([place, *(where for _, where in related)]),
        remark=found[0][2] if found else _OUT_OF_PLACE,
    )


def _renormed(entry: Entry) -> AnyTensor | None:
    """The weight whose rows an embedding with max_norm has rescaled in place."""
    name, given = getattr(entry.function, "__name__", ""), entry.given_by_name
    if name not in ("embedding", "embedding_bag"):
        return None
    at = 3 if name == "embedding" else 4
    most = given.get("max_norm", entry.args[at] if len(entry.args) > at else None)
    weight = given.get("weight", entry.args[1] if len(entry.args) > 1 else None)
    return weight if most is not None else None


def _told(entry: Entry) -> str:
    """What the program calls an operation: as it is written, or with the call that it is inside of."""
    operation = operation_of(entry, ())
    return in_one_line(operation.title or entry.spot.place.text)


class _Shared:
    """Which tensors have the same memory: by its address, or, of a tensor that is gone, by the views it was made by."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._same: dict[int, int] = {}
        for entry in entries:
            if getattr(entry.function, "__name__", "") in _MAY_BE_VIEWS and entry.tensors:
                for made in entry.made:
                    if not (isinstance(made, torch.Tensor) and isinstance(entry.tensors[0], torch.Tensor)):
                        self._same[self.memory(made)] = self.memory(entry.tensors[0])

    def memory(self, tensor: AnyTensor) -> int:
        """What tensors of the same memory have in common."""
        return self.of(graph.storage_of(tensor) if isinstance(tensor, torch.Tensor) else id(tensor))

    def of(self, key: int) -> int:
        """The same for the address of a memory."""
        while (same := self._same.get(key, key)) != key:
            key = same
        return key


def _freed(nodes: Iterator[GraphNode], step: int, spot: Spot | None, passes: Sequence[Pass]) -> ProgramFinding | None:
    """A graph that is differentiated again, though an earlier pass has freed it."""
    freed = [*nodes]
    for earlier in reversed(passes):
        for node in earlier.has_freed(freed):
            number = node._sequence_nr()
            numbers = [after for after, _, _ in earlier.made]
            position = bisect_right(numbers, number)
            if position == len(numbers) or (position == 0 and number < numbers[0] - 1):
                continue
            place = Spot(*earlier.made[position][1:]).place
            made = in_one_line(place.text)
            related = [] if earlier.spot is None else [(f"step {earlier.step} frees it", earlier.spot.place)]
            if spot is not None and spot != earlier.spot:
                related.append((f"step {step} needs it again", spot.place))
            return ProgramFinding(
                code="second-backward",
                severity="error",
                message=f"{made} is of step {earlier.step}, whose backward pass has freed what it saved",
                step=step,
                node=node_name(node),
                place=place.in_file,
                label=f"made in step {earlier.step}",
                related=related_places(related),
                lines=lines_around([place, *(where for _, where in related)]),
                remark=_CARRIED if spot == earlier.spot else _SHARED,
            )
    return None
