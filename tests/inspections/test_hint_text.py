"""The user's own words in hints: cotangents, what --frozen says."""

from __future__ import annotations

import pytest

from gradcli.diagnose.explain.hint_text import Frozen, ones


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        (None, "1,1,..."),
        ([], "1"),
        ([1], "1"),
        ([4], "1,1,1,1"),
        ([5], "'ones(5)'"),
        ([2, 3], "'ones(2, 3)'"),
    ],
)
def test_a_cotangent_is_written_as_it_would_be_typed(shape: list[int] | None, text: str) -> None:
    assert ones(shape) == text


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), "Leave it. Leave it."),
        (("w", "b"), "Take --frozen w,b away, leave it. Take --frozen w,b away, or leave it."),
    ],
)
def test_only_what_is_frozen_can_be_taken_away(names: tuple[str, ...], expected: str) -> None:
    assert "{0:leave} it. {0:or leave} it.".format(Frozen(names)) == expected
