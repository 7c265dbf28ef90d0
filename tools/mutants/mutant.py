"""A small wrong change to a file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A change to a file: the text from `start` to `end` becomes `new`.

    kind: one of KINDS or FINER in mutations.py. function: the qualified name of the outermost function around it, None
    at module level; name: the constant that a change at module level alters.
    """

    path: str
    kind: str
    start: int
    end: int
    old: str
    new: str
    line: int
    function: str | None
    name: str | None

    def applied(self, source: str) -> str:
        return source[: self.start] + self.new + source[self.end :]

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self._change}"

    @property
    def key(self) -> str:
        """What it is called wherever its line has gone."""
        return f"{self.path} {self.function or self.name}: {self._change}"

    @property
    def _change(self) -> str:
        old, new = (" ".join(text.split()) or "(nothing)" for text in (self.old, self.new))
        return f"{old} -> {new}"


Change = tuple[Mutant, str]
"""A mutant, and the text of its file without it."""
