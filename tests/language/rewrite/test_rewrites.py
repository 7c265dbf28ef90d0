"""Candidates as a whole: they parse, they are bounded, and they read as the user would have written them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rewriting import rewritten

from gradcli.language.parser import parse
from gradcli.language.rewrite import MAX_REWRITES, rewrites
from gradcli.language.rewrite.terms import term_of

CASES = json.loads((Path(__file__).parents[2] / "data" / "gradient_cases.json").read_text())

leaves = st.sampled_from(["x", "y", "1", "2.0", "-1"])
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds("{}({})".format, st.sampled_from(["exp", "log", "sqrt", "sigmoid", "sum", "abs", "relu"]), inner),
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
        st.builds("({})**2".format, inner),
        st.builds("where(x > 0, {}, {})".format, inner, inner),
        st.builds("({})[x > 0]".format, inner),
    ),
    max_leaves=6,
)


@given(expressions)
@settings(max_examples=60, deadline=None)
def test_every_rewrite_parses_is_new_and_leaves_no_further_name_open(text: str) -> None:
    program = parse(text)
    found = list(rewrites(program))
    assert len(found) <= MAX_REWRITES
    assert len({rewrite.text for rewrite in found} | {text}) == len(found) + 1
    for rewrite in found:
        assert set(parse(rewrite.text).free_names) <= set(program.free_names)
        assert 0 <= rewrite.span[0] <= rewrite.span[1] <= len(text)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_every_rewrite_of_a_real_case_parses(case: dict[str, object]) -> None:
    text, names = str(case["expr"]), list(case["inputs"])  # type: ignore[call-overload]
    found = list(rewrites(parse(text, bound=names), narrow=True))
    assert len(found) <= MAX_REWRITES
    for rewrite in found:
        parse(rewrite.text, bound=names)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("log(x)", "x.log()"),
        ("torch.log(x)", "log(input=x)"),
        ("x**2", "x.pow(2)"),
        ("x*x", "square(x)"),
        ("x - 1", "x + -1"),
        ("sum(x, 0)", "x.sum(dim=0)"),
        ("sum(x, axis=0)", "sum(x, dim=0, keepdim=False)"),
        ("-k*x", "-(k*x)"),
        ("1/x", "reciprocal(x)"),
    ],
)
def test_these_are_the_same_term(one: str, other: str) -> None:
    assert term_of(parse(one).result) == term_of(parse(other).result)


@pytest.mark.parametrize(
    ("one", "other"),
    [("log(x)", "log(y)"), ("x - y", "y - x"), ("sum(x, 0)", "sum(x, 1)"), ("x/y", "y/x"), ("x[0]", "x[1]")],
)
def test_these_are_different_terms(one: str, other: str) -> None:
    assert term_of(parse(one).result) != term_of(parse(other).result)


def test_brackets_stay_only_where_precedence_needs_them() -> None:
    assert "x.sum()" in rewritten("(log(exp(x))).sum()", "log-of-exp")
    assert "(a + b).sum()" in rewritten("(log(exp(a + b))).sum()", "log-of-exp")
    assert "2*(a + b)" in rewritten("2*log(exp(a + b))", "log-of-exp")
    assert "-abs(x)" in rewritten("-sqrt(x**2)", "abs")


def test_the_users_spacing_is_kept() -> None:
    text = "k * exp(-k * x) / (1 + exp(-k * x)) ** 2"
    assert "k * sigmoid(-k * x) * sigmoid(k * x)" in rewritten(text, "sigmoid-derivative")


def test_a_rule_is_also_applied_at_all_its_places() -> None:
    assert "logsigmoid(x) + logsigmoid(-y)" in rewritten("log(sigmoid(x)) + log(1 - sigmoid(y))", "log-sigmoid")


def test_two_rules_are_applied_in_a_row() -> None:
    found = {rewrite.text: rewrite.steps for rewrite in rewrites(parse("log(sigmoid(x)) + sqrt(sum(x**2))"))}
    assert found["logsigmoid(x) + norm(x)"] == 2


def test_a_rule_looks_through_names_and_drops_what_nothing_reads_any_more() -> None:
    assert "-log_softmax(x, dim=0)[1]" in rewritten("h = softmax(x, dim=0); -log(h)[1]", "log-softmax")


def test_an_assignment_that_is_still_read_stays() -> None:
    text = "h = softmax(x, dim=0); sum(h*log(h))"
    assert "h = softmax(x, dim=0); sum(h*log_softmax(x, dim=0))" in rewritten(text, "log-softmax")


def test_a_name_that_is_assigned_twice_is_not_looked_through() -> None:
    assert rewritten("h = sigmoid(x); h = h + 1; log(h)", "log-sigmoid") == []


def test_changes_at_the_birthplace_come_first() -> None:
    text = "log(sigmoid(x)) + log(1 + y)"
    assert next(iter(rewrites(parse(text), prefer=(0, 15)))).name == "log-sigmoid"
    assert next(iter(rewrites(parse(text), prefer=(18, 28)))).name == "log1p"


def test_a_very_long_chain_has_no_candidates_and_does_not_overflow_the_stack() -> None:
    assert list(rewrites(parse(" + ".join(["log(sigmoid(x))"] * 300)))) == []
