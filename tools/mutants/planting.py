"""Put a mutant into modules that are imported already: new code for a function, a new value for a constant."""

from __future__ import annotations

import ast
import gc
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from tools.mutants.mutations import Mutant

Function = tuple[str, str]
"""The file of a function and its qualified name."""


class Planter:
    """The functions and constants of gradcli as this process has imported them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._functions: dict[Function, list[FunctionType]] = defaultdict(list)
        inside = str(root / "gradcli")
        for thing in gc.get_objects():
            if type(thing) is FunctionType and thing.__code__.co_filename.startswith(inside):
                file = str(Path(thing.__code__.co_filename).relative_to(root))
                self._functions[file, thing.__code__.co_qualname].append(thing)
        self._constants = [row for path in (root / "gradcli").rglob("*.py") for row in _constants(path)]
        self._tests = {str(path.relative_to(root)): path.read_text() for path in (root / "tests").rglob("*.py")}
        self._used_at_import = {
            name for path in (root / "gradcli").rglob("*.py") for name in _used_at_import(ast.parse(path.read_text()))
        }
        self._modules = [
            module
            for module in list(sys.modules.values())
            if str(getattr(module, "__file__", "")).startswith(f"{root}/")
        ]

    def readers(self, mutant: Mutant) -> frozenset[Function]:
        """The functions whose behaviour a mutant may change."""
        own = [function for function in self._functions if function[0] == mutant.path]
        if mutant.function is not None:
            inside = f"{mutant.function}.<locals>."
            return frozenset(
                [(mutant.path, mutant.function), *(function for function in own if function[1].startswith(inside))]
            )
        if mutant.name is None:
            return frozenset(own)
        names = self._derived(mutant.name)
        return frozenset(
            function
            for function, made in self._functions.items()
            if (function[0] == mutant.path and function[1].startswith(f"{mutant.name}."))
            or any(names & set(code.co_names) for code in _codes(made[0].__code__))
        )

    def mentioning(self, mutant: Mutant) -> set[str]:
        """The files of tests that name a constant themselves."""
        if mutant.function is not None or mutant.name is None:
            return set()
        word = re.compile(rf"\b({'|'.join(self._derived(mutant.name))})\b")
        return {path for path, text in self._tests.items() if word.search(text)}

    def is_used_at_import(self, mutant: Mutant) -> bool:
        """Whether modules compute something else from a constant, or a default is one, before it is changed."""
        return mutant.function is None and mutant.name in self._used_at_import

    def plant(self, mutant: Mutant) -> Callable[[], None] | None:
        """What plants it; None where only importing the changed file does."""
        path = self._root / mutant.path
        source = mutant.applied(path.read_text(encoding="utf-8"))
        if mutant.function is not None:
            functions = self._functions.get((mutant.path, mutant.function), [])
            return (lambda: _replace(functions, source, path)) if functions else None
        module = next((module for module in self._modules if module.__file__ == str(path)), None)
        name = mutant.name
        if module is None or name not in vars(module) or isinstance(vars(module)[name], type):
            return None
        return lambda: self._rebind(module, str(name), source)

    def _rebind(self, module: ModuleType, name: str, source: str) -> None:
        """Compute the constant again, and give it to every module that has it."""
        old = vars(module)[name]
        scope = dict(vars(module))
        for statement in ast.parse(source).body:
            if name in _assigned(statement):
                exec(compile(ast.Module([statement], []), str(module.__file__), "exec"), scope)
        for other in self._modules:
            if vars(other).get(name) is old:
                vars(other)[name] = scope[name]

    def _derived(self, name: str) -> frozenset[str]:
        """The names of this constant and of those that are computed from it."""
        names = {name}
        while more := {assigned for assigned, used in self._constants if names & used and assigned not in names}:
            names |= more
        return frozenset(names)


def _constants(path: Path) -> Iterator[tuple[str, set[str]]]:
    """The names that a module assigns, each with the names that it is computed from."""
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        for name in _assigned(statement):
            yield name, used


def _used_at_import(node: ast.AST) -> Iterator[str]:
    """The names that a module reads while it is imported: outside of the bodies of functions."""
    for child in ast.iter_child_nodes(node):
        if (isinstance(node, ast.Lambda) and child is node.body) or (
            isinstance(node, ast.FunctionDef) and child in node.body
        ):
            continue
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load):
            yield child.id
        yield from _used_at_import(child)


def _assigned(statement: ast.stmt) -> set[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _replace(functions: list[FunctionType], source: str, path: Path) -> None:
    """Give the functions the code that they have in a changed source."""
    codes = _codes(compile(source, str(path), "exec"))
    for function in functions:
        old = function.__code__
        function.__code__ = next(
            code
            for code in codes
            if (code.co_qualname, code.co_firstlineno, code.co_freevars)
            == (old.co_qualname, old.co_firstlineno, old.co_freevars)
        )


def _codes(code: CodeType) -> list[CodeType]:
    """The code and whatever is defined in it."""
    found = [code]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found += _codes(constant)
    return found
