"""The mistakes a user can make: what was wrong, where, how to fix it, and the exit code.

A captured PyTorch exception is not here: it is data, `results.Failure`.
"""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[int, int]
"""Start and end of a piece of an expression, in characters, end excluded."""


class GradcliError(Exception):
    """A call that cannot be answered as it stands; exit code 2."""

    code = "usage"
    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        expression: str | None = None,
        span: Span | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.expression = expression
        self.span = span


class UsageError(GradcliError):
    """The words of the command line do not fit together."""


class ExpressionError(GradcliError):
    """The expression is not in the language."""

    code = "syntax"


class UnknownNameError(ExpressionError):
    """A function, method, attribute or variable that does not exist."""

    code = "unknown-name"


class ArgumentError(ExpressionError):
    """A call with arguments that the function does not take."""

    code = "argument"


class BoundError(GradcliError):
    """More elements, characters, steps or brackets than the bounds allow."""

    code = "too-large"


class TimeLimitError(GradcliError):
    """A computation that was not done in the seconds that --timeout gave it; exit code 1. kept: what is not lost."""

    code = "timeout"
    exit_code = 1

    def __init__(self, seconds: float, kept: str = "") -> None:
        number = f"{seconds:g}"
        super().__init__(
            f"the computation was not done after {number} second{'' if number == '1' else 's'}",
            hint=kept or "Give it more with --timeout, or make the tensors or the counts smaller.",
        )


class DeviceError(GradcliError):
    """A device that does not exist or is not there."""

    code = "device"


class DeviceLostError(GradcliError):
    """A kernel has stopped at a wrong value, and no call of this process reaches the device any more.

    type, message: the class and the words of PyTorch's exception, which names neither the value nor the call.
    """

    code = "device-lost"
    exit_code = 1

    def __init__(self, device: str, type_: str, message: str) -> None:
        super().__init__(
            message, hint="The same on the CPU says what was wrong. Only a new process can use the device again."
        )
        self.device = device
        self.type = type_


class SourceError(GradcliError):
    """A file or a stream that cannot be read as numbers."""

    code = "source"


class MissingNameError(SourceError):
    """A file has no tensor of that name. names: those that it has."""

    def __init__(self, message: str, *, hint: str, names: Iterable[str] = ()) -> None:
        super().__init__(message, hint=hint)
        self.names = tuple(names)


class SeveralTensorsError(SourceError):
    """A file has several tensors, and none of them is named."""


class OutputError(GradcliError):
    """The answer could not be written."""

    code = "output"


TOO_LONG = 3
"""Times as long as every candidate: less than half of such a word can be the same as in one of them."""


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `word` was most likely meant to be, or None."""
    from difflib import get_close_matches  # only needed once something went wrong

    names = sorted(set(candidates))
    if len(word) > TOO_LONG * max(map(len, names), default=0):
        return None  # before difflib counts the letters of a whole file
    by_case = {name.lower(): name for name in reversed(names)}
    matches = get_close_matches(word.lower(), by_case, n=3, cutoff=0.6)
    letters = sorted(word.lower())
    swapped = [match for match in matches if sorted(match) == letters]  # tahn is nearer to tanh than to tan
    return next((by_case[match] for match in (*swapped, *matches)), None)


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """A hint with the nearest candidate, or None."""
    match = nearest(word, candidates)
    return f"Did you mean '{match}'?" if match else None


def listed(names: Iterable[str], most: int = 12) -> str:
    """Names sorted, quoted and bounded, for a message."""
    ordered = sorted(names)
    shown = ", ".join(f"'{name}'" for name in ordered[:most])
    return shown if len(ordered) <= most else f"{shown} and {len(ordered) - most} more"
