"""The last look at a program before it is shown or written: it does what was meant and no more.

Whatever wrote the lines, they are read here as Python reads them. A comment holds no statement, a line one statement,
and nothing is imported, called or read but torch and what the catalogue has.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from functools import cache

from gradcli.exceptions import BoundError, OutputError
from gradcli.language.catalogue import all_rows
from gradcli.language.catalogue.generated import RESULT_FIELDS
from gradcli.language.catalogue.operations import ATTRIBUTES
from gradcli.language.dtypes import ALL
from gradcli.language.names import CONSTANTS

_OWN_BUILTINS = frozenset({"print", "range", "complex"})
_OWN_PATHS = frozenset(
    f"torch.{path}"
    for path in (
        *("autograd.grad", "autograd.forward_ad.dual_level", "autograd.forward_ad.make_dual"),
        *("autograd.forward_ad.unpack_dual", "cat", "stack", "tensor", "zeros", "zeros_like", "ones_like"),
        *("set_default_dtype", "set_default_device", "manual_seed", "get_rng_state", "set_rng_state"),
        *(f"{device}.{state}_rng_state" for device in ("cuda", "mps", "xpu") for state in ("get", "set")),
    )
)
_OWN_ATTRIBUTES = frozenset(
    {"backward", "clone", "detach", "dtype", "grad", "requires_grad", "requires_grad_", "reshape", "retain_grad"}
    | {"shape", "tangent", "to", "tolist"}
)
_STATEMENTS = ast.Assign | ast.AugAssign | ast.Expr | ast.For | ast.With | ast.FunctionDef | ast.If | ast.Return
"""What programs are made of, beside `import torch`."""
_CLOSED = ast.Lambda | ast.NamedExpr | ast.JoinedStr | ast.Await | ast.Yield | ast.YieldFrom | ast.Set | ast.Dict
"""Expressions that no program needs."""

_COOKIE = re.compile(r"coding[:=]")
"""In the first two lines of a file, the beginning of what Python takes for the name of an encoding."""


def escaped(text: str) -> str:
    """A text on one line: line ends of every kind, control and direction marks are written as Python's escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def quoted(text: str) -> str:
    """A text as Python's literal, on one line."""
    inside = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped(inside)}"'


def commented(heading: Sequence[str], lines: Sequence[str]) -> str:
    """A program: each text of the heading as a comment of one line, then the lines.

    Raises OutputError unless that is, to Python, the lines alone.
    """
    comments = [f"# {escaped(text)}" for text in heading]
    if any(map(_COOKIE.search, comments)):  # the first such line counts: utf-7 would read line ends into a text
        comments.insert(0, "# coding: utf-8")
    whole = "".join(f"{line}\n" for line in [*comments, *lines])
    body = "".join(f"{line}\n" for line in lines)
    if _shape(_parsed(whole)) != _shape(_parsed(body)) or any(map(_is_broken, whole.split("\n"))):
        raise _refused("a comment would be run")
    return whole


def checked(heading: Sequence[str], lines: Sequence[str]) -> str:
    """A program of lines that a request has made; raises OutputError where they would do more than was meant."""
    whole = commented(heading, lines)
    tree = _parsed("".join(f"{line}\n" for line in lines))
    begun = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    if len(begun) != len(set(begun)):
        raise _refused("a line holds two statements")
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(tree):
        stored |= _defined(node)
    if reason := next(_faults(tree, stored), None):
        raise _refused(reason)
    return whole


def _defined(node: ast.AST) -> set[str]:
    return {node.name, *(a.arg for a in node.args.args)} if isinstance(node, ast.FunctionDef) else set()


def _faults(tree: ast.Module, stored: set[str]) -> Iterator[str]:
    """What a program does that none should."""
    if stored & {"torch", *_OWN_BUILTINS}:
        yield "a variable would hide a function"
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=[ast.alias(name="torch", asname=None)]):
                pass
            case ast.stmt() if not isinstance(node, _STATEMENTS):
                yield f"'{type(node).__name__}' is no statement of such a program"
            case ast.expr() if isinstance(node, _CLOSED):
                yield f"'{type(node).__name__}' is no expression of such a program"
            case ast.Name(id=name) if name not in stored and name != "torch" and name not in _OWN_BUILTINS:
                yield f"'{name}' is no variable of it"
            case ast.Attribute() if not _is_known(node):
                yield f"'{node.attr}' is no operation of the catalogue"


def _is_known(node: ast.Attribute) -> bool:
    parts: list[str] = []
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        parts.append(inner.attr)
        inner = inner.value
    if isinstance(inner, ast.Name) and inner.id == "torch":
        path = ".".join(["torch", *reversed(parts)])
        return path in _paths()
    return node.attr in _attributes()


@cache
def _paths() -> frozenset[str]:
    """What may be read from torch, with the modules on the way there."""
    rows = {row.torch for row in all_rows() if not row.torch.startswith("torch.Tensor.")}
    whole = {*_OWN_PATHS, *rows, *(f"torch.{name}" for name in (*ALL, *CONSTANTS))}
    return frozenset(path[: dot.start()] for path in whole for dot in re.finditer(r"\.|$", path))


@cache
def _attributes() -> frozenset[str]:
    """What may be read from a tensor or a result."""
    methods = (row.torch.rpartition(".")[2] for row in all_rows() if row.method)
    return _OWN_ATTRIBUTES | RESULT_FIELDS | {*methods, *ATTRIBUTES}


def _parsed(text: str) -> ast.Module:
    """The program as Python compiles it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `1 is 1` and the like are the user's own
            content = text.encode()  # as a file is read, where the first lines can name another encoding
            tree = ast.parse(content)
            compile(content, "program.py", "exec", dont_inherit=True)
    except (RecursionError, MemoryError):
        raise _too_deep() from None
    except (SyntaxError, ValueError) as error:
        if "too many" in str(error) or "nested" in str(error):
            raise _too_deep() from None
        raise _refused(f"it is no Python: {error}") from None
    return tree


def _shape(tree: ast.Module) -> list[object]:
    """All nodes of a tree with what stands in them, but for their places."""
    return [
        (type(node), [repr(value) for _, value in ast.iter_fields(node) if not isinstance(value, ast.AST | list)])
        for node in ast.walk(tree)
    ]


def _is_broken(line: str) -> bool:
    """Whether a line would be more than one to whatever shows it, or not show what it is."""
    return not line.isprintable()


def _refused(reason: str) -> OutputError:
    return OutputError(
        f"no program is written: {reason}", hint="Give the inputs other names, and leave out what is no expression."
    )


def _too_deep() -> BoundError:
    return BoundError(
        "the program is nested deeper than Python can read", hint="Name the parts: h = tanh(x); sum(h**2)."
    )
