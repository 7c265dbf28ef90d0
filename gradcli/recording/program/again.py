"""One step of a program again: the logged calls on copies of what they started from, which makes a tape.

The program's own tensors, gradients and random numbers are left as they are.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import chain, count
from typing import Any

import torch

from gradcli.model.place import Place
from gradcli.numerics import graph
from gradcli.numerics.autodiff import weighted
from gradcli.numerics.capture import TorchError
from gradcli.recording.operation import LEAF, Operation
from gradcli.recording.program.before import Before
from gradcli.recording.program.bits import same_bits
from gradcli.recording.program.entries import AnyTensor, Entry, GoneError, mapped, tensors_among
from gradcli.recording.program.gradient_steps import with_gradient_steps
from gradcli.recording.program.inside import StepsInside, calls_behind, function_inside, sealed
from gradcli.recording.program.kinds import GIVES
from gradcli.recording.program.operations import (
    UnseenLeaf,
    arguments_of,
    custom_of,
    named_as_held,
    named_where_read,
    operation_of,
)
from gradcli.recording.program.own_functions import OwnLine, OwnLines
from gradcli.recording.program.places import UserCode
from gradcli.recording.program.surroundings import UNKEPT, as_called, generators_kept
from gradcli.recording.program.undifferentiated import Chain, chains, gives_the_same
from gradcli.recording.program.written import written_at
from gradcli.recording.recorder import Recorder, is_accumulator, record_backward
from gradcli.recording.tape import Step, Tape


@dataclass(frozen=True)
class Repeated:
    """A step that was run again.

    differs: the first step of the tape with another value than in the program.
    leaves: the program's own tensors that were differentiated by, by their names on the tape.
    own_lines: operations inside of the user's custom functions that made what is not finite.
    """

    tape: Tape
    differs: Step | None
    leaves: Mapping[str, AnyTensor]
    own_lines: tuple[OwnLine, ...] = ()


def run_again(
    entries: Sequence[Entry],
    roots: Sequence[torch.Tensor],
    cotangents: Sequence[torch.Tensor | None],
    names: Mapping[int, str],
    user: UserCode,
) -> Repeated:
    """The tape of the calls that were logged, and of the backward pass from these roots.

    names: what the program calls its tensors, by their ids.  Raises what a call raises.
    """
    behind = calls_behind(entries, roots)
    devices = {one.device for entry in behind for one in entry.tensors if isinstance(one, torch.Tensor)}
    with warnings.catch_warnings(), generators_kept(devices, [entry.generator for entry in behind]):
        warnings.simplefilter("ignore")  # the program has been warned already
        return _Repetition(behind, names, user, [entry for entry in entries if entry.changes]).run(roots, cotangents)


@dataclass
class _Repetition:
    entries: Sequence[Entry]
    names: Mapping[int, str]
    user: UserCode
    changes: Sequence[Entry]  # also those that no root comes from
    recorder: Recorder = field(init=False)
    differs: Step | None = None
    _copies: dict[int, torch.Tensor] = field(default_factory=dict)
    _leaves: dict[str, torch.Tensor] = field(default_factory=dict)
    _programs: dict[str, AnyTensor] = field(default_factory=dict)
    _before: Before = field(init=False)
    _own: OwnLines = field(init=False)
    _later_leaves: set[int] = field(default_factory=set)
    _taken_names: set[str] = field(default_factory=set)
    _chains: Mapping[int, Chain] = field(default_factory=dict)
    _held: dict[int, str] = field(default_factory=dict)  # steps inside of a call whose value the program holds

    def __post_init__(self) -> None:
        self.recorder = Recorder(in_place=any(entry.changes for entry in self.entries))
        set_later = [entry.out for entry in self.entries if entry.sets_leaf]
        self._later_leaves = {id(one) for one in set_later if getattr(one, "requires_grad", False)}
        self._chains = chains(self.entries)
        self._before = Before(self.changes)
        self._own = OwnLines(self.user)

    def run(self, roots: Sequence[torch.Tensor], cotangents: Sequence[torch.Tensor | None]) -> Repeated:
        for entry in self.entries:
            chain = self._chains.get(id(entry))
            if entry.differentiates or (chain is None and entry.sets_leaf):
                self._repeat(entry)
            elif chain is not None:
                read = [tensor for one in chain for tensor in one.tensors]
                known = {id(tensor): self._copies.get(id(tensor), self._before.value(tensor)) for tensor in read}
                for one in chain if gives_the_same(chain, known) else ():
                    self._repeat(one)
        for index, held in self._held.items():
            named_as_held(self.recorder.steps[index].operation, held)
        every = (*cotangents, *[None] * (len(roots) - len(cotangents)))
        pairs = [
            (self._copies[id(root)], cotangent)
            for root, cotangent in zip(roots, every, strict=True)
            if id(root) in self._copies
        ]
        if not pairs:
            return Repeated(self.recorder.unfinished(), self.differs, self._programs)
        again = [root for root, _ in pairs]
        given = [torch.ones_like(root) if cotangent is None else cotangent.detach() for root, cotangent in pairs]
        output, weights = again[0], given[0]
        if len(again) > 1:
            output, weights = weighted(again, given), again[0].new_ones(())
        hidden = self._hidden(output)
        self.recorder.last = next(iter(self.recorder.steps_of(again[0])), None) if len(again) == 1 else None
        before = [tensor.grad for tensor in hidden]
        self._own.look_at_backward(output)
        try:
            tape = record_backward(self.recorder, output, self._leaves, weights, retain_graph=True, via="backward")
        except TorchError:  # the program's own backward pass would raise too: what there is are the values
            tape = replace(self.recorder.unfinished(), output=output, last=self.recorder.last)
        finally:
            for tensor, gradient in zip(hidden, before, strict=True):
                tensor.grad = gradient
        return Repeated(tape, self.differs, self._programs, tuple(self._own.lines))

    def _hidden(self, output: torch.Tensor) -> list[torch.Tensor]:
        """The program's own leaves that calls use without being given them, such as a compiled module's parameters."""
        copies = set(map(id, self._leaves.values()))
        ends = [node.variable for node in graph.nodes(output) if is_accumulator(node)]  # type: ignore[attr-defined]
        hidden = [tensor for tensor in ends if id(tensor) not in copies]
        for tensor in hidden:
            place = self.recorder.steps[-1].place
            name = self._name(tensor, place)
            self._leaves[name] = self._programs[name] = tensor
            self.recorder.add(UnseenLeaf(name=LEAF, title=name), place, tensor, variable=name)
        return hidden

    def _repeat(self, entry: Entry) -> None:
        if entry.sets_leaf:
            self._become_leaf(entry)
            return
        arguments, named = arguments_of(entry)
        written = operation_of(entry, tuple(named))
        if not entry.changes and not all(map(self._is_known, entry.tensors)) and entry.is_constant:
            for tensor in filter(self._is_known, entry.made):  # what it was made of is gone, and no gradient needs that
                self._copies[id(tensor)] = self._leaf(tensor, written.written.place)
            return
        for position, value in enumerate((*arguments, *named.values())):
            for tensor in tensors_among((value,)):
                if id(tensor) not in self._copies:
                    place = written.written.place if written.inside else written.written.place_of(position)
                    self._copies[id(tensor)] = self._leaf(tensor, place, seen=not written.inside)
        again = [self._copy_of(value) for value in (*arguments, *named.values())]
        operands = tuple(dict.fromkeys(step for value in again for step in self.recorder.steps_of(value)))
        kept = [self.recorder.kept(value) for value in again]
        for place, value in zip(written.places, again, strict=False):
            named_where_read([self.recorder.steps[step].operation for step in self.recorder.steps_of(value)], place)
        is_filled = written.inside and written.name == "empty"  # as a batch of a worker is
        if (entry.makes_leaf or is_filled) and id(entry.out) not in self._later_leaves:
            self._copies[id(entry.out)] = self._leaf(entry.out, written.written.place, seen=False)
            return
        value, inside = self._with_steps_inside(entry, written.written.place)
        operands = tuple(dict.fromkeys((*operands, *inside)))
        written = sealed(written) if inside else written
        made = entry.args[0] if entry.changes else entry.out
        copy = self._copies[id(entry.args[0])] if entry.changes else value
        pairs = [
            (one, other)
            for one, other in zip(tensors_among((made,)), tensors_among((copy,)), strict=False)
            if isinstance(other, torch.Tensor)
        ]
        if not pairs:
            return
        self._copies.update({id(one): other for one, other in pairs})
        value = copy if isinstance(copy, torch.Tensor) else tuple(other for _, other in pairs)
        index = self.recorder.add(written, written.written.place, value, operands=operands, arguments=kept)
        if written.inside and id(entry.out) in self.names and isinstance(entry.out, torch.Tensor):
            self._held[index] = self.names[id(entry.out)]
        if self.differs is None and not all(same_bits(*pair) for pair in pairs if self._before.stays(pair[0])):
            self.differs = self.recorder.steps[index]

    def _is_known(self, tensor: AnyTensor) -> bool:
        """Whether a tensor has been computed again, or is as it was."""
        return id(tensor) in self._copies or self._before.is_known(tensor)

    def _with_steps_inside(self, entry: Entry, place: Place) -> tuple[Any, Sequence[int]]:
        """What the call gives this time, and the numbers of the steps that it is made of."""
        if entry.function is torch.autograd.grad:
            outputs = self._copy_of(entry.args[0] if entry.args else entry.given_by_name["outputs"])
            return with_gradient_steps(self.recorder, outputs, place, lambda: self._called(entry))
        inside = function_inside(entry.function, entry.args)
        if inside is None:
            return self._value(entry), []
        with (
            StepsInside(self.recorder, self.user, self, entry.spot) as steps,
            as_called(entry.generator, entry.autocast),
        ):
            value = inside[0](*self._copy_of(inside[1]), **self._copy_of(entry.given_by_name))
        return value, steps.last

    def _value(self, entry: Entry) -> Any:
        """What the call gives this time, or what it gave where it drew random numbers, or made a tensor of nothing."""
        name = getattr(entry.function, "__name__", "")
        outs = list(tensors_among((entry.out,)))
        is_made = bool(entry.tensors) and name not in GIVES
        if is_made or any(isinstance(out, torch.Tensor) and out.grad_fn is not None for out in outs):
            return self._called(entry)
        return mapped(entry.out, lambda out: self._before.original(out, entry.spot.place).detach().clone())

    def _become_leaf(self, entry: Entry) -> None:
        """A tensor of the step is differentiated by from now on."""
        tensor, copy = entry.out, self._copies.get(id(entry.out))
        if copy is None or not isinstance(tensor, torch.Tensor) or not tensor.requires_grad or not tensor.is_leaf:
            return  # an input, which becomes a leaf where it is used
        place = written_at(entry.spot.place).place_of(0)
        name = self._name(tensor, place)
        leaf = self._leaves[name] = copy.detach().clone().requires_grad_()
        self._programs[name] = tensor
        self._copies[id(tensor)] = leaf
        self.recorder.add(Operation(name=LEAF), place, leaf, variable=name)

    def _called(self, entry: Entry) -> Any:
        args, kwargs = self._copy_of(entry.args), self._copy_of(entry.given_by_name)
        if entry.generator is UNKEPT:
            raise GoneError(entry.spot.place, "what {} drew")
        looked_at = self._own if custom_of(entry.function) else nullcontext()
        with as_called(entry.generator, entry.autocast, with_gradients=entry.differentiates), looked_at:
            return entry.function(*args, **kwargs)

    def stand_in(self, tensor: torch.Tensor, place: Place) -> torch.Tensor:
        """The copy of a tensor that a function uses without being given it."""
        if id(tensor) not in self._copies:
            self._copies[id(tensor)] = self._leaf(tensor, place)
        return self._copies[id(tensor)]

    def _leaf(self, tensor: AnyTensor, place: Place, *, seen: bool = True) -> torch.Tensor:
        """A copy of what no call has made: a parameter, an input, a tensor of an earlier step.

        seen: whether its name is written at the place, not what reads or makes it.
        """
        original = self._before.original(tensor, place)
        copy = original.detach().clone()
        name = self._name(tensor, place, seen=seen)
        if original.requires_grad:
            copy.requires_grad_()
            self._leaves[name] = copy
            self._programs[name] = tensor
        leaf = Operation(name=LEAF) if seen else UnseenLeaf(name=LEAF, title=name.partition(", line ")[0])
        self.recorder.add(leaf, place, copy, variable=name)
        if original.requires_grad and self._before.may_change(tensor):
            return copy.clone()  # PyTorch refuses to change a leaf in place, or a part of it
        return copy

    def _name(self, tensor: AnyTensor, place: Place, *, seen: bool = True) -> str:
        """What the program calls a tensor; no two of a step have one name."""
        plain = self.names.get(id(tensor)) or (place.text if seen else f"an input of {place.text}") or "input"
        candidates = chain((plain, f"{plain}, line {place.line}"), (f"{plain} ({number})" for number in count(2)))
        name = next(candidate for candidate in candidates if candidate not in self._taken_names)
        self._taken_names.add(name)
        return name

    def _copy_of(self, value: Any) -> Any:
        return mapped(value, lambda tensor: self._copies.get(id(tensor), tensor))
