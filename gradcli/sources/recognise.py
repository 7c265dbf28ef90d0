"""What a file is, by its first bytes rather than by its ending."""

from __future__ import annotations

import struct
import zipfile

from gradcli.exceptions import SourceError
from gradcli.sources.location import Location

FIRST = 512
"""Bytes that are looked at."""
_FIRST_BYTES = (
    (b"\x93NUMPY", "a NumPy array", ".npy"),
    (b"PAR1", "a Parquet table", ".parquet"),
    (b"\x89HDF", "an HDF5 file", None),
    (b"\x1f\x8b", "something compressed with gzip", None),
    (b"\x89PNG", "a picture", None),
    (b"\xff\xd8\xff", "a picture", None),
    (b"%PDF", "a PDF document", None),
    (b"\x80\x02", "a pickle", None),
    (b"\x80\x03", "a pickle", None),
    (b"\x80\x04", "a pickle", None),
    (b"\x80\x05", "a pickle", None),
    (b"{", "JSON", ".json"),
    (b"[", "JSON", ".json"),
    (b"<", "HTML or XML", None),
)

_EXPECTED = {
    ".pt": ("a pickle",),  # older files of PyTorch's are a row of them
    ".pth": ("a file of PyTorch's", "a pickle"),
    ".csv": ("text",),
    ".tsv": ("text",),
    ".txt": ("text",),
}
"""What else files of these endings look like, when they are as they should be."""


def damaged(location: Location, detail: str = "") -> SourceError:
    """The error for a file that its reader cannot read: of another format than its ending, or cut short."""
    what, ending = looks_like(location)
    if what is None or what in _EXPECTED.get(location.ending, ()) or ending == location.ending:
        reason = f": {detail}" if detail else ""
        return SourceError(
            f"{location.shown} is cut short or damaged{reason}", hint="Was it written to the end? Write it again."
        )
    hints = {
        None: "Save the numbers in a format that gradcli reads.",
        ".json": "Give it the ending .json.",
    }
    if what == "a pickle":
        hints[None] = "A pickle can run any program, so none is read. Save the arrays alone: numpy.save, torch.save."
    if what == "a TorchScript program":
        hints[None] = "Save the tensors alone: torch.save(model.state_dict(), 'model.pt')."
    return SourceError(
        f"{location.shown} is no {location.ending or 'text'} file: it looks like {what}",
        hint=hints.get(ending, f"Give it the ending {ending}."),
    )


def looks_like(location: Location) -> tuple[str | None, str | None]:
    """What a file looks like, and the ending that such files have."""
    if not location.regular:
        return None, None
    with location.path.open("rb") as file:
        head = file.read(FIRST)
    if head.startswith(b"PK\x03\x04"):
        return _archive(location)
    if len(head) > 9 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 2**32:
        return "a safetensors file", ".safetensors"
    for first, what, ending in _FIRST_BYTES:
        if head.lstrip().startswith(first):
            return what, ending
    if not _is_text(head):
        return None, None
    return "text", ".csv" if any(mark in head for mark in b",;\t") else ".txt"


def _archive(location: Location) -> tuple[str | None, str | None]:
    try:
        with zipfile.ZipFile(location.path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, LookupError, struct.error, OSError):
        return "a zip archive that was cut short", location.ending
    if any("/code/" in name for name in names):
        return "a TorchScript program", None
    if any(name.endswith("data.pkl") for name in names):
        return "a file of PyTorch's", ".pt"
    if names and all(name.endswith(".npy") for name in names):
        return "an archive of NumPy arrays", ".npz"
    return "a zip archive", None


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if len(head) < FIRST or error.start < len(head) - 3:  # the last character may be cut
            return False
        text = head[: error.start].decode("utf-8")
    return all(character.isprintable() or character.isspace() for character in text)
