"""One run under watch: what is put on and off, and what is done at each backward pass."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from fnmatch import fnmatch
from types import TracebackType
from typing import Any, Self

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils._python_dispatch import _disable_current_modes

from gradcli.inspections.options import WatchOptions
from gradcli.inspections.watching import sizes
from gradcli.inspections.watching.backward_start import STARTS_BACKWARD, BackwardStart, has_numbers
from gradcli.inspections.watching.broken_off import is_failure
from gradcli.inspections.watching.disconnected import FirstSteps, disconnected
from gradcli.inspections.watching.functional import (
    ZeroGradients,
    broken,
    names_of_leaves,
    taken_of,
    unknown_gradients,
    zeros,
)
from gradcli.inspections.watching.hooks import GradientHooks
from gradcli.inspections.watching.investigation import Investigation
from gradcli.inspections.watching.naming import names_of_tensors
from gradcli.inspections.watching.norms import NormHistory
from gradcli.inspections.watching.raised import Pass
from gradcli.inspections.watching.scaling import Scaling
from gradcli.inspections.watching.sizes import BrokenGradients, SoundGradients
from gradcli.inspections.watching.stop import Stop
from gradcli.inspections.watching.threads import OtherThreads
from gradcli.inspections.watching.warned import Warned
from gradcli.inspections.watching.zeros import Patience, dead
from gradcli.recording.program.asked import Asked
from gradcli.recording.program.log import Log
from gradcli.recording.program.places import Spot, UserCode, folder_of
from gradcli.recording.program.transforms import Taken
from gradcli.recording.program.untold import Untold

_dispatch_modes = torch._C._len_torch_dispatch_stack
_NOTHING = nullcontext()


class Watch(Investigation):
    """Looks at every backward pass while it is on. model: whose gradients; None for those of every optimizer."""

    def __init__(
        self, options: WatchOptions, folders: Iterable[str] = (), model: torch.nn.Module | None = None
    ) -> None:
        user = UserCode((*folders, *map(folder_of, options.follow)))
        hooks = GradientHooks(user)
        passes = dict.fromkeys(STARTS_BACKWARD, self._backward)
        super().__init__(options, user, hooks, Log(user, {**passes, **hooks.handlers}, options.memory))
        self.model = model
        self.scaling = Scaling(self.log)
        self._other_threads = OtherThreads(self.log)
        self.norms = NormHistory.wanted(options, self.user)
        untold = Untold(self.log, self._taken)
        self._around = (self.scaling, Warned(), untold, self._other_threads, Asked(self.log), self.log)
        self._hooks: list[Any] = []
        self._parameters: dict[int, torch.Tensor] = {}
        self._chosen: dict[int, bool] = {}
        self._first_steps = FirstSteps(self.log)
        self._patience = Patience(options.patience)
        self._zero_gradients = ZeroGradients(options.patience)
        self._broken = BrokenGradients()
        self._sound = SoundGradients(self.log)
        self._keeps_graph = False
        self._starts: set[tuple[int, int] | None] = set()
        self._repeats = self._is_first = False
        """Whether the last pass began where all did before it (another may need what this one has not used), or where
        none did (another optimizer may be yet to step)."""
        self._undecided = 0

    def __enter__(self) -> Self:
        self._hooks = [
            register_optimizer_step_pre_hook(self._before_optimizer),
            register_optimizer_step_post_hook(self._after_optimizer),
        ]
        os.register_at_fork(after_in_child=self.log.take_off)  # a worker is not watched
        self.log.everything = True
        for one in self._around:
            one.put_on()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> bool | None:
        if error is not None and is_failure(error) and self.log.rest():
            self._find(lambda: self._at_end(error, tb))
        for one in reversed(self._around):
            one.take_off()
        for hook in self._hooks:
            hook.remove()
        self.findings += filter(None, (self.scaling.finding, self._other_threads.finding))
        return None

    # --- backward passes ------------------------------------------------------------------------------------------

    def _backward(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """A backward pass, looked at before and after."""
        if self.stopped is not None:  # the program caught what should have ended it
            raise Stop
        call = BackwardStart.of(function, args, kwargs)
        makes_another = call.makes_graph and not call.accumulates
        if not call.makes_graph:  # what torch.func has taken before was no step of its own
            self.steps, self._undecided = self.steps - self._undecided, 0
        self.steps += not makes_another
        self._number = self.steps + makes_another
        spot = self.user.here()
        if not call.makes_graph:
            self._note_start(spot)
        looks = self._looks and call.has_numbers
        unscaled = self.scaling.unscaled
        is_scaled = bool(unscaled) and any(id(root) in unscaled for root in call.roots)
        with _unseen():
            is_sound = not looks or is_scaled or call.is_waited_for or call.is_finite
            if not is_sound:
                self._look(call, spot, "before backward")
        try:
            result = function(*args, **kwargs)
        except RuntimeError as error:
            self._tell_raised(error, call, spot)
            raise
        if looks and is_sound:
            with _unseen():
                self._look_at_gradients(call, spot, result, is_scaled=is_scaled)
        if makes_another:  # it is differentiated in turn: an operation like others
            self.log.add(function, args, kwargs, result)
        self._keeps_graph = call.keeps_graph and not makes_another
        if not call.keeps_graph:
            self._passes.append(Pass.of(self.steps, spot, self.log.calls.entries, self.log.named(call.roots)))
            self._first_steps.keep()
            self.log.clear(() if self._repeats else call.roots)
        return result

    def _note_start(self, spot: Spot | None) -> None:
        start = None if spot is None else (id(spot.code), spot.instruction)
        self._repeats, self._is_first = self._starts == {start}, start not in self._starts
        self._starts.add(start)

    def _look_at_gradients(self, call: BackwardStart, spot: Spot | None, result: Any, *, is_scaled: bool) -> None:
        looked_at = self._looked_at(call)
        found = [one.grad for one in looked_at] if result is None else result
        gradients = [gradient for gradient in found if gradient is not None]
        waits = call.is_waited_for
        if not gradients:
            if waits and not is_scaled and not call.is_finite:
                self._look(call, spot, "after backward")
            return
        with_gradient = [one for one in looked_at if one.grad is not None]
        numbers = None if waits or self.norms is not None else sizes.sums_of(gradients)
        if numbers is not None and not is_scaled and sizes.are_ordinary(numbers):  # nearly always
            if result is None:
                self._sound.note(with_gradient, gradients)
                self._patience.start_again()
            return
        shown = call.of_roots(self.scaling.unscaled.get(id(root), root) for root in call.roots) if is_scaled else call
        roots = [root.detach() for root in shown.roots] if waits else []
        count = len(gradients)
        if numbers is None:
            norms = sizes.sizes_of([*gradients, *roots])
            if self.norms is not None and (call.accumulates or not call.makes_graph):
                tensors = with_gradient if result is None else call.inputs_of(result)
                self.norms.add(self._number, tensors, norms[:count], is_scaled=is_scaled)
            numbers = norms.tolist()  # a GPU is waited for once
        finite = sizes.is_finite(numbers[:count], gradients)
        if not finite and result is None:
            finite = not self._broken.are_new(with_gradient)
        root_finite = sizes.is_finite(numbers[count:], roots) if roots or not is_scaled else shown.is_finite
        if is_scaled:
            if self.scaling.told(finite=finite and root_finite):
                self._look(call if root_finite else shown, spot, "after backward", as_warnings=True)
        elif not (finite and root_finite):
            self._look(call, spot, "after backward")
        elif result is None:
            self._sound.note(with_gradient, gradients)
            if due := self._patience.due(call, with_gradient, numbers[:count]):
                self._find(lambda: dead(self._situation(call, spot), due, self.options.patience))

    def _looked_at(self, call: BackwardStart) -> list[torch.Tensor]:
        """The parameters of the model or of the optimizers, or else the leaves of the graph, by their names."""
        if self.model is not None:
            return [one for one in self.model.parameters() if one.requires_grad]
        parameters, leaves = [*self._parameters.values()], []
        if self._is_first or not parameters:
            leaves = [one for one in call.leaves() if id(one) not in self._parameters]
        return [*self._wanted(parameters, self._chosen), *self._wanted(leaves, {})]

    def _wanted(self, tensors: list[torch.Tensor], chosen: dict[int, bool]) -> list[torch.Tensor]:
        """Those that the user asks for. chosen: which were, by id; a leaf may be another tensor in each step."""
        patterns = self.options.parameters
        if patterns is None:
            return tensors
        if any(id(one) not in chosen for one in tensors):
            names = names_of_tensors(self.user.frames())
            for one in tensors:
                chosen[id(one)] = any(fnmatch(names.get(id(one), ""), pattern) for pattern in patterns)
        return [one for one in tensors if chosen[id(one)]]

    @property
    def _looks(self) -> bool:
        return self._number >= self.options.from_step and self._number % self.options.every == 0

    def _taken(self, taken: Taken) -> None:
        """Gradients that a function of torch.func has taken."""
        if self.stopped is not None:
            raise Stop
        may_be_part = taken.is_differentiable  # of what is differentiated later: a program that does so calls backward
        is_part = may_be_part and (bool(self._starts) or not all(one.is_leaf for one in taken.leaves))
        self.steps += not is_part
        self._undecided += may_be_part and not is_part
        self._number = self.steps + is_part
        spot = self.user.here()
        numbers = taken_of(taken, spot, self.options.parameters)
        if not self._looks or not numbers:
            return
        with _unseen():
            gradients = [taken.gradients[number].detach() for number in numbers]
            norms = sizes.sizes_of([*gradients, *(one.detach() for one in taken.values)])
        if self.norms is not None and not is_part and taken.is_alike:
            names = names_of_leaves(taken, spot)
            leaves = [taken.leaves[number] for number in numbers]
            self.norms.add(self._number, leaves, norms[: len(leaves)], names=[names[number] for number in numbers])
        found = norms.tolist()
        call, log = BackwardStart.of_value(gradients[0]), self.log
        if not sizes.is_finite(found, [*gradients, *taken.values]):
            self._stop_for(
                call,
                spot,
                lambda situation: broken(taken, situation, log),
                lambda situation, error: unknown_gradients(taken, situation, error),
                "after backward",
            )
        elif not is_part:
            zero = [number for number, size in zip(numbers, found, strict=False) if size == 0]
            if due := self._zero_gradients.due(taken, spot, zero):
                situation = self._situation(call, spot)
                self._find(lambda: zeros(taken, due, situation, log, self.options.patience))
        if not is_part and not self._starts:
            self.log.clear()

    # --- optimizers -----------------------------------------------------------------------------------------------

    def _before_optimizer(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        if not self.log.is_here:
            self._other_threads.add_step()
            return
        self.log.wake()  # an earlier step that raised has left it at rest
        if self.stopped is not None:  # the program caught what should have ended it
            raise Stop
        own = [one for group in optimizer.param_groups for one in group["params"]]
        self.log.everything = False
        self.log.in_optimizer = True
        self._updates.note(optimizer, spot := self.log.changes.note_step(own), self.steps)
        self.log.rest()  # what is looked at is no call of the program's, nor is what an optimizer does
        if all(map(has_numbers, own[:1])):
            self._parameters.update(zip(map(id, own), own, strict=True))
        try:
            with _unseen():
                if (changed := self._sound.broken(own)) is not None:
                    self._look(BackwardStart.of_changed(changed), spot, "after backward")
            if self.steps and (lost := self._first_steps.lost(own)):
                names = names_of_tensors(self.user.frames())
                self._find(lambda: disconnected(self._first_steps.entries(), lost, names, self.steps))
        except Stop:
            self.log.wake()
            raise
        if any(map(callable, (*args[1:], *kwargs.values()))):  # a closure computes the loss again
            self.log.wake()

    def _after_optimizer(self, _optimizer: torch.optim.Optimizer, _args: Any, _kwargs: Any) -> None:
        if not self.log.is_here:
            return
        self.log.wake()
        self.log.in_optimizer = False
        self.log.changes.recent = None
        self._first_steps.count()
        if self._repeats and not self._keeps_graph:
            self.log.clear()


class WatchedBlock(Watch):
    """A watch of a block of Python code, `with gradcli.watch():`, which is left at the first error."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> bool:
        super().__exit__(kind, error, tb)
        return kind is Stop


def _unseen() -> AbstractContextManager[Any]:
    """What is computed to look at a step is no operation for the program's own dispatch modes to see."""
    return _disable_current_modes() if _dispatch_modes() else _NOTHING
