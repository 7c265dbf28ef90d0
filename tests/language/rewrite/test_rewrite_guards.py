"""Guards, selection, in-place twins and single precision: what they move about, and what they leave alone."""

from __future__ import annotations

import pytest
import torch
from each import each
from rewriting import changed, rewritten

from gradcli.language.parser import parse
from gradcli.language.rewrite import guards, selection
from gradcli.language.rewrite.terms import term_of
from gradcli.numerics.evaluate import Context, evaluate

REWRITTEN = [
    ("double-where", "where(x > 0, sqrt(x), 0.0)", "where(x > 0, sqrt(where(x > 0, x, 1.0)), 0.0)"),
    ("double-where", "where(x == 0, 0.0, 1/x)", "where(x == 0, 0.0, 1/where(x == 0, 1.0, x))"),
    ("double-where", "torch.where(m, torch.log(x), y)", "torch.where(m, torch.log(torch.where(m, x, 1.0)), y)"),
    ("double-where", "where(m, (a + b).log(), 0.0)", "where(m, where(m, a + b, 1.0).log(), 0.0)"),
    ("double-where", "where(m, sin(x)/x, 1.0)", "where(m, sin(where(m, x, 1.0))/where(m, x, 1.0), 1.0)"),
    ("double-where", "where(m, acos(x), 0.0)", "where(m, acos(where(m, x, 0.5)), 0.0)"),
    ("double-where", "log(x).masked_fill(x <= 0, 0.0)", "log(where(x <= 0, 1.0, x)).masked_fill(x <= 0, 0.0)"),
    ("double-where", "h = sqrt(x); where(x > 0, h, 0.0)", "h = sqrt(where(x > 0, x, 1.0)); where(x > 0, h, 0.0)"),
    ("double-where", "log(x)[m]", "log(where(m, x, 1.0))[m]"),
    ("double-where", "masked_select(log(x), m)", "masked_select(log(where(m, x, 1.0)), m)"),
    ("double-where", "triu(sqrt(x))", "triu(sqrt(where(triu(ones_like(x)) > 0, x, 1.0)))"),
    ("double-where", "torch.log(x).tril(-1)",
     "torch.log(torch.where(torch.ones_like(x).tril(-1) > 0, x, 1.0)).tril(-1)"),
    ("double-where", "triu(x/y)", "triu(x/where(triu(ones_like(x/y)) > 0, y, 1.0))"),
    ("double-where", "where(m, acosh(x), 0.0)", "where(m, acosh(where(m, x, 2.0)), 0.0)"),
    ("double-where", "where(m, exp(2000*x), 0.0)", "where(m, exp(2000*where(m, x, 0.0)), 0.0)"),
    ("double-where", "where(a, log(x), 0.0) + where(b, 1/y, 0.0)",
     "where(a, log(where(a, x, 1.0)), 0.0) + where(b, 1/where(b, y, 1.0), 0.0)"),
    ("zero-product", "x*sqrt(x)", "where(x != 0, x*sqrt(where(x != 0, x, 1.0)), 0.0)"),
    ("zero-product", "m*sqrt(x) + 1", "where(m != 0, m*sqrt(where(m != 0, x, 1.0)), 0.0) + 1"),
    ("zero-product", "mul(m, sqrt(x))", "where(m != 0, mul(m, sqrt(where(m != 0, x, 1.0))), 0.0)"),
    ("zero-product", "xlogy(x, 1 - y)", "where(x != 0, xlogy(x, where(x != 0, 1 - y, 1.0)), 0.0)"),
    ("zero-product", "special.xlog1py(x, -y)", "where(x != 0, special.xlog1py(x, where(x != 0, -y, 1.0)), 0.0)"),
    ("zero-product", "h = sqrt(x); x*h", "h = sqrt(where(x != 0, x, 1.0)); where(x != 0, x*h, 0.0)"),
    ("replaced", "nan_to_num(log(x))",
     "where(x > 0, log(where(x > 0, x, 1.0)), nan_to_num(log(x)).detach())"),
    ("replaced", "nan_to_num(log2(x))", "where(x > 0, log2(where(x > 0, x, 1.0)), 0.0)"),
    ("replaced", "nan_to_num(log10(x))", "where(x > 0, log10(where(x > 0, x, 1.0)), 0.0)"),
    ("replaced", "h = log(x); nan_to_num(h)",
     "h = log(where(x > 0, x, 1.0)); where(x > 0, h, nan_to_num(log(x)).detach())"),
    ("replaced", "h = a/b; h.nan_to_num()",
     "h = a/where(b != 0, b, 1.0); where(b != 0, h, (a/b).nan_to_num().detach())"),
    ("replaced", "(a/b).nan_to_num()", "where(b != 0, a/where(b != 0, b, 1.0), (a/b).nan_to_num().detach())"),
    ("replaced", "nan_to_num(sqrt(x), 0.0)", "where(isfinite(sqrt(x)), sqrt(where(isfinite(sqrt(x)), x, 1.0)), 0.0)"),
    ("nan-to-num", "nansum(a*b)", "nansum(nan_to_num(a, 0.0)*b)"),
    ("nan-to-num", "nanmean(a*b)", "nanmean(a*nan_to_num(b, 0.0))"),
    ("nan-to-num", "(a*b).nansum()", "(a*nan_to_num(b, 0.0)).nansum()"),
    ("nan-to-num", "nansum(dtype=float64, input=a*b)", "nansum(dtype=float64, input=a*nan_to_num(b, 0.0))"),
    ("nan-to-num", "(x @ w).masked_fill(isnan(x @ w), 0.0)", "(nan_to_num(x, 0.0) @ w).masked_fill(isnan(x @ w), 0.0)"),
    ("select-first", "log1p(a)[a > -1].sum()", "log1p(a[a > -1]).sum()"),
    ("select-first", "(x/d)[d != 0].sum()", "(x[d != 0]/d[d != 0]).sum()"),
    ("select-first", "(abs(a - b)/(abs(a) + 1))[m]", "(abs(a - b)[m]/(abs(a) + 1)[m])"),
    ("select-first", "((w*x - y)**2)[m].sum()", "((w*x - y)[m]**2).sum()"),
    ("select-first", "(x + exp(y))[m]", "(x[m] + exp(y[m]))"),
    ("select-first", "x.log()[1]", "x[1].log()"),
    ("select-first", "softmax(x, dim=1)[0]", "softmax(x[0], dim=0)"),
    ("select-first", "sum(x, keepdim=True, dim=1)[0]", "sum(x[0], keepdim=True, dim=0)"),
    ("select-first", "gather(log(p), 1, t)", "log(gather(p, 1, t))"),
    ("select-first", "(x/d).index_select(0, i).sum()", "(x.index_select(0, i)/d.index_select(0, i)).sum()"),
    ("select-first", "-sqrt(x + 1).take(i)", "-sqrt((x + 1).take(i))"),
    ("select-first", "-sqrt(x + 1).take(i)", "-sqrt(x.take(i) + 1)"),
    ("select-first", "h = sqrt(x); h.narrow(0, 1, 1)", "sqrt(x.narrow(0, 1, 1))"),
    ("select-first", "(1/x).diagonal()", "1/x.diagonal()"),
    ("select-first", "x.softmax(-1)[0]", "x[0].softmax(-1)"),
    ("out-of-place", "p.add_(1.0)", "p + 1.0"),
    ("out-of-place", "p.mul_(a + b)", "p*(a + b)"),
    ("out-of-place", "p.sub_(a)", "p - a"),
    ("out-of-place", "p.div_(a)", "p/a"),
    ("out-of-place", "p.pow_(a)", "p**a"),
    ("out-of-place", "y = exp(x); y //= 2; sum(y)", "y = exp(x); y = y//2; sum(y)"),
    ("out-of-place", "y = exp(x); y %= 2; sum(y)", "y = exp(x); y = y%2; sum(y)"),
    ("out-of-place", "y = 2 * x; y **= 2; sum(y)", "y = 2 * x; y = y**2; sum(y)"),
    ("out-of-place", "y = exp(x); y *= [1, 2]; sum(y)", "y = exp(x); y = y*[1, 2]; sum(y)"),
    ("out-of-place", "y = exp(x); y *= 1, 2; sum(y)", "y = exp(x); y = y*(1, 2); sum(y)"),
    ("out-of-place", "exp(x).add_(1)", "exp(x).add(1)"),
    ("out-of-place", "y = exp(x); y += 1; sum(y)", "y = exp(x); y = y + 1; sum(y)"),
    ("out-of-place", "y = exp(x); y.mul_(2); sum(y)", "y = exp(x); y = y*2; sum(y)"),
    ("out-of-place", "y = exp(x)\ny += 1\ny *= 2\nsum(y)", "y = exp(x)\ny = y + 1\ny = y*2\nsum(y)"),
    ("out-of-place", "y = exp(x); y[0] = 0.0; sum(y)", "y = exp(x); y = y.clone(); y[0] = 0.0; sum(y)"),
    ("out-of-place", "y = exp(x); z = y.sqrt_(); z*y", "y = exp(x); y = y.sqrt(); z = y; z*y"),
    ("out-of-place", "F.relu(exp(x), inplace=True)", "F.relu(exp(x), inplace=False)"),
]  # fmt: skip

LEFT_ALONE = [
    ("double-where", "where(x > 0, 2.0, 0.0)"),
    ("double-where", "sqrt(x)"),
    ("double-where", "x[0]"),
    ("double-where", "where(*[m], *[log(x)], *[0.0], *[])"),
    ("double-where", "masked_fill(*[log(x)], *[m], *[0.0], *[])"),
    ("double-where", "masked_select(*[log(x)], *[m], *[])"),
    ("zero-factor", "m*x"),
    ("zero-factor", "2*sqrt(x)"),
    ("nan-to-num", "sum(a*b)"),
    ("replaced", "nan_to_num(x)"),
    ("replaced", "relu(log(x))"),
    ("replaced", "nan_to_num(*[x], *[0.0], *[], *[], *[])"),  # which is its argument is not read
    ("zero-factor", "m*sqrt(x)"),
    ("select-first", "softmax(x, dim=0)[0]"),
    ("select-first", "(x @ y)[0]"),
    ("select-first", "x[0]"),
    ("select-first", "sum(x)[0]"),
    ("select-first", "sum(x, dim=None)[0]"),
    ("select-first", "softmax(x, dim=1)[None]"),
    ("select-first", "softmax(x, dim=1)[m]"),
    ("select-first", "(x @ y).gather(0, i)"),
    ("select-first", "gather(x, 0, i)"),
    ("select-first", "sqrt(x).reshape(2, 2)"),  # which leaves nothing out
    ("select-first", "max(x, dim=1)[0]"),  # the values, and not the places
    ("out-of-place", "p.add(1.0)"),
    ("out-of-place", "y = exp(x); y = y + 1; sum(y)"),
]


@pytest.mark.parametrize(("rule", "before", "after"), REWRITTEN)
def test_it_is_rewritten(rule: str, before: str, after: str) -> None:
    assert after in rewritten(before, rule)


@each("rule, text", LEFT_ALONE)
def test_it_is_left_alone(rule: str, text: str) -> None:
    assert rewritten(text, rule) == []


def test_the_outermost_dangerous_arguments_are_guarded_together() -> None:
    found = changed("where(m, log(sqrt(x)) + 1/y, 0.0)", guards.rule)
    assert "where(m, log(where(m, sqrt(x), 1.0)) + 1/where(m, y, 1.0), 0.0)" in found


def test_constants_and_names_that_are_computed_are_no_inputs_to_guard() -> None:
    found = changed("h = sqrt(x); where(m, h*pi, 0.0)", guards.rule)
    assert found
    assert not [after for after in found if "where(m, pi" in after or "where(m, h, " in after]


@each("branch", ["sqrt(x)", "log(*[x], *[], *[])", "exp(x)*x"])
def test_what_is_replaced_is_what_is_not_finite_where_no_other_condition_is_known(branch: str) -> None:
    found = changed(f"nan_to_num({branch})", guards.replaced_rule)
    assert found
    assert all(after.startswith(f"where(isfinite({branch}), ") for after in found)


@pytest.mark.parametrize(
    ("text", "frozen"),
    [
        ("m*sqrt(x)", "m*sqrt(where(m != 0, x, 1.0))"),
        ("(1 - y)*log(x)", "(1 - y)*log(where(1 - y != 0, x, 1.0))"),
        ("k = 1 - m; k*sqrt(x)", "k = 1 - m; k*sqrt(where(k != 0, x, 1.0))"),
    ],
)
def test_a_zero_factor_that_is_frozen_throws_away_and_one_that_is_differentiated_does_not(
    text: str, frozen: str
) -> None:
    assert rewritten(text, "zero-factor", wrt="x") == [frozen]
    assert rewritten(text, "zero-product", wrt="x") == []
    assert frozen not in rewritten(text, "zero-factor", wrt="x,y,m")
    assert rewritten(text, "zero-product", wrt="x,y,m") != []


@each("function", ["softmax", "log_softmax", "softmin", "logsumexp", "sum", "mean", "norm", "prod", "normalize"])
def test_an_index_goes_past_what_works_along_another_dimension(function: str) -> None:
    text, moved = f"{function}(x, dim=1)[1]", f"{function}(x[1], dim=0)"
    assert changed(text, selection.rule) == [moved]
    x = torch.tensor([[0.5, 2.0, -1.0], [1.5, 0.25, -0.75]], dtype=torch.float64)
    before, after = (evaluate(parse(it), {"x": x}, Context(torch.float64)) for it in (text, moved))
    torch.testing.assert_close(after, before)


def test_an_index_goes_past_three_operations_and_no_more() -> None:
    assert changed("(x + exp(y))[m]", selection.rule)[-1] == "(x[m] + exp(y[m]))"
    assert changed("exp(sin(tanh(x)))[m]", selection.rule)[-1] == "exp(sin(tanh(x[m])))"
    assert changed("abs(exp(sin(tanh(x))))[m]", selection.rule)[-1] == "abs(exp(sin(tanh(x)[m])))"


def test_inputs_of_16_bits_are_widened() -> None:
    assert "norm(x.float(), p=3)" in rewritten("norm(x, p=3)", "single-precision", narrow=True)


@each("function, widened", [("relu", True), ("softplus", True), ("log", True), ("prod", True), ("sin", False)])
def test_what_activations_and_dangerous_operations_work_on_is_widened(function: str, widened: bool) -> None:
    found = changed(f"{function}(x*y)", guards.precision_rule)
    assert (
        found == [f"{function}(x.float()*y)", f"{function}(x*y.float())", f"{function}((x*y).float())"][: 2 + widened]
    )
    assert changed(f"{function}(x)", guards.precision_rule) == [f"{function}(x.float())"]


@each("text, double", [("norm(x.float())", "norm(x.double())"), ("float(x)", "double(x)"), ("x.half()", "x.half()")])
def test_for_single_precision_stands_double_precision_in_a_program_in_float64(text: str, double: str) -> None:
    assert term_of(guards.in_double(parse(text)).result) == term_of(parse(double).result)


def test_double_precision_stands_in_statements_too_and_a_program_without_single_precision_is_itself() -> None:
    program = guards.in_double(parse("h = x.float(); y = x + 1; h*y"))
    assert [term_of(statement.value) for statement in program.statements] == [
        term_of(parse(text).result) for text in ("x.double()", "x + 1")
    ]
    assert guards.in_double(program) is program


def test_inputs_of_32_bits_are_not_widened() -> None:
    assert rewritten("norm(x, p=3)", "single-precision") == []
