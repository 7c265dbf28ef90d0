"""Tensors as data: values, dtype, and where they were computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor's values with the name of its PyTorch dtype.

    bfloat16, which numpy lacks, is held as the float32 array of the same values.
    """

    dtype: str
    values: np.ndarray

    def __post_init__(self) -> None:
        # torch hands out writable views: a result must not be changed through them
        self.values.flags.writeable = False

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape


@dataclass(frozen=True, eq=False)
class NamedTensors:
    """Tensors by their names, for a file of nothing else."""

    kind: ClassVar[str] = "tensors"
    tensors: Mapping[str, Tensor]


@dataclass(frozen=True, eq=False)
class Input(Tensor):
    """A leaf of the graph, as the user gave it."""

    requires_grad: bool


@dataclass(frozen=True, eq=False)
class Gradient(Tensor):
    """The gradient with respect to one input; same shape as the input.

    norm: its 2-norm, summed in float64.
    direction: its part of the unit vector of steepest ascent over all inputs; only for a scalar output.
    """

    norm: np.ndarray
    direction: np.ndarray | None = None


@dataclass(frozen=True)
class Setting:
    """Where and how a result was computed.  draws: whether anything random was drawn, which then hangs on the seed."""

    torch: str
    device: str
    dtype: str
    seed: int
    draws: bool = field(default=False, metadata={"key": None})
