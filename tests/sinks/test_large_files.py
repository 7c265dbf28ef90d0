"""Large answers: no number of theirs becomes a Python object, and memory stays near what the numbers take."""

from __future__ import annotations

import json
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest
from command_line import captured, clean_environment
from writing import written

from gradcli.inspections.grad import grad
from gradcli.language.request import read
from gradcli.render.json import to_json
from gradcli.render.numbers import PIECE, json_array, json_pieces
from gradcli.results import GradResult
from tools import warm

ELEMENTS = 4_000_000
ARRAY = 4 * ELEMENTS / 2**20
"""Mebibytes of one float32 array of so many elements."""

PEAK = """
import resource, sys
from gradcli.cli import main
main(["grad", "sigmoid", "linspace(-9, 9, 10)", "-o", sys.argv[2]])  # everything is imported, all pools are filled
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
code = main(["grad", "sigmoid", sys.argv[1], "-o", sys.argv[2]])
print(code, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def growth(path: Path) -> float:
    """Mebibytes that a large run takes beyond a small one of the same process."""
    argv = [*warm.python(), PEAK, f"linspace(-9, 9, {ELEMENTS})", str(path)]
    exit_code, grown = subprocess.run(argv, capture_output=True, check=True, text=True).stdout.split()
    assert exit_code == "0"
    return float(grown)


@pytest.mark.parametrize("ending", ["npy", "npz", "safetensors"])
def test_numbers_are_written_from_where_they_are(ending: str, tmp_path: Path) -> None:
    """Point, input, output and gradient are four arrays, and the backward pass may hold one more for a while.

    A list of Python floats alone would be eight arrays.
    """
    assert growth(tmp_path / f"g.{ending}") < 6 * ARRAY


def test_a_json_document_is_written_in_parts(tmp_path: Path) -> None:
    path = tmp_path / "g.json"
    grown = growth(path)
    assert path.stat().st_size / 2**20 > 6 * ARRAY  # which would be there too, were it made whole
    assert grown < 7 * ARRAY


def test_npy_to_npy_never_makes_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    real = torch.Tensor.tolist

    def small_only(tensor: torch.Tensor) -> object:
        assert tensor.numel() <= 20_000, "a large tensor became a list"
        return real(tensor)

    monkeypatch.setattr(torch.Tensor, "tolist", small_only)
    found = np.load(written(["grad", "sigmoid", "linspace(-9, 9, 200000)"], tmp_path / "g.npy"))
    x = np.linspace(-9, 9, 200_000)
    np.testing.assert_allclose(found, np.exp(-x) / (1 + np.exp(-x)) ** 2, rtol=1e-2)
    with pytest.raises(AssertionError, match="became a list"):
        torch.ones(20_001).tolist()


@pytest.mark.parametrize("size", [PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 7])
def test_a_document_in_parts_is_the_document(size: int) -> None:
    result = grad(read("sigmoid", [f"x=linspace(-9, 9, {size})"], command="grad"))
    assert isinstance(result, GradResult)
    gradient = result.gradients["x"]
    assert gradient is not None
    document = orjson.loads(to_json(result))
    written = (document["inputs"]["x"], document["output"], document["gradients"]["x"])
    for tensor, held in zip(written, (result.inputs["x"], result.output, gradient), strict=True):
        np.testing.assert_array_equal(np.array(tensor["values"], dtype=np.float32), held.values)


@pytest.mark.parametrize(
    "shape", [(2 * PIECE + 3,), (1, 2 * PIECE + 3), (2 * PIECE, 1), (3, PIECE - 1), (2, 3, PIECE), (PIECE + 1, 0), ()]
)
@pytest.mark.parametrize("dtype", ["float32", "float16", "int64", "bool", "complex64"])
def test_the_parts_of_an_array_are_its_text(shape: tuple[int, ...], dtype: str) -> None:
    values = (np.arange(int(np.prod(shape))) % 1013).astype(dtype).reshape(shape)
    if dtype == "float32" and values.size > PIECE:
        values[(-1,) * values.ndim] = np.nan
    assert b"".join(json_pieces(values, dtype)) == json_array(values, dtype)


def test_a_zero_byte_in_a_name_does_not_tear_the_document() -> None:
    result = grad(read("sigmoid", [f"x=linspace(-9, 9, {PIECE + 1})"], command="grad"))
    assert isinstance(result, GradResult)
    odd = replace(result, expression="sig\0moid(x)")
    assert orjson.loads(to_json(odd))["expression"] == "sig\0moid(x)"


@pytest.mark.parametrize("format_", ["csv", "ndjson"])
@pytest.mark.parametrize("subject", ["sigmoid(x)", "sum(sigmoid(x))"])
def test_rows_by_the_hundred_thousand_are_all_there(format_: str, subject: str) -> None:
    size = 70_001  # more than two times the rows that are written at once
    code, out, _ = captured(["grad", subject, f"x=linspace(0, 1, {size})", "-f", format_])
    assert code == 0
    rows = out.splitlines()[1:] if format_ == "csv" else [list(json.loads(line).values()) for line in out.splitlines()]
    gradients = [float(row[-1] if isinstance(row, list) else row.split(",")[-1] or "nan") for row in rows[:size]]
    x = np.linspace(0, 1, size)
    np.testing.assert_allclose(gradients, np.exp(-x) / (1 + np.exp(-x)) ** 2, rtol=1e-4)
    assert len(rows) == size + (subject != "sigmoid(x)")


def test_rows_of_a_plane_carry_their_indices() -> None:
    _, out, _ = captured(["grad", "sum(x * 2)", "x=ones(300, 200)", "-f", "csv"])
    rows = out.splitlines()[1:]
    assert rows[0] == 'x,"[0, 0]",1.0,2.0'
    assert rows[40_123] == 'x,"[200, 123]",1.0,2.0'
    assert rows[-1] == "output,[],120000.0,"


def test_a_table_of_millions_shows_its_first_rows_and_says_what_was_looked_at() -> None:
    code, out, _ = captured(["grad", "sigmoid", "linspace(-9, 9, 2000000)"])
    assert code == 0
    assert "… 1,999,980 more" in out
    assert "of 2,000,000 elements" in out
    assert len(out) < 3000


def test_a_trace_of_millions_says_what_it_leaves_out() -> None:
    note = "tensors of more than 1,000,000 elements are left out: a dash stands for them"
    assert note in captured(["trace", "sum(exp(x))", "x=linspace(-9, 9, 1000001)"])[1]
    assert note not in captured(["trace", "sum(exp(x))", "x=linspace(-9, 9, 1000)"])[1]


def test_a_large_answer_in_a_closed_pipe_ends_quietly() -> None:
    line = f"{shlex.join(warm.gradcli())} grad sigmoid 'linspace(-9, 9, 500000)' --json | head -c 10"
    ran = subprocess.run(["sh", "-c", line], capture_output=True, env=clean_environment(), check=False)
    assert (ran.stdout, ran.stderr) == (b'{"schema":', b"")
