"""An answer in a line or a few, for an interpreter: what was asked, the small numbers, how many rows and findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from gradcli.render.summaries import summary
from gradcli.render.text import one_line, shortened, visible
from gradcli.results import Failure, Tensor

_DIGITS = 6
_LONGEST_TEXT = 60
_MOST_NAMES = 4
_WIDTH = 100
_COUNTED = {
    "steps": ("step", "steps"),
    "descent": ("state", "states"),
    "functions": ("function", "functions"),
    "rows": ("row", "rows"),
    "scenarios": ("scenario", "scenarios"),
    "entries": ("entry", "entries"),
    "paths": ("path", "paths"),
}
"""Fields whose records are counted: what one of them is called, and several."""


def short(answer: Any) -> str:
    """`GradResult of 'exp(x)': x = 0, output = 1, d/dx = 1`."""
    name = type(answer).__name__
    if isinstance(answer, Failure):
        return f"{name}: {answer.type}: {shortened(one_line(answer.message), _WIDTH - len(name) - 4)}"
    asked = getattr(answer, "expression", None) or getattr(answer, "name", None) or getattr(answer, "program", None)
    head = f"{name} of '{shortened(one_line(asked), _LONGEST_TEXT)}'" if asked else name
    lines = [head]
    for number, part in enumerate(_parts(answer)):
        joined = f"{lines[-1]}{', ' if number else ': '}{part}"
        if len(joined) <= _WIDTH:
            lines[-1] = joined
        else:
            lines = [*lines[:-1], f"{lines[-1]}{',' if number else ':'}", f"    {part}"]
    return "\n".join(map(visible, lines))


def _parts(answer: Any) -> Iterator[str]:
    for field in fields(answer):
        value = getattr(answer, field.name)
        if isinstance(value, Tensor):
            yield f"{field.name} = {summary(value, _DIGITS)}"
        elif isinstance(value, Mapping) and all(one is None or isinstance(one, Tensor) for one in value.values()):
            yield from _named({"inputs": "", "gradients": "d/d"}.get(field.name, f"{field.name} "), value)
        elif field.name == "findings":
            yield from (f"{one.severity}[{one.code}]" for one in value)
        elif field.name in _COUNTED and value:
            yield f"{len(value):,} {_COUNTED[field.name][len(value) != 1]}"
        elif isinstance(value, Failure):
            yield f"raised {value.type}"


def _named(before: str, tensors: Mapping[str, Tensor | None]) -> Iterator[str]:
    for name, tensor in [*tensors.items()][:_MOST_NAMES]:
        yield f"{before}{name} = {'-' if tensor is None else summary(tensor, _DIGITS)}"
    if len(tensors) > _MOST_NAMES:
        yield f"{len(tensors) - _MOST_NAMES} more"
