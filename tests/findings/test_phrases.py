"""Parts become sentences once, and are moved to other elements before they do."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from each import each

from gradcli.diagnose.findings.finding import as_part
from gradcli.results import Finding, Sample
from gradcli.results.parts import At, Difference, Gradients, Numbers, Part, Spoiled, phrase
from gradcli.results.phrasing import text

X = At("x", (3,), -0.0)

TEXTS: dict[str, Part] = {
    "": None,
    "sqrt(x)": "sqrt(x)",
    "12": 12,
    "1.5e-07": 1.5e-7,
    "nan": math.nan,
    "x[3] = 0": X,
    "log(x)[0, 2]": At("log(x)", (0, 2)),
    "y": At("y"),
    "a, b and c": ("a", "b", "c"),
    "a and x[3] = 0": ("a", X),
    "the gradient of x becomes nan": Spoiled("nan", ("x",)),
    "the gradients of x and y become infinite": Spoiled("infinite", ("x", "y")),
    "the output becomes nan": Spoiled("nan", output=True),
    "the output and the gradient of x become nan": Spoiled("nan", ("x",), output=True),
    "3": Gradients((Numbers("x", (3.0,)),)),
    "[1, 0, ...]": Gradients((Numbers("x", (1.0, -0.0), (3,)),)),
    "x: [1], y: -": Gradients((Numbers("x", (1.0,), (1,)), Numbers("y", None))),
    "float32 gives 1 where the value is 2": Difference("value", "float32", 1.0, 2.0),
    "float32 gives 1 where the value is 2 (and at 4 more)": Difference("value", "float32", 1.0, 2.0, others=4),
    "float32 gives 1, float64 gives 2": Difference("derivative", "float32", 1.0, 2.0, exact=False, ulps=7.0),
    "float16 gives 1 where the derivative is 2 (and at 1 more), 1,024 ULP off": Difference(
        "derivative", "float16", 1.0, 2.0, others=1, ulps=1024.0
    ),
    "float16 gives 0 where the derivative is 2": Difference("derivative", "float16", 0.0, 2.0, ulps=1024.0),
    "float16 gives 2 where the derivative is 0: what is left is rounding": Difference(
        "derivative", "float16", 2.0, 0.0
    ),
    "{x} is 0": phrase("{text}", text="{x} is 0"),
    "sqrt(x) is nan: too small": phrase("{step} is {value}", step="sqrt(x)", value=math.nan).because("too small"),
    "a: why; then; and": phrase("a").because("why").so("then", None, "and"),
    "a: b: c; d; e": phrase("a").because(phrase("b").because("c").so("d")).so("e"),
}


@each("expected", TEXTS)
def test_a_part_becomes_words(expected: str) -> None:
    assert text(TEXTS[expected]) == expected


def test_the_first_elements_of_a_gradient_stand_in_a_sentence() -> None:
    assert text(as_part({"x": torch.arange(6.0)})) == "[0, 1, 2, 3, 4, 5]"
    assert text(as_part({"x": torch.arange(7.0)})) == "[0, 1, 2, 3, 4, 5, ...]"
    assert text(as_part({"x": torch.tensor(3.0)})) == "3"
    assert text(as_part({"x": torch.tensor([1.0]), "y": None})) == "x: [1], y: -"


def test_a_gradient_stands_in_a_sentence_in_its_rows() -> None:
    rows = torch.arange(9.0)
    assert text(as_part({"x": rows[:4].reshape(2, 2)})) == "[[0, 1], [2, 3]]"
    assert text(as_part({"x": rows[:4].reshape(1, 2, 2)})) == "[[[0, 1], [2, 3]]]"
    assert text(as_part({"x": rows[:6].reshape(6, 1)})) == "[[0], [1], [2], [3], [4], [5]]"
    assert text(as_part({"x": rows.reshape(3, 3)})) == "[[0, 1, 2], [3, 4, 5], ...]"
    assert text(as_part({"x": rows[:8].reshape(2, 4)})) == "[[0, 1, 2, 3], [4, 5, ...]]"
    assert text(as_part({"x": rows[:0].reshape(0, 3)})) == "[]"


def test_a_finding_says_what_is_so_then_what_a_fix_changes_then_how_much_was_looked_at() -> None:
    finding = Finding("dead", "note", phrase("relu(x) lets nothing through"))
    assert finding.message == "relu(x) lets nothing through"
    finding = replace(finding, remark=phrase("With the fix it is 1"), sample=Sample(looked=1000, of=20000))
    assert finding.message == (
        "relu(x) lets nothing through. With the fix it is 1 (looked at 1,000 of 20,000 elements)"
    )


def test_elements_are_moved_wherever_they_stand_in_a_phrase_and_nothing_else_is() -> None:
    said = (
        phrase("{step} at {operands}", step="f(x[3])", operands=(X, At("y")))
        .because(phrase("{at} goes in", at=At("(1 - x)", (3,))))
        .so(X, "x[3] stays", Spoiled("nan", ("x[3]",)))
    )
    moved = said.with_elements(lambda at: replace(at, index=(0, 1)) if at.index else at)
    assert text(moved) == (
        "f(x[3]) at x[0, 1] = 0 and y: (1 - x)[0, 1] goes in; x[0, 1] = 0; x[3] stays; the gradient of x[3] becomes nan"
    )
