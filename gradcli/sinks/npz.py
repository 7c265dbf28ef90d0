"""`.npz`: every tensor of the answer by name, with its dtype and shape."""

from __future__ import annotations

from typing import BinaryIO, cast
from zipfile import ZipFile

from gradcli.render.view import Answer, View
from gradcli.sinks.npy import write_array
from gradcli.sinks.tensors import in_numpy, tensors_of


def write(answer: Answer, view: View, stream: BinaryIO) -> str | None:
    """numpy's archive, uncompressed. Raises OutputError where there is no tensor."""
    remark = None
    found = tensors_of(answer, ".npz")
    with ZipFile(stream, "w", allowZip64=True) as archive:
        for name, tensor in found.items():
            values, changed = in_numpy(tensor)
            remark = changed or remark
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                write_array(values, cast("BinaryIO", member))
    return remark
