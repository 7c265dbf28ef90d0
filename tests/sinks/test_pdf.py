"""`-o x.pdf`: the pictures of curves, fields and graphs on a page."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import captured


@pytest.mark.parametrize(
    "words",
    [
        ["activate", "sigmoid,tanh"],
        ["grad", "x**2 + y", "--range", "x=0:1:5", "--range", "y=0:1:5"],
        ["loss", "mse", "x * w", "1", "x=1", "w=2", "--lr", "0.1", "--steps", "5"],
        ["trace", "log(x) * 0", "x=0,1"],
    ],
)
def test_whatever_has_an_svg_has_the_same_pdf_each_time(words: list[str], tmp_path: Path) -> None:
    for name in ("first.pdf", "second.pdf", "picture.svg"):
        assert captured([*words, "-o", str(tmp_path / name)])[0] == 0
    first, second = ((tmp_path / name).read_bytes() for name in ("first.pdf", "second.pdf"))
    assert first.startswith(b"%PDF-")
    assert first == second
    assert b"CreationDate" not in first


def test_what_has_no_svg_has_no_pdf_either(tmp_path: Path) -> None:
    code, _, told = captured(["check", "gelu", "1", "-o", str(tmp_path / "x.pdf")])
    assert (code, told.splitlines()[0]) == (2, "an answer of 'check' has no picture")
    assert not (tmp_path / "x.pdf").exists()
