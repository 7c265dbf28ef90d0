"""matplotlib without the settings of this folder, this user and this environment: a picture is the same everywhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gradcli.exceptions import OutputError

_FROM_OUTSIDE = ("MATPLOTLIBRC", "MPLBACKEND")
"""Variables that matplotlib reads while it is imported, and ends with an exception where it cannot."""


@contextmanager
def settings(style: Mapping[str, Any]) -> Iterator[None]:
    """matplotlib's own settings and these, until the picture is written.  Raises OutputError where it is missing."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise OutputError("a picture needs matplotlib", hint="pip install 'gradcli[plot]'")
    if "matplotlib" not in sys.modules:
        _import(Path(spec.origin).parent / "mpl-data")
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(style)  # type: ignore[arg-type]
        yield


def _import(folder: Path) -> None:
    """Import it where it finds its own file of settings, since it takes the one of the folder before any other."""
    before = {name: os.environ.pop(name, None) for name in _FROM_OUTSIDE}
    try:
        with chdir(folder):
            import matplotlib  # noqa: F401 - the import is what it is about
    finally:
        os.environ.update({name: value for name, value in before.items() if value is not None})
