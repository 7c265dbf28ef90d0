"""The table of rules: what a row of the catalogue means, as a function on arrays of real numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Rule = Callable[..., object]
"""Takes the parameters of the row by PyTorch's names: tensors as arrays, everything else as it was written."""

RULES: dict[str, Rule] = {}
"""By the name of the row."""


Function = TypeVar("Function", bound=Rule)


def rule(*names: str) -> Callable[[Function], Function]:
    """Enter a function as the rule of these rows."""

    def enter(function: Function) -> Function:
        for name in names:
            assert name not in RULES, name
            RULES[name] = function
        return function

    return enter


def first(function: Callable[..., Any]) -> Rule:
    """A rule of one tensor, whatever PyTorch calls it."""
    return lambda **named: function(*named.values())
