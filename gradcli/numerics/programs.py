"""Running a program of the catalogue: what it raises and where, what PyTorch warned of, what its last line gives.

Only text that ships with gradcli is run here. What users write is parsed by `language/parser.py` and never executed.
"""

from __future__ import annotations

import ast
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from gradcli import lean_torch
from gradcli.lean_torch.table import META
from gradcli.numerics.capture import TORCH_ERRORS, to_tensor
from gradcli.render.text import without_places
from gradcli.results import Tensor

PROGRAM_ERRORS = (*TORCH_ERRORS, AttributeError)
"""What a program of the catalogue may raise."""

_NAME = "<program>"
_LEFT: list[object] = []
"""The group of processes that was left last."""


@dataclass(frozen=True)
class ProgramRun:
    """What became of a program.

    line: where it was raised, counted from 1. value: that of the last line, where it is a tensor.
    """

    error: Exception | None
    line: int | None
    warnings: tuple[str, ...]
    value: Tensor | None

    @property
    def type(self) -> str | None:
        """The name of the exception's class."""
        return None if self.error is None else type(self.error).__name__

    @property
    def message(self) -> str | None:
        return None if self.error is None else str(self.error)

    @property
    def is_finite(self) -> bool:
        """Whether it gave numbers and nothing else."""
        return self.error is None and self.value is not None and bool(np.isfinite(self.value.values).all())


def run(program: str) -> ProgramRun:
    """Run a program of the catalogue in a namespace of its own; PyTorch is afterwards as it was before."""
    if "meta" in program:
        lean_torch.load(META)  # its words for tensors of two devices are others
    statements = ast.parse(program, _NAME)
    last = statements.body.pop() if isinstance(statements.body[-1], ast.Expr) else None
    names: dict[str, object] = {"torch": torch, "__name__": "program"}
    error, line, value = None, None, None
    with _as_before(), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", r"`torch\.jit\.")  # the first dual number of a process compiles some rules
        try:
            exec(compile(statements, _NAME, "exec"), names)  # noqa: S102 - the catalogue's own text, see above
            if last is not None:
                assert isinstance(last, ast.Expr)
                value = eval(compile(ast.Expression(last.value), _NAME, "eval"), names)  # noqa: S307 - the same text
        except PROGRAM_ERRORS as raised:
            error, line = raised, _line(raised)
    return ProgramRun(error, line, _texts(told), to_tensor(value) if isinstance(value, torch.Tensor) else None)


@contextmanager
def _as_before() -> Iterator[None]:
    """What a program may change for the whole process, put back."""
    anomaly, check_nan = torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
    dtype, grad, seed = torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_rng_state()
    grouped = _has_processes()
    torch.set_default_dtype(torch.float32)
    torch.set_anomaly_enabled(False)
    torch.default_generator.manual_seed(0)
    try:
        with torch.inference_mode(False), torch.enable_grad():
            yield
    finally:
        _end_processes(grouped)
        torch.set_anomaly_enabled(anomaly, check_nan)
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)
        torch.set_rng_state(seed)


def _has_processes() -> bool:
    """Whether this process is one of a group."""
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def _end_processes(grouped: bool) -> None:
    """Leave the group that a program has joined; one that was there before stays.

    Its threads may still hold the last collective call, and need Python's lock to let it go. Whoever drops the group
    waits for these threads with the lock held: both would wait for ever. It is dropped when the next one is left.
    """
    if not grouped and _has_processes():
        left = torch.distributed.group.WORLD
        torch.distributed.destroy_process_group()
        _LEFT[:] = [left]


def _line(error: Exception) -> int | None:
    """The innermost line of the program that was being run."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno for frame in reversed(frames) if frame.filename == _NAME), None)


def _texts(told: list[warnings.WarningMessage]) -> tuple[str, ...]:
    """PyTorch's warnings to users, each once, without places in its own files."""
    texts = (str(entry.message) for entry in told if not issubclass(entry.category, DeprecationWarning))
    return tuple(dict.fromkeys(without_places(text) for text in texts))
