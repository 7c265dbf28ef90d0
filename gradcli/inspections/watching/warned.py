"""PyTorch's warnings at the user's line: they would be told of the line of the log that made the call."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

from gradcli.recording.program import log


class Warned:
    """While it is on, a warning that arises in the log is given again for the frame that made the call."""

    def __init__(self) -> None:
        self._show: Callable[..., Any] = warnings._showwarnmsg  # type: ignore[attr-defined]

    def put_on(self) -> None:
        warnings._showwarnmsg = self._told  # type: ignore[attr-defined]

    def take_off(self) -> None:
        warnings._showwarnmsg = self._show  # type: ignore[attr-defined]

    def _told(self, message: warnings.WarningMessage) -> None:
        if message.filename != log.__file__:
            self._show(message)
            return
        vars(log).pop("__warningregistry__", None)  # each line of the program is warned for itself
        frame = sys._getframe(1)
        while frame.f_back is not None and frame.f_code.co_filename in (__file__, log.__file__, warnings.__file__):
            frame = frame.f_back
        space = frame.f_globals
        warnings.warn_explicit(
            message.message,
            message.category,
            frame.f_code.co_filename,
            frame.f_lineno,
            space.get("__name__"),
            space.setdefault("__warningregistry__", {}),
            space,
        )
