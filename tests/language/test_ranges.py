"""The words of `grad --range`: which name goes through which stretch."""

from __future__ import annotations

import pytest
from each import each

from gradcli.exceptions import BoundError, ExpressionError, GradcliError, UnknownNameError, UsageError
from gradcli.language.ranges import MAX_CELLS, read_ranges


def test_a_range_without_a_name_goes_to_the_only_open_one() -> None:
    assert list(read_ranges("sigmoid", [], ["-5:5:11"]).stretches) == ["x"]
    assert list(read_ranges("a * t", ["a=3"], ["0:1:11"]).stretches) == ["t"]


def test_the_first_range_comes_first_whatever_the_text_says() -> None:
    asked = read_ranges("x * y", [], ["y=0:1:3", "x=0:2:5"])
    assert [(name, stretch.count) for name, stretch in asked.stretches.items()] == [("y", 3), ("x", 5)]


@pytest.mark.parametrize("ranges", [["x=0:1:3", "5:6:4"], ["5:6:4", "x=0:1:3"]])
def test_beside_a_named_range_another_goes_to_the_name_that_is_left(ranges: list[str]) -> None:
    stretches = read_ranges("x * y", [], ranges).stretches
    assert {name: stretch.count for name, stretch in stretches.items()} == {"x": 3, "y": 4}


@each(
    "subject, words, ranges, error, message, hint",
    [
        ("alpha * y", ["y=1"], ["alhpa=0:1:3"], UsageError, "'alhpa', which is not in", "Did you mean 'alpha'?"),
        ("x * y", ["y=1"], ["x=0:1:3", "q=0:1:3"], UsageError, "'q', which is not in", "'x', 'y'"),
        ("x * y * z", [], ["x=0:1:3", "y=0:1:3", "z=0:1:3"], UsageError, "3 ranges", "a=3"),
        ("x * y", ["x=1"], ["x=0:1:3", "y=0:1:3"], UsageError, "a value and a range", "one of them"),
        ("x * y", [], ["x=0:1:3", "x=0:1:3"], UsageError, "'x' is given twice", "once"),
        ("x * y", ["a=1", "a=2"], ["x=0:1:3", "y=0:1:3"], UsageError, "'a' is given twice", "once"),
        ("sigmoid", ["1"], ["0:1:3"], UsageError, "the point '1'", "points or a range"),
        ("x * y", [], ["0:1:3"], UsageError, "which name a range belongs to", "--range x=-2:2:50 --range y=-2:2:50"),
        ("x * y", [], ["x=0:1:3"], UsageError, "'y' has no value", "--range y=-2:2:50"),
        ("x * y * z", [], ["x=0:1:3"], UsageError, "'y', 'z' have no values", "z=1"),
        ("x * 2", ["x=1"], ["0:1:3"], UsageError, "no open name", "Leave a value out"),
        ("sum(x * y)", [], ["x=0:1:3", "y=0:1:3"], UsageError, "elementwise", "scalars"),
        ("x * y", [], ["x=0:1:1001", "y=0:1:1000"], BoundError, "1,001 x 1,000 = 1,001,000 points", "smaller"),
        ("x * y", [], ["x=0:1:1", "y=0:1:9"], BoundError, "2 points or more", "x=-2:2:50"),
        ("x * y", [], ["x=0:1:0", "y=0:1:9"], BoundError, "0 points", "1 to"),
        ("sigmoid", [], ["0:1"], UsageError, "START:STOP:COUNT", "-5:5:11"),
        ("sigmod", [], ["0:1:3"], UnknownNameError, "unknown function", "sigmoid"),
        ("sigmoid", [], ["0:one:3"], ExpressionError, "cannot use the name 'one'", ""),
    ],
)
def test_what_does_not_fit_says_how_it_would(
    subject: str, words: list[str], ranges: list[str], error: type[GradcliError], message: str, hint: str
) -> None:
    with pytest.raises(error) as raised:
        read_ranges(subject, words, ranges)
    assert message in raised.value.message
    assert hint in (raised.value.hint or "")
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("subject", "words", "ranges"),
    [
        ("alpha * y", ["y=1"], ["alpha=0:1:3"]),
        ("x * y * z", ["z=1"], ["x=0:1:3", "y=0:1:3"]),
        ("sum(x)", [], ["0:1:3"]),
        ("x * y", [], ["x=0:1:1000", "y=0:1:1000"]),
        ("x * y", [], ["x=0:1:2", "y=0:1:9"]),
        ("sigmoid", [], ["0:pi/2:3"]),
    ],
)
def test_their_nearest_good_neighbours_are_read(subject: str, words: list[str], ranges: list[str]) -> None:
    assert len(read_ranges(subject, words, ranges).stretches) == len(ranges)
    assert MAX_CELLS == 1_000_000
