"""Which tests reach a mutant: the lines that each test runs, and the lines that a mutant changes.

Lines are kept as the bits of one integer for each file.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib
import inspect
import os
import pkgutil
import re
import sys
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from tools.mutants.mutant import Mutant

Lines = Mapping[str, int]
"""The lines of each file of gradcli, named from the root of the tree."""


@dataclass(frozen=True)
class Known:
    """What a test did without a mutant: processor seconds, and the lines that it ran."""

    seconds: float
    ran: Lines


class Reach:
    """Which of these tests can notice a mutant.

    at_import: the lines of functions that run while gradcli is imported; while_collecting: those that run while the
    tests are collected.
    """

    def __init__(self, known: Mapping[str, Known], at_import: Lines, while_collecting: Lines) -> None:
        self._known = known
        self._at_import = at_import
        self._while_collecting = while_collecting
        self._trees = {str(path): ast.parse(path.read_text(encoding="utf-8")) for path in Path("gradcli").rglob("*.py")}
        self._tests = {str(path): path.read_text(encoding="utf-8") for path in Path("tests").rglob("*.py")}
        self._constants = [row for tree in self._trees.values() for row in _constants(tree)]
        self._readers: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for path, tree in self._trees.items():
            for name, lines in _readers(tree):
                self._readers[name][path] |= lines

    def tests(self, mutant: Mutant) -> list[str]:
        """The tests that run a line which it changes, or which reads its constant; every test where that is unknown.

        What runs in a process of its own is not watched, and is run where nothing else reaches the mutant.
        """
        lines = {mutant.path: self._own_lines(mutant)}
        everything, apart = list(self._known), [name for name, known in self._known.items() if not known.ran]
        if lines[mutant.path] & self._at_import.get(mutant.path, 0):
            return everything
        if mutant.function is not None:
            return self._running(lines) or apart
        names = self._derived(mutant.name)
        for name in names:
            for path, reading in self._readers.get(name, {}).items():
                lines[path] = lines.get(path, 0) | reading
        word = re.compile(rf"\b({'|'.join(names)})\b")
        mentioning = {path for path, text in self._tests.items() if names and word.search(text)}
        running = set(self._running(lines))
        return [name for name in everything if name in running or name.partition("::")[0] in mentioning] or everything

    def is_later(self, mutant: Mutant) -> bool:
        """Whether what it changes runs only after the tests have been collected."""
        before = self._at_import.get(mutant.path, 0) | self._while_collecting.get(mutant.path, 0)
        return mutant.function is not None and not self._own_lines(mutant) & before

    def _running(self, lines: Lines) -> list[str]:
        return [
            name
            for name, known in self._known.items()
            if any(known.ran.get(path, 0) & wanted for path, wanted in lines.items())
        ]

    def _own_lines(self, mutant: Mutant) -> int:
        """The lines of the innermost statement around it, without its body."""
        first = last = mutant.line
        for node in ast.walk(self._trees[mutant.path]):
            if isinstance(node, ast.stmt) and node.lineno <= mutant.line <= (node.end_lineno or node.lineno):
                body = getattr(node, "body", None)
                first, last = node.lineno, body[0].lineno - 1 if body else node.end_lineno or node.lineno
        return _bits(first, max(first, last)) | 1 << mutant.line

    def _derived(self, name: str | None) -> frozenset[str]:
        """The names of this constant and of those that are computed from it."""
        names = {name} if name else set()
        while more := {assigned for assigned, used in self._constants if names & used and assigned not in names}:
            names |= more
        return frozenset(names)


def _bits(first: int, last: int) -> int:
    return (1 << last + 1) - (1 << first)


def _readers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The names that functions read, with the lines; and those of classes, with the lines of their methods."""
    for scope in ast.walk(tree):
        if isinstance(scope, ast.FunctionDef | ast.Lambda):
            for node in ast.walk(scope):
                if isinstance(node, ast.Name | ast.Attribute):
                    yield _name(node), _bits(node.lineno, node.end_lineno or node.lineno)
        elif isinstance(scope, ast.ClassDef):
            yield scope.name, _bits(scope.lineno, scope.end_lineno or scope.lineno)


def _constants(tree: ast.Module) -> Iterator[tuple[str, set[str]]]:
    """The names that a module defines, each with the names that it is computed from."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            parts: list[ast.AST] = [*statement.decorator_list]
            targets: list[str] = [statement.name]
        else:
            parts = [statement]
            targets = [name for node in ast.walk(statement) if (name := _stored(node))]
        used = {_name(node) for part in parts for node in ast.walk(part) if isinstance(node, ast.Name | ast.Attribute)}
        yield from ((target, used) for target in targets)


def _name(node: ast.Name | ast.Attribute) -> str:
    """A constant, or that of another module."""
    return node.id if isinstance(node, ast.Name) else node.attr


def _stored(node: ast.AST) -> str:
    """The name that is assigned to, or whose member is."""
    inner = node.value if isinstance(node, ast.Subscript) else node
    stored = isinstance(getattr(node, "ctx", None), ast.Store)
    return inner.id if stored and isinstance(inner, ast.Name) else ""


@contextlib.contextmanager
def watched() -> Iterator[dict[str, int]]:
    """The lines of gradcli's functions that run meanwhile."""
    root = str(Path.cwd()) + os.sep
    inside = f"{root}gradcli{os.sep}"
    ran: dict[str, int] = defaultdict(int)

    def enter(frame: FrameType, _event: str, _argument: object) -> Any:
        code = frame.f_code
        if not code.co_filename.startswith(inside) or not code.co_flags & inspect.CO_OPTIMIZED:
            return None  # not ours, or the body of a module or of a class
        path = code.co_filename.removeprefix(root)

        def line(frame: FrameType, _event: str, _argument: object) -> Any:
            ran[path] |= 1 << frame.f_lineno
            return line

        return line

    threading.settrace(enter)
    sys.settrace(enter)
    try:
        yield ran
    finally:
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]


def import_everything() -> None:
    """Import every module of gradcli."""
    package = importlib.import_module("gradcli")
    for module in pkgutil.walk_packages(package.__path__, "gradcli."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def independent(path: str) -> list[str]:
    """The modules of gradcli that do not import a file, not even through another, or through a package around them."""
    imports = {}
    for file in Path("gradcli").rglob("*.py"):
        module = _module(file)
        imports[module] = _with_packages({module, *_imported(ast.parse(file.read_text(encoding="utf-8")))})

    @functools.cache
    def depends(module: str) -> frozenset[str]:
        reached, waiting = {module}, [module]
        while waiting:
            more = {name for name in imports[waiting.pop()] if name in imports} - reached
            reached |= more
            waiting += more
        return frozenset(reached)

    changed = _module(Path(path))
    return sorted(module for module in imports if changed not in depends(module))


def _module(file: Path) -> str:
    return ".".join(file.with_suffix("").parts).removesuffix(".__init__")


def _imported(tree: ast.AST) -> set[str]:
    """The names of the modules that a file imports while it is imported itself."""
    names: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif not isinstance(node, ast.FunctionDef):
            names |= _imported(node)
    return names


def _with_packages(names: Iterable[str]) -> set[str]:
    """These modules and the packages around them."""
    parts = [name.split(".") for name in names]
    return {".".join(part[:end]) for part in parts for end in range(1, len(part) + 1)}
