"""The table of docs/check.md: both checkers are run, and what they say is what the document says."""

from __future__ import annotations

import pytest

from tools.checker_table import Outcome, outcomes, table
from tools.documents import held


@pytest.fixture(scope="module")
def found() -> list[Outcome]:
    return list(outcomes())


def test_the_document_holds_the_table_of_now() -> None:
    assert held("check.md", "checkers") == table()


def test_every_planted_gradient_is_caught_and_no_right_one_accused(found: list[Outcome]) -> None:
    assert [outcome.case.title for outcome in found if outcome.accepted != outcome.case.right] == []
    assert {outcome.case.right for outcome in found} == {True, False}


def test_gradcheck_is_mistaken_in_both_directions(found: list[Outcome]) -> None:
    mistaken = [outcome.case for outcome in found if outcome.gradcheck != outcome.case.right]
    assert {case.right for case in mistaken} == {True, False}
