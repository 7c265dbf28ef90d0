"""Functions of Python as subjects: those of PyTorch by the names of the catalogue, any other one as it is."""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable
from functools import reduce
from types import CodeType
from typing import Any

from gradcli.exceptions import UsageError
from gradcli.language import catalogue
from gradcli.language.catalogue.signature import signatures_of
from gradcli.language.parser import parse
from gradcli.language.subject import subject_text

_NAMESPACES = ("torch", "torch.nn.functional")


def name_of(function: Callable[..., Any]) -> str | None:
    """The name in the catalogue of a function of PyTorch's; None for any other function."""
    own = getattr(function, "__name__", "")
    if isinstance(function, type) or not own:
        return None
    for row in catalogue.all_rows():
        if row.function and row.torch.replace(".", "_").endswith(own) and _is(row.torch, function):
            return row.name
    for name in (own, own.replace("_", ".", 1)):
        known = catalogue.find(name)
        if known is not None and known.function and any(_is(f"{one}.{name}", function) for one in _NAMESPACES):
            return name
    return None


def open_names(name: str, count: int) -> tuple[str, ...] | None:
    """The names of a function of the catalogue that `count` values stand for by their places; none for points of one.

    None where the function takes them and its subject leaves them out, as the exponent of `pow`.
    """
    names = parse(subject_text(name)).free_names
    if len(names) == count:
        return names if count > 1 else ()
    row = catalogue.find(name)
    required = [one for one in signatures_of(row)[0].parameters if one.required] if row is not None else []
    return None if len(required) == count > 1 else ()


def dtype_of(function: object) -> str | None:
    """The dtype of a module's parameters; None for what has none."""
    parameters = None if isinstance(function, type) else getattr(function, "parameters", None)
    found = [one.dtype for one in parameters() if one.is_floating_point()] if callable(parameters) else []
    return str(found[0]).removeprefix("torch.") if found else None


def _is(path: str, function: Callable[..., Any]) -> bool:
    """Whether a dotted path leads to the function."""
    import torch

    try:
        found: object = reduce(getattr, path.split(".")[1:], torch)
    except AttributeError:
        return False
    return found is function


def by_name(subject: object, command: str) -> str:
    """The text of a subject that can be no function of one's own; several functions are a list.

    Raises UsageError.
    """
    if isinstance(subject, str):
        return subject
    if isinstance(subject, list | tuple):
        return ",".join(by_name(one, command) for one in subject)
    found = name_of(subject) if callable(subject) else None
    if found is None:
        raise UsageError(
            f"{command} takes a text or a function of PyTorch's, not {described(subject)}",
            hint="grad, trace and check take any function of tensors.",
        )
    return found


def described(function: object) -> str:
    """What an answer calls a function: its name, the text of a lambda, the class of a module."""
    owner = getattr(function, "__self__", None)
    if isinstance(owner, type):
        return owner.__name__  # apply of a torch.autograd.Function
    code = getattr(function, "__code__", None)
    if isinstance(code, CodeType):
        return _lambda(code, function) if code.co_name == "<lambda>" else code.co_name
    name = getattr(function, "__name__", None)
    if name is None and isinstance(inner := getattr(function, "func", None), Callable):  # type: ignore[arg-type]
        return described(inner)
    return name or type(function).__name__


def _lambda(code: CodeType, function: object) -> str:
    """`lambda x: x**2`, where its text is one line that can be read."""
    places = [place for place in code.co_positions() if None not in place and place[2] != place[3]]
    lines = {line for line, end, _, _ in places} | {end for _, end, _, _ in places}
    text = linecache.getline(code.co_filename, code.co_firstlineno)
    if lines != {code.co_firstlineno} or not text:
        return "lambda"
    body = text.encode()[min(place[2] for place in places) : max(place[3] for place in places)].decode()  # type: ignore[type-var]
    names = ", ".join(inspect.signature(function).parameters)  # type: ignore[arg-type]
    return f"lambda {names}: {body}"
