"""One run under watch: what is put on and off, and what is done at each backward pass."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from gradcli.gc_paused import gc_paused
from gradcli.inspections.options import WatchOptions
from gradcli.inspections.watching import sizes
from gradcli.inspections.watching.alone import Saving
from gradcli.inspections.watching.backward_start import STARTS_BACKWARD, BackwardStart
from gradcli.inspections.watching.broken_off import broken_value, frames_of, is_failure, summed
from gradcli.inspections.watching.disconnected import FirstSteps, disconnected
from gradcli.inspections.watching.hooks import GradientHooks
from gradcli.inspections.watching.naming import names_of_tensors
from gradcli.inspections.watching.norms import NormHistory
from gradcli.inspections.watching.raised import Pass, raised
from gradcli.inspections.watching.scaling import Scaling
from gradcli.inspections.watching.sizes import BrokenGradients, SoundGradients
from gradcli.inspections.watching.step_findings import Situation, not_finite, unknown
from gradcli.inspections.watching.stop import Stop
from gradcli.inspections.watching.threads import OtherThreads
from gradcli.inspections.watching.updates import Updates
from gradcli.inspections.watching.warned import Warned
from gradcli.inspections.watching.zeros import Patience, dead
from gradcli.recording.program.log import Log
from gradcli.recording.program.places import Spot, UserCode, folder_of
from gradcli.recording.program.untold import Untold
from gradcli.results.watch import ProgramFinding, Stopped

MOST_WITHOUT_NEWS = 3
"""Steps in a row that are run again and show nothing new: after them no further one is."""


class Watch:
    """Looks at every backward pass while it is on.

    model: whose gradients are looked at; None for those of every optimizer. steps: how many backward passes began.
    seconds: what finding out took. stopped: where the program was ended.
    """

    def __init__(
        self, options: WatchOptions, folders: Iterable[str] = (), model: torch.nn.Module | None = None
    ) -> None:
        self.options = options
        self.model = model
        self.steps = 0
        self._number = 0
        self.seconds = 0.0
        self.findings: list[ProgramFinding] = []
        self.stopped: Stopped | None = None
        self.user = UserCode((*folders, *map(folder_of, options.follow)))
        self._saving = None if options.save is None else Saving(options.save, Path(options.save).absolute())
        self._gradient_hooks = GradientHooks(self.user)
        passes = dict.fromkeys(STARTS_BACKWARD, self._backward)
        self.log = Log(self.user, {**passes, **self._gradient_hooks.handlers}, options.memory)
        self.scaling = Scaling(self.log)
        self._other_threads = OtherThreads(self.log)
        self.norms = NormHistory.wanted(options, self.user)
        self._around = (self.scaling, Warned(), Untold(self.log), self._other_threads, self.log)
        self._hooks: list[Any] = []
        self._known: set[object] = set()
        self._parameters: dict[int, torch.Tensor] = {}
        self._without_news = 0
        self._first_steps = FirstSteps(self.log)
        self._patience = Patience(options.patience)
        self._broken = BrokenGradients()
        self._updates = Updates()
        self._sound = SoundGradients()
        self._keeps_graph = False
        self._starts: set[tuple[int, int] | None] = set()
        self._passes: deque[Pass] = deque(maxlen=2)

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
        self.steps += not makes_another
        self._number = self.steps + makes_another
        spot = self.user.here()
        if not call.makes_graph:
            self._starts.add(None if spot is None else (id(spot.code), spot.instruction))
        looks = self._number >= self.options.from_step and self._number % self.options.every == 0
        is_scaled = any(id(root) in self.scaling.unscaled for root in call.roots)
        is_sound = not looks or is_scaled or call.is_waited_for or call.is_finite
        if not is_sound:
            self._look(call, spot, "before backward")
        try:
            result = function(*args, **kwargs)
        except RuntimeError as error:
            self._tell_raised(error, call, spot)
            raise
        if looks and is_sound:
            self._look_at_gradients(call, spot, result, is_scaled=is_scaled)
        if makes_another:  # it is differentiated in turn: an operation like others
            self.log.add(function, args, kwargs, result)
        self._keeps_graph = call.keeps_graph and not makes_another
        if not call.keeps_graph:
            self._passes.append(Pass.of(self.steps, spot, self.log.calls.entries, self.log.named(call.roots)))
            self._first_steps.keep()
            if len(self._starts) > 1:  # another pass may need what this one has not used
                self.log.calls.drop_behind(call.roots)
            else:
                self.log.clear()
        return result

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
        parameters = [*self._parameters.values()] or call.leaves()
        patterns = self.options.parameters
        if patterns is None:
            return parameters
        names = names_of_tensors(self.user.frames())
        return [one for one in parameters if any(fnmatch(names.get(id(one), ""), pattern) for pattern in patterns)]

    # --- findings -------------------------------------------------------------------------------------------------

    def _look(self, call: BackwardStart, spot: Spot | None, when: Stopped, *, as_warnings: bool = False) -> None:
        """Find out where it is from, and stop unless the user wants to go on."""
        if self._without_news >= MOST_WITHOUT_NEWS:
            return
        with gc_paused():
            situation = self._situation(call, spot)
        before = len(self.findings)
        found = lambda: not_finite(situation, as_warnings=as_warnings)  # noqa: E731
        self._find(found, lambda error: unknown(situation, error=error))
        self._without_news = 0 if len(self.findings) > before else self._without_news + 1
        if not self.options.goes_on and not as_warnings and any(one.severity == "error" for one in self.findings):
            self.stopped = when
            self.steps = self._number
            raise Stop

    def _at_end(self, error: BaseException, traceback: TracebackType | None) -> list[ProgramFinding]:
        """Where a value is from that the program ends over; nothing, where no operation can be blamed."""
        frames, entries = [*frames_of(traceback, self.user)], self.log.calls.recorded()
        names = names_of_tensors(frame for frame, _ in reversed(frames))
        if (value := broken_value(entries, names, error)) is None or not frames:
            return []
        self._number, spot = self.steps + 1, frames[-1][1]
        added, call = summed(value, spot, names)
        situation = replace(self._situation(call, spot, names), entries=[*entries, *added])
        return [one for one in not_finite(situation) if one.operation is not None]

    def _situation(self, call: BackwardStart, spot: Spot | None, names: dict[int, str] | None = None) -> Situation:
        names = names_of_tensors(self.user.frames()) if names is None else names
        if call.changed is not None:
            names[id(call.changed.grad)] = f"the gradient of {names.get(id(call.changed), 'a parameter')}"
        return Situation(
            self._number,
            self.log.calls.recorded(),
            call,
            spot,
            names,
            self.user,
            self._updates,
            self._gradient_hooks,
            known=self._known,
            saving=self._saving,
            is_bounded=self.options.memory is not None,
        )

    def _tell_raised(self, error: RuntimeError, call: BackwardStart, spot: Spot | None) -> None:
        entries, changes, names = self.log.calls.recorded(), self.log.changes(), names_of_tensors(self.user.frames())
        self._find(lambda: [raised(error, call, spot, self._number, entries, changes, self._passes, names)])

    def _find(
        self,
        found: Callable[[], Iterable[ProgramFinding]],
        otherwise: Callable[[Exception], ProgramFinding] | None = None,
    ) -> None:
        """Add what is found, each origin once, however many steps it comes back in."""
        started = time.perf_counter()
        try:
            with gc_paused():
                findings = list(found())
        except Exception as error:  # noqa: BLE001 - whatever goes wrong here must not end the user's program
            findings = [] if otherwise is None else [otherwise(error)]
        for finding in findings:
            if finding.cause not in self._known:
                self._known.add(finding.cause)
                self.findings.append(finding)
        self.seconds += time.perf_counter() - started

    # --- optimizers -----------------------------------------------------------------------------------------------

    def _before_optimizer(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        if not self.log.is_here:
            self._other_threads.add_step()
            return
        self.log.wake()  # an earlier step that raised has left it at rest
        if self.stopped is not None:  # the program caught what should have ended it
            raise Stop
        own = [one for group in optimizer.param_groups for one in group["params"]]
        self._parameters.update(zip(map(id, own), own, strict=True))
        self.log.everything = False
        self.log.in_optimizer = True
        self._updates.note(optimizer, spot := self.log.note_step(own), self.steps)
        self.log.rest()  # what is looked at is no call of the program's, nor is what an optimizer does
        try:
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
        self._first_steps.count()
        if len(self._starts) == 1 and not self._keeps_graph:
            self.log.clear()
