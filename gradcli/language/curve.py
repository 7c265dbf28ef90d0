"""The words of `activate`: functions of one variable, their parameters, and stretches of the x axis."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gradcli.exceptions import BoundError, UsageError, did_you_mean, listed
from gradcli.language import catalogue
from gradcli.language.catalogue.rows import Activation
from gradcli.language.names import without_prefix
from gradcli.language.parser import parse
from gradcli.language.properties import is_elementwise
from gradcli.language.request import Value, read_value
from gradcli.language.subject import subject_text
from gradcli.language.syntax import Program

MAX_COUNT = 1_000_000
MAX_FUNCTIONS = 20
INTERESTING_POINTS = 11
_RANGE = re.compile(r"(?:(?P<name>[^\W\d]\w*)=)?(?P<start>[^:]+):(?P<stop>[^:]+):(?P<count>[^:]+)")


@dataclass(frozen=True)
class CurveRequest:
    """One function of one variable. `row` is None for an expression of the user's own."""

    name: str
    program: Program
    variable: str
    row: Activation | None
    parameters: Mapping[str, float | str]


@dataclass(frozen=True)
class PointRange:
    """START:STOP:COUNT, both ends included."""

    start: Value
    stop: Value
    count: int


def read_curves(words: str, parameters: Sequence[str]) -> tuple[CurveRequest, ...]:
    """The functions in `sigmoid,tanh,relu(x) - relu(x - 1)`, with the `--param` values that belong to them.

    Raises GradcliError for unknown functions and parameters, and for what is no function of one variable.
    """
    values = read_parameters(parameters)
    pieces = split_functions(words)
    if len(pieces) > MAX_FUNCTIONS:
        raise BoundError(f"{len(pieces)} functions; at most {MAX_FUNCTIONS} fit side by side")
    curves = tuple(_curve(piece, values) for piece in pieces)
    used = {name for curve in curves for name in curve.parameters}
    for name in values:
        if name not in used:
            known = {name for curve in curves if curve.row for name, _ in curve.row.parameters}
            raise UsageError(
                f"{listed(curve.name for curve in curves)} has no parameter '{name}'",
                hint=did_you_mean(name, known) or (f"There is {listed(known)}." if known else "There is none."),
            )
    return curves


def read_parameters(words: Sequence[str]) -> dict[str, str]:
    """`KEY=VALUE` words; the value stays as it was written."""
    values: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (equals and key.strip().isidentifier() and value.strip()):
            raise UsageError(f"--param takes KEY=VALUE, not '{word}'", hint="For example --param negative_slope=0.2.")
        if key.strip() in values:
            raise UsageError(f"--param gives '{key.strip()}' twice", hint="Give it once.")
        values[key.strip()] = value.strip()
    return values


def split_functions(words: str) -> list[str]:
    """The pieces between commas that stand outside of brackets and quotes."""
    commas, depth, quote = [-1], 0, ""
    for place, character in enumerate(words):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "," and depth == 0:
            commas.append(place)
        else:
            depth += (character in "([{") - (character in ")]}")
    stripped = [words[before + 1 : comma].strip() for before, comma in pairwise([*commas, len(words)])]
    if not all(stripped):
        raise UsageError("a function is missing between the commas", expression=words, hint="Write sigmoid,tanh,relu.")
    return stripped


def read_point_range(word: str) -> PointRange:
    """`-5:5:11`, or `x=-5:5:11`.  Raises UsageError, BoundError, ExpressionError."""
    match = _RANGE.fullmatch(word.strip())
    if match is None:
        raise UsageError(f"--range takes START:STOP:COUNT, not '{word}'", hint="For example --range -5:5:11.")
    count = match["count"].strip()
    if not re.fullmatch(r"[+-]?\d{1,30}", count):
        raise UsageError(f"COUNT of --range is a whole number, not '{count}'", hint="For example --range -5:5:11.")
    if not 1 <= int(count) <= MAX_COUNT:
        raise BoundError(f"--range has {int(count):,} points", hint=f"Choose 1 to {MAX_COUNT:,}.")
    return PointRange(read_value(match["start"]), read_value(match["stop"]), int(count))


def interesting_points(subject: str) -> list[str]:
    """The points of a bare activation's own interval and its kinks, as words; none for anything else."""
    bare = without_prefix(subject)
    row = catalogue.find_activation(bare)
    if row is None:
        return []
    start, stop = row.interval
    return [f"linspace({start!r}, {stop!r}, {INTERESTING_POINTS})"]


def _curve(piece: str, values: Mapping[str, str]) -> CurveRequest:
    bare = without_prefix(piece)
    row = catalogue.find_activation(bare)
    chosen = {} if row is None else {name: values[name] for name, _ in row.parameters if name in values}
    text = subject_text(piece)
    if row is not None and chosen:
        arguments = "".join(f", {name}={value}" for name, value in _all_parameters(row, chosen).items())
        text = f"{piece}(x{arguments})"
    program = parse(text)
    if not program.free_names:
        raise UsageError(f"'{piece}' has no variable", expression=text, hint="Put a name such as x where it goes.")
    if len(program.free_names) > 1:
        raise UsageError(
            f"'{piece}' is a function of {listed(program.free_names)}; here it has one variable",
            expression=text,
            hint="Write numbers in the place of the others, or use 'gradcli grad'.",
        )
    if not is_elementwise(program):
        hint = "Use 'gradcli softmax' for the softmax, " if "softm" in piece else "Use "
        raise UsageError(
            f"'{piece}' does not work element by element",
            expression=text,
            hint=f"{hint}'gradcli grad' with --jacobian for any function.",
        )
    return CurveRequest(piece, program, program.free_names[0], row, _values(row, chosen))


def _all_parameters(row: Activation, chosen: Mapping[str, str]) -> dict[str, str]:
    """The chosen parameters, and those without a default of PyTorch's own."""
    named = row.subject or ""
    return {
        name: _written(chosen[name], default) if name in chosen else repr(default)
        for name, default in row.parameters
        if name in chosen or name in named
    }


def _written(value: str, default: float | str) -> str:
    """A text such as tanh needs no quotes on the command line, where it can be nothing else."""
    return repr(value) if isinstance(default, str) and value.isidentifier() else value


def _values(row: Activation | None, chosen: Mapping[str, str]) -> dict[str, float | str]:
    if row is None:
        return {}
    return {name: _number(chosen[name]) if name in chosen else default for name, default in row.parameters}


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text.strip("'\"")
