"""The user's own words in hints: changes out of place, cotangents, what --frozen says."""

from __future__ import annotations

import pytest

from gradcli.inspections.wording import Frozen, instead, ones

GENERAL = "write y = y + 1 for y += 1"


@pytest.mark.parametrize(
    ("text", "part", "expected"),
    [
        ("y += 1; y", "y", "write 'y = y + 1' for 'y += 1'"),
        ("y **= a + 1", "y **= a + 1", "write 'y = y ** (a + 1)' for 'y **= a + 1'"),
        ("y //= sin(a); y", "y //= sin(a)", "write 'y = y // sin(a)' for 'y //= sin(a)'"),
        ("h = y * 2\nh -= 0.5\nh", "h -= 0.5", "write 'h = h - 0.5' for 'h -= 0.5'"),
        ("y[0, 1] = 3; y", "y[0, 1]", "assign in a copy, 'y = y.clone(); y[0, 1] = 3'"),
        ("y[1:] += z; y", "y[1:] += z", "assign in a copy, 'y = y.clone(); y[1:] += z'"),
        ("y.mul_(2); y", "y.mul_(2)", "write 'y = y.mul(2)' for 'y.mul_(2)'"),
        ("sum(y.mul_(f(2)))", "y.mul_(f(2))", "write 'y.mul(f(2))' for 'y.mul_(f(2))'"),
        ("x.exp_().add_((1))", "x.exp_().add_((1))", "write 'x.exp_().add((1))' for 'x.exp_().add_((1))'"),
        ("x.zero_()", "x.zero_()", GENERAL),  # there is no x.zero()
        ("x == 1", "x == 1", GENERAL),
        ("exp(x)", "exp(x)", GENERAL),
        ("", None, GENERAL),
    ],
)
def test_a_change_in_place_is_written_out_of_place(text: str, part: str | None, expected: str) -> None:
    place = None if part is None else (text.index(part), text.index(part) + len(part))
    assert instead(text, place) == expected


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
