"""What answers hang on besides the numbers: chunks are added only where all of it is the same."""

from __future__ import annotations

from importlib.metadata import version

import torch

from gradcli.version import __version__

THREADS = 1
"""Of PyTorch's, for each chunk: kernels cut a tensor by their number, and a part may end in other code."""


def build_here() -> dict[str, object]:
    """Of this process: versions, PyTorch's with the commit it was built of, and the instruction set of its kernels."""
    commit = (torch.version.git_version or "")[:10]
    return {
        "gradcli": __version__,
        "torch": f"{torch.__version__} ({commit})",
        "flint": version("python-flint"),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "threads": THREADS,
    }


def differences(there: dict[str, object], here: dict[str, object]) -> str:
    """What is another there: `capability DEFAULT, here AVX512`; nothing where all is the same."""
    return "; ".join(
        f"{name} {_written(there.get(name))}, here {_written(value)}"
        for name, value in here.items()
        if there.get(name) != value
    )


def _written(value: object) -> str:
    return "none" if value is None else str(value)
