"""What is written at a place of a program: which operands stand where."""

from __future__ import annotations

from each import each

from gradcli.model.place import Place, Source
from gradcli.recording.program.written import Written, written_at

OPERANDS = {
    "torch.relu(x)": ["x"],
    "torch.nn.functional.relu(x)": ["x"],
    "F.relu(x)": ["x"],
    "functional.relu(x)": ["x"],
    "nn.functional.relu(x)": ["x"],
    "linalg.det(x)": ["x"],
    "special.expit(x)": ["x"],
    "autograd.grad(y, x)": ["y", "x"],
    "func.vmap(f)": ["f"],
    "relu(x)": ["x"],
    "x.relu()": ["x"],
    "torch.abs(x).relu()": ["torch.abs(x)"],
    "self.layer.scale.clamp(0, max=y)": ["self.layer.scale", "0", "y"],
    "x + 2": ["x", "2"],
    "2 + x": ["x", "2"],
    "2 * x": ["x", "2"],
    "2 & x": ["x", "2"],
    "2 | x": ["x", "2"],
    "2 ^ x": ["x", "2"],
    "2 << x": ["2", "x"],
    "2 - x": ["2", "x"],
    "2 / x": ["2", "x"],
    "2 ** x": ["2", "x"],
    "y + x": ["y", "x"],
    "y > x": ["y", "x"],
    "-x": ["x"],
    "x.T": ["x"],
    "x[1:]": ["x", "1:"],
}
"""In the order in which PyTorch is told of them: of a number on the left of what commutes it is told last."""


@each("text", OPERANDS)
def test_the_operands_are_told_in_pytorchs_order(text: str) -> None:
    written = at(text)
    assert [place.text for _, place in written.parts] == OPERANDS[text]
    assert written.is_operator == (" " in text.partition("(")[0] or text.startswith("-"))


def at(text: str) -> Written:
    source = Source(f"def made(x, y):\n    return {text}\n", "file", "made.py")
    start = source.text.index(text)
    return written_at(Place(source, start, start + len(text)))


@each(
    "text, typed",
    [
        ("x + 2", [False, True]),
        ("2 * x", [False, True]),
        ("x ** -2", [False, True]),
        ("torch.add(x, y, alpha=2)", [False, False, True]),
        ("torch.add(*pair)", [False, False]),
    ],
)
def test_a_number_that_is_written_is_typed(text: str, typed: list[bool]) -> None:
    assert [at(text).is_typed(position) for position in range(len(typed) + 2)] == [*typed, False, False]


def test_what_is_no_expression_is_a_statement() -> None:
    written = at("x + 2\n")
    assert (written.is_statement, written.is_operator, written.called) == (True, False, None)
    assert not at("").is_statement
    assert not at("x + 2").is_statement


def test_an_operand_stands_at_its_place_and_what_is_not_written_at_the_whole() -> None:
    assert [at("x * y").place_of(position).text for position in range(3)] == ["x", "y", "x * y"]
