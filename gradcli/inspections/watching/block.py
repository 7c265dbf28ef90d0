"""One run under watch that is a block of Python code: `with gradcli.watch():`."""

from __future__ import annotations

from types import TracebackType

from gradcli.inspections.watching.session import Watch
from gradcli.inspections.watching.stop import Stop


class WatchedBlock(Watch):
    """A watch of a block of Python code, which is left at the first error."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> bool:
        super().__exit__(kind, error, tb)
        return kind is Stop
