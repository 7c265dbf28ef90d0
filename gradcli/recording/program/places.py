"""Where an operation was called in a program: a code object and an instruction, which become a place when one asks."""

from __future__ import annotations

import ast
import linecache
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from types import CodeType, FrameType
from typing import NamedTuple

import torch

from gradcli.model.place import Place, Source

_PACKAGES = ("site-packages", "dist-packages")
_NO_FILES = ("<frozen", "<__array_function__", "<string>")


class Spot(NamedTuple):
    """An instruction of a code object, as a frame has it."""

    code: CodeType
    instruction: int

    @property
    def place(self) -> Place:
        """The expression that the instruction belongs to; the whole line where Python does not know the columns."""
        # codes are compared by what they do, wherever they stand, and hashed anew each time: their ids are the keys
        key = id(self.code), self.instruction
        if key not in _places:
            _places[key] = self.code, _place(self.code, self.instruction)
        return _places[key][1]


_places: dict[tuple[int, int], tuple[CodeType, Place]] = {}
"""The places of spots that were asked for, with their codes, which must not go away."""


def _place(code: CodeType, instruction: int) -> Place:
    source = source_of(code.co_filename)
    line, end_line, column, end_column = next(islice(code.co_positions(), instruction // 2, None))
    line = line or code.co_firstlineno
    end_line = end_line or line
    if not source.text:  # no file: an empty one, which is long enough
        return Place(Source("\n" * line, "file", source.name), line - 1, line - 1, code.co_qualname)
    start = offset(source.text, line, column or 0)
    end = offset(source.text, end_line, -1 if end_column is None else end_column)
    end = _ends_of_heads(source.text).get((line, column), end) if end_line > line else end
    return Place(source, start, end, code.co_qualname)


@cache
def _ends_of_heads(text: str) -> dict[tuple[int, int | None], int]:
    """Where `for a in b` and `with a` end, by line and column: to Python they belong to the whole of the statement."""
    try:
        nodes = [*ast.walk(ast.parse(text))]
    except (SyntaxError, ValueError):
        return {}
    loops = [(one, one.iter) for one in nodes if isinstance(one, ast.For | ast.AsyncFor)]
    blocks = [(one, one.items[-1].context_expr) for one in nodes if isinstance(one, ast.With | ast.AsyncWith)]
    return {(one.lineno, one.col_offset): end_of(last, text) for one, last in (*loops, *blocks)}


class UserCode:
    """Which code belongs to the user: what is neither Python's, nor an installed package, nor gradcli.

    followed: files and folders that belong to the user wherever they are.
    """

    def __init__(self, followed: Iterable[str] = ()) -> None:
        self._followed = tuple(followed)
        self._folder = Path.cwd()  # the program may go to another one
        self._own: dict[int, CodeType] = {}
        self._foreign: dict[int, CodeType] = {}

    def innermost(self, frame: FrameType | None) -> FrameType | None:
        """The frame itself, or the first one around it that runs the user's code."""
        own, foreign = self._own, self._foreign
        while frame is not None:
            key = id(frame.f_code)
            if key not in foreign and (key in own or self._is_own(frame.f_code)):
                return frame
            frame = frame.f_back
        return None

    def _is_own(self, code: CodeType) -> bool:
        """Whether code that is met for the first time is the user's, which is noted."""
        if not self.owns(code.co_filename):
            self._foreign[id(code)] = code
            return False
        self._own[id(code)] = code
        source_of(code.co_filename, self._folder)  # as it is now: the user may edit it while the program runs
        return True

    def here(self) -> Spot | None:
        """The instruction that the user's code is at."""
        frame = self.innermost(sys._getframe(1))
        return None if frame is None else Spot(frame.f_code, frame.f_lasti)

    def frames(self) -> Iterator[FrameType]:
        """The frames of the user's code, innermost first."""
        frame = self.innermost(sys._getframe(1))
        while frame is not None:
            yield frame
            frame = self.innermost(frame.f_back)

    def owns(self, name: str) -> bool:
        """Whether a file is the user's, by its name."""
        if name.startswith(_NO_FILES):
            return False
        if name.startswith(self._followed):
            return True
        return not name.startswith(_libraries()) and not any(f"/{part}/" in name for part in _PACKAGES)


_sources: dict[str, Source] = {}
_texts: dict[str, str] = {}


def source_of(name: str, folder: Path | None = None) -> Source:
    """The text of a file, as it was when it was first asked for; of a module without a file an empty one.

    folder: from where its path is shown; None for the working folder.
    """
    if name not in _sources:
        text = _texts.get(name) or "".join(linecache.getlines(name))
        _sources[name] = Source(text, "file", _shown(name, folder or Path.cwd()))
    return _sources[name]


def know_text(name: str, text: str) -> None:
    """What no file holds, such as a program from standard input."""
    _texts[name] = "\n".join(text.splitlines())


def forget_sources() -> None:
    """Read files anew: they may be others than in an earlier call."""
    _sources.clear()


def offset(text: str, line: int, column: int) -> int:
    """The character at a line, counted from 1, and a column in bytes, as Python counts them; -1 for the line's end."""
    start, content = _lines(text)[line - 1]
    if column < 0:
        return start + len(content.rstrip("\n"))
    return start + len(content.encode()[:column].decode(errors="replace"))


def end_of(node: ast.expr | ast.stmt, text: str) -> int:
    """The character behind what was parsed from a text."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return offset(text, node.end_lineno, node.end_col_offset)


@cache
def _lines(text: str) -> list[tuple[int, str]]:
    """The lines, each with the number of characters before it."""
    found, start = [], 0
    for line in text.split("\n"):
        found.append((start, line))
        start += len(line) + 1
    return found


def _shown(name: str, folder: Path) -> str:
    """The path from a folder, where the file is inside of it."""
    try:
        return str(Path(name).resolve().relative_to(folder))
    except (ValueError, OSError):
        return name


def folder_of(package: str) -> str:
    """Where the files of an installed package are."""
    spec = find_spec(package)
    if spec is None or not spec.origin:
        return package
    return f"{Path(spec.origin).parent}/" if spec.submodule_search_locations else spec.origin


@cache
def _libraries() -> tuple[str, ...]:
    paths: list[str | Path] = [sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")]
    paths += [*torch.__path__, Path(__file__).parents[2]]
    return tuple({f"{Path(path).resolve()}/" for path in paths} | {f"{path}/" for path in paths})
