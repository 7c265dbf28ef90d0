"""Places in what a user wrote: a typed expression, the value of an input, or a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gradcli.exceptions import Span


@dataclass(frozen=True, slots=True)
class Source:
    """A text that places are in. name: the name of the input, or the path of the file; None for an expression."""

    text: str
    kind: Literal["expression", "input", "file"] = "expression"
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A piece of a source: from character `start` to `end`, which is excluded.

    function: the qualified name of the Python function around it, None outside of files.
    """

    source: Source
    start: int
    end: int
    function: str | None = None

    @property
    def text(self) -> str:
        """What the user wrote there."""
        return self.source.text[self.start : self.end]

    @property
    def span(self) -> Span:
        """Start and end."""
        return self.start, self.end

    @property
    def line(self) -> int:
        """The number of the first line, counted from 1."""
        return self._line(self.start)

    @property
    def column(self) -> int:
        """The number of the first character in its line, counted from 1."""
        return self._column(self.start)

    @property
    def in_file(self) -> FilePlace | None:
        """The place as it is told of a file; None for other sources."""
        if self.source.kind != "file" or self.source.name is None:
            return None
        return FilePlace(
            file=self.source.name,
            line=self.line,
            column=self.column,
            end_line=self._line(self.end),
            end_column=self._column(self.end),
            function=self.function,
            text=self.text,
        )

    def _line(self, position: int) -> int:
        return self.source.text.count("\n", 0, position) + 1

    def _column(self, position: int) -> int:
        return position - self.source.text.rfind("\n", 0, position)


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A place in a file, as lines and columns, both counted from 1; the end is excluded."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    function: str | None
    text: str
