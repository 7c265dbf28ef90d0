"""Everything that has a name and can be completed, by the kind that a parameter declares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from gradcli.cli.shells import SHELLS
from gradcli.language import dtypes
from gradcli.render import FORMATS
from gradcli.sources import READERS


class Reply(NamedTuple):
    """A whole word that may stand where the cursor is, and what is said about it."""

    word: str
    about: str = ""


FILES: Mapping[str, tuple[str, ...] | None] = {
    "numbers": tuple(READERS),
    "program": (".py",),
    "file": (),
    "folder": None,
}
"""The endings of files of a kind: none for any file, None for folders alone."""


def names_of(kind: str) -> Iterator[Reply]:
    """The names of `error`, of `scenario or function`, or where there is no such kind the words: `grad or backward`."""
    for part in kind.split(" or "):
        yield from _NAMES[part]() if part in _NAMES else (Reply(part),)


def _functions() -> Iterator[Reply]:
    from gradcli.language import catalogue

    return (Reply(name) for name in catalogue.function_names() if not name.endswith("_"))  # those change an input


def _activations() -> Iterator[Reply]:
    from gradcli.language.catalogue.activations import ACTIVATIONS

    return (Reply(name, row.formula) for row in ACTIVATIONS for name in (row.name, *row.aliases))


def _losses() -> Iterator[Reply]:
    from gradcli.language.catalogue.losses import LOSSES

    return (Reply(name, row.formula) for row in LOSSES for name in (row.name, *row.aliases))


def _categories() -> Iterator[Reply]:
    from gradcli.language import catalogue

    return map(Reply, {row.category for row in catalogue.all_rows()})


def _errors() -> Iterator[Reply]:
    from gradcli.language.catalogue.errors import all_errors

    return (Reply(row.id, row.title) for row in all_errors())


def _findings() -> Iterator[Reply]:
    from gradcli.diagnose.findings.table import ROWS

    return (Reply(row.code, row.meaning) for row in ROWS)


def _severities_and_findings() -> Iterator[Reply]:
    yield from (Reply("error", "every finding that is one"), Reply("warning", "every finding that is one"))
    yield from _findings()


def _scenarios() -> Iterator[Reply]:
    from gradcli.inspections.retaining.scenarios import SCENARIOS

    return (Reply(plan.name, plan.title) for plan in SCENARIOS)


def _schemas() -> Iterator[Reply]:
    from gradcli.render.schema import kinds

    return map(Reply, kinds())


_NAMES: Mapping[str, Callable[[], Iterable[Reply]]] = {
    "function": _functions,
    "activation": _activations,
    "loss": _losses,
    "category": _categories,
    "error": _errors,
    "finding": _findings,
    "severity": _severities_and_findings,
    "scenario": _scenarios,
    "schema": _schemas,
    "dtype": lambda: map(Reply, (*dtypes.FLOATING, *dtypes.SHORT)),
    "any dtype": lambda: map(Reply, dtypes.ALL),
    "device": lambda: map(Reply, (*dtypes.DEVICES, "auto")),
    "format": lambda: map(Reply, FORMATS),
    "shell": lambda: map(Reply, SHELLS),
}
