"""What a result can do in Python: show itself, be saved, become a dictionary; drawn by whoever can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from os import PathLike
from typing import Any, Protocol


class Presenter(Protocol):
    """Who shows results: as the table, in a line or a few, as markup, as a plain dictionary, in a file."""

    def table(self, result: Any, /) -> str: ...
    def short(self, result: Any, /) -> str: ...
    def markup(self, result: Any, /) -> str: ...
    def plain(self, result: Any, /) -> dict[str, Any]: ...
    def saved(self, result: Any, path: str | PathLike[str], /) -> None: ...


_presenters: list[Presenter] = []


def present_with(presenter: Presenter) -> None:
    """From now on results are shown by `presenter`; records themselves cannot draw."""
    _presenters[:] = [presenter]


@cache
def keys_of(record: type) -> tuple[str, ...]:
    """The keys that a record is written with: its fields, those of parts under the name of the property that says them.

    A field's metadata has the `key`; None for a field that is written with another one.
    """
    keys = (field.metadata.get("key", field.name) for field in fields(record))
    return tuple(key for key in keys if key is not None)


class Shown:
    """A record that shows itself where a presenter is known, as in every answer of a Python function."""

    _drawing: Callable[[], Any] | None = None
    """What its picture is drawn from, the same curves over many more points; None where that is the result itself."""
    _has_picture = False
    """Whether a terminal would draw it too."""

    def to_dict(self) -> dict[str, Any]:
        """The result as the JSON of the command line, read: plain dictionaries, lists, texts and numbers."""
        return _presenters[0].plain(self)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the result into a file; the ending picks the format, as with `-o` on the command line.

        .json .ndjson .csv .md .parquet hold the answer, .npy .npz .pt .safetensors its tensors, .svg .png .pdf .html
        show it. Raises GradcliError where the file cannot be written, or cannot hold the result.
        """
        _presenters[0].saved(self, path)

    def _repr_html_(self) -> str | None:
        return _presenters[0].markup(self) if _presenters else None

    def __str__(self) -> str:
        return _presenters[0].table(self) if _presenters else repr(self)

    def __repr__(self) -> str:
        return _presenters[0].short(self) if _presenters else f"<{type(self).__name__}>"

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "_drawing"}
