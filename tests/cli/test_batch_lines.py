"""Which lines of a batch are requests, how they are written, and what becomes of lines that are none."""

from __future__ import annotations

import io
import shlex
from typing import Any

import pytest
from batching import batch, error_of
from each import each
from hypothesis import given
from hypothesis import strategies as st

from gradcli.cli.batch import answering
from gradcli.cli.batch.answering import answer
from gradcli.cli.batch.requests import MAX_LINE, lines, split, words_of
from gradcli.exceptions import UsageError


def test_blank_lines_and_comments_have_no_answer(run: Any) -> None:
    text = "\n  \n# a comment\n  # another\ngrad tanh 1\n\t\ngrad tanh 2"
    code, answers = batch(text, run)
    assert code == 0
    assert [document["inputs"]["x"]["values"] for document in answers] == [[1], [2]]


def test_no_requests_have_no_answers(run: Any) -> None:
    assert batch("", run) == (0, [])


@pytest.mark.parametrize(
    "line",
    [
        "grad tanh 1 2",
        "gradcli grad tanh 1 2",
        "  grad   tanh\t1 2  \r",
        "grad 'tanh' \"1\" \\2",
        "grad tanh 1 2 # as in a shell",
        '["grad", "tanh", "1", "2"]',
        '["gradcli", "grad", "tanh", 1, 2]',
        '  ["grad", "tanh", "[1, 2]"]  ',
        "\ufeffgrad tanh 1 2",
    ],
)
def test_a_request_may_be_written_in_several_ways(line: str, run: Any) -> None:
    code, answers = batch(line, run)
    assert code == 0
    assert [document["inputs"]["x"]["values"] for document in answers] == [[1, 2]]


def test_a_number_in_an_array_keeps_its_own_digits() -> None:
    assert words_of(b'["grad", 1e-3, 1.50, -0, 123456789012345678901234567890]') == [
        *("grad", "1e-3", "1.50", "-0", "123456789012345678901234567890")
    ]


@given(st.text(alphabet="ab '\"\\\t$`é=-[", max_size=20))
def test_words_are_split_as_shlex_splits_them(text: str) -> None:
    try:
        expected = shlex.split(text)
    except ValueError:
        with pytest.raises(UsageError):
            split(text)
        return
    # shlex leaves a backslash before $ and ` within double quotes, where POSIX has it removed
    if not ('"' in text and ("\\$" in text or "\\`" in text)):
        assert split(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('a "\\$x \\`y \\"z \\\\ \\n"', ["a", '$x `y "z \\ \\n']),
        ("a#b #c", ["a#b"]),
        ("'#a' b", ["#a", "b"]),
        ("''#a", ["#a"]),
        ("a '' b", ["a", "", "b"]),
    ],
)
def test_words_are_split_as_a_posix_shell_splits_them(text: str, words: list[str]) -> None:
    assert split(text) == words


def test_a_line_is_read_no_further_than_its_end() -> None:
    class Watched(io.BytesIO):
        asked = 0

        def readline(self, size: int | None = -1) -> bytes:
            Watched.asked += 1
            return super().readline(size)

    requests = lines(Watched(b"one\ntwo\nthree\n"))
    assert next(requests) == b"one"
    assert Watched.asked == 1


@each(
    "line, message",
    [
        ("grad sigmoid 'x", "the quote ' is not closed"),
        ('grad sigmoid "x', 'the quote " is not closed'),
        ("grad sigmoid 1\\", "the backslash escapes nothing"),
        ("gradcli", "the line asks for nothing"),
        ("[]", "the line asks for nothing"),
        ('["gradcli"]', "the line asks for nothing"),
        ("[", "the line is no JSON array: expecting value at character 2"),
        ('["grad", "tanh", 1] 2', "the line is no JSON array: extra data at character 21"),
        ('["grad", "tanh", [1, 2]]', "word 3 of the array is an array"),
        ('["grad", "tanh", null]', "word 3 of the array is null"),
        ('["grad", "tanh", true]', "word 3 of the array is true or false"),
        ('["grad", {"x": 1}]', "word 2 of the array is an object"),
        ('["grad", "tanh", NaN]', "NaN is no JSON"),
        ("[" * 100_000, "the line is no JSON array of words: it is nested"),
        ("batch", "'batch' has no result"),
        ("batch requests.txt", "'batch' has no result"),
        ("schema", "'schema' has no result"),
        ("schema grad", "'schema' has no result"),
        ("grad --help", "'grad' answers this with text"),
        ("-h", "'-h' answers this with text"),
        ("--version", "'--version' answers this with text"),
        ("retain-demo --raise", "--raise lets a traceback out"),
        ("grad sigmoid -", "standard input holds the requests"),
        ("grad 'x * y' x=1 y=-", "standard input holds the requests"),
        ("grad sigmoid @-", "standard input holds the requests"),
        ("'' tanh 1", "unknown command ''"),
    ],
)
def test_a_line_without_an_answer_gets_an_error_object(line: str, message: str) -> None:
    assert message in error_of(line)["message"]
    assert answer(line.encode()).code == 2


def test_an_open_quote_is_pointed_at() -> None:
    assert error_of("grad sigmoid 'x")["span"] == [13, 14]


def test_another_format_within_a_line_changes_nothing() -> None:
    assert answer(b"grad tanh 1 -f csv") == answer(b"grad tanh 1")


def test_a_value_that_looks_like_a_refused_option_is_a_value() -> None:
    assert "traceback" not in error_of("retain-demo 'sum(a)' a=1 --retain --raise")["message"]


@pytest.mark.parametrize(
    "line",
    [b"grad tanh \xff", b"\xff\xfe", b"grad tanh \0", b'["grad", "tanh", "\\ud800"]', b'["\\u0000"]', b"\x1b[0m"],
)
def test_odd_bytes_are_the_users_mistake(line: bytes) -> None:
    assert error_of(line)["code"] != "bug"
    assert answer(line).code == 2


def test_a_line_of_the_greatest_length_is_read_and_a_longer_one_is_refused(run: Any) -> None:
    fits = b"grad tanh 1 #".ljust(MAX_LINE, b"x")
    code, answers = batch(fits + b"\n" + fits + b"x\n" + fits * 3 + b"\ngrad tanh 2\n", run)
    assert code == 1
    assert [document.get("error", {}).get("code") for document in answers] == [None, "too-large", "too-large", None]


def test_a_fault_of_ours_costs_one_line(monkeypatch: pytest.MonkeyPatch, run: Any) -> None:
    def broken(words: list[str], *more: Any) -> Any:
        if words[-1] == "2":
            raise AttributeError("nothing there")
        return real(words, *more)

    real = answering._answer
    monkeypatch.setattr(answering, "_answer", broken)
    code, answers = batch("grad tanh 1\ngrad tanh 2\ngrad tanh 3", run)
    assert code == 1
    assert ["error" in document for document in answers] == [False, True, False]
    assert answers[1]["error"]["code"] == "bug"
    assert "AttributeError: nothing there" in answers[1]["error"]["message"]


def test_memory_that_runs_out_costs_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(words: list[str], *more: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(answering, "_answer", exhausted)
    assert error_of("grad tanh 1")["code"] == "too-large"
