"""The words of `grad --range`: a curve over one name, or a field over two."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradcli.exceptions import BoundError, UsageError, did_you_mean, listed
from gradcli.language.curve import PointRange, read_point_range
from gradcli.language.parser import parse
from gradcli.language.properties import is_elementwise
from gradcli.language.request import Binding, Value, is_binding, read_binding
from gradcli.language.subject import subject_text
from gradcli.language.syntax import Program

MAX_CELLS = 1_000_000


@dataclass(frozen=True)
class RangeRequest:
    """A subject, the values of all its names but one or two, and the stretches which those run through."""

    program: Program
    bindings: tuple[Binding, ...]
    stretches: Mapping[str, PointRange]


def read_ranges(
    subject: str, words: Sequence[str], ranges: Sequence[str], sources: Mapping[str, Value] | None = None
) -> RangeRequest:
    """The request that `--range` makes of a subject.

    Raises GradcliError where a range has no name to go to, a name is given twice, or the grid is too large.
    """
    if len(ranges) > 2:
        raise UsageError(
            f"{len(ranges)} ranges; grad goes over one name, or over two for a field",
            hint="Bind the other names: a=3.",
        )
    point = next((word for word in words if not is_binding(word)), None)
    if point is not None:
        raise UsageError(
            f"the point '{point}' stands beside --range", hint="Give points or a range; other names as NAME=VALUE."
        )
    named = [(_name(word), read_point_range(word)) for word in ranges]
    given = [name for name, _ in named if name]
    bindings = tuple(read_binding(word, sources) for word in words)
    bound = [binding.name for binding in bindings]
    program = parse(subject_text(subject, [*bound, *given]), bound=[*bound, *given])
    _check_once(bound, given)
    _check_known(given, program)
    open_names = [name for name in program.free_names if name not in (*bound, *given)]
    stretches = _assigned(named, open_names, subject)
    if len(stretches) == 2:
        _check_grid(program, stretches)
    return RangeRequest(program, bindings, stretches)


def _name(word: str) -> str | None:
    name, equals, _ = word.partition("=")
    return name.strip() if equals else None


def _check_once(bound: Sequence[str], given: Sequence[str]) -> None:
    for name in given:
        if name in bound:
            raise UsageError(f"'{name}' has a value and a range", hint="Give each name one of them.")
    for name in (*bound, *given):
        if (*bound, *given).count(name) > 1:
            raise UsageError(f"'{name}' is given twice", hint="Give each name once.")


def _check_known(given: Sequence[str], program: Program) -> None:
    for name in given:
        if name not in program.free_names:
            names = program.free_names
            raise UsageError(
                f"--range names '{name}', which is not in the expression",
                expression=program.text,
                hint=did_you_mean(name, names)
                or (f"Its names are {listed(names)}." if names else "It has no names: use x in it."),
            )


def _assigned(
    named: Sequence[tuple[str | None, PointRange]], open_names: Sequence[str], subject: str
) -> dict[str, PointRange]:
    """Each stretch with its name; one without goes to the only open one."""
    nameless = [stretch for name, stretch in named if name is None]
    stretches = {name: stretch for name, stretch in named if name is not None}
    if len(nameless) == 1 and len(open_names) == 1:
        return (
            {open_names[0]: nameless[0]} | stretches
            if named[0][0] is None
            else stretches | {open_names[0]: nameless[0]}
        )
    if nameless and not open_names:
        raise UsageError("there is no open name that the range could go to", hint="Leave a value out, or the range.")
    if open_names:
        known = " ".join(f"--range {name}=-2:2:50" for name in (*stretches, *open_names)[:2])
        rest = "".join(f" {name}=1" for name in (*stretches, *open_names)[2:])
        what = "which name a range belongs to is open" if nameless else f"{listed(open_names)} has no value"
        if not nameless and len(open_names) > 1:
            what = f"{listed(open_names)} have no values"
        raise UsageError(what, hint=f"Try: gradcli grad {shlex.quote(subject)} {known}{rest}")
    return stretches


def _check_grid(program: Program, stretches: Mapping[str, PointRange]) -> None:
    counts = [stretch.count for stretch in stretches.values()]
    if counts[0] * counts[1] > MAX_CELLS:
        raise BoundError(
            f"the grid has {counts[0]:,} x {counts[1]:,} = {counts[0] * counts[1]:,} points; at most {MAX_CELLS:,}",
            hint="Choose smaller counts: 50 by 50 is enough for a picture.",
        )
    if min(counts) < 2:
        raise BoundError("a grid needs 2 points or more along each name", hint="For example --range x=-2:2:50.")
    if not is_elementwise(program):
        raise UsageError(
            "a field needs an elementwise function: each value belongs to one pair of numbers",
            expression=program.text,
            hint="Write it out in scalars: x**2 + y**2, not sum(...) or '@'.",
        )
