"""Give the functions that are alive in this process the code that a mutant has for them.

The code is replaced in the function objects themselves, so that it does not matter who holds them: a module, a class, a
property, a decorator, a cache or a table.
"""

from __future__ import annotations

import gc
import inspect
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, FunctionType, GeneratorType

from tools.mutants.mutant import Mutant

Alive = Mapping[str, Sequence[FunctionType | GeneratorType]]
"""What runs the code of each file of gradcli, named from the root of the tree."""


def alive() -> Alive:
    """The functions of gradcli, those inside others too, and generators that have begun."""
    root = str(Path.cwd()) + os.sep
    found = defaultdict(list)
    gc.unfreeze()
    for thing in gc.get_objects():
        if type(thing) in (FunctionType, GeneratorType):  # isinstance would ask proxies what they stand for
            path = _code(thing).co_filename
            if path.startswith(f"{root}gradcli{os.sep}"):
                found[path.removeprefix(root)].append(thing)
    gc.freeze()
    return found


def swap(mutant: Mutant, source: str, alive: Alive) -> bool:
    """Whether everything that is alive of the function around the mutant has its code now; else nothing is changed."""
    new = _by_place(mutant, source)
    affected = [thing for thing in alive.get(mutant.path, ()) if _place(_code(thing)) in new]
    pairs = [(thing, new[_place(_code(thing))]) for thing in affected]
    if not pairs or not all(_fits(thing, code) for thing, code in pairs):
        return False
    for thing, code in pairs:
        assert isinstance(thing, FunctionType)
        assert code is not None
        thing.__code__ = code
    return True


def _fits(thing: FunctionType | GeneratorType, code: CodeType | None) -> bool:
    """A closure keeps its cells, which are told apart by their order alone."""
    return isinstance(thing, FunctionType) and code is not None and code.co_freevars == thing.__code__.co_freevars


def _by_place(mutant: Mutant, source: str) -> dict[tuple[str, int], CodeType | None]:
    """The code of the outermost function around the mutant and of those inside it, by where they stood before.

    None where it is not known which is which.
    """
    path = str(Path(mutant.path).resolve())
    before, after = (list(_outermost(_compiled(text, path))) for text in (source, mutant.applied(source)))
    around = [
        index
        for index, code in enumerate(before)
        if code.co_qualname == mutant.function and code.co_firstlineno <= mutant.line
    ]
    if not around or len(before) != len(after):
        return {}
    old, new = (list(_with_inner(codes[around[-1]])) for codes in (before, after))
    alike = [code.co_name for code in old] == [code.co_name for code in new]
    found: dict[tuple[str, int], CodeType | None] = {}
    for index, code in enumerate(old):
        place = _place(code)
        known = place not in found and (alike or index == 0)
        found[place] = new[index] if known else None
    return found


def _compiled(text: str, path: str) -> CodeType:
    return compile(text, path, "exec", dont_inherit=True)


def _outermost(code: CodeType) -> Iterator[CodeType]:
    """The functions of a module and of its classes, in the order of the text."""
    for inner in _inner(code):
        if inner.co_flags & inspect.CO_OPTIMIZED:
            yield inner
        else:
            yield from _outermost(inner)


def _with_inner(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in _inner(code):
        yield from _with_inner(inner)


def _inner(code: CodeType) -> Iterator[CodeType]:
    return (constant for constant in code.co_consts if isinstance(constant, CodeType))


def _code(thing: FunctionType | GeneratorType) -> CodeType:
    code = thing.__code__ if isinstance(thing, FunctionType) else thing.gi_code
    assert isinstance(code, CodeType)
    return code


def _place(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno
