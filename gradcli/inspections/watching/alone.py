"""What was found in a program once more, alone: an expression with its tensors that shows it, and what mends it."""

from __future__ import annotations

import shlex
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path

import numpy as np
import torch

from gradcli.diagnose.bound_expression import ComputeOptions, Selection
from gradcli.diagnose.origins.origin import Origin
from gradcli.exceptions import GradcliError
from gradcli.inspections.options import TraceOptions
from gradcli.inspections.watching.small_expression import (
    InexpressibleError,
    SmallExpression,
    blamed_value,
    small_expression,
)
from gradcli.language.printer import Spelling, numbers
from gradcli.language.request import Value, read
from gradcli.numerics.capture import dtype_name, to_tensor
from gradcli.recording.program.operations import CallOperation
from gradcli.recording.tape import Step, Tape
from gradcli.render.view import View
from gradcli.results import Finding, NamedTensors, Tensor, TraceResult
from gradcli.results.watch import ProgramFinding
from gradcli.sinks import save
from gradcli.sinks.targets import targets

MOST_ELEMENTS = 2**22
"""More are not computed once more."""
MOST_ELEMENTS_FIXED = 2**14
"""Of more nothing is tried that might mend it, which takes many runs."""
MOST_ELEMENTS_TYPED = 8
"""More stand in a file and not on the command line."""
MOST_BETWEEN = 20
"""An operation that is further from the one that makes trouble of its value is looked at by itself."""
MOST_LEVELS = 4
"""So many operations before the one that is to blame are looked at for something that mends it."""
MOST_SECONDS = 1.5
"""Of this thread, however busy the machine is; after them no further expression is tried."""


@dataclass(frozen=True)
class Saving:
    """Where tensors are written: the folder as the user named it, and where that is."""

    name: str
    folder: Path


def with_alone(
    told: ProgramFinding, finding: Finding, origin: Origin | None, tape: Tape, saving: Saving | None
) -> ProgramFinding:
    """The finding with the expression that shows it, the command that runs it, and a fix that was run on it."""
    if origin is None or not isinstance(origin.step.operation, CallOperation):
        return told
    generator = torch.get_rng_state()
    try:
        with warnings.catch_warnings(), torch.enable_grad(), torch.autocast("cpu", enabled=False):
            warnings.simplefilter("ignore")
            return _Search(finding, origin, tape).completed(told, saving)
    except GradcliError as error:  # a file that cannot be written
        return replace(told, remark="; ".join(filter(None, (told.remark, str(error)))))
    except Exception:  # noqa: BLE001 - what was found is told, whatever goes wrong here
        return told
    finally:
        torch.set_rng_state(generator)


@dataclass
class _Search:
    finding: Finding
    origin: Origin
    tape: Tape

    def completed(self, told: ProgramFinding, saving: Saving | None) -> ProgramFinding:
        ends = time.thread_time() + MOST_SECONDS
        for step, inner, gradient in self._bases():
            small = self._written(step, inner, gradient)
            if small is None or (traced := _traced(small)) is None or (same := self._same(small, traced)) is None:
                continue
            fixed, fix = small, same.fix
            for written_out in self._larger(step, inner):
                if fix is not None or time.thread_time() > ends or small.elements > MOST_ELEMENTS_FIXED:
                    break
                fixed, fix = self._fixed_with(step, written_out, gradient, small)
            shown, command = fixed if fix else small, _command(small, told.step, saving)
            meanings = {**shown.meanings, **({} if command is None else small.meanings)}
            where = tuple(f"{name} = {meaning}" for name, meaning in meanings.items())
            return replace(told, expression=shown.text, fix=fix, alone=command, where=where)
        return told

    def _bases(self) -> Iterator[tuple[Step, frozenset[int], torch.Tensor | None]]:
        """The step that is to blame, with what makes trouble of its value, or with the gradient that reaches it."""
        step = self.origin.step
        is_backward = self.origin.kind == "backward"
        end = self.origin.masked or self.origin.later
        if end is not None:
            between = {step.index}
            for one in self.tape.steps[step.index + 1 : end.index]:
                if not between.isdisjoint(one.operands):
                    between.add(one.index)
            if len(between) <= MOST_BETWEEN:
                yield end, frozenset(between), None
                if is_backward and (gradient := self.tape.arriving(end)) is not None:
                    yield end, frozenset(between), gradient.detach()
        yield step, frozenset(), None
        if is_backward and (gradient := self.tape.arriving(step)) is not None:
            yield step, frozenset(), gradient.detach()

    def _larger(self, step: Step, inner: frozenset[int]) -> Iterator[frozenset[int]]:
        """More and more steps that are written out: operations before the one that is to blame, then before each."""
        blamed, every = frozenset({self.origin.step.index}), inner | {step.index}
        for _ in range(MOST_LEVELS):
            blamed, every = self._with_operands(blamed), self._with_operands(every)
            yield from dict.fromkeys(found - {step.index} for found in (inner | blamed, every))

    def _with_operands(self, steps: frozenset[int]) -> frozenset[int]:
        inputs = (one for index in steps for one in self.tape.inputs(self.tape.steps[index]))
        return steps | {one.index for one in inputs if not one.is_leaf}

    def _fixed_with(
        self, step: Step, inner: frozenset[int], gradient: torch.Tensor | None, before: SmallExpression
    ) -> tuple[SmallExpression, str | None]:
        """A larger expression with the same value, and what mends it."""
        small = self._written(step, inner, gradient)
        if small is None or small.text == before.text:
            return before, None
        traced = _traced(small)
        if traced is None or (gradient is None and not _alike(traced.output, step.values[blamed_value(step)])):
            return before, None
        return small, next((one.fix for one in traced.findings if one.fix and one.severity == "error"), None)

    def _written(self, step: Step, inner: frozenset[int], gradient: torch.Tensor | None) -> SmallExpression | None:
        differentiated = frozenset(index for index in inner if self.tape.steps[index].edges)
        for written_out in dict.fromkeys((inner, differentiated)):  # of what is not, the value will do
            try:
                small = small_expression(self.tape, step, written_out, gradient)
            except InexpressibleError:
                continue
            return small if small.elements <= MOST_ELEMENTS else None
        return None

    def _same(self, small: SmallExpression, traced: TraceResult) -> Finding | None:
        """The finding at the same operation and the same element."""
        for found in traced.findings:
            is_alike = (found.code, found.operation) == (self.finding.code, self.origin.step.name.removesuffix("_"))
            if not is_alike or found.step is None:
                continue
            if self.origin.kind == "forward":
                step = self.origin.step
                value = traced.steps[found.step].value if step.single else traced.output
                if _alike(value, step.values[blamed_value(step)]):
                    return found
            elif self.origin.position is not None:
                operand = self.origin.step.arguments[self.origin.position]
                gradient = traced.gradients.get(small.names.get(id(operand), ""))
                if gradient is not None and _has(gradient.values, self.origin):
                    return found
        return None


def _traced(small: SmallExpression) -> TraceResult | None:
    """The expression on its tensors; None where it cannot be computed."""
    from gradcli.inspections.trace import trace  # what looks for fixes, for those alone who found something

    options = TraceOptions(fixes=small.elements <= MOST_ELEMENTS_FIXED, explains=False)
    words = {name: f"@{name}" for name in small.inputs}
    values = {word: _value(small.inputs[name], word) for name, word in words.items()}
    bindings = [_bound(name, small.inputs[name], word) for name, word in words.items()]
    try:
        request = read(small.text, bindings, command="trace", sources=values)
        result = trace(request, options, ComputeOptions(), Selection(small.wrt))
    except (GradcliError, RuntimeError, TypeError):
        return None
    return result if isinstance(result, TraceResult) and result.raised is None else None


def _value(tensor: torch.Tensor, word: str) -> Value:
    data = to_tensor(tensor)
    return Value(word, numbers=data.values, dtype=data.dtype if tensor.is_floating_point() else None)


def _bound(name: str, tensor: torch.Tensor, value: str) -> str:
    """The word that gives an input its value. What is no floating tensor says what it is."""
    return f"{name}={value}" if tensor.is_floating_point() else f"{name}:{dtype_name(tensor.dtype)}={value}"


def _command(small: SmallExpression, step: int, saving: Saving | None) -> str | None:
    """The command line that shows it; None where its numbers are too many to be typed, and no file is wanted."""
    inputs = small.inputs
    if saving is None:
        if any(tensor.numel() > MOST_ELEMENTS_TYPED for tensor in inputs.values()):
            return None
        words = [_typed(name, tensor) for name, tensor in inputs.items()]
    else:
        file = _saved({name: to_tensor(tensor) for name, tensor in inputs.items()}, step, saving)
        words = [_bound(name, tensor, f"@{file}:{name}") for name, tensor in inputs.items()]
    wrt = [] if small.wrt is None else ["--wrt", ",".join(small.wrt)]
    return " ".join(["gradcli trace", *map(shlex.quote, [small.text, *words, *wrt])])


def _typed(name: str, tensor: torch.Tensor) -> str:
    is_usual = tensor.dtype is torch.float32
    values = to_tensor(tensor).values
    if tensor.is_floating_point():  # by the shortest decimals of their own dtype
        values = np.array([float(str(one)) for one in values.reshape(-1)]).reshape(values.shape)
    elif values.dtype.kind == "b":
        values = values.astype(int)
    text = numbers(values.tolist(), Spelling()).text
    return f"{name}{'' if is_usual else f':{dtype_name(tensor.dtype)}'}={text}"


def _saved(tensors: Mapping[str, Tensor], step: int, saving: Saving) -> str:
    """Write tensors into a file of their own, and say how the user would call it.  Raises OutputError."""
    ending = ".safetensors" if any(tensor.dtype == "bfloat16" for tensor in tensors.values()) else ".npz"
    saving.folder.mkdir(parents=True, exist_ok=True)
    first = f"gradcli-step{step}"
    names = chain((first,), (f"{first}-{number}" for number in count(2)))
    name = next(name for name in names if not any(saving.folder.glob(f"{name}.*")))
    save(NamedTensors(tensors), View(), targets([str(saving.folder / f"{name}{ending}")]))
    return str(Path(saving.name) / f"{name}{ending}")


def _alike(one: Tensor | None, other: torch.Tensor | None) -> bool:
    """Whether two values have the same elements that are not finite."""
    if one is None or other is None:
        return False
    values, others = one.values, to_tensor(other).values
    if values.shape != others.shape:
        return False
    return np.array_equal(np.isnan(values), np.isnan(others)) and np.array_equal(_infinite(values), _infinite(others))


def _infinite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isinf(values), values, 0)


def _has(values: np.ndarray, origin: Origin) -> bool:
    """Whether a gradient has the number of an origin at its place."""
    if len(origin.index) != values.ndim:
        return False
    value = values[origin.index]
    return bool(np.isnan(value)) if origin.is_nan else bool(value == origin.value)
