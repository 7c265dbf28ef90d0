"""What the tests of sources have in common."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from gradcli.exceptions import SourceError
from gradcli.language.request import Value, read_value
from gradcli.sources import read_source


def array(word: str) -> np.ndarray:
    """The numbers behind a word."""
    found = read_source(word).numbers
    assert found is not None
    return found


def value(word: str) -> Value:
    return read_source(word)


def refused(word: str) -> SourceError:
    """The error of a word that must be refused, in the user's words: short, with a way out, and nothing of Python's."""
    with pytest.raises(SourceError) as caught:
        read_value(word, {word: read_source(word)})
    error = caught.value
    assert error.exit_code == 2
    assert error.hint
    assert len(error.message) + len(error.hint) < 400
    assert not any(name in error.message for name in ("Traceback", "0x", "Error(", "PosixPath"))
    return error


def same(found: np.ndarray, expected: np.ndarray) -> None:
    """The same shape, dtype and bits."""
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def written(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
