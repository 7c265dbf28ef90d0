"""What each command asks for, declared once for the command line, the Python functions and `batch`.

A command is a module of this package with its row, `COMMAND`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcli.commands.command import Command

NAMES = (
    "activate",
    "audit",
    "check",
    "compare",
    "errors",
    "explain",
    "functions",
    "grad",
    "loss",
    "retain-demo",
    "softmax",
    "trace",
)


@cache
def load(name: str) -> Command:
    """The row of a command; only the module of that one is imported."""
    found: Command = import_module(f"{__name__}.{name.replace('-', '_')}").COMMAND
    return found
