"""The console entry point: runs one command line and leaves at once."""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from types import FrameType

COLLECT_AFTER = 100_000
"""Objects until the garbage collector looks: imports make many and hardly any garbage, and Python looks every 700."""

INTERRUPTED = 130
ENDINGS = ("SIGTERM", "SIGHUP")
"""How a process is asked to end; Windows has one of them."""
INTERNAL_ERROR = 70
"""EX_SOFTWARE of sysexits.h: neither an answer nor the user's mistake."""


class OrderlyEnd:
    """Asked to end, gradcli does what it does on Ctrl-C: files that are not whole are taken away."""

    def __init__(self) -> None:
        self.asked: int | None = None
        names = (name for name in ENDINGS if hasattr(signal, name))
        self._numbers = [number for number in map(signal.Signals.__getitem__, names) if _ends(number)]
        for number in self._numbers:
            signal.signal(number, self._end)

    def restored(self, code: int) -> int:
        """The exit code; from now on nothing is left to be tidied up, and a signal ends the process at once."""
        for number in self._numbers:
            signal.signal(number, signal.SIG_DFL)
        return code if self.asked is None else 128 + self.asked

    def _end(self, number: int, _frame: FrameType | None) -> None:
        first, self.asked = self.asked is None, self.asked or number
        if first:  # `timeout` asks twice, and the second time must not disturb the tidying
            raise KeyboardInterrupt


def _ends(number: int) -> bool:
    """Whether a signal would end the process: under nohup it does not."""
    return signal.getsignal(number) is signal.SIG_DFL


def run() -> None:
    """Run sys.argv, flush both streams, and end the process without tearing the interpreter down.

    Taking PyTorch apart module by module costs a fifth of a second and changes nothing that was written.
    """
    gc.set_threshold(COLLECT_AFTER)
    end = OrderlyEnd()
    try:
        from gradcli.cli import main

        code = main(sys.argv[1:])
    except KeyboardInterrupt:  # also while modules are imported
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a bug of ours: the user gets a sentence, not our stack
        if os.environ.get("GRADCLI_DEBUG"):
            traceback.print_exc()
        print(f"gradcli has a bug: {type(error).__name__}: {error}", file=sys.stderr)
        print("Please report the command line; GRADCLI_DEBUG=1 shows where.", file=sys.stderr)
        code = INTERNAL_ERROR
    code = end.restored(code)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = code or 2
    os._exit(code)


if __name__ == "__main__":
    run()
