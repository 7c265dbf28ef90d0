"""How a result shows itself in a notebook and in print(): as its table, drawn by whoever can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cache

Presenter = Callable[[object, str], str]

_presenters: list[Presenter] = []


def present_with(presenter: Presenter) -> None:
    """From now on results are drawn by `presenter(result, format)`; records themselves cannot draw."""
    _presenters[:] = [presenter]


@cache
def keys_of(record: type) -> tuple[str, ...]:
    """The keys that a record is written with: its fields, those of parts under the name of the property that says them.

    A field's metadata has the `key`; None for a field that is written with another one.
    """
    keys = (field.metadata.get("key", field.name) for field in fields(record))
    return tuple(key for key in keys if key is not None)


class Shown:
    """A record that prints as its table where a presenter is known, and as Python's repr elsewhere."""

    def _repr_markdown_(self) -> str | None:
        return _presenters[0](self, "markdown") if _presenters else None

    def __str__(self) -> str:
        return _presenters[0](self, "table") if _presenters else repr(self)
