"""One chunk of one task, counted in this process, which keeps what it has proven for the next one."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from threading import Lock

import numpy as np

from gradcli.diagnose.bound_expression import BoundExpression, ComputeOptions, Selection, bind
from gradcli.inspections.auditing.audited import audited
from gradcli.inspections.auditing.counts import Counts
from gradcli.inspections.auditing.running.build import THREADS
from gradcli.inspections.auditing.task import Chunk, Task
from gradcli.language.parser import parse
from gradcli.language.request import Binding, Request, Value
from gradcli.language.syntax import Program
from gradcli.numerics.proven.expressions import enclosure
from gradcli.numerics.proven.formats import FORMATS, Side
from gradcli.numerics.proven.points import exactly
from gradcli.numerics.proven.series import KinkError, UndefinedError
from gradcli.numerics.proven.truth import SLACK, Truth
from gradcli.numerics.proven.turns import FROM, Turns, turns
from gradcli.numerics.threads import threads

KEPT = 2
"""Truths over blocks that are kept: chunks come in ascending order, and are whole blocks as a rule."""
_working = Lock()
"""Arb's precision and PyTorch's default dtype belong to the process: threads of it work one after the other."""


def work(task: Task, chunk: Chunk) -> Counts:
    """What is counted of a chunk, whatever threads there are. Raises NotBoundedError."""
    with _working, threads(THREADS):
        bound = bound_function(parse(task.expression), task.compute)
        (name,) = bound.program.free_names
        evaluate = lambda x: bound.evaluate({name: x})  # noqa: E731
        return audited(task, chunk, evaluate, lambda side: _truth(task.expression, task.order, task.format.name, side))


def bound_function(program: Program, compute: ComputeOptions) -> BoundExpression:
    """A function of one variable, at 1 for now. Raises TorchError where PyTorch has no answer there."""
    (name,) = program.free_names
    bound = bind(Request(program, (Binding(name, Value("1", numbers=np.ones(1))),), (), None), compute, Selection())
    bound.evaluate()
    return bound


def check_bounded(program: Program) -> None:
    """Raises NotBoundedError where no rule bounds a function at 1, before anything is counted of others."""
    with _working, suppress(UndefinedError, KinkError):
        exactly(enclosure(program, program.free_names[0]), 1.0, 0)


@lru_cache(maxsize=KEPT)
def _truth(expression: str, order: int, dtype: str, side: Side) -> Truth:
    program, form = parse(expression), FORMATS[dtype]
    is_far = dtype == "float32" and form.number(1, side[2] - 1) >= FROM  # of 16 bits there are few, which Arb has
    found = _turns(expression, order, dtype) if is_far else None
    return Truth(enclosure(program, program.free_names[0]), order, form, (side,), found)


@lru_cache(maxsize=KEPT)
def _turns(expression: str, order: int, dtype: str) -> Turns | None:
    return turns(parse(expression), order, FORMATS[dtype], SLACK[dtype])
