"""The words of a command line: values that begin with a minus sign, options, environment, exit codes."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from command_line import answered, captured, failed
from each import each

from gradcli.cli.argv import separate
from gradcli.exceptions import UsageError

# --- values that look like options -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["-5", "-1e-3", "-inf", "0"],
        ["-5", "-t", "float32", "-1e-3", "--seed", "0", "-inf", "0"],
        ["--seed", "0", "-5", "-1e-3", "-inf", "0"],
        ["-5", "-1e-3", "-inf", "0", "-p", "3"],
        ["--json", "--", "-5", "-1e-3", "-inf", "0"],
        ["--json", "-5", "--", "-1e-3", "-inf", "0"],
        ["-5,", "-1e-3", "-inf", "-0.0"],
        ["x=-5,-1e-3,-inf,0"],
    ],
)
def test_negative_numbers_are_values_before_and_behind_options(words: list[str]) -> None:
    code, out, err = captured(
        ["grad", "sigmoid", *words] if "--json" in words else ["grad", "sigmoid", *words, "--json"]
    )
    assert code == 0, err
    values = json.loads(out)["inputs"]["x"]["values"]
    assert values == [-5, -0.001, "-Infinity", 0]


@pytest.mark.parametrize("subject", ["-tanh(x)", "-x", "-pi * x", "-exp(-x)", "-x**2", "~(-x > 0) * x"])
def test_a_subject_may_begin_with_a_minus_sign(subject: str) -> None:
    assert answered(["grad", subject, "1"])["expression"] == subject


@pytest.mark.parametrize(
    ("point", "value"), [("-pi/2", -1.5707964), ("-tanh(1)", -0.7615942), ("-.5", -0.5), ("-e", -2.7182817)]
)
def test_an_expression_with_a_minus_sign_is_a_point(point: str, value: float) -> None:
    found = answered(["grad", "x * 2", point])["inputs"]["x"]["values"]
    assert found == [pytest.approx(value, rel=1e-6)]
    assert answered(["activate", "tanh", point])["inputs"]["x"]["values"] == found
    assert answered(["softmax", point, "0"])["inputs"]["x"]["values"][:1] == found


def test_a_short_option_takes_the_next_word_and_never_a_part_of_its_own() -> None:
    assert answered(["grad", "sigmoid", "1", "-t", "float64"])["dtype"] == "float64"
    error = failed(["grad", "sigmoid", "1", "-tfloat64"], 2)
    assert "cannot use the name" in error["message"]


def test_an_options_value_may_be_anything_also_what_looks_like_an_option() -> None:
    error = failed(["grad", "sigmoid", "1", "--dtype", "--json"], 2)
    assert error["message"] == "unknown dtype '--json'"
    assert answered(["grad", "x**2", "1", "2", "--vjp", "-1,-2"])["gradients"]["x"]["values"] == [-2, -8]
    assert answered(["grad", "x**2", "x=1", "--jvp", "-1"])["tangent"]["values"] == -2


def test_behind_two_dashes_everything_is_a_value() -> None:
    code, out, err = captured(["grad", "sigmoid", "--", "1", "--json"])
    assert (code, out) == (2, "")
    assert "a value cannot use the name 'json'" in err


# --- options ---------------------------------------------------------------------------------------------------------


@each(
    "argv, message, hint",
    [
        (["grad", "sigmoid", "--dvice", "cpu", "1"], "unknown option '--dvice'", "Did you mean '--device'?"),
        (["activate", "sigmoid", "--rang", "-5:5:3"], "unknown option '--rang'", "Did you mean '--range'?"),
        (["grad", "sigmoid", "1", "--JSON"], "unknown option '--JSON'", "Did you mean '--json'?"),
        (["grad", "sigmoid", "1", "--dtpye=float64"], "unknown option '--dtpye'", "Did you mean '--dtype'?"),
        (["grad", "sigmoid", "1", "--zzz"], "unknown option '--zzz'", "There are '--all', '--device'"),
        (["grad", "sigmoid", "1", "-d"], "-d needs a value", "Write -d VALUE."),
        (["grad", "sigmoid", "1", "--dtype"], "--dtype needs a value", "Write --dtype VALUE."),
        (["grad", "sigmoid", "1", "--json=1"], "--json takes no value", "Write --json alone."),
        (["grad", "sigmoid", "1", "--jacobian=yes"], "--jacobian takes no value", "Write --jacobian alone."),
        (["frobnicate"], "unknown command 'frobnicate'", "There are 'activate'"),
        (["gard", "sigmoid"], "unknown command 'gard'", "Did you mean 'grad'?"),
        (["--verison"], "unknown option '--verison'", "Did you mean '--version'?"),
        (["--dtype", "half", "grad", "sigmoid"], "unknown option '--dtype'", "Options stand behind the command"),
        ([""], "unknown command ''", "There are"),
        (["grad"], "missing argument 'SUBJECT'", "gradcli grad --help"),
        (["loss"], "missing argument 'NAME'", "gradcli loss --help"),
        (["softmax"], "missing argument 'VALUE...'", "gradcli softmax --help"),
        (["activate"], "missing argument 'FUNCTION[,FUNCTION...]'", "gradcli activate --help"),
        (["functions", "gelu", "relu"], "got unexpected extra argument", "gradcli functions --help"),
        (["grad", "sigmoid", "1", "--order", "x"], "'x' is not a whole number", "--help"),
        (["grad", "sigmoid", "1", "--order", "1.5"], "'1.5' is not a whole number", "--help"),
        (["softmax", "1", "--temperature", "hot"], "'hot' is not a number", "--help"),
        (["grad", "sigmoid", "1", "--precision", "0"], "--precision 0 is out of bounds", "Choose 1 to 17."),
        (["grad", "sigmoid", "1", "--precision", "18"], "--precision 18 is out of bounds", "Choose 1 to 17."),
        (["grad", "sigmoid", "1", "--max-rows", "0"], "--max-rows 0 is out of bounds", "Choose 1 or more."),
        (["grad", "sigmoid", "1", "--max-elements", "0"], "--max-elements 0 is out of bounds", "Choose 1 or more."),
        (["grad", "sigmoid", "1", "--seed", "-1"], "--seed -1 is out of bounds", "Choose 0 to"),
        (["grad", "sigmoid", "1", "--seed", str(2**63)], f"--seed {2**63} is out of bounds", "Choose 0 to"),
        (["grad", "sigmoid", "1", "--dtype", "float46"], "unknown dtype 'float46'", "Did you mean 'float"),
        (["grad", "sigmoid", "1", "--dtype", "int64"], "unknown dtype 'int64'", "float"),
        (["grad", "relu", "1", "-t", "int8"], "unknown dtype 'int8'", "Choose float16, bfloat16, float32 or float64."),
        (["audit", "relu", "-t", "int8"], "unknown dtype 'int8'", "Choose float16, bfloat16 or float32."),
        (["grad", "sigmoid", "1", "--device", "cudo"], "unknown device 'cudo'", "Did you mean 'cuda'?"),
        (["grad", "sigmoid", "1", "--format", "jsn"], "unknown format 'jsn'", "Did you mean 'json'?"),
        (["grad", "sigmoid", "1", "--via", "backwards"], "--via takes grad or backward", "Did you mean 'backward'?"),
        (["grad", "sigmoid", "1", "--fail-on", "nan"], "there is no finding 'nan'", "nan-"),
        (["grad", "sigmoid", "1", "--jvp", "1", "--jvp", "2"], "--jvp is given twice", "one direction for each"),
    ],
)
def test_a_word_that_does_not_fit_is_refused_with_what_would(argv: list[str], message: str, hint: str) -> None:
    code, out, err = captured(argv)
    assert (code, out) == (2, "")
    assert message in err
    assert hint in err
    assert "Traceback" not in err


def test_a_device_that_is_not_here_is_refused_with_those_that_are() -> None:
    import torch

    if torch.cuda.device_count() < 100:
        error = failed(["grad", "sigmoid", "1", "--device", "cuda:99"], 2)
        assert error["code"] == "device"
        assert "Here are: cpu" in error["hint"]


@pytest.mark.parametrize("device", ["cpu", "CPU"])
def test_a_device_may_be_written_in_capitals(device: str) -> None:
    assert answered(["grad", "sigmoid", "1", "--device", device])["device"] == "cpu"


def test_the_seed_may_be_as_large_as_pytorch_takes_it() -> None:
    assert answered(["grad", "x * rand(1)", "1", "--seed", str(2**63 - 1)])["seed"] == 2**63 - 1


@pytest.mark.parametrize(
    ("variable", "word", "key", "value"),
    [
        ("GRADCLI_DTYPE", "float64", "dtype", "float64"),
        ("GRADCLI_DTYPE", "bf16", "dtype", "bfloat16"),
        ("GRADCLI_DEVICE", "cpu", "device", "cpu"),
    ],
)
def test_a_variable_of_the_environment_is_the_default(variable: str, word: str, key: str, value: str, run: Any) -> None:
    code, out, _ = run(["grad", "sigmoid", "1", "--json"], env={variable: word})
    assert (code, json.loads(out)[key]) == (0, value)


def test_an_option_wins_over_the_environment(run: Any) -> None:
    _, out, _ = run(["grad", "sigmoid", "1", "--json", "-t", "float16"], env={"GRADCLI_DTYPE": "float64"})
    assert json.loads(out)["dtype"] == "float16"
    _, out, _ = run(["grad", "sigmoid", "1", "-f", "csv"], env={"GRADCLI_FORMAT": "json"})
    assert out.startswith("x,value,gradient")


def test_the_format_of_the_environment_holds_for_answers_and_for_errors(run: Any) -> None:
    code, out, _ = run(["grad", "sigmoid", "1"], env={"GRADCLI_FORMAT": "json"})
    assert (code, json.loads(out)["schema"]) == (0, "gradcli/grad/1")
    code, out, err = run(["grad", "sigmod", "1"], env={"GRADCLI_FORMAT": "json"})
    assert (code, json.loads(out)["schema"], err) == (2, "gradcli/error/1", "")


@pytest.mark.parametrize(
    ("variable", "word", "message"),
    [
        ("GRADCLI_DTYPE", "float46", "unknown dtype 'float46'"),
        ("GRADCLI_DEVICE", "tpu", "unknown device 'tpu'"),
        ("GRADCLI_FORMAT", "yaml", "unknown format 'yaml'"),
    ],
)
def test_a_bad_variable_of_the_environment_is_refused(variable: str, word: str, message: str, run: Any) -> None:
    code, out, err = run(["grad", "sigmoid", "1"], env={variable: word})
    assert (code, out) == (2, "")
    assert message in err


def test_an_empty_variable_of_the_environment_is_none(run: Any) -> None:
    for variable in ("GRADCLI_DTYPE", "GRADCLI_DEVICE", "GRADCLI_FORMAT"):
        assert run(["grad", "sigmoid", "1"], env={variable: ""})[0] == 0, variable


def test_an_option_given_twice_means_its_last_value() -> None:
    assert answered(["grad", "sigmoid", "1", "-t", "float16", "-t", "float64"])["dtype"] == "float64"


# --- odd words -------------------------------------------------------------------------------------------------------

ODD = ["", " ", "\t", "\n", "\0", "1\0", "\udcff", "x\udcff", "\ufeff1", "\u2028", "1" * 100_000, "x" * 100_000]
ODD += [
    "(" * 100_000,
    "x=" * 50_000,
    "-" * 100_000,
    "--" * 50_000,
    "=",
    "==",
    ":",
    "x:",
    ":=1",
    "'",
    '"',
    "`",
    "$(ls)",
    "\\",
]


@each("word, place", itertools.product(ODD, ["subject", "point", "value", "option", "command", "loss", "function"]))
def test_an_odd_word_anywhere_is_refused_in_a_sentence(word: str, place: str) -> None:
    argv = {
        "subject": ["grad", word, "1"],
        "point": ["grad", "sigmoid", word],
        "value": ["grad", "x * 2", f"x={word}"],
        "option": ["grad", "sigmoid", "1", "--dtype", word],
        "command": [word],
        "loss": ["loss", "mse", word, "1"],
        "function": ["functions", word],
    }[place]
    code, out, err = captured(argv)
    assert "Traceback" not in err
    if place == "value" and word == "=":  # x== is no binding
        assert code == 2
    elif code == 0:
        assert word.strip("\ufeff \u2028") == "1", (argv, out)
    else:
        assert code == 2, err
        assert err.strip()
        assert len(err) < 150_000 * 3
    error_code, document, _ = captured([*argv, "--json"])
    assert error_code == code
    json.loads(document)


# --- exit codes ------------------------------------------------------------------------------------------------------


@each(
    "argv, code",
    [
        (["grad", "sigmoid", "1"], 0),
        (["grad", "log(x)", "-1"], 0),
        (["grad", "sqrt(x)", "0"], 0),
        (["grad", "heaviside", "0"], 1),
        (["grad", "x @ x", "[[1, 2]]"], 1),
        (["grad", "sigmod", "1"], 2),
        (["grad", "sigmoid(", "1"], 2),
        (["grad", "ones(10**12) * x", "1"], 2),
        (["functions"], 0),
        (["functions", "nonsense"], 2),
        (["schema", "grad"], 0),
        (["schema", "nonsense"], 2),
        (["--version"], 0),
        (["--help"], 0),
        (["grad", "--help"], 0),
        ([], 2),
    ],
)
def test_the_exit_code_says_who_was_wrong(argv: list[str], code: int) -> None:
    assert captured(argv)[0] == code


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ("warning", 1),
        ("error", 0),
        ("disconnected", 1),
        ("nan-backward", 0),
        ("error,disconnected", 1),
        ("", 0),
        (",", 0),
    ],
)
def test_fail_on_turns_a_finding_into_exit_code_1(codes: str, expected: int) -> None:
    argv = ["grad", "x * 2", "x=1", "y=1", "--fail-on", codes]
    code, out, _ = captured(argv)
    assert code == expected
    assert "disconnected" in out


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("gradcli.cli._run", interrupted)
    assert captured(["grad", "sigmoid", "1"]) == (130, "", "")


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: ...")])
def test_memory_that_runs_out_is_told_in_a_sentence(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object, **__: object) -> int:
        raise error

    monkeypatch.setattr("gradcli.cli._run", exhausted)
    assert failed(["grad", "sigmoid", "1"], 2)["code"] == "too-large"


def test_a_bug_of_ours_is_not_taken_for_a_mistake_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> int:
        raise RuntimeError("a bug")

    monkeypatch.setattr("gradcli.cli._run", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        captured(["grad", "sigmoid", "1"])


# --- JSON for every failure ------------------------------------------------------------------------------------------

FAILURES = {
    "usage": ["grad", "x + y", "1"],
    "syntax": ["grad", "sin(x", "1"],
    "unknown-name": ["grad", "sigmod", "1"],
    "argument": ["grad", "exp(x, 1)", "1"],
    "too-large": ["grad", "ones(10**12) * x", "1"],
    "device": ["grad", "sigmoid", "1", "-d", "tpu"],
    "source": ["grad", "sigmoid", "@nothing.npy"],
    "pytorch": ["grad", "x @ x", "[[1, 2]]"],
    "autograd": ["grad", "heaviside", "0"],
}


@each("code", sorted(FAILURES))
@each("option", [["--json"], ["--format", "json"], ["--format=json"], ["-f", "json"], ["-f", "ndjson"]])
def test_every_kind_of_failure_is_one_object_in_json(code: str, option: list[str]) -> None:
    exit_code, out, err = captured([*FAILURES[code], *option])
    assert exit_code == (1 if code in ("pytorch", "autograd") else 2)
    assert out.endswith("\n")
    assert out.count("\n") == 1
    document = json.loads(out)
    assert list(document) == ["schema", "error"]
    assert document["schema"] == "gradcli/error/1"
    assert list(document["error"]) == ["code", "type", "message", "hint", "expression", "span", "id"]
    assert document["error"]["code"] == code
    assert err == ""


@pytest.mark.parametrize("code", sorted(FAILURES))
def test_every_kind_of_failure_is_a_sentence_on_standard_error(code: str) -> None:
    _, out, err = captured(FAILURES[code])
    assert out == ""
    assert err.strip()
    assert "Traceback" not in err


def test_a_debugger_sees_the_traceback_as_well(run: Any) -> None:
    plain = run(["grad", "sigmod", "1"])
    debugged = run(["grad", "sigmod", "1"], env={"GRADCLI_DEBUG": "1"})
    assert debugged[:2] == plain[:2]
    assert "Traceback (most recent call last)" in debugged[2]
    assert debugged[2].endswith(plain[2])
    assert "Traceback" not in plain[2]


# --- the sorting itself ----------------------------------------------------------------------------------------------

OPTIONS = {"--dtype": True, "-t": True, "--json": False}


@pytest.mark.parametrize(
    ("words", "sorted_"),
    [
        (["x", "-t", "half", "-5"], ["-t", "half", "--", "x", "-5"]),
        (["--dtype=half", "x"], ["--dtype", "half", "--", "x"]),
        (["--dtype=", "x"], ["--dtype", "", "--", "x"]),
        (["-t=half"], ["--", "-t=half"]),
        (["x", "--json", "y"], ["--json", "--", "x", "y"]),
        (["x", "--", "--json", "-t"], ["--", "x", "--json", "-t"]),
        (["-t", "--", "x"], ["-t", "--", "--", "x"]),
        (["---", "--5", "-"], ["--", "---", "--5", "-"]),
        ([], ["--"]),
    ],
)
def test_options_come_first_and_values_behind_two_dashes(words: list[str], sorted_: list[str]) -> None:
    options, values = separate(words, OPTIONS)
    assert [*options, "--", *values] == sorted_


@pytest.mark.parametrize("words", [["--jsn"], ["-t"], ["--dtype"], ["--json=1"], ["--jsn=1"], ["x", "--tanh(x)"]])
def test_what_looks_like_an_option_and_is_none_is_refused(words: list[str]) -> None:
    with pytest.raises(UsageError):
        separate(words, OPTIONS)


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["schema", "grad", "-o", "s.json"], "-o"),
        (["schema", "-x"], "-x"),
        (["batch", "-f", "csv"], "-f"),
        (["batch", "-x"], "-x"),
        (["functions", "-x"], "-x"),
    ],
)
def test_where_no_expression_stands_a_minus_sign_begins_an_option(words: list[str], option: str) -> None:
    code, out, err = captured(words)
    assert (code, out) == (2, "")
    assert err.startswith(f"unknown option '{option}'\nThere ")


def test_where_an_expression_stands_a_minus_sign_begins_a_value() -> None:
    assert answered(["grad", "x * 1", "-e"])["output"]["values"] == pytest.approx([-2.7182817])
