"""Running a program as `python PROGRAM ARGS` or `python -m MODULE ARGS` does, in this process."""

from __future__ import annotations

import builtins
import io
import runpy
import sys
import threading
import tokenize
import types
import zipfile
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.machinery import BuiltinImporter, SourceFileLoader
from pathlib import Path

from gradcli.exceptions import UsageError
from gradcli.inspections.watching.stop import Stop
from gradcli.inspections.watching.tracebacks import tell
from gradcli.recording.program.places import know_text

STDIN = "<stdin>"
"""What Python calls the file of a program from standard input."""


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

    @property
    def is_stdin(self) -> bool:
        """Whether it is read from standard input."""
        return self.name == "-" and not self.is_module

    def text(self) -> bytes | None:
        """The text of its file; None for what Python finds by itself.  Raises UsageError."""
        path = Path(self.name)
        if self.is_stdin:
            return b"" if sys.stdin is None else sys.stdin.buffer.read()
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
            compiled = None if text is None else _compiled(text, str(main.__file__))
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
        except BaseException as error:  # noqa: BLE001 - told below, where no exception is being handled
            raised = error
        else:
            return Ended(0)
        try:
            tell(raised)
        except SystemExit as end:
            return Ended(_exit_code(end), raised)
        return Ended(130 if isinstance(raised, KeyboardInterrupt) else 1, raised)

    def _become_main(self) -> types.ModuleType:
        """The process as Python prepares it for a program: `__main__`, the arguments, the path of modules."""
        main = types.ModuleType("__main__")
        main.__dict__.update(__builtins__=builtins, __annotations__={}, __cached__=None)
        path = Path(self.name)
        if self.is_module:
            sys.argv[:] = ["-m", *self.arguments]
            first = str(Path.cwd())
        elif self.is_stdin:
            main.__file__, main.__loader__ = STDIN, BuiltinImporter
            sys.argv[:] = [self.name, *self.arguments]
            first = ""
        else:
            main.__file__ = str(path.absolute())
            main.__loader__ = SourceFileLoader("__main__", main.__file__)
            sys.argv[:] = [self.name, *self.arguments]
            first = str(path.resolve() if path.is_dir() or zipfile.is_zipfile(path) else path.resolve().parent)
        sys.orig_argv[:] = [sys.executable, *(["-m"] * self.is_module), self.name, *self.arguments]
        sys.modules["__main__"] = main  # where pickle, dataclasses and new processes look for it
        sys.modules["__mp_main__"] = main  # what spawned processes call it in what they send back
        if not sys.flags.safe_path:
            sys.path[:1] = [first]
        return main


def _compiled(text: bytes, name: str) -> types.CodeType:
    """The program, as Python compiles a file: it takes no byte that its encoding does not have.  Raises SyntaxError."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(text).readline)
    except SyntaxError:  # no UTF-8, or an unknown encoding, of which `compile` tells
        encoding = "utf-8" if b"coding" not in b"".join(text.splitlines()[:2]) else "unknown"
    if encoding == "utf-8" and b"\0" not in text:
        try:
            text.decode()
        except UnicodeDecodeError as wrong:
            line = text.count(b"\n", 0, wrong.start) + 1
            raise SyntaxError(
                f"Non-UTF-8 code starting with '\\x{text[wrong.start]:02x}' in file {name} on line {line}, "
                "but no encoding declared; see https://peps.python.org/pep-0263/ for details"
            ) from None
    if name == STDIN:
        know_text(name, text.decode("utf-8-sig" if encoding == "unknown" else encoding))
    return compile(text, name, "exec", dont_inherit=True)


def _exit_code(end: SystemExit) -> int:
    """The exit code of a SystemExit; what is no number is told on standard error."""
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code
    sys.stderr.write(f"{end.code}\n")
    return 1
