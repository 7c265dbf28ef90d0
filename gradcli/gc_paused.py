"""Bringing PyTorch in, as cheaply as it can be had."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from gradcli.time_limit import not_counted


@contextmanager
def gc_paused() -> Iterator[None]:
    """No garbage collection while modules are imported, which makes hardly any garbage; no time limit counts it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        with not_counted():
            yield
    finally:
        if was_enabled:
            gc.enable()
