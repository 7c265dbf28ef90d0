"""`gradcli batch`: one line of JSON for each request, the bytes that the command by itself gives with --json."""

from __future__ import annotations

import io
import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import captured
from each import each
from hypothesis import given
from hypothesis import strategies as st

from gradcli.cli.batch import answering
from gradcli.cli.batch.answering import answer
from gradcli.cli.batch.requests import MAX_LINE, lines, split, words_of
from gradcli.cli.option_coercion import MOST_KEPT
from gradcli.errors import UsageError

REQUESTS = [
    "grad sigmoid 0 1 10",
    "grad 'x**2 * sin(x)' 1 2",
    "grad 'x**2 * sin(x)' 1 2 -t float64",
    "grad sigmoid -5 -1e-3 -inf 0",
    "grad 'sum((x @ w - 1)**2)' x='[1,2]' w='[3,4]'",
    "grad 'x[0] * x[1]**2' x=3,2 --hessian --jacobian",
    "grad tanh 1 2 --order 3 --precision 3",
    "grad tanh 1 2 --vjp '[1, 2]' --jvp 1,1 --via backward",
    "grad 'sum(randn(3) * x)' 1 2 3 --seed 7",
    "grad 'sum(rand(3) * x)' 1 2 3",
    "grad 'sqrt(x)' 0 4 -1 --fail-on error",
    "grad '3 * x' x=1 y=2",
    "grad 'α * x' x=1 α=2",
    "grad 'y = x * 1; y.mul_(2); sum(y)' x=1,2",
    "grad 'x * 1' x:float16=1e4",
    "softmax 2 1 0.1",
    "softmax 2 1 0.1 --temperature 0.5 --log --index 1",
    "loss mse '[2.5, 0, 2]' '[3, -0.5, 2]'",
    "loss cross_entropy '[[2, 1, 0.1]]' '[0]'",
    "loss mse 'x * w + b' 1 x=1 w=2 b=0 --wrt w,b --lr 0.1 --steps 3",
    "activate relu,gelu -2 -1 0 1 2",
    "activate sigmoid --range -1:1:3 --plot",
    "trace 'where(x > 0, sqrt(x), 0 * x)' x=0,1",
    "trace 'exp(x)' 1 --format csv",
    "check sigmoid -2 0 2 -t float32",
    "retain-demo 'sum(exp(a))' a=1,2 --calls 3 --retain 1",
    "functions gelu",
    "functions --category loss",
    # and those that fail
    "grad sigmod 0",
    "grad 'sin(' 0",
    "grad 'sqrt(sum(x, dim=3))' 1 2",
    "grad sigmoid 0 1 --vjp none",
    "grad sigmoid 0 --dvice cpu",
    "grad sigmoid 0 --device",
    "grad sigmoid 0 --device mars",
    "grad sigmoid 0 -f yaml",
    "grad sigmoid 0 --precision x",
    "grad sigmoid 0 --order 99",
    "grad",
    "grda sigmoid 0",
    "--json grad sigmoid 0",
    "grad sigmoid x=@nowhere.npy",
    "check nonsense",
]


def batch(text: str | bytes, run: Any, *options: str) -> tuple[int, list[Any]]:
    """The exit code and the answers, parsed; standard error must be empty."""
    code, out, err = run(["batch", *options], stdin=text)
    assert err == ""
    return code, [json.loads(line) for line in out.splitlines()]


def by_itself(request: str) -> tuple[int, str]:
    """The exit code and the JSON of a command line with --json, behind the command's name where it has one."""
    name, *words = shlex.split(request)
    code, out, _ = captured([name, "--json", *words] if not name.startswith("-") else [name, *words])
    return code, out


def error_of(line: str | bytes) -> Any:
    """The error that answers a line."""
    document = json.loads(answer(line if isinstance(line, bytes) else line.encode()).line)
    assert document["schema"] == "gradcli/error/1", document
    return document["error"]


def values_of(line: str) -> Any:
    """The values of x in the answer to a line that must succeed."""
    document = json.loads(answer(line.encode()).line)
    assert "error" not in document, document
    return document["inputs"]["x"]["values"]


# --- the same as by itself -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_", REQUESTS)
def test_an_answer_has_the_bytes_and_the_exit_code_of_the_command_by_itself(request_: str) -> None:
    code, out = by_itself(request_)
    assert out.count("\n") == 1
    assert answer(request_.encode()) == (code, out.encode())
    assert answer(request_.encode()) == (code, out.encode())  # also from what is kept of the first time


def test_the_answers_come_in_order_whatever_came_before(run: Any) -> None:
    alone = [by_itself(request)[1] for request in REQUESTS]
    _, forwards, _ = run(["batch"], stdin="\n".join(REQUESTS))
    _, backwards, _ = run(["batch"], stdin="\n".join(reversed(REQUESTS)))
    assert forwards == "".join(alone)
    assert backwards == "".join(reversed(alone))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("grad 'sum(x * rand(3))' 1 2 3", "grad 'sum(x * rand(3))' 1 2 3 --seed 5"),
        ("grad 'x * ones(1)' 1", "grad 'x * ones(1)' 1 -t float64"),
        ("grad 'pi * x' 1", "grad 'pi * x' 1 pi=2"),
        ("grad 'x * e' 1", "grad 'x * e' x=1 e=2"),
        ("grad 'cat([x, x])' 1", "grad 'cat([x, x])' 1 --max-elements 1"),
        ("grad 'x * 2' 1", "grad 'x * 2' x:float64=1"),
        ("grad 'x.sum()' 1 2", "grad 'x.sum()' x='[[1,2],[3,4]]' --via backward"),
        ("loss mse 1 2", "loss mse 1 2 --wrt target"),
    ],
)
def test_a_request_leaves_nothing_behind_for_another(before: str, after: str) -> None:
    first, second = answer(before.encode()), answer(after.encode())
    assert first.line != second.line
    assert answer(before.encode()) == first
    assert answer(after.encode()) == second


def test_a_name_hides_a_prefix_only_where_it_is_bound() -> None:
    bound, open_ = b"grad 'sum(linalg.T)' linalg='[[1,2],[3,4]]'", b"grad 'sum(linalg.T)' 1"
    assert [answer(line).code for line in (open_, bound, open_, bound)] == [2, 0, 2, 0]


def test_the_environment_counts_when_the_request_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    dtypes = []
    for dtype in ("float32", "float64", "float32"):
        monkeypatch.setenv("GRADCLI_DTYPE", dtype)
        dtypes.append(json.loads(answer(b"grad tanh 1").line)["dtype"])
    assert dtypes == ["float32", "float64", "float32"]


def test_more_sets_of_options_than_are_remembered_are_answered_all_the_same() -> None:
    seeds = [json.loads(answer(b"grad tanh 1 --seed %d" % seed).line)["seed"] for seed in range(2 * MOST_KEPT + 3)]
    assert seeds == list(range(2 * MOST_KEPT + 3))


def test_more_expressions_than_are_remembered_are_answered_all_the_same() -> None:
    numbers = [*range(700), *range(0, 700, 7)]  # some of them again, after others have taken their places
    documents = [json.loads(answer(f"grad 'x * {number}' 3".encode()).line) for number in numbers]
    assert [document["gradients"]["x"]["values"] for document in documents] == [[number] for number in numbers]


def test_an_options_list_is_not_shared_between_requests() -> None:
    one = answer(b"activate leaky_relu 1 --param negative_slope=0.2")
    assert answer(b"activate leaky_relu 1 --param negative_slope=0.2") == one
    assert answer(b"activate leaky_relu 1 --param negative_slope=0.3") != one


# --- which lines are requests ----------------------------------------------------------------------------------------


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


# --- lines that cannot be answered -----------------------------------------------------------------------------------


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


# --- exit codes, files, options --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("grad tanh 1", 0),
        ("grad 'sqrt(x)' 0", 0),
        ("grad 'sqrt(x)' 0 --fail-on error", 1),
        ("grad 'x + 1' 0 --fail-on error", 0),
        ("grad tanh 1\ngrad tanhh 1\ngrad tanh 1", 1),
    ],
)
def test_the_exit_code_is_1_if_any_request_would_have_failed_by_itself(text: str, code: int, run: Any) -> None:
    found, answers = batch(text, run)
    assert found == code
    assert len(answers) == len(text.splitlines())


def test_requests_are_read_from_a_file(tmp_path: Path, run: Any) -> None:
    (tmp_path / "requests").write_text("grad tanh 1\n")
    code, answers = batch("grad tanh 2", run, str(tmp_path / "requests"))
    assert code == 0
    assert [document["inputs"]["x"]["values"] for document in answers] == [[1]]


def test_standard_input_is_withheld_also_when_the_requests_are_in_a_file(tmp_path: Path, run: Any) -> None:
    (tmp_path / "requests").write_text("grad tanh -\n")
    code, answers = batch("5", run, str(tmp_path / "requests"))
    assert code == 1
    assert answers[0]["error"]["code"] == "source"


def test_standard_input_is_back_afterwards(run: Any) -> None:
    stream = io.TextIOWrapper(io.BytesIO(b"grad tanh -\n"))
    before, sys.stdin = sys.stdin, stream
    try:
        captured(["batch"])
        assert sys.stdin is stream
    finally:
        sys.stdin = before


@pytest.mark.parametrize("name", ["missing.txt", ".", "a\0b"])
def test_a_file_that_cannot_be_read_is_the_users_mistake(name: str, run: Any) -> None:
    code, out, err = run(["batch", name])
    assert (code, out) == (2, "")
    assert "cannot be read" in err


def test_a_terminal_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("grad tanh 1"))
    code, out, err = captured(["batch"])
    assert (code, out) == (2, "")
    assert "standard input is a terminal" in err
    assert "echo 'gradcli grad sigmoid 0 1 10' | gradcli batch" in err


@pytest.mark.parametrize("jobs", ["0", "-1", "257", "two"])
def test_a_number_of_jobs_that_cannot_be_is_refused(jobs: str, run: Any) -> None:
    code, out, err = run(["batch", "--jobs", jobs], stdin="grad tanh 1")
    assert (code, out) == (2, "")
    assert jobs in err


def test_the_help_says_what_becomes_of_errors_blank_lines_and_the_exit_code(run: Any) -> None:
    _, out, _ = run(["batch", "--help"])
    text = " ".join(out.split())
    for promise in ("error object", "Blank lines", "exit code is 0", "JSON array", "--jobs"):
        assert promise in text


def test_answers_have_only_characters_that_standard_output_has() -> None:
    line = answer("grad 'α * x' 1".encode(), "ascii").line
    assert line.isascii()
    assert json.loads(line)["error"]["expression"] == "α * x"


def test_a_warning_of_pytorchs_is_told_on_standard_error_for_each_request(run: Any) -> None:
    _, out, err = run(["batch"], stdin="loss mse '[[1, 2]]' '[1, 2]'\n" * 2)
    assert out.count("\n") == 2
    assert err.count("PyTorch warns: Using a target size") == 2


# --- files and streams -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["-", "@-", "@/dev/stdin", "@/dev/fd/0", "@/proc/self/fd/0", "@/dev/stdin:a"])
def test_no_request_can_read_the_other_requests(name: str) -> None:
    assert error_of(f"grad sigmoid {name}")["message"] == "standard input holds the requests"
    assert error_of(f"grad 'x * y' x={name} y=1")["message"] == "standard input holds the requests"


def test_a_file_of_nearly_that_name_is_a_file() -> None:
    assert error_of("grad sigmoid @/dev/stdinn")["message"] == "there is no file '/dev/stdinn'"


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev/../dev/stdout"])
def test_a_file_that_is_standard_output_is_refused_among_the_answers(name: str) -> None:
    error = error_of(f"grad sigmoid 0 -o {name}")
    assert error["message"] == f"cannot write '{name}': standard output holds the answers"
    assert error["hint"]


@pytest.mark.parametrize("name", ["/dev/stderr", "/dev/fd/2"])
def test_a_file_that_is_standard_error_is_refused_among_the_answers(name: str) -> None:
    assert "standard error" in error_of(f"grad sigmoid 0 -o {name}")["message"]


def test_a_file_is_written_from_the_answer_that_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np
    import torch

    calls = []
    real = torch.autograd.grad
    monkeypatch.setattr(torch.autograd, "grad", lambda *a, **k: calls.append(1) or real(*a, **k))  # type: ignore[func-returns-value]
    plain = answer(b"grad sigmoid 0 1 10")
    once = len(calls)
    assert once
    calls.clear()
    assert answer(f"grad sigmoid 0 1 10 -o {tmp_path}/g.npz".encode()) == plain
    assert len(calls) == once
    values = json.loads(plain.line)["gradients"]["x"]["values"]
    np.testing.assert_array_equal(np.load(tmp_path / "g.npz")["gradients.x"], np.array(values, dtype=np.float32))


def test_an_answer_beside_a_file_keeps_its_exit_code(tmp_path: Path) -> None:
    failing = answer(f"grad 'sqrt(x)' -1 --fail-on error -o {tmp_path}/g.json".encode())
    assert failing.code == 1
    assert failing.line == (tmp_path / "g.json").read_bytes()
    assert answer(f"grad 'sqrt(x)' 1 --fail-on error -o {tmp_path}/g.json".encode()).code == 0


def test_a_file_that_cannot_be_written_is_an_error_object(tmp_path: Path) -> None:
    assert error_of(f"grad sigmoid 0 -o {tmp_path}/no/g.npz")["code"] == "output"


def test_a_single_command_with_a_file_prints_nothing_after_a_batch(tmp_path: Path) -> None:
    answer(b"grad sigmoid 0")
    assert captured(["grad", "sigmoid", "0", "-o", f"{tmp_path}/g.json"]) == (0, "", "")


def test_a_missing_file_of_requests_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    (tmp_path / "requests.txt").write_text("grad sigmoid 0")
    assert f"Did you mean '{tmp_path}/requests.txt'?" in captured(["batch", f"{tmp_path}/request.txt"])[2]
    assert "Did you mean" not in captured(["batch", f"{tmp_path}/abc"])[2]
    assert (
        f"without the @: gradcli batch {tmp_path}/requests.txt" in captured(["batch", f"@{tmp_path}/requests.txt"])[2]
    )


@pytest.mark.parametrize(
    "rest",
    ["> out.txt", ">out.txt", ">> out.txt", "| head", "|head", "&& ls", "|| ls", "2>&1", "; ls", "2> x", "< n.txt"],
)
def test_a_line_is_no_shell(rest: str) -> None:
    assert "a batch line is no shell" in error_of(f"grad sigmoid 0 {rest}")["hint"].lower()


@pytest.mark.parametrize(
    "request_", ["grad 'where(x > 0, x' 0", "grad 'x | ' 0", "grad sigmoid '> 1'", "grad sigmod 0"]
)
def test_a_sign_within_a_word_is_of_no_shell(request_: str) -> None:
    assert "shell" not in (error_of(request_)["hint"] or "")


def test_a_warning_about_the_callers_own_files_is_not_pytorchs(capsys: pytest.CaptureFixture[str]) -> None:
    import warnings

    from gradcli.cli.from_torch import told_warnings

    with told_warnings():
        warnings.warn("unclosed file", ResourceWarning, stacklevel=1)
        warnings.warn("something else", UserWarning, stacklevel=1)
    assert capsys.readouterr().err == "PyTorch warns: something else\n"


@pytest.mark.parametrize("name", ["a\0.json", "a\0b/c.json"])
def test_a_file_name_with_a_zero_byte_is_refused_in_words(name: str) -> None:
    code, line = answer(json.dumps(["grad", "x", "x=1", "-o", name]).encode())
    assert (code, json.loads(line)["error"]["message"]) == (2, "--out names a file with a zero byte")
