"""`import torch` without the modules that an eager gradient never uses: they are put off until something asks for them.

A module that is put off stands in `sys.modules` as itself, not yet executed; the first attribute, and the first import
of a module below it, executes it there. What others take out of it while PyTorch is imported, and only call later, is
a function that executes it when it is called.

Some modules of PyTorch import each other in a circle, which holds only if it is entered where PyTorch enters it. So
those that are no leaves are executed together, in PyTorch's order, before any other module of PyTorch is imported.

Only for the versions of PyTorch that this was tested with; any other, and GRADCLI_LEAN=0, imports all of it at once.
Programs of users may need anything, so `watch` never begins with it, and the others call load_all() before they run a
user's file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping

from gradcli.lean_torch.finder import LeanImport
from gradcli.lean_torch.table import TABLE, VERSIONS, PutOff


def install(table: Mapping[str, PutOff] = TABLE, versions: Collection[str] = VERSIONS) -> None:
    """Put the modules of the table off, where PyTorch has not been imported yet."""
    if os.environ.get("GRADCLI_LEAN") != "0" and "torch" not in sys.modules:
        LeanImport.installed = LeanImport(table, versions)
        sys.meta_path.insert(0, LeanImport.installed)


def load(name: str) -> bool:
    """Execute a module if it is put off, and whether it was; for those that others need and ask for nothing."""
    lean = LeanImport.installed
    return lean is not None and lean.load(name)


def load_all() -> None:
    """Everything that a plain import has."""
    for name in waiting():
        load(name)


def waiting() -> list[str]:
    """The modules that are put off still."""
    lean = LeanImport.installed
    return [] if lean is None else lean.waiting()
