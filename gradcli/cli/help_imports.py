"""Help pages without the half of rich that they never draw with.

Typer's help imports rich's Markdown and its tracebacks, and with them a parser of Markdown, Pygments and attrs. gradcli
writes its help in rich's own markup and shows no tracebacks, so both wait until somebody calls them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

PUT_OFF = {"rich.markdown": "Markdown", "rich.traceback": "Traceback"}
"""The class that Typer's help takes out of each module."""


class PutOffClass(type):
    """The class of a stand-in: calls of it, and what it is asked for, go to the class of that name in `home`."""

    home: str

    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        return cls._real()(*arguments, **named)

    def __getattr__(cls, name: str) -> Any:
        return getattr(cls._real(), name)

    def _real(cls) -> Any:
        return getattr(import_module(cls.home), cls.__name__)


@contextmanager
def light_help() -> Iterator[None]:
    """Give Typer's help, if it is first imported inside, stand-ins for PUT_OFF, which nobody else meets."""
    if "typer.rich_utils" in sys.modules:
        yield
        return
    stand_ins = {name: _stand_in(name) for name in PUT_OFF if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, module in stand_ins.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def _stand_in(name: str) -> ModuleType:
    module = ModuleType(name)
    setattr(module, PUT_OFF[name], PutOffClass(PUT_OFF[name], (), {"home": name}))
    return module
