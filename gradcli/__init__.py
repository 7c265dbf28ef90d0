"""A gradient inspector: values, derivatives and PyTorch's own errors, from the command line and from Python."""

from __future__ import annotations

from gradcli.commands import NAMES
from gradcli.version import __version__

_FUNCTIONS = (*(name.replace("-", "_") for name in NAMES), "assert_gradient", "load", "plot", "watch")

__all__ = ["GradcliError", "__version__", *_FUNCTIONS]


def __getattr__(name: str) -> object:
    """The function of that name; PyTorch is imported when it is called, not before."""
    if name not in __all__:
        raise AttributeError(f"module 'gradcli' has no attribute {name!r}")
    from gradcli import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted(__all__)
