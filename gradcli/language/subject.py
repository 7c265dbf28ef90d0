"""What a subject stands for: a function by its bare name, an expression; and what is said where it is neither."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence

from gradcli.exceptions import UnknownNameError, UsageError, did_you_mean
from gradcli.language import catalogue
from gradcli.language.calling import instead_of_module
from gradcli.language.catalogue.rows import Row
from gradcli.language.catalogue.signature import signatures_of
from gradcli.language.names import CONSTANTS, NAMESPACES, instead_of, without_prefix
from gradcli.language.text import notation_hint

IN_FILE = re.compile(r"(?P<file>.+\.py):(?P<name>[^\W\d]\w*(\.[^\W\d]\w*)*)")
"""A function of a file of the user's: `model.py:loss`."""
_ONE_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def subject_text(subject: str, bound: Sequence[str] = ()) -> str:
    """The expression that a subject stands for: `sigmoid` is `sigmoid(x)`, an expression is itself.

    Raises UnknownNameError for a single name that is no function and has no value, UsageError for a file.
    """
    word = subject.strip()
    if IN_FILE.fullmatch(word):
        raise UsageError(
            f"'{word}' is a function of a file: grad, trace and check take one, with values by name",
            hint=f"For example: gradcli grad {word} x=1,2",
        )
    if word.startswith("@"):
        raise _without_expression(word)
    if word.endswith(".py"):
        raise _program(word)
    if not _ONE_NAME.fullmatch(word) or word in bound or word in CONSTANTS:
        return subject
    bare = without_prefix(word)
    row = catalogue.find(bare)
    if row is not None and row.function:
        return f"{word}({_open_call(row)})" if row.subject is None else row.subject
    head, dot, _ = word.partition(".")
    if dot and (head in bound or head not in NAMESPACES):  # x.T: an attribute of a value
        return subject
    hint = notation_hint(word) or instead_of(bare) or instead_of_module(bare)
    hint = hint or did_you_mean(bare, catalogue.function_names())
    if row is not None:
        hint = f"It is a tensor method: write 'x.{bare}(...)'."
    raise UnknownNameError(
        f"unknown function '{word}'",
        expression=subject,
        span=(subject.index(word), subject.index(word) + len(word)),
        hint=hint or "'gradcli functions' lists what there is; an expression needs more than a name: 'x * sigmoid(x)'.",
    )


def _without_expression(word: str) -> UsageError:
    """What is wrong with a file of numbers where the expression should be."""
    name = word[1:]
    is_there = any(map(os.path.exists, (name, name.rpartition(":")[0])))  # which, unlike Path, takes any text
    missing = "" if is_there or name.startswith("-") else f" There is no file '{name}' either."
    return UsageError(
        f"there is no expression: '{word}' stands for numbers",
        hint=f"The expression comes first: {shlex.quote('sum(x**2)')} {shlex.quote(f'x={word}')}.{missing}",
    )


def _program(file: str) -> UsageError:
    """What is wrong with a program where the expression should be."""
    shown = shlex.quote(file)
    missing = "" if any(map(os.path.exists, (file,))) else f" There is no file '{file}' here."
    return UsageError(
        f"'{file}' is a program, not an expression",
        hint=f"To watch it: gradcli watch {shown}. A function in it: gradcli grad {shown}:NAME x=1,2.{missing}",
    )


def _open_call(row: Row) -> str:
    """The required tensors of a function as free names, the first of them x."""
    signature = signatures_of(row)[0]
    required = [p for p in signature.parameters if p.required and p.kind == "tensor"]
    return ", ".join(["x", *(p.name for p in required[1:])])
