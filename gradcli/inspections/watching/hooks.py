"""Hooks of the program's that change gradients on their way: a step that is run again has none of them."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from inspect import unwrap
from types import CodeType
from typing import Any

import torch
from torch import nn

from gradcli.recording.program.places import Spot, UserCode

_OF_MODULES = ("_backward_hooks", "_backward_pre_hooks")
_OF_LEAVES = ("_backward_hooks", "_post_accumulate_grad_hooks")


class GradientHooks:
    """The hooks that the program has put on tensors.

    handlers: what the log is to hand over, by the functions that put hooks on.
    """

    def __init__(self, user: UserCode) -> None:
        self._user = user
        self._put: dict[int, Any] = {}
        functions = (torch.Tensor.register_hook, torch.Tensor.register_post_accumulate_grad_hook)
        self.handlers = dict.fromkeys(functions, self._note)

    def _note(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        hook = args[1] if len(args) > 1 else kwargs.get("hook")
        code = _code_of(hook)
        if code is not None and self._user.owns(code.co_filename):
            self._put[id(code)] = code
        return function(*args, **kwargs)

    def spots(self, leaves: Iterable[torch.Tensor]) -> list[Spot]:
        """What the user's hooks give back: those on tensors, on these leaves, and on modules."""
        modules = [one for one in gc.get_objects() if issubclass(type(one), nn.Module)]
        hooks = [*_hooks_of(leaves, _OF_LEAVES), *_hooks_of(modules, _OF_MODULES)]
        found = {id(code): code for hook in hooks if (code := _code_of(hook)) is not None}
        own = [code for code in {**self._put, **found}.values() if self._user.owns(code.co_filename)]
        return [Spot(code, _last_instruction(code)) for code in own]


def _hooks_of(owners: Iterable[Any], names: Iterable[str]) -> Iterator[Any]:
    for owner in owners:
        for name in names:
            yield from (getattr(owner, name, None) or {}).values()


def _last_instruction(code: CodeType) -> int:
    """The last one whose place in its line Python knows: what is returned."""
    known = [2 * number for number, (*_, begin, end) in enumerate(code.co_positions()) if begin != end]
    return known[-1] if known else 0


def _code_of(hook: Any) -> CodeType | None:
    return getattr(unwrap(hook), "__code__", None) if callable(hook) else None
