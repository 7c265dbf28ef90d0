"""Expressions printed from their nodes: the same program, with the fewest brackets."""

from __future__ import annotations

from each import each

from gradcli.language.parser import parse
from gradcli.language.printer import SUM, Piece, Spelling, called, printed
from gradcli.language.syntax import Node, children

PLAIN = Spelling()
PROGRAM = Spelling(prefix="torch.", paths=())


def text_of(node: Node, spelling: Spelling = PLAIN) -> str:
    def piece(node: Node) -> Piece:
        return printed(node, [piece(child) for child in children(node)], spelling)

    return piece(node).text


FEWEST = (
    "a - (b - c)", "(a + b) * c", "a / (b * c)", "(-x)**2", "-x**2", "x**-2", "(x**2)**3", "2**x**3", "(a + b)**2",
    "-(a + b)", "(a < b) == c", "a == (b == c)", "a & (b | c)", "(a ^ b) & c", "(a << b) + c", "(a & b) + c",
    "(a @ b).T", "(a + b)[0]", "x[0, 1]", "x[[0, 1]]", "x[0,]", "x[:, 1]", "x[::2]", "x[...]", "x[1:-1, x > 0]",
    "sum(x, dim=0)", "(a + b).sum(dim=-1)", "cat([x, y], dim=0)", "hstack(*x.unbind(0))", "hstack(*x | y)",
    "hstack(*(x == y))", "zeros((2, 3))", "~(x > 0)", "-1 - x", "x - -1",
)  # fmt: skip


@each("text", FEWEST)
def test_what_is_written_with_the_fewest_brackets_is_printed_as_it_stands(text: str) -> None:
    assert text_of(parse(text).result) == text


NOT_NEEDED = {
    "(a - b) - c": "a - b - c",
    "a + (b * c)": "a + b * c",
    "-(x**2)": "-x**2",
    "2**(-x)": "2**-x",
    "2**(x**3)": "2**x**3",
    "(x.T)[0]": "x.T[0]",
    "sum((a + b))": "sum(a + b)",
    "(a & b) | c": "a & b | c",
    "(-x) * y": "-x * y",
    "x[(0, 1)]": "x[0, 1]",
}


@each("text", NOT_NEEDED)
def test_brackets_that_say_nothing_are_left_out(text: str) -> None:
    assert text_of(parse(text).result) == NOT_NEEDED[text]
    assert text_of(parse(NOT_NEEDED[text]).result) == NOT_NEEDED[text]


def test_a_program_spells_every_name_as_pytorch_has_it() -> None:
    text = "F.relu(sigmoid(x) + y.add_(1e400))"
    assert text_of(parse(text).result, PROGRAM) == "torch.nn.functional.relu(torch.sigmoid(x) + y.add_(torch.inf))"
    assert text_of(parse("x.to(float64)").result, PROGRAM) == "x.to(torch.float64)"


def test_operators_are_as_tight_as_the_spelling_says() -> None:
    text = "a * b + c / d - e**f"
    assert text_of(parse(text).result) == text
    assert text_of(parse(text).result, Spelling(frozenset({"mul", "pow"}))) == "a*b + c / d - e**f"


def test_a_method_is_called_on_its_first_argument_in_brackets_where_it_needs_them() -> None:
    arguments = [Piece("a + b", SUM), Piece("c + d", SUM)]
    assert called("torch.Tensor.add_", arguments, ["alpha=2"]) == Piece("(a + b).add_(c + d, alpha=2)")
    assert called("torch.add", arguments, ["alpha=2"]) == Piece("torch.add(a + b, c + d, alpha=2)")
