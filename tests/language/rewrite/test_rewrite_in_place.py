"""In-place changes: statements that become assignments, calls that become their twins, and copies."""

from __future__ import annotations

import torch
from each import each
from rewriting import changed

from gradcli.language.parser import parse
from gradcli.language.rewrite import in_place
from gradcli.numerics.evaluate import Context, evaluate

STATEMENTS = [
    ("y.mul_(2).add_(1)", "y = (y*2).add(1)"),
    ("y.sqrt_().neg_()", "y = y.sqrt().neg()"),
    ("sqrt_(y)", "y = sqrt(y)"),
    ("relu(y, inplace=True)", "y = relu(y, inplace=False)"),
    ("y.add_(1, alpha=2)", "y = y.add(1, alpha=2)"),
    ("y.atan2_(x)", "y = y.atan2(x)"),
    ("z = y.mul_(2)", "y = y*2; z = y"),
]
NO_CHANGES_OF_A_NAME = [
    "exp(x).add_(1)",
    "z = exp(y).sqrt_()",
    "y.sum()",
    "y.sqrt_().exp()",
    "y.exp().sqrt_()",
    "y.mul_(2).fill_diagonal_(0.0)",  # it has no twin
    "y.mul_(2).add_ (1)",  # written with a space, which is not looked for
    "relu(input=y, inplace=True)",
    "relu(y, inplace=False)",
    "relu(y, inplace=x)",
    "sum(y, dim=0, keepdim=True)",
]
CALLS = [
    ("sqrt_(x)", ["sqrt(x)"]),
    ("x.sqrt_().sqrt_()", ["x.sqrt().sqrt_()", "x.sqrt_().sqrt()"]),
    ("p.add_(*[a], *[], *[])", ["p.add(*[a], *[], *[])"]),
    ("exp(x).sqrt_ ()", []),
    ("sum(x, dim=0, keepdim=True)", []),
    ("relu(x, inplace=False)", []),
]
COPIES = [
    (
        "y = exp(x); z = y.sqrt_().mul_(2); x*z",
        [
            "y = exp(x).clone(); z = y.sqrt_().mul_(2); x*z",
            "y = exp(x); z = y.sqrt_().mul_(2).clone(); x*z",
            "y = exp(x); z = y.sqrt_().clone().mul_(2); x*z",
            "x = x.clone(); y = exp(x); z = y.sqrt_().mul_(2); x*z",
        ],
    ),
    ("x.exp().sqrt()", ["x = x.clone(); x.exp().sqrt()"]),
    (
        "y = exp(x); y.mul_(2); sum(y)",
        ["y = exp(x).clone(); y.mul_(2); sum(y)", "x = x.clone(); y = exp(x); y.mul_(2); sum(y)"],
    ),
    ("x = x + 1; y*x.exp()", ["x = (x + 1).clone(); y*x.exp()", "y = y.clone(); x = x + 1; y*x.exp()"]),
]


def value(text: str) -> torch.Tensor:
    x = torch.tensor([0.25, 1.5], dtype=torch.float64)
    return evaluate(parse(text), {"x": x}, Context(torch.float64))


@each("statement, assigned", STATEMENTS)
def test_a_statement_that_changes_a_name_becomes_an_assignment(statement: str, assigned: str) -> None:
    before, after = (f"y = exp(x); {text}; sum(y)" for text in (statement, assigned))
    assert changed(before, in_place.rule)[0] == after
    assert torch.equal(value(after), value(before))


@each("statement", NO_CHANGES_OF_A_NAME)
def test_what_changes_no_name_becomes_no_assignment(statement: str) -> None:
    before = f"y = exp(x); {statement}; sum(y)"
    assert not [after for after in changed(before, in_place.rule) if after.count(" = ") > before.count(" = ")]


@each("text, twins", CALLS)
def test_a_call_becomes_its_twin(text: str, twins: list[str]) -> None:
    assert changed(text, in_place.rule) == twins


@each("text, copies", COPIES)
def test_values_with_a_name_receivers_without_one_and_inputs_are_copied(text: str, copies: list[str]) -> None:
    assert changed(text, in_place.copy_rule) == copies
