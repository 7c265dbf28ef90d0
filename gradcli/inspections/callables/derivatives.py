"""The derivatives of a function of leaves by reverse mode, by forward mode and by finite differences.

Each is an array with a row for what is differentiated, and a column for each element it is differentiated by.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from gradcli.exceptions import UsageError
from gradcli.inspections.callables.function import LeafFunction, Leaves
from gradcli.numerics import forward_mode
from gradcli.numerics.capture import TORCH_ERRORS, TorchError, array, exact
from gradcli.numerics.differences import Differences, differences, smallest
from gradcli.progress import steps
from gradcli.results import phrasing

Index = tuple[int, ...]

MOST_OUTPUTS = 100
"""Whose derivatives are looked at one by one; of more, those of their sum and of a few random sums."""
_RANDOM_SUMS = 4
INCOMING = 0.5
"""What a backward pass starts from. Not 1, with which a pass that ignores it would be right; a power of 2 is exact."""


@dataclass(frozen=True)
class Element:
    """An element of a leaf."""

    leaf: str
    index: Index

    def __str__(self) -> str:
        return phrasing.element(self.leaf, self.index)

    def here(self, leaf: torch.Tensor) -> float:
        """Its value."""
        return float(leaf[self.index])

    def moved(self, leaf: torch.Tensor, point: float) -> torch.Tensor:
        """The leaf with another value there."""
        moved = leaf.clone()
        moved[self.index] = point
        return moved


@dataclass(frozen=True)
class Direction:
    """Many elements of a leaf that move together, from 1 on.  step: by how much each of them moves with it."""

    leaf: str
    step: torch.Tensor

    def here(self, _: torch.Tensor) -> float:
        """Where it starts."""
        return 1.0

    def moved(self, leaf: torch.Tensor, point: float) -> torch.Tensor:
        """The leaf with all of them moved."""
        return leaf + (point - 1) * self.step


@dataclass(frozen=True)
class Rows:
    """What is differentiated: the sum of all outputs, then each output; or random sums of them, where there are many.

    names: of the outputs.
    """

    names: tuple[str, ...]

    @classmethod
    def of(cls, function: LeafFunction, leaves: Leaves) -> Rows:
        """Those of what the function gives.  Raises UsageError where there is nothing to differentiate."""
        outputs = function.outputs(leaves)
        if not sum(output.numel() for _, output in outputs):
            raise UsageError(
                f"{function.text} gives {'an empty' if outputs else 'no floating'} tensor",
                hint="Let it return the tensor that is to be differentiated, or a tuple of tensors; real ones.",
            )
        return cls(tuple(str(Element(name, index)) for name, one in outputs for index in np.ndindex(*one.shape)))

    @property
    def one_by_one(self) -> bool:
        return len(self.names) <= MOST_OUTPUTS

    def __len__(self) -> int:
        if len(self.names) == 1:
            return 1
        return 1 + (len(self.names) if self.one_by_one else _RANDOM_SUMS)

    def text(self, row: int) -> str:
        """What is differentiated in a row; nothing for all there is."""
        if row == 0:
            return "" if len(self.names) == 1 else "the sum of all outputs"
        return self.names[row - 1] if self.one_by_one else "a random sum of the outputs"

    def value(self, outputs: torch.Tensor, row: int) -> torch.Tensor:
        """The number that is differentiated in a row."""
        if row == 0:
            return outputs.sum()  # whose cotangent is expanded from one number, as that of a mean is
        if self.one_by_one:
            return outputs[row - 1]
        return (outputs * torch.as_tensor(self._weights[row - 1]).to(outputs)).sum()

    def values(self, outputs: np.ndarray) -> np.ndarray:
        """The numbers of all rows."""
        if len(self) == 1:
            return outputs
        rest = outputs if self.one_by_one else self._weights @ outputs
        return np.concatenate([outputs.sum(keepdims=True), rest])

    @cached_property
    def _weights(self) -> np.ndarray:
        generator = np.random.default_rng(0)
        signs = generator.choice([-1.0, 1.0], (_RANDOM_SUMS, len(self.names)))
        weights: np.ndarray = signs * generator.uniform(0.5, 1.5, signs.shape)
        return weights


def reverse(
    function: LeafFunction,
    leaves: Leaves,
    rows: Rows,
    which: Iterable[int] | None = None,
    *,
    incoming: float = INCOMING,
) -> dict[str, list[torch.Tensor | None]]:
    """The gradient of each row by each leaf, None where no path leads to it.  Raises whatever a backward pass does.

    which: of the rows, all if None. incoming: what a pass starts from; its result is divided by it.
    """
    outputs = function.vector(leaves)
    wanted = {name: leaves[name] for name in function.wrt}
    found: dict[str, list[torch.Tensor | None]] = {name: [] for name in wanted}
    for row in range(len(rows)) if which is None else which:
        gradients: Sequence[torch.Tensor | None] = [None] * len(wanted)
        if outputs.requires_grad:
            start = rows.value(outputs, row) * incoming
            gradients = torch.autograd.grad([start], list(wanted.values()), retain_graph=True, allow_unused=True)
        for name, gradient in zip(wanted, gradients, strict=True):
            found[name].append(None if gradient is None else gradient.detach().to_dense() / incoming)
    return found


def at_elements(gradients: Sequence[torch.Tensor | None], elements: Sequence[Element]) -> np.ndarray:
    """The columns of these elements of one leaf; 0 where no path leads to it."""
    columns = np.zeros((len(gradients), len(elements)))
    where = tuple(torch.tensor([element.index for element in elements], dtype=torch.int64).reshape(len(elements), -1).T)
    for row, gradient in enumerate(gradients):
        if gradient is not None:
            columns[row] = exact(gradient[where] if where else gradient.reshape(1))
    return columns


def forward(function: LeafFunction, leaves: Leaves, rows: Rows, elements: Sequence[Element]) -> np.ndarray | None:
    """The columns by forward mode, where a `jvp` of the user's own takes part in it; else None, for PyTorch's formulas
    are not what is asked about, and the first number that it has to differentiate imports its compiler.

    Raises what a `jvp` does.
    """
    if not _has_jvp(function.vector(leaves).grad_fn):
        return None

    def outputs(moving: Leaves) -> torch.Tensor:
        try:
            return function.vector(moving)
        except TORCH_ERRORS as error:
            if _in_jvp(error):
                raise
            raise TorchError(error, stage="tangent") from error

    columns = np.empty((len(rows), len(elements)))
    for place, element in enumerate(steps(elements, "tangents in forward mode", len(elements))):
        direction = torch.zeros_like(leaves[element.leaf])
        direction[element.index] = 1
        try:
            tangent = forward_mode.tangent(outputs, leaves, {element.leaf: direction})
        except (TorchError, NotImplementedError):  # the latter by functions of the user's that have no jvp
            return None
        columns[:, place] = rows.values(array(tangent).astype(np.float64))
    return columns


def _has_jvp(last: torch.autograd.graph.Node | None) -> bool:
    """Whether a function with a `jvp` is among those that lead to a value."""
    waiting, seen = [last], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        own = getattr(node, "_forward_cls", torch.autograd.Function)
        if own.jvp is not torch.autograd.Function.jvp:
            return True
        waiting += [following for following, _ in node.next_functions]
    return False


def _in_jvp(error: BaseException) -> bool:
    """Whether it was raised in the `jvp` of a function of Python's."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_name != "apply_jvp":
        trace = trace.tb_next
    return trace is not None


def by_differences(
    function: LeafFunction,
    leaves: Leaves,
    rows: Rows,
    moving: Sequence[Element | Direction],
    *,
    nearer: float = 1.0,
) -> Differences:
    """The columns of what moves in one leaf, by finite differences.

    leaves: in float64, or in float32. nearer: what part of the usual steps is taken.
    """
    here = np.array([one.here(leaves[one.leaf].detach()) for one in moving])
    known: dict[tuple[int, float], np.ndarray] = {}

    def values(points: np.ndarray) -> np.ndarray:
        found = np.empty(points.shape)
        for place, one in enumerate(moving):
            point = float(points[0, place])
            if (place, point) not in known:
                known[place, point] = _values(function, leaves, rows, one, point)
            found[:, place] = known[place, point]
        return found

    single = leaves[moving[0].leaf].dtype is torch.float32
    points = np.tile(here, (len(rows), 1))
    near = smallest(exact(leaf) for leaf in leaves.values() if leaf.is_floating_point())
    return differences(values, points, around_zero=near, single=single, nearer=nearer)


def _values(
    function: LeafFunction, leaves: Leaves, rows: Rows, moving: Element | Direction, point: float
) -> np.ndarray:
    """The numbers of all rows with something moved; nan where the function raises, or gives others than before."""
    moved = moving.moved(leaves[moving.leaf].detach(), point).requires_grad_()
    try:
        outputs = exact(function.vector({**leaves, moving.leaf: moved}))
    except Exception:  # noqa: BLE001 - beside its domain a function may raise anything
        return np.full(len(rows), np.nan)
    return rows.values(outputs) if len(outputs) == len(rows.names) else np.full(len(rows), np.nan)
