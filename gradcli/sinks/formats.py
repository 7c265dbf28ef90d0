"""The kinds of files: the function that makes each, what it can hold, and the library that it needs."""

from __future__ import annotations

from importlib.util import find_spec

from gradcli.exceptions import OutputError

SINKS = {
    ".json": "gradcli.sinks.text.write",
    ".ndjson": "gradcli.sinks.text.write",
    ".csv": "gradcli.sinks.text.write",
    ".md": "gradcli.sinks.text.write",
    ".npy": "gradcli.sinks.arrays.write_npy",
    ".npz": "gradcli.sinks.arrays.write_npz",
    ".pt": "gradcli.sinks.arrays.write_pt",
    ".safetensors": "gradcli.sinks.safetensors.write",
    ".parquet": "gradcli.sinks.parquet.write",
    ".py": "gradcli.sinks.text.write_program",
    ".svg": "gradcli.render.pictures.write_svg",
    ".png": "gradcli.render.pictures.write_png",
    ".pdf": "gradcli.render.pictures.write_pdf",
    ".mmd": "gradcli.render.drawings.mermaid.write",
    ".dot": "gradcli.render.drawings.dot.write",
    ".html": "gradcli.render.page.write",
}
"""The function that makes each kind of file; only the module that is used is imported."""

_TENSORS = frozenset((".npy", ".npz", ".pt", ".safetensors"))
_PICTURES = frozenset((".svg", ".png", ".pdf", ".html"))
"""What wants the denser answer that curves are drawn from."""

_NEEDS = {".parquet": ("pyarrow", "parquet"), ".png": ("matplotlib", "plot"), ".pdf": ("matplotlib", "plot")}
"""The library behind a format, and the extra that brings it."""


def is_picture(ending: str) -> bool:
    """Whether a file of this kind shows curves."""
    return ending in _PICTURES


def holds_tensors(ending: str) -> bool:
    """Whether a file of this kind holds tensors and nothing else."""
    return ending in _TENSORS


def check_available(ending: str) -> None:
    """Raises OutputError where the format's library is not installed."""
    if not ending:
        return
    library, extra = _NEEDS.get(ending, ("gradcli", ""))
    if find_spec(library) is None:
        raise OutputError(f"{ending} files need {library}", hint=f"Install it: pip install 'gradcli[{extra}]'.")
