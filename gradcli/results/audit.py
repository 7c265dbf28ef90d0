"""The answer of `audit`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from gradcli.results.shown import Shown
from gradcli.results.tensors import Setting

AuditMode = Literal["value", "reverse", "forward"]
AuditPath = Literal["contiguous", "strided", "single"]
AuditTrouble = Literal["nan", "overflow", "dead", "flushed", "wrong sign", "not zero"]
AuditWrong = Literal["ulps", "nan", "overflow", "dead", "flushed", "wrong sign", "not zero", "unproven", "error"]


@dataclass(frozen=True)
class AuditInterval:
    """Consecutive numbers of a dtype with one trouble, from the smaller to the larger."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class AuditTroubles:
    """What is wrong in kind, whatever the ULPs say.

    trouble: `nan`; `overflow`, an infinity where the truth is within the dtype; `dead`, 0 where the truth is a normal
    number; `flushed`, 0 where it is subnormal; `wrong sign`; `not zero`, a number where the truth rounds to 0.
    stretches: how many intervals there are, of which `intervals` has 1,000 at most.
    """

    trouble: AuditTrouble
    count: int
    stretches: int
    intervals: tuple[AuditInterval, ...]


@dataclass(frozen=True)
class AuditWorst:
    """The largest error of a finite answer, in ULPs of the dtype: PyTorch's answer at x, and the truth there."""

    ulps: float
    x: float
    answer: float
    truth: float


@dataclass(frozen=True)
class AuditExponent:
    """The largest error over the numbers of one sign and binary exponent, in ULPs; subnormal numbers share one.

    ulps: None where every answer is a NaN, or an infinity beside a finite truth.
    """

    negative: bool
    exponent: int
    ulps: float | None


@dataclass(frozen=True)
class AuditRow:
    """One derivative, by one mode and one path of PyTorch's, at every number.

    count: how many were compared with a proven truth. worst: None where no answer has ULPs. histogram: how many are off
    by at most 0.5, 1, 2, 4, ... ULP, each counted once. differs: how many have other bits than those of the contiguous
    path in reverse mode, None where that was not asked. error: what PyTorch raised instead.
    """

    order: int
    mode: AuditMode
    path: AuditPath
    count: int
    worst: AuditWorst | None
    histogram: tuple[int, ...]
    troubles: tuple[AuditTroubles, ...]
    by_exponent: tuple[AuditExponent, ...]
    differs: int | None
    error: str | None = None


@dataclass(frozen=True)
class AuditProof:
    """How the truth of one derivative is known.

    pieces: polynomials with a proven bound. points: numbers that Arb was asked about one by one. undefined, kinks: how
    many numbers were set aside, for the function has no real number or two slopes there. unproven: those without a
    truth; they count as nothing. slack: what a proven truth may be off, in ULPs.
    """

    order: int
    pieces: int
    points: int
    undefined: int
    kinks: int
    unproven: int
    slack: float


@dataclass(frozen=True)
class AuditedFunction:
    """One function over the numbers of a dtype."""

    expression: str
    proofs: tuple[AuditProof, ...]
    rows: tuple[AuditRow, ...]


@dataclass(frozen=True)
class AuditRefusal:
    """A worker of a cluster that counted nothing, for its answers could be others."""

    worker: str
    reason: str


@dataclass(frozen=True)
class AuditLoss:
    """A worker that ended before it answered, and how many chunks it had then; others counted them."""

    worker: str
    chunks: int


@dataclass(frozen=True)
class AuditChunk:
    """Numbers that were counted together, of one derivative of one function.

    worker: who counted them: a process here, or the address of one in a cluster. seconds: for how long. Both are None
    where the counts were in the file of --resume.
    """

    expression: str
    order: int
    low: float
    high: float
    numbers: int
    worker: str | None
    seconds: float | None


@dataclass(frozen=True)
class AuditChunks:
    """How an audit was counted: each derivative of each function in chunks of its numbers.

    numbers: how many were looked at. count: the chunks of all derivatives. resumed: those that were in the file of
    --resume. workers: processes that counted the others; refused: those of a cluster that were not let; lost: those
    that ended. each: every chunk, where there are more of them than derivatives.
    """

    numbers: int
    count: int
    resumed: int
    workers: int
    refused: tuple[AuditRefusal, ...] = ()
    lost: tuple[AuditLoss, ...] = ()
    each: tuple[AuditChunk, ...] = ()


@dataclass(frozen=True)
class AuditFailure:
    """What is wrong of one derivative by one way, of what --max-ulp and --fail-on ask for.

    wrong: `ulps`, an error that is larger; what is wrong in kind; `unproven`, of numbers without a truth, whatever the
    way; `error`, where PyTorch raised. count: of how many numbers, None for `ulps` and `error`.
    """

    expression: str
    order: int
    wrong: AuditWrong
    mode: AuditMode | None
    path: AuditPath | None
    count: int | None


@dataclass(frozen=True, repr=False)
class AuditResult(Shown):
    """A function's value and derivatives at every number of a dtype, against a proven truth.

    low, high: between which numbers. capability: the instruction set that PyTorch's kernels use here.
    most_ulps, fail_on: what was asked for; `passes` says whether every row keeps to it, None where nothing was asked
    for. failures: what does not.
    """

    kind: ClassVar[str] = "audit"
    setting: Setting
    capability: str
    low: float
    high: float
    functions: tuple[AuditedFunction, ...]
    chunks: AuditChunks
    most_ulps: float | None = None
    fail_on: tuple[AuditWrong, ...] = ()
    passes: bool | None = None
    failures: tuple[AuditFailure, ...] = ()

    @property
    def expression(self) -> str:
        """The functions, as the title of a picture."""
        return ", ".join(function.expression for function in self.functions)
