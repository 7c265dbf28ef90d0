"""Which PyTorch is installed, without importing it."""

from __future__ import annotations

import re
from importlib.machinery import ModuleSpec
from pathlib import Path


def version_of(spec: ModuleSpec) -> str | None:
    """PyTorch's own `__version__`, such as 2.13.0+cpu, of which the package's metadata may lack the end; or None."""
    if spec.origin is None:
        return None
    try:
        written = Path(spec.origin).with_name("version.py").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    found = re.search(r"^__version__ = ['\"](.+)['\"]", written, re.MULTILINE)
    return found and found[1]
