"""Candidates as a whole: they parse, they are bounded, and they read as the user would have written them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from each import each
from hypothesis import given, settings
from hypothesis import strategies as st
from rewriting import changed, rewritten

from gradcli.exceptions import Span
from gradcli.language.parser import parse
from gradcli.language.rewrite import MAX_REWRITES, guards, identities, rewrites
from gradcli.language.rewrite.places import operands_of
from gradcli.language.rewrite.rule import from_table, meet
from gradcli.language.rewrite.terms import term_of
from gradcli.language.syntax import Call

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


@each(
    "one, other",
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
        ("1/x", "x**-1"),
        ("sqrt(x)", "x**0.5"),
        ("1/sqrt(x)", "x**-0.5"),
        ("1/sqrt(x)", "rsqrt(x)"),
        ("x + y", "add(x, y)"),
        ("x + y + z", "x + (y + z)"),
        ("x*y*z", "x*(y*z)"),
        ("x - y", "sub(x, y)"),
        ("x*y", "mul(x, y)"),
        ("x/y", "div(x, y)"),
        ("-x/y", "-(x/y)"),
        ("-2*x", "-(2*x)"),
        ("x**y", "pow(x, y)"),
        ("-x", "neg(x)"),
        ("x", "-neg(x)"),
        ("x", "positive(x)"),
        ("x", "+x"),
        ("log(1 + x)", "log1p(x)"),
        ("exp(x) - 1", "expm1(x)"),
        ("clamp(x, min=2)", "clamp_min(x, 2)"),
        ("clamp(x, max=2)", "clamp_max(x, 2)"),
    ],
)
def test_these_are_the_same_term(one: str, other: str) -> None:
    assert term_of(parse(one).result) == term_of(parse(other).result)


@each(
    "one, other",
    [
        ("log(x)", "log(y)"),
        ("x - y", "y - x"),
        ("sum(x, 0)", "sum(x, 1)"),
        ("x/y", "y/x"),
        ("x[0]", "x[1]"),
        ("x[1:]", "x[:1]"),
        ("linalg.vector_norm(x)", "linalg.vector_norm(x, dim=[0])"),
        ("x + y", "add(x, y, alpha=2)"),
        ("x/y", "div(x, y, rounding_mode='floor')"),
    ],
)
def test_these_are_different_terms(one: str, other: str) -> None:
    assert term_of(parse(one).result) != term_of(parse(other).result)


@each(
    "text, operands",
    [
        ("sum(x, dim=1)", "x"),
        ("x.sum(1)", "x"),
        ("where(m, x, 0.0)", "m x 0.0"),
        ("add(x, 2, alpha=3)", "x 2"),
        ("stack([x, y], dim=1)", "[x,y]"),
        ("full_like(x, 2)", "x 2"),
        ("div(x, y, rounding_mode='floor')", "x y"),
        ("tensor([x, 1.0])", "[x,1.0]"),
        ("F.dropout(x, 0.5)", "x"),
        ("add(*[x, y])", ""),
        ("einsum('ij,jk', x, y)", ""),  # of any number of arguments none is told apart
    ],
)
def test_a_call_works_on_its_operands_and_not_on_its_options(text: str, operands: str) -> None:
    call = parse(text).result
    assert isinstance(call, Call)
    texts = [text[slice(*node.span)].replace(" ", "") for node in operands_of(call)]
    assert texts == operands.split()


@each(
    "first, second, do",
    [
        ((0, 3), (2, 5), True),
        ((2, 5), (0, 3), True),
        ((0, 4), (1, 2), True),
        ((1, 1), (1, 1), True),
        ((0, 2), (2, 4), False),
        ((2, 4), (0, 2), False),
    ],
)
def test_two_pieces_meet_in_a_character_or_at_one_place(first: Span, second: Span, do: bool) -> None:
    assert meet(first, second) == do


def test_brackets_stay_only_where_precedence_needs_them() -> None:
    assert "x.sum()" in rewritten("(log(exp(x))).sum()", "log-of-exp")
    assert "(a + b).sum()" in rewritten("(log(exp(a + b))).sum()", "log-of-exp")
    assert "2*(a + b)" in rewritten("2*log(exp(a + b))", "log-of-exp")
    assert "-abs(x)" in rewritten("-sqrt(x**2)", "abs")


def test_the_users_spacing_is_kept() -> None:
    text = "k * exp(-k * x) / (1 + exp(-k * x)) ** 2"
    assert "k * sigmoid(-k * x) * sigmoid(k * x)" in rewritten(text, "sigmoid-derivative")
    assert "sqrt(a) * exp(b / 2)" in rewritten("sqrt(a * exp(b))", "power-of-exp")
    assert "a * exp(-x)" in rewritten("a / exp(x)", "quotient-of-exp")


@each("prefix", ["torch.", "F.", "nn.functional.", "torch.nn.functional."])
def test_functions_are_called_by_their_paths_where_the_user_does_so(prefix: str) -> None:
    text = f"{prefix}softmax(x.masked_fill(m, -inf), dim=1)"
    assert "F.softmax(torch.masked_fill(x, m, -1e+30), dim=1)" in rewritten(text, "masked-softmax")


def test_a_rule_is_also_applied_at_all_its_places() -> None:
    found = {one.text: one.steps for one in rewrites(parse("log(sigmoid(x)) + log(1 - sigmoid(y))"))}
    assert found["logsigmoid(x) + logsigmoid(-y)"] == 1


def test_two_rules_are_applied_in_a_row() -> None:
    found = {one.text: (one.name, one.steps) for one in rewrites(parse("log(sigmoid(x)) + sqrt(sum(x**2))"))}
    assert found["logsigmoid(x) + norm(x)"] == ("log-sigmoid + norm", 2)
    assert found["logsigmoid(x) + sqrt(sum(x**2))"] == ("log-sigmoid", 1)
    assert found["log(sigmoid(x)) + norm(x)"] == ("norm", 1)


def test_one_rule_is_applied_twice() -> None:
    found = {one.text: (one.name, one.steps) for one in rewrites(parse("exp(x) - 1 + (exp(y) - 1)*(exp(z) - 1)"))}
    assert found["exp(x) - 1 + expm1(y)*expm1(z)"] == ("expm1", 2)


def test_of_the_safe_constants_the_first_is_put_with_another_change() -> None:
    found = list(rewrites(parse("where(m, log(x), 0.0) + log(sigmoid(y))")))
    assert [one.steps for one in found if "where(m, x, 0.5)" in one.text] == [1]
    assert [one.steps for one in found if one.text.startswith("where(m, log(where(m, x, 1.0)), 0.0)")] == [1, 2]


@pytest.mark.parametrize(
    ("text", "twice"),
    [
        ("where(m, log(x), 0.0) + log(sigmoid(y))", "where(m, log(where(m, x, 1.0)), 0.0) + logsigmoid(y)"),
        ("log1p(a)[m].sum() + log(sigmoid(y))", "log1p(a[m]).sum() + logsigmoid(y)"),
        ("norm(x, p=3) + log(sigmoid(y))", "norm(x.float(), p=3) + logsigmoid(y)"),
    ],
)
def test_what_moves_a_guard_an_index_or_an_input_is_the_second_change_too(text: str, twice: str) -> None:
    assert {rewrite.text: rewrite.steps for rewrite in rewrites(parse(text), narrow=True)}[twice] == 2


@each("count, tried", [(3, True), (30, False)])
def test_a_second_change_is_tried_after_the_first_24(count: int, tried: bool) -> None:
    """The change of all inputs at once comes after those of each."""
    text = f"nansum(exp(w)[m]*{'*'.join(f'x{place}' for place in range(count))})"
    found = rewrites(parse(text), only=(guards.nan_rule, guards.rule))
    all_at_once = "*".join(f"nan_to_num(x{place}, 0.0)" for place in range(count))
    assert tried == any(rewrite.steps == 2 and all_at_once in rewrite.text for rewrite in found)


def test_what_does_nothing_the_second_time_is_done_once() -> None:
    texts = [rewrite.text for rewrite in rewrites(parse("nansum(a*b)"), narrow=True)]
    assert "nansum(nan_to_num(a.float(), 0.0)*b)" in texts
    assert not [text for text in texts if "nan_to_num(nan_to_num(" in text or ".float().float()" in text]


def test_of_the_readings_of_one_place_three_are_tried() -> None:
    readings = changed("log(a*b*c*d)", from_table(identities.LOGARITHMS))
    assert readings == ["log(a) + log(b*c*d)", "log(b) + log(a*c*d)", "log(c) + log(a*b*d)"]


def test_sums_and_products_of_more_than_ten_parts_are_not_searched() -> None:
    ten = "*".join([*"abcdfghij", "log(k)"])
    assert changed(ten, from_table(identities.LOGARITHMS)) == ["xlogy(a*b*c*d*f*g*h*i*j, k)"]
    assert changed(f"n*{ten}", from_table(identities.LOGARITHMS)) == []


def test_a_rule_looks_through_names_and_drops_what_nothing_reads_any_more() -> None:
    assert "-log_softmax(x, dim=0)[1]" in rewritten("h = softmax(x, dim=0); -log(h)[1]", "log-softmax")


def test_only_the_rules_that_are_asked_for_are_tried() -> None:
    text = "log(sigmoid(x)) + sqrt(sum(x**2))"
    assert {rewrite.name for rewrite in rewrites(parse(text), only=(from_table(identities.ROOTS),))} == {
        "norm",
        "scaled-norm",
    }


def test_an_assignment_that_is_still_read_stays() -> None:
    text = "h = softmax(x, dim=0); sum(h*log(h))"
    assert "h = softmax(x, dim=0); sum(h*log_softmax(x, dim=0))" in rewritten(text, "log-softmax")


def test_a_name_that_is_assigned_twice_is_not_looked_through() -> None:
    assert rewritten("h = sigmoid(x); h = h + 1; log(h)", "log-sigmoid") == []


def test_changes_at_the_birthplace_come_first() -> None:
    text = "log(sigmoid(x)) + log(1 + y)"
    assert next(iter(rewrites(parse(text), prefer=(0, 15)))).name == "log-sigmoid"
    assert next(iter(rewrites(parse(text), prefer=(18, 28)))).name == "log1p"


def test_there_are_two_hundred_candidates_at_most_and_forty_of_them_are_for_the_last_rules() -> None:
    parts = ["log(x)[m]"] * 6 + ["m*sqrt(x + y + z)"] * 8
    found = list(rewrites(parse(" + ".join(parts))))
    assert len(found) == 200
    assert [rewrite.name for rewrite in found[160:]] == ["zero-product"] * 40


def test_a_long_list_is_searched_and_a_very_long_one_is_not() -> None:
    def listed(length: int) -> str:
        return f"stack([{', '.join(['log(sigmoid(x))'] * length)}])"

    assert next(rewrites(parse(listed(60))))
    assert list(rewrites(parse(listed(200)))) == []


def test_a_deep_text_is_searched_and_a_very_deep_one_is_not() -> None:
    assert next(rewrites(parse("sin(" * 50 + "log(sigmoid(x))" + ")" * 50)))
    assert list(rewrites(parse("sin(" * 90 + "log(sigmoid(x))" + ")" * 90))) == []


def test_a_very_long_chain_has_no_candidates_and_does_not_overflow_the_stack() -> None:
    assert list(rewrites(parse(" + ".join(["log(sigmoid(x))"] * 300)))) == []
