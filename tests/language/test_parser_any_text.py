"""Whatever is typed is read or refused, and nothing else happens."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsing import bare, error_of, reread
from texts import texts

from gradcli.exceptions import UnknownNameError
from gradcli.language.parser import parse
from gradcli.language.syntax import (
    postorder,
    roots,
)

VALID = (
    "softmax(x, dim=0)[1]",
    "h = tanh(x @ w); sum(h**2)",
    "y = exp(x)\ny += 1\nsum(y)",
    "where((x > 0) & ~(y <= 1), x.T @ y, -x)",
    "F.cross_entropy(x, t, reduction='sum')",
    "x[None, ..., 1:-1:2].to(torch.float64)",
    "linalg.svd(x).S[[0, 1]] * 1e-3j",
    "(α + β).sum(dim=(0, 1), keepdim=True)",
)
PIECES = st.sampled_from(
    [
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ".",
        ",",
        ";",
        ":",
        ":=",
        "=",
        "==",
        "+",
        "**",
        "*",
        "/",
        "//",
        "@",
        "~",
        "<",
        "&",
        " ",
        "\n",
        "\r",
        "\t",
        "\\",
        "#",
        "'",
        '"',
        "'''",
        "\x00",
        "�",
        "\ufeff",
        "\x0c",
        "é",
        "²",
        "𝒳",
        "ﬁ",
        "\u2028",
        "x",
        "y",
        "_",
        "__",
        "exp",
        "sum",
        "torch",
        "F",
        "linalg",
        "dim",
        "T",
        "pi",
        "float64",
        "None",
        "True",
        "...",
        "lambda",
        "for",
        "in",
        "if",
        "else",
        "not",
        "and",
        "is",
        "import",
        "yield",
        "await",
        "async",
        "def",
        "class",
        "0",
        "1",
        "1e400",
        "0x",
        "9" * 5000,
        "1_0",
        "1j",
        "0777",
        "\\N{DASH}",
        "\\x",
        "f'",
        "b'",
        "rb'",
        "u'",
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_garbage_is_read_or_refused(text: str) -> None:
    check_read_or_refused(text)


@given(texts(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    check_read_or_refused(text)


@given(st.sampled_from(VALID), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 4), PIECES), max_size=4))
def test_a_damaged_expression_is_read_or_refused(text: str, damage: list[tuple[int, int, str]]) -> None:
    for place, length, piece in damage:
        text = text[:place] + piece + text[place + length :]
    check_read_or_refused(text)


def check_read_or_refused(text: str) -> None:
    """Nothing but an error of ours comes out, and every place that is named lies within the text."""
    error = error_of(text)
    if error is not None:
        assert error.message
        assert error.expression == text
        start, end = error.span or (0, 1)
        assert 0 <= start < end <= max(len(text), 1)
        return
    for root in roots(parse(text)):
        for node in postorder(root):
            assert 0 <= node.span[0] < node.span[1] <= len(text)


NUMBERS = st.one_of(
    st.integers(0, 10**20).map(str), st.floats(0, allow_nan=False, allow_infinity=False).map(repr), st.just("2j")
)
EXPRESSIONS = st.recursive(
    NUMBERS | st.sampled_from(["x", "y", "α", "pi", "x.T", "torch.exp(x)", "[1, 2]", "x[0]", "x[1:2, None]"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "@", "**", "<", "==", "&"]), inner).map(
            lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"
        ),
        inner.map(lambda part: f"exp( {part} )"),
        inner.map(lambda part: f"({part}).sum(dim = 0)"),
        inner.map(lambda part: f"-({part})"),
        inner.map(lambda part: f"softmax(({part}), dim=-1)[0]"),
    ),
    max_leaves=8,
)


@given(EXPRESSIONS)
def test_the_text_under_the_span_of_any_node_is_that_node(text: str) -> None:
    for node in postorder(parse(text).result):
        assert bare(reread(text[slice(*node.span)], node, ["x", "y", "α"])) == bare(node)


@given(EXPRESSIONS)
def test_pythons_own_reader_finds_the_same_free_names(text: str) -> None:
    """A second route: identifiers that are neither called, nor attributes, nor keywords, nor constants."""
    words = re.findall(r"(?<![\w.])[^\W\d]\w*(?!\w)(?!\s*[(.=])|(?<![\w.])x(?=\.T)", text)
    expected = dict.fromkeys(word for word in words if word not in ("pi", "torch", "e", "None"))
    assert set(parse(text).free_names) == set(expected)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("data.npy", "Write @ before a file: @data.npy"),
        ("out/data.CSV", "Write @ before a file: @out/data.CSV"),
        ("sum(data.npy * 2)", "Write @ before a file: @data.npy"),
        ("x.reel", "Did you mean 'real'?"),
    ],
)
def test_a_forgotten_at_sign_is_seen_by_the_ending_of_a_file(text: str, hint: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        parse(text)
    assert caught.value.hint == hint
