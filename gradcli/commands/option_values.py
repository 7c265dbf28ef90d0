"""Words of single options and places: points, stretches, cotangents, directions, numbers of calls."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gradcli.exceptions import UsageError, did_you_mean
from gradcli.language.curve import read_point_range
from gradcli.language.request import is_binding, read_binding, read_value

if TYPE_CHECKING:
    from gradcli.language.curve import PointRange
    from gradcli.language.request import Value
    from gradcli.numerics.autodiff import Via

_MEMORY = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[a-z]*)", re.IGNORECASE)
_UNITS = {"": 1, "b": 1} | {
    f"{prefix}{ending}": base**power
    for base, ending in ((1000, "b"), (1024, "ib"))
    for power, prefix in enumerate("kmgt", 1)
}
"""Bytes of a unit: those of decimal prefixes, and of binary ones."""
_PARAMETER = re.compile(r"(?P<name>\w+(?:\.\w+)+)=(?P<value>(?!=).*)", re.DOTALL)


def point(word: str, variable: str, sources: Mapping[str, Value] | None = None) -> str:
    """A point, also when it was written as a binding of the only name there is."""
    if not is_binding(word):
        return word
    binding = read_binding(word, sources)
    if binding.name != variable or binding.dtype is not None:
        raise UsageError(
            f"'{word}' does not fit: the points belong to '{variable}'",
            hint=did_you_mean(binding.name, [variable]) or "Parameters are given by --param NAME=VALUE.",
        )
    return word.partition("=")[2]


def points(words: Sequence[str], variable: str, sources: Mapping[str, Value]) -> tuple[Value, ...]:
    """The points of a command whose only name is `variable`."""
    return tuple(read_value(point(word, variable, sources), sources) for word in words)


def bounds(word: str) -> tuple[float, float]:
    """The two numbers of LOW:HIGH, in their order.  Raises UsageError."""
    first, _, second = word.partition(":")
    try:
        low, high = float(first), float(second)
    except ValueError:
        raise UsageError(f"--range takes LOW:HIGH, not '{word}'", hint="For example --range -8:8.") from None
    if not low <= high:
        raise UsageError(f"--range {word} holds no number", hint="Write the smaller number first: --range -8:8.")
    return low, high


def via(word: str) -> Via:
    """The function of PyTorch that differentiates.  Raises UsageError."""
    if word == "grad":
        return "grad"
    if word == "backward":
        return "backward"
    raise UsageError(f"--via takes grad or backward, not '{word}'", hint=did_you_mean(word, ["grad", "backward"]))


def memory(size: str | int | None) -> int | None:
    """The bytes of a size such as 500MB or 2GiB.  Raises UsageError."""
    if size is None:
        return None
    found = _MEMORY.fullmatch(str(size).strip())
    unit = None if found is None else _UNITS.get(found["unit"].lower())
    if found is None or unit is None:
        raise UsageError(
            f"--memory '{size}' is no size", hint="Give bytes, with a unit if you like: --memory 500MB, --memory 2GiB."
        )
    return int(float(found["number"]) * unit)


def stretch(word: str, variable: str) -> PointRange:
    name, equals, _ = word.partition("=")
    if equals and name.strip() != variable:
        raise UsageError(
            f"--range names '{name.strip()}', the variable is '{variable}'", hint=f"Write --range {variable}=-5:5:11."
        )
    return read_point_range(word)


def cotangent(word: str | None, sources: Mapping[str, Value] | None = None) -> tuple[Value | None, bool]:
    """The cotangent of --vjp, and whether none is to be passed at all."""
    if word is None or word.strip().lower() == "none":
        return None, word is not None
    return read_value(word, sources), False


def directions(words: Sequence[str], sources: Mapping[str, Value] | None = None) -> dict[str, Value]:
    """The tangents of --jvp by the names of their inputs; '' stands for the only input."""
    read = [_direction(word, sources) for word in words]
    names = [name for name, _ in read]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise UsageError("--jvp is given twice for one input", hint="Give one direction for each: --jvp x=1 --jvp y=2.")
    return dict(read)


def _direction(word: str, sources: Mapping[str, Value] | None) -> tuple[str, Value]:
    """`U` or `NAME=U` of --jvp; the name may be that of a module's parameter, `head.weight`."""
    if named := _PARAMETER.fullmatch(word):
        return named["name"], read_value(named["value"], sources)
    if is_binding(word):
        binding = read_binding(word, sources)
        return binding.name, binding.value
    return "", read_value(word, sources)


def retained(word: str) -> frozenset[int] | None:
    """The calls that retain: none of them, all of them (None), or their numbers."""
    if word == "none":
        return frozenset()
    if word == "all":
        return None
    numbers = [part.strip() for part in word.split(",")]
    if not all(re.fullmatch(r"[1-9]\d{0,5}", number) for number in numbers):
        raise UsageError(
            f"--retain takes none, all or numbers of calls, not '{word}'", hint="For example --retain 1,2."
        )
    return frozenset(map(int, numbers))
