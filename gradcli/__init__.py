"""A gradient inspector: values, derivatives and PyTorch's own errors, from the command line and from Python."""

from __future__ import annotations

from gradcli.version import __version__

_INSPECTIONS = (
    "activate",
    "autograd_errors",
    "check",
    "functions",
    "grad",
    "loss",
    "retain_demo",
    "softmax",
    "trace",
    "watch",
)

__all__ = ["__version__", *_INSPECTIONS]


def __getattr__(name: str) -> object:
    """The inspection of that name; PyTorch is imported when it is called, not before."""
    if name not in _INSPECTIONS:
        raise AttributeError(f"module 'gradcli' has no attribute {name!r}")
    from gradcli import api

    return getattr(api, name)
