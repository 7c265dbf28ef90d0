"""Many cases in one test: a failure is never lost among them."""

from __future__ import annotations

import inspect

import pytest
from each import each


def test_every_failure_is_reported_by_its_name() -> None:
    tried = []

    @each("number, allowed", [(1, True), (2, False), (3, True), (4, False)], ids=lambda case: f"case {case[0]}")
    def small(number: int, allowed: bool) -> None:
        tried.append(number)
        assert allowed, "not allowed"

    with pytest.raises(AssertionError, match=r"2 of 4 cases fail\ncase 2: Asser.*not allowed[^$]*\ncase 4: Asser"):
        small()
    assert tried == [1, 2, 3, 4]


def test_an_exception_that_does_not_come_is_a_failure() -> None:
    @each("number", [0, 1])
    def divides(number: int) -> None:
        with pytest.raises(ZeroDivisionError):
            print(1 / number)

    with pytest.raises(AssertionError, match=r"1 of 2 cases fail\n1: Failed in line \d+: DID NOT RAISE"):
        divides()


def test_fixtures_stay_arguments_and_a_failure_of_two_tables_names_both() -> None:
    @each("one", "ab")
    @each("other", "xy")
    def pair(one: str, other: str, fixture: int) -> None:
        assert (one, other, fixture) != ("b", "x", 7)

    assert list(inspect.signature(pair).parameters) == ["fixture"]
    pair(fixture=8)
    with pytest.raises(AssertionError, match=r"1 of 2 cases fail\n'b': [^']*\n'x': Assert"):
        pair(fixture=7)


def test_no_cases_and_skipped_cases_are_refused() -> None:
    with pytest.raises(ValueError, match="no cases"):
        each("row", [])
    with pytest.raises(TypeError, match="cannot be skipped"):
        each("number", [1])(lambda number: pytest.skip("no reason"))()
