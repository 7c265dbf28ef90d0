"""`functions`: one by name, a category, or all of them."""

from __future__ import annotations

import io

import pytest
from command_line import answered, captured, failed

from gradcli.inspections.functions import functions
from gradcli.render import View, write


def shown(**view: object) -> str:
    stream = io.StringIO()
    write(functions(), View(**view), stream)  # type: ignore[arg-type]
    return stream.getvalue()


def test_all_of_them_are_names_by_category_on_one_screen_and_whole_in_a_pipe() -> None:
    lines = shown(width=80).splitlines()
    assert len(lines) <= 23
    assert lines[0].startswith("activation       sigmoid, tanh, gelu, ")
    assert lines[0].endswith(" more")
    assert max(map(len, lines)) <= 80
    by_category = dict(line.split("  ", 1) for line in shown().splitlines()[:-1])
    named = by_category["loss"].strip().split(", ")
    assert named == [row.name for row in functions(category="loss").functions]
    assert "convolution (8)" in by_category["others"]
    total = len(functions().functions)
    assert shown().splitlines()[-1].startswith(f"{total} functions: gradcli functions NAME shows one")


def test_every_function_is_on_a_line_or_counted_among_the_others() -> None:
    counted = 0
    for line in shown().splitlines()[:-1]:
        category, names = line.split("  ", 1)
        others = [int(one.rpartition("(")[2].rstrip(")")) for one in names.split(", ")] if category == "others" else []
        counted += sum(others) or len(names.split(", "))
    assert counted == len(functions().functions)


def test_a_category_is_a_list_with_formulas_by_option_or_in_the_place_of_a_name() -> None:
    _, by_option, _ = captured(["functions", "--category", "loss"])
    assert captured(["functions", "loss"])[1] == by_option
    assert "(input - target)**2" in by_option
    assert answered(["functions", "linear algebra"])["functions"][0]["category"] == "linear algebra"


def test_all_lists_every_function_with_its_formula() -> None:
    _, out, _ = captured(["functions", "--all"])
    assert out.count("\n") == len(functions().functions) + 1
    assert "1 / (1 + exp(-x))" in out


@pytest.mark.parametrize(
    ("words", "asked"),
    [([], False), (["--all"], True), (["--search", "soft"], True), (["loss"], True), (["gelu"], True)],
)
def test_the_answer_says_whether_it_was_asked_for(words: list[str], asked: bool) -> None:
    assert answered(["functions", *words])["asked"] is asked


def test_a_wrong_name_is_told_the_nearest_function() -> None:
    assert failed(["functions", "sigmod"], 2)["hint"] == "Did you mean 'sigmoid'?"
