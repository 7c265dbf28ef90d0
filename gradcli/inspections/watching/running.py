"""Running a program as `python PROGRAM ARGS` or `python -m MODULE ARGS` does, in this process."""

from __future__ import annotations

import builtins
import io
import runpy
import sys
import threading
import types
import zipfile
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path

from gradcli.errors import UsageError
from gradcli.inspections.watching.stop import Stop
from gradcli.inspections.watching.tracebacks import without_own_frames


@dataclass(frozen=True)
class Ended:
    """How a program ended. raised: what it did not catch, which Python has told as it tells it."""

    code: int
    raised: BaseException | None = None


@dataclass(frozen=True)
class Program:
    """A program by its file or, if `is_module`, by its module."""

    name: str
    arguments: tuple[str, ...]
    is_module: bool = False

    @property
    def folders(self) -> tuple[str, ...]:
        """Where its own code is: the folder of its file, or the package that its module belongs to."""
        if not self.is_module:
            path = Path(self.name).resolve()
            return (f"{path if path.is_dir() else path.parent}/",)
        package = Path(*self.name.split("."))
        return tuple(f"{Path(folder or '.').resolve() / package.parts[0]}" for folder in sys.path)

    def text(self) -> bytes | None:
        """The text of its file; None for what Python finds by itself.  Raises UsageError."""
        path = Path(self.name)
        if self.is_module or path.is_dir() or zipfile.is_zipfile(path):
            return None
        try:
            with io.open_code(str(path.absolute())) as file:
                return file.read()
        except OSError as error:
            raise UsageError(
                f"cannot open '{self.name}': {error.strerror}", hint="Give the file of a program."
            ) from None

    def run(self, text: bytes | None, watched: AbstractContextManager[object]) -> Ended:
        """Run it to its end. What is not caught is told on standard error, as Python does."""
        main = self._become_main()
        try:
            compiled = None if text is None else compile(text, main.__file__ or self.name, "exec", dont_inherit=True)
            with watched:
                if self.is_module:
                    runpy._run_module_as_main(self.name)  # type: ignore[attr-defined]
                elif compiled is None:
                    runpy._run_module_as_main("__main__", alter_argv=False)  # type: ignore[attr-defined]
                else:
                    exec(compiled, main.__dict__)  # noqa: S102 - the user's own program, named on the command line
                threading._shutdown()  # type: ignore[attr-defined] # Python waits for threads, and so does the report
        except Stop:
            return Ended(1)
        except SystemExit as end:
            return Ended(_exit_code(end))
        except BaseException as error:  # noqa: BLE001 - told as Python tells it
            error.__traceback__ = without_own_frames(error.__traceback__)
            sys.excepthook(type(error), error, error.__traceback__)
            return Ended(130 if isinstance(error, KeyboardInterrupt) else 1, error)
        return Ended(0)

    def _become_main(self) -> types.ModuleType:
        """The process as Python prepares it for a program: `__main__`, the arguments, the path of modules."""
        main = types.ModuleType("__main__")
        main.__dict__.update(__builtins__=builtins, __annotations__={}, __cached__=None)
        path = Path(self.name)
        if self.is_module:
            sys.argv[:] = ["-m", *self.arguments]
            first = str(Path.cwd())
        else:
            main.__file__ = str(path.absolute())
            main.__loader__ = SourceFileLoader("__main__", main.__file__)
            sys.argv[:] = [self.name, *self.arguments]
            first = str(path.resolve() if path.is_dir() or zipfile.is_zipfile(path) else path.resolve().parent)
        sys.modules["__main__"] = main  # where pickle, dataclasses and new processes look for it
        sys.modules["__mp_main__"] = main  # what spawned processes call it in what they send back
        if not sys.flags.safe_path:
            sys.path[:1] = [first]
        return main


def _exit_code(end: SystemExit) -> int:
    """The exit code of a SystemExit; what is no number is told on standard error."""
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code
    sys.stderr.write(f"{end.code}\n")
    return 1
