"""Whatever the bytes of a file are, it is read or refused: never a traceback."""

from __future__ import annotations

import contextlib
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from gradcli.exceptions import GradcliError
from gradcli.sources import READERS, read_source


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    np.save(folder / "x.npy", np.arange(3.0))
    np.savez_compressed(folder / "x.npz", x=np.arange(3.0))
    torch.save({"x": torch.ones(2)}, folder / "x.pt")
    torch.save({"x": torch.ones(2)}, folder / "x.pth", _use_new_zipfile_serialization=False)
    save_file({"x": torch.ones(2)}, folder / "x.safetensors")
    (folder / "x.csv").write_text("x,y\n1,2\n")
    (folder / "x.tsv").write_text("x\ty\n1\t2\n")
    (folder / "x.txt").write_text("1 2 3")
    (folder / "x.json").write_text('{"x": {"shape": [1], "dtype": "float32", "values": [1.5]}}')
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pa.table({"x": [1.0, 2.0]}), folder / "x.parquet")
    return {path.suffix: path.read_bytes() for path in folder.iterdir()}


def read_or_refused(path: Path) -> None:
    for word in (f"@{path}", f"@{path}:x"):
        with warnings.catch_warnings(), contextlib.suppress(GradcliError):
            warnings.simplefilter("error")
            read_source(word)


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(st.sampled_from(list(READERS)), st.binary(min_size=1, max_size=80))
def test_any_bytes(tmp_path: Path, ending: str, content: bytes) -> None:
    path = tmp_path / f"x{ending}"
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    read_or_refused(path)


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=300)
@given(
    st.sampled_from(list(READERS)),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4),
    st.integers(0, 20_000),
)
def test_any_damage(
    tmp_path: Path, whole: dict[str, bytes], ending: str, changes: list[tuple[int, int]], kept: int
) -> None:
    content = bytearray(whole[ending])
    for place, byte in changes:
        content[place % len(content)] = byte
    path = tmp_path / f"x{ending}"
    path.unlink(missing_ok=True)
    path.write_bytes(content[: max(1, kept)])
    read_or_refused(path)
