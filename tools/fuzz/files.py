"""Files in every format that is read, whole ones with a few bytes changed, cut, doubled or swapped."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from functools import cache
from random import Random

from tools.fuzz.case import Case
from tools.fuzz.expressions import ODD

SELECTORS = {
    **dict.fromkeys(("a.npz", "b.npz", "a.safetensors", "a.csv", "b.csv", "d.pt", "e.pth", "f.pt", "a.parquet"), ":x"),
    "c.npz": ":x",
    "a.json": ":w",
    "b.json": ":gradients.x",
    "b.pt": ":w.a.0",
}
"""What to ask a file for, where it holds more than one thing."""


def files(random: Random) -> Case:
    """A command that reads a file, or writes one next to it."""
    name, content = random.choice(list(whole().items()))
    ending = name[name.index(".") :] if random.random() < 0.9 else random.choice((".npy", ".json", ".pt", "", ".csv"))
    content = mutated(random, content) if random.random() < 0.8 else content
    part = (
        SELECTORS.get(name, "") if random.random() < 0.8 else random.choice((":x", ":w", ":q", ":0", ":", ":x[0]", ""))
    )
    word = f"@x{ending}{part}"
    value = word if random.random() < 0.3 else f"x={word}" if random.random() < 0.8 else f"x:float16={word}"
    subject = random.choice(
        (["grad", "sum(x*x)"], ["grad", "sin(x)"], ["trace", "sqrt(x)"], ["softmax"], ["check", "tanh"])
    )
    value = word if subject[0] == "softmax" else value
    argv = [*subject, value, *random.choice(([], ["--json"], ["-f", "csv"])), "--max-elements", "20000"]
    if random.random() < 0.25:
        out = random.choice(
            (".json", ".csv", ".md", ".npy", ".npz", ".pt", ".safetensors", ".html", ".dot", ".ndjson", ".q")
        )
        argv += ["-o", random.choice((f"out{out}", f"no/out{out}", f"x{ending}", "."))]
    if random.random() < 0.1:
        return Case("files", [*subject, "-", "--max-elements", "20000"], stdin=content)
    return Case("files", argv, files={f"x{ending}": content})


def mutated(random: Random, content: bytes) -> bytes:
    """The content with one to four wounds."""
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        place = (
            random.randrange(len(changed) + 1)
            if random.random() < 0.6
            else random.randrange(min(len(changed), 120) + 1)
        )
        length = random.choice((0, 1, 1, 1, 2, 8, 60))
        piece = random.choice(
            (
                bytes([random.randrange(256)]) * max(length, 1),
                random.randbytes(length),
                struct.pack("<q", random.choice((0, -1, 2**62, 2**31, 1))),
                random.choice(
                    (b"9" * 5000, b"[" * 3000, b"true", b"null", b"1e999", b"-", b"{", b"}", b"\x00", b'"', b",")
                ),
                random.choice(ODD).encode("utf-8", "surrogateescape"),
                bytes(changed[place : place + length]) * 2,
            )
        )
        changed[place : place + length] = piece
    if random.random() < 0.08:
        del changed[random.randrange(len(changed) + 1) :]
    return bytes(changed)


@cache
def whole() -> dict[str, bytes]:
    """Sound files, one a format and a little more; made once a process."""
    import numpy as np
    import torch

    def written(save: object, *arguments: object, **options: object) -> bytes:
        stream = io.BytesIO()
        save(stream, *arguments, **options)  # type: ignore[operator]
        return stream.getvalue()

    state = torch.random.get_rng_state()
    torch.manual_seed(0)
    matrix, row = torch.randn(3, 4), torch.tensor([1.0, -2.0, 0.5])
    torch.random.set_rng_state(state)
    header = json.dumps({"x": {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]}}).encode()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("x.npy", written(np.save, matrix.numpy()))
        members.writestr("x", "1 2 3")
    kinds = {
        "a.npy": written(np.save, matrix.numpy()),
        "b.npy": written(np.save, np.asfortranarray(matrix.double().numpy())),
        "c.npy": written(np.save, np.arange(4, dtype=">i8")),
        "a.npz": written(np.savez, x=matrix.numpy(), w=row.numpy()),
        "b.npz": written(np.savez_compressed, x=row.numpy()),
        "c.npz": archive.getvalue(),
        "a.safetensors": struct.pack("<Q", len(header)) + header + row.numpy().tobytes(),
        "a.csv": b"x,w\n1,2\n3,4.5\n-1e3,nan\n",
        "b.csv": b'"x";"a b"\r\n1.5;2\r\n-1;inf\r\n',
        "a.tsv": b"1\t2\n3\t4\n",
        "a.txt": b"1 2.5 -3e-2\nnan inf\n",
        "a.json": b'{"x": [1, 2.5, [3]], "w": {"shape": [2], "dtype": "float32", "values": [1, "NaN"]}}',
        "b.json": b'{"schema": "gradcli/grad/1", "gradients": {"x": {"shape": [1], "dtype": "float32", "values": [1.5]}}}',
        "c.json": b"[[1, 2], [3, 4]]",
        "b.pt": _torch_file({"x": matrix, "w": {"a": [row, 1, "t"]}}),
        "c.pt": _torch_file(row),
        "d.pt": _torch_file(
            {"x": torch.sparse_coo_tensor(torch.tensor([[0, 2]]), row[:2], (3,), check_invariants=True)}
        ),
        "e.pth": _torch_file({"x": row}, _use_new_zipfile_serialization=False),
        "f.pt": pickle.dumps({"x": [1.0, 2.0]}),
    }
    if _has("pyarrow"):
        import pyarrow
        from pyarrow import parquet

        stream = io.BytesIO()
        parquet.write_table(pyarrow.table({"x": [1.0, 2.0], "w": [3, None], "s": ["a", "b"]}), stream)
        kinds["a.parquet"] = stream.getvalue()
    return kinds


def _torch_file(value: object, **options: object) -> bytes:
    import torch

    stream = io.BytesIO()
    torch.save(value, stream, **options)  # type: ignore[arg-type]
    return stream.getvalue()


def _has(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None
