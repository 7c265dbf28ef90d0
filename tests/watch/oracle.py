"""What truly happens in a program: each is run in a forked process under plain hooks, without any of gradcli.

    python tests/watch/oracle.py < jobs.json > answers.json

Forward, every call is logged with whether its operands and its results are finite, and the way back from the loss leads
to the first call that made what is not finite. Backward, a hook on every node finds the first one that turns finite
gradients into others; anomaly mode (without its own check) remembers the line of each node.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import runpy
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import FrameType
from typing import Any

import torch
import torch._dynamo
from oracle_records import (
    WRITERS,
    Call,
    Truth,
    condition,
    first_bad,
    lines,
    nan,
    nodes,
    origin,
    parameters,
    places,
    tensors,
    version,
)
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.overrides import TorchFunctionMode


class Stop(BaseException):
    """The program is left after the first gradient or loss that is not finite."""


class Log(TorchFunctionMode):
    def __init__(self, folder: str) -> None:
        super().__init__()
        self.folder = folder
        self.calls: list[Call] = []
        self.made: dict[int, tuple[torch.Tensor, Call]] = {}
        self.numbers = itertools.count()
        self.paused = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self.paused:
            return func(*args, **kwargs)
        operands = list(tensors([*args, *kwargs.values()]))
        bad = [first_bad(one) is not None for one in operands]
        parents = [
            self.made[id(one)][1] for one, broken in zip(operands, bad, strict=True) if broken and id(one) in self.made
        ]
        orphans = any(
            broken and id(one) not in self.made and one.isnan().any() for one, broken in zip(operands, bad, strict=True)
        )
        versions = [version(one) for one in operands]
        result = func(*args, **kwargs)
        results = list(tensors([result]))
        name = getattr(func, "__name__", str(func))
        call = Call(
            next(self.numbers),
            getattr(func.__self__, "__name__", name) if name == "__get__" else name,
            self.line(sys._getframe(1)),
            parents,
            orphans,
            next((at for one in results if (at := first_bad(one)) is not None), None),
            any(nan(one) for one in results),
            cuts=any(one.requires_grad for one in operands)
            and not any(one.requires_grad for one in results)
            and (bool(results) or name in ("item", "tolist", "numpy")),
            changes=any(version(one) != old for one, old in zip(operands, versions, strict=True)),
        )
        self.calls.append(call)
        for one in results:
            self.made[id(one)] = one, call
        return result

    def line(self, frame: FrameType | None) -> tuple[str, int] | None:
        while frame:
            if frame.f_code.co_filename.startswith(self.folder):
                return os.path.basename(frame.f_code.co_filename), frame.f_lineno  # noqa: PTH119 - once for each call
            frame = frame.f_back
        return None

    @contextmanager
    def rest(self) -> Iterator[None]:
        """What is called meanwhile is not the program's."""
        paused, self.paused = self.paused, True
        try:
            yield
        finally:
            self.paused = paused


class Backward:
    """Stands in the place of the engine: looks at what goes in, at every node, and at what comes out."""

    def __init__(self, log: Log, truth: Truth, go_on: bool) -> None:
        self.log, self.truth, self.go_on = log, truth, go_on
        self.engine = torch.autograd._engine_run_backward
        self.depth = self.began = self.passes = 0
        self.born: dict[str, Any] | None = None

    def __call__(self, roots: Any, *args: Any, **kwargs: Any) -> Any:
        outermost = self.depth == 0
        if outermost:
            self.truth.step = self.passes + 1
            self.passes += not args[2]  # a pass that makes a graph belongs to the step that uses it
            self.began = next(self.log.numbers)
            self.born = self.forward_birth(roots)
            self.truth.cuts = places(call for call in self.log.calls if call.cuts)
            self.truth.changes = places(call for call in self.log.calls if call.changes)
            written = (call for call in self.log.calls if call.operation in WRITERS and call.element is not None)
            self.truth.written = places(call for call in written if not call.parents and not call.has_nan)
        handles = [node.register_hook(self.hook(node)) for node in nodes(roots)]
        self.depth += 1
        try:
            if torch._C._len_torch_function_stack():
                result = self.engine(roots, *args, **kwargs)
            else:
                with self.log:
                    result = self.engine(roots, *args, **kwargs)
        finally:
            self.depth -= 1
            for handle in handles:
                handle.remove()
        if outermost:
            self.ended(roots, result, args)
        return result

    def forward_birth(self, roots: Any) -> dict[str, Any] | None:
        for root in roots:
            if first_bad(root) is not None and id(root) in self.log.made:
                last = self.log.made[id(root)][1]
                call = origin(last, {}) or last
                kind = "input" if call.broken_operand else "nan-forward" if nan(root) else "inf-forward"
                return {"kind": kind, "operation": call.operation, "line": call.line, "element": call.element}
        return None

    def hook(self, node: Any) -> Any:
        def look(gave: Any, got: Any) -> None:
            if self.born is not None:
                return
            with self.log.rest():
                self.look(node, gave, got)

        return look

    def look(self, node: Any, gave: Any, got: Any) -> None:
        if any(first_bad(one) is not None for one in tensors(got)):
            return
        for one in tensors(gave):
            if (at := first_bad(one)) is not None:
                kind = "nan-backward" if nan(one) else "inf-backward"
                line, operation = self.of_node(node), node.name()
                if isinstance(node, torch.autograd.function.BackwardCFunction) and (inner := self.inside()):
                    line, operation = inner.line, inner.operation
                self.born = {"kind": kind, "operation": operation, "line": line, "element": at}
                return

    def inside(self) -> Call | None:
        """The call of a hand-written backward that made what is not finite."""
        calls = [call for call in self.log.calls if call.number > self.began]
        return next((call for call in reversed(calls) if call.element is not None and not call.parents), None)

    def of_node(self, node: Any) -> tuple[str, int] | None:
        while node is not None:
            if found := lines(node.metadata.get("traceback_", []), self.log.folder):
                return found[-1]
            node = node.metadata.get("parent_")
        return None

    def ended(self, roots: Any, result: Any, args: Any) -> None:
        names = parameters(self.log.folder)
        state = {name: condition(one.grad) for name, one in names.items()}
        for name, one in names.items():
            for given, grad in zip(args[3] or () if len(args) > 3 else (), result or (), strict=False):
                if given is one:
                    state[name] = condition(grad)
        self.truth.grads.append(state)
        passed = [grad for grad in result or () if grad is not None]
        broken = any(first_bad(one) is not None for one in [*roots, *passed]) or "not finite" in state.values()
        if broken:
            self.truth.births.append(
                {"step": self.truth.step, "updates": self.truth.updates, **(self.born or {"kind": "unknown"})}
            )
            if not self.go_on:
                raise Stop
        if not passed:
            self.log.calls.clear()
            self.log.made.clear()


def run(job: dict[str, Any]) -> Truth:
    """Run one program to its end or to its first trouble."""
    program = Path(job["program"])
    truth = Truth()
    sys.stdin = io.StringIO(job.get("stdin", ""))
    module = job.get("module")
    folder = str(program if module else program.parent)
    os.chdir(folder)
    sys.path.insert(0, folder)
    sys.argv = [str(program), *job["arguments"]]
    torch.compile = lambda *given, **_: given[0] if given else (lambda function: function)
    log = Log(folder)
    torch.autograd._engine_run_backward = Backward(log, truth, job.get("go_on", False))

    def updating(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        log.paused = not isinstance(optimizer, torch.optim.LBFGS)  # which calls the program's closure

    def updated(*_: Any) -> None:
        truth.updates += 1
        log.paused = False

    register_optimizer_step_pre_hook(updating)
    register_optimizer_step_post_hook(updated)
    out = io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(io.StringIO()), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            with log, torch.autograd.set_detect_anomaly(True, check_nan=False):
                if module:
                    runpy.run_module(module, run_name="__main__", alter_sys=False)
                else:
                    runpy.run_path(str(program), run_name="__main__")
    except Stop:
        pass
    except SystemExit as end:
        truth.exit_code = int(end.code or 0)
    except Exception as error:  # noqa: BLE001 - whatever the program raises is an answer
        truth.error, truth.exit_code = "".join(traceback.format_exception_only(error)).strip(), 1
        text = next((str(one.message) for one in warned if "Traceback of forward call" in str(one.message)), "")
        found = lines([text], folder) or lines(traceback.format_tb(error.__traceback__), folder)
        truth.error_line = list(found[-1]) if found else None
    truth.out = out.getvalue()
    return truth


def main() -> None:
    torch.set_num_threads(1)
    answers = []
    for job in json.load(sys.stdin):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            try:
                answer = vars(run(job))
            except BaseException:  # noqa: BLE001 - told to the test
                answer = {"failed": traceback.format_exc()}
            with os.fdopen(writing, "w") as stream:
                json.dump(answer, stream)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as stream:
            answers.append(json.load(stream))
        os.waitpid(child, 0)
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
