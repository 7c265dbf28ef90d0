"""How a result shows itself in a notebook and in print(): as its table, drawn by whoever can."""

from __future__ import annotations

from collections.abc import Callable

Presenter = Callable[[object, str], str]

_presenters: list[Presenter] = []


def present_with(presenter: Presenter) -> None:
    """From now on results are drawn by `presenter(result, format)`; records themselves cannot draw."""
    _presenters[:] = [presenter]


class Shown:
    """A record that prints as its table where a presenter is known, and as Python's repr elsewhere."""

    def _repr_markdown_(self) -> str | None:
        return _presenters[0](self, "markdown") if _presenters else None

    def __str__(self) -> str:
        return _presenters[0](self, "table") if _presenters else repr(self)
