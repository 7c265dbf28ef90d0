"""What each inspection may be told besides its values. Made from words alone: nothing here needs PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcli.language.curve import PointRange
    from gradcli.language.request import Value
    from gradcli.numerics.autodiff import Via


@dataclass(frozen=True)
class GradOptions:
    """Which derivatives, and how.

    vjp: the cotangent; None for ones. no_cotangent: pass none at all.
    jvp: directions by input name; '' stands for the only input.
    """

    order: int = 1
    jacobian: bool = False
    hessian: bool = False
    vjp: Value | None = None
    no_cotangent: bool = False
    jvp: Mapping[str, Value] | None = None
    via: Via = "grad"


@dataclass(frozen=True)
class TraceOptions:
    """path: the input whose ways from the output are multiplied out. vjp: the cotangent, None for ones.

    fixes: whether rewrites are looked for that mend what is found. explains: whether it is said why there is none.
    """

    path: str | None = None
    vjp: Value | None = None
    fixes: bool = True
    explains: bool = True


@dataclass(frozen=True)
class LossOptions:
    """How to differentiate, and how far to descend.

    vjp: the cotangent of an unreduced loss. learning_rate, steps: gradient descent, None for no descent.
    """

    via: Via = "grad"
    vjp: Value | None = None
    no_cotangent: bool = False
    learning_rate: float | None = None
    steps: int | None = None


@dataclass(frozen=True)
class SoftmaxOptions:
    """dim: along which the probabilities sum to one. index: the one probability whose gradient is shown."""

    dim: int = -1
    temperature: float = 1.0
    log: bool = False
    index: int | None = None


@dataclass(frozen=True)
class ActivateOptions:
    """Where to look, and how far.

    order: 2 adds the second derivative. depth: how often the function is applied over, None for once.
    """

    points: tuple[Value, ...] = ()
    stretches: tuple[PointRange, ...] = ()
    order: int = 1
    depth: int | None = None


AUDIT_CHUNK = 2**24
"""Numbers of an audit that are counted together at most."""


@dataclass(frozen=True)
class RunningOptions:
    """Who counts the chunks of an audit.

    jobs: how many processes of this machine, None for as many as are worth it. scheduler: the address of one of Dask's,
    whose workers count instead. resume: the file that keeps what was counted.
    """

    jobs: int | None = None
    scheduler: str | None = None
    resume: str | None = None
    chunk: int = AUDIT_CHUNK


@dataclass(frozen=True)
class AuditOptions:
    """Which derivatives, between which numbers, how many ULPs are allowed; None for all numbers, any error.

    ways: of contiguous, strided, single and forward. fail_on: what must not be wrong.
    """

    orders: tuple[int, ...] = (0, 1)
    low: float | None = None
    high: float | None = None
    most_ulps: float | None = None
    ways: tuple[str, ...] = ("contiguous", "strided", "single", "forward")
    fail_on: tuple[str, ...] = ()
    running: RunningOptions = RunningOptions()


@dataclass(frozen=True)
class RetainOptions:
    """How often to call backward; retain: the numbers of the calls with retain_graph=True, None for all.

    scenario: the only one that is asked for, where there is no graph of the user's own.
    """

    calls: int = 2
    retain: frozenset[int] | None = frozenset()
    via: Via = "grad"
    scenario: str | None = None


@dataclass(frozen=True)
class WatchOptions:
    """How a program is watched.

    goes_on: whether an error leaves the program running. every: look at each such step alone.
    from_step: the first step that is looked at. follow: packages that count as the user's own code.
    parameters: patterns of the names of those whose gradients are looked at; None for all.
    memory: the bytes that are kept of a step at most; None for any number.
    save: the folder for the tensors of what is found.
    norms: tell the norm of each gradient in each such step; None for never. keeps_norms: keep them all the same.
    """

    goes_on: bool = False
    every: int = 1
    from_step: int = 1
    follow: tuple[str, ...] = ()
    parameters: tuple[str, ...] | None = None
    patience: int = 5
    memory: int | None = None
    save: str | None = None
    norms: int | None = None
    keeps_norms: bool = False
