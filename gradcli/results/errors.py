"""The answer of `errors`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from gradcli.results.shown import Shown

if TYPE_CHECKING:
    from gradcli.results.tensors import Tensor


@dataclass(frozen=True, eq=False)
class ErrorEntry:
    """One error on demand; what comes from running it is None in a list.

    needs: what the program would need to be run; such a one is shown and not raised.
    """

    id: str
    family: str
    title: str
    type: str
    raised: str | None
    ok: bool | None
    message: str | None
    warnings: tuple[str, ...]
    program: str
    line: int | None
    cause: str
    fix: str
    repaired: str
    fix_ok: bool | None
    fix_error: str | None
    result: Tensor | None
    needs: str | None


@dataclass(frozen=True, eq=False, repr=False)
class ErrorsResult(Shown):
    """Errors of PyTorch's, raised on demand, each with its cause and a fix that was run.

    searched: the text that found them; None where ids were given, or nothing.
    """

    kind: ClassVar[str] = "errors"
    torch: str | None
    asked: tuple[str, ...]
    entries: tuple[ErrorEntry, ...]
    searched: str | None = None

    @property
    def failures(self) -> int:
        """How many of those that were run did not raise what they should, or were not mended."""
        return sum(entry.ok is False or entry.fix_ok is False for entry in self.entries)
