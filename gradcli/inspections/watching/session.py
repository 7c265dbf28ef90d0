"""One run under watch: what is put on and off, and what is done at each backward pass."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from gradcli.inspections.options import WatchOptions
from gradcli.inspections.watching.backward_call import STARTS_BACKWARD, BackwardCall, is_finite, sizes_of
from gradcli.inspections.watching.naming import names_of_tensors
from gradcli.inspections.watching.step_findings import Situation, not_finite, unknown
from gradcli.inspections.watching.stop import Stop
from gradcli.recording.program.log import Log
from gradcli.recording.program.places import Spot, UserCode
from gradcli.results.watch import ProgramFinding, Stopped

MOST_WITHOUT_NEWS = 3
"""Steps in a row that are run again and show nothing new: after them no further one is."""


class Watch:
    """Looks at every backward pass while it is on.

    steps: how many backward passes began. seconds: what finding out took. stopped: where the program was ended.
    """

    def __init__(self, options: WatchOptions, folders: Iterable[str] = ()) -> None:
        self.options = options
        self.steps = 0
        self.seconds = 0.0
        self.findings: list[ProgramFinding] = []
        self.stopped: Stopped | None = None
        self.user = UserCode((*folders, *map(_folder_of, options.follow)))
        self.log = Log(self.user, dict.fromkeys(STARTS_BACKWARD, self._backward))
        self._known: set[object] = set()
        self._parameters: dict[int, torch.Tensor] = {}
        self._without_news = 0
        self._spots: set[Spot | None] = set()
        self._hooks: list[Any] = []

    def __enter__(self) -> Self:
        self._hooks = [
            register_optimizer_step_pre_hook(self._before_optimizer),
            register_optimizer_step_post_hook(self._after_optimizer),
        ]
        self.log.__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.log.__exit__(kind, error, tb)  # type: ignore[no-untyped-call]
        self.log.clear()
        for hook in self._hooks:
            hook.remove()

    def _backward(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """A backward pass, looked at before and after."""
        call = BackwardCall.of(function, args, kwargs)
        if call.makes_graph and not call.accumulates:  # it is differentiated in turn: an operation like others
            out = function(*args, **kwargs)
            self.log.add(function, args, kwargs, out)
            return out
        self.steps += 1
        spot = self.user.here()
        self._spots.add(spot)
        looks = self.steps >= self.options.from_step and self.steps % self.options.every == 0
        if looks and not call.is_finite:
            self._look(call, spot, "before backward")
        result = function(*args, **kwargs)
        if looks and call.is_finite:
            self._look_at_gradients(call, spot, result)
        if not call.keeps_graph:
            self.log.clear()
        return result

    def _look_at_gradients(self, call: BackwardCall, spot: Spot | None, result: Any) -> None:
        parameters = [*self._parameters.values()] or call.leaves()
        patterns = self.options.parameters
        if patterns is not None:
            names = names_of_tensors(self.user.frames())
            parameters = [one for one in parameters if any(fnmatch(names.get(id(one), ""), p) for p in patterns)]
        given = result if result is not None else [parameter.grad for parameter in parameters]
        gradients = [gradient for gradient in given if gradient is not None]
        if gradients and not is_finite(sizes_of(gradients), gradients):
            self._look(call, spot, "after backward")

    def _look(self, call: BackwardCall, spot: Spot | None, when: Stopped) -> None:
        """Find out where it is from, and stop unless the user wants to go on."""
        if self._without_news >= MOST_WITHOUT_NEWS:
            return
        started = time.perf_counter()
        names = names_of_tensors(self.user.frames())
        situation = Situation(self.steps, self.log.recorded(), call, spot, names)
        try:
            found = not_finite(situation)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong here must not end the user's program
            found = [unknown(situation, error=error)]
        self._add(found)
        self.seconds += time.perf_counter() - started
        if not self.options.goes_on and any(one.severity == "error" for one in self.findings):
            self.stopped = when
            raise Stop

    def _add(self, found: Iterable[ProgramFinding]) -> None:
        """Each origin once, however many steps it comes back in."""
        before = len(self.findings)
        for finding in found:
            same = (finding.code, finding.place, finding.variable)
            if same not in self._known:
                self._known.add(same)
                self.findings.append(finding)
        self._without_news = 0 if len(self.findings) > before else self._without_news + 1

    def _before_optimizer(self, optimizer: torch.optim.Optimizer, _args: Any, _kwargs: Any) -> None:
        if self.stopped is not None:  # the program caught what should have ended it
            raise Stop
        for group in optimizer.param_groups:
            self._parameters.update({id(one): one for one in group["params"] if id(one) not in self._parameters})

    def _after_optimizer(self, _optimizer: torch.optim.Optimizer, _args: Any, _kwargs: Any) -> None:
        self.log.clear()


def _folder_of(package: str) -> str:
    """Where the files of a package are."""
    spec = find_spec(package)
    if spec is None or not spec.origin:
        return package
    return spec.origin.rpartition("/")[0] + "/" if spec.submodule_search_locations else spec.origin
