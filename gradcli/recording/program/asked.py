"""How PyTorch's functions that are written in Python tell a log of a call: at less cost than by `torch.overrides`.

That finds out which arguments are of types of their own, and which of them comes first. A log does not ask: the
function, which it calls again, tells them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import handle_torch_function

from gradcli.recording.program.log import Log

_TELLING = (torch._tensor, torch.autograd, torch.functional, torch.nn.functional)
"""The modules whose functions ask it by its name."""

_height = torch._C._len_torch_function_stack
_at = torch._C._get_function_stack_at
_pop = torch._C._pop_torch_function_stack
_push = torch._C._push_on_torch_function_stack


class Asked:
    """Has these functions tell a log directly, where it is the first that would hear of them, while it is on."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._before = [module.handle_torch_function for module in _TELLING]

    def put_on(self) -> None:
        for module in _TELLING:
            module.handle_torch_function = self._tell  # type: ignore[attr-defined]

    def take_off(self) -> None:
        for module, before in zip(_TELLING, self._before, strict=True):
            module.handle_torch_function = before  # type: ignore[attr-defined]

    def _tell(self, function: Any, relevant: Any, /, *args: Any, **kwargs: Any) -> Any:
        log, height = self._log, _height()
        if not height or _at(height - 1) is not log:
            return handle_torch_function(function, relevant, *args, **kwargs)
        _pop()
        try:
            return log.__torch_function__(function, (), args, kwargs)
        finally:
            _push(log)


DISPATCH = frozenset({handle_torch_function.__code__, Asked._tell.__code__})
"""The code between a function of PyTorch's and the same function once more."""
