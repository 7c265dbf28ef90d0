"""Where everything stands: the text under a span is the node, in characters."""

from __future__ import annotations

import pytest
from each import each
from parsing import bare, pointed, refused, reread

from gradcli.language.parser import parse
from gradcli.language.syntax import (
    Assign,
    postorder,
    roots,
)


@each(
    "text",
    [
        "α + β*sin(γ)",
        "  x + 1",
        "\t(x)",
        "\r\n x + y",
        "h = α**2\r\nsum(h)\r\n",
        "h = x\rsum(h)",
        "( x ) . sum ( dim = 0 )",
        "(x\n  .sum()\n  + y)",
        "x[ 0 , 1: 2 ,None]",
        "x[(0, 1)]",
        "𝒳 + exp(ﬁ)",
        "((x)) * ((((y)) + 1))",
        "where((x > 0) & ~(y <= 1), x.T @ y, -x)",
        "max(x, dim=0)[0].sum() + linalg.svd(y).S",
        "x +\\\n y",
        "F.mse_loss(x, t, reduction='sum') - torch.pi",
        "x.to(torch.float64)[...,  0]",
        "x # α\n",
        "\f x + 1",
    ],
)
def test_the_text_under_a_span_is_the_node(text: str) -> None:
    program = parse(text)
    known = [*program.free_names, *(s.target for s in program.statements if isinstance(s, Assign))]
    for root in roots(program):
        for node in postorder(root):
            assert bare(reread(text[slice(*node.span)], node, known)) == bare(node)


def test_columns_count_characters_and_not_bytes() -> None:
    error = refused("αβγ + sigmod(x)")
    assert error.span == (6, 12)
    assert pointed(error) == "sigmod"


def test_columns_go_on_after_a_line_break() -> None:
    assert pointed(refused("h = α\r\nsigmod(h)")) == "sigmod"
    assert pointed(refused("h = α\r\nh + é.foo(1)")) == "foo"


def test_columns_stay_true_behind_leading_blanks() -> None:
    assert refused("   sigmod(x)").span == (3, 9)


@pytest.mark.parametrize("text", ["α.foo()", "(α).foo()", "((α)) . foo ()", "(α\r\n.foo())", "(α\\\n.foo())"])
def test_an_unknown_method_is_pointed_at_without_its_dot(text: str) -> None:
    assert pointed(refused(text)).startswith("foo")


def test_pythons_syntax_errors_are_pointed_at_in_characters() -> None:
    error = refused("αβ + ) ")
    assert pointed(error) == ")"
    assert error.span == (5, 6)
