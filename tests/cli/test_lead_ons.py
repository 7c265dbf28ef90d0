"""Lines that no command answers as they stand: what was meant is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import captured
from each import each


def hint(*words: str) -> str:
    code, out, err = captured(words)
    assert (code, out) == (2, ""), words
    return err.splitlines()[-1]


@each(
    "words, line",
    [
        (["sigmoid", "0"], "Try: gradcli grad sigmoid 0"),
        (["x*sin(x)", "1"], "Try: gradcli grad 'x*sin(x)' 1"),
        (["x @ w", "x=1,2", "w=3,4"], "Try: gradcli grad 'x @ w' x=1,2 w=3,4"),
        (["activate", "sigmoid", "tanh", "relu", "0", "1"], "Try: gradcli activate sigmoid,tanh,relu 0 1"),
        (["sigmoid", "0", "-p", "3"], "Try: gradcli grad sigmoid 0 -p 3"),
        (["sigmoid", "-"], "Try: gradcli grad sigmoid -"),
        (["sigmoid", "@no_such.npy"], "Try: gradcli grad sigmoid @no_such.npy"),
        (["gelu"], "Try: gradcli activate gelu"),
        (["mse", "1", "2"], "Try: gradcli loss mse 1 2"),
        (["second-backward"], "Try: gradcli errors second-backward"),
        (["nan-backward"], "Try: gradcli explain nan-backward"),
        (["nan-bakward"], "Did you mean: gradcli explain nan-backward"),
        (["x-1", "2"], "Try: gradcli grad x-1 2"),
        (["x @ w"], "Try: gradcli grad 'x @ w' x=1 w=2"),
        (["x @ w", "@no_such.pt"], "An expression stands behind a command: gradcli grad 'x @ w' @no_such.pt"),
        (["nn.LeakyReLU(0.2)", "1"], "Try: gradcli grad 'nn.LeakyReLU(0.2)(x)' 1"),
        (["nn.MSELoss()", "1", "2"], "Try: gradcli loss mse 1 2"),
        (["gradcli", "grad", "sigmoid", "0"], "Try: gradcli grad sigmoid 0"),
        (["grad sigmoid 0"], "Try: gradcli grad sigmoid 0"),
        (["python", "train.py"], "Try: gradcli watch train.py"),
        (["hessian", "x**2", "x=1"], "Try: gradcli grad 'x**2' x=1 --hessian"),
        (["does not require grad and"], "Try: gradcli explain 'does not require grad and'"),
        (["train.py", "--epochs", "3"], "Try: gradcli watch train.py --epochs 3"),
        (["sigmod", "0"], "Did you mean: gradcli grad sigmoid 0"),
        (["x*sin(x", "1"], "An expression stands behind a command: gradcli grad 'x*sin(x' 1"),
        (["gard", "1"], "Did you mean 'grad'?"),
        (["sigmoid", "--help"], "Try: gradcli functions sigmoid"),
        (["help", "second-backward"], "Try: gradcli explain second-backward"),
        (["help", "gard"], "Did you mean 'grad'?"),
    ],
)
def test_a_line_without_a_command_is_answered_with_the_one_that_works(words: list[str], line: str) -> None:
    assert hint(*words) == line


def test_a_word_that_means_nothing_is_answered_with_the_commands() -> None:
    assert hint("frobnicate").startswith("There are 'activate', 'audit', ")
    assert hint("").startswith("There are 'activate', ")
    assert hint("@dump.pt").startswith("There are 'activate', ")
    assert hint("jacobien", "x**2", "x=1").startswith("There are 'activate', ")


@each(
    "words, line",
    [
        (["-q"], "Nothing but the answer is printed; '> /dev/null' drops it, and the exit code stays."),
        (["grad", "sigmoid", "0", "--quiet"], "Nothing but the answer is printed"),
        (["grad", "sigmoid", "0", "-q"], "Nothing but the answer is printed"),
        (["watch", "--silent", "train.py"], "Nothing but the answer is printed"),
        (["-v"], "-V is the version."),
        (["grad", "sigmoid", "0", "-v"], "-V is the version."),
        (["--verbose"], "GRADCLI_DEBUG=1"),
        (["errors", "--no-color"], "NO_COLOR=1"),
        (["grad", "sigmoid", "0", "--csv"], "Write --format csv."),
        (["grad", "sigmoid", "0", "--double"], "Write --dtype double."),
        (["grad", "sigmoid", "0", "--gpu"], "Write --device cuda."),
        (["--usage"], "Write --help."),
    ],
)
def test_an_option_of_other_programs_is_answered_with_what_does_the_same(words: list[str], line: str) -> None:
    assert line in hint(*words)


@each("words", [["schema", "--csv"], ["functions", "--double"], ["errors", "--gpu"]])
def test_what_a_command_does_not_have_is_not_recommended(words: list[str]) -> None:
    assert "Write --" not in hint(*words)


def test_a_letter_that_has_a_value_is_no_option() -> None:
    assert captured(["grad", "-q", "1"])[0] == 0
    assert captured(["loss", "mse", "1", "-v", "v=2"])[0] == 0


@pytest.mark.parametrize("command", ["trace", "grad", "check", "activate", "retain-demo"])
def test_a_program_where_an_expression_should_be_is_one_for_watch(command: str, tmp_path: Path) -> None:
    program = tmp_path / "train.py"
    told = hint(command, str(program))
    assert f"gradcli watch {program}" in told
    assert f"gradcli grad {program}:NAME" in told
    assert "There is no file" in told
    program.write_text("pass")
    assert "There is no file" not in hint(command, str(program))


@each(
    "words, line",
    [
        (["grad", "step", "1"], "heaviside(x, 0.5)"),
        (["grad", "ln(x)", "1"], "Write log(x)."),
        (["grad", "nn.LeakyReLU(0.2)", "1"], "Write nn.LeakyReLU(0.2)(x), or leaky_relu(x, negative_slope=0.2)."),
        (["activate", "nn.Softplus(beta=2)"], "Write nn.Softplus(beta=2)(x), or softplus(x, beta=2)."),
        (["grad", "nn.LeakyReLU", "1"], "Write leaky_relu(x), or nn.LeakyReLU()(x)."),
        (["grad", "nn.Threshold", "1"], "Write threshold(x), or nn.Threshold(...)(x)."),
        (["grad", "nn.MSELoss", "1"], "Write mse(x, t), or nn.MSELoss()(x, t)."),
        (["grad", "nn.LayerNorm(2, elementwise_affine=False)", "1,2"], "or layer_norm(x, normalized_shape=[2])."),
        (["grad", "nn.Dropout()", "1"], "or dropout(x, training=True)."),
        (["loss", "nn.MSELoss()", "1", "2"], "Try: gradcli loss mse 1 2"),
        (["loss", "nn.MSELoss(reduction='sum')", "1", "2"], "Try: gradcli loss mse 1 2 --reduction sum"),
        (["loss", "nn.HuberLoss(delta=0.5)", "1", "2"], "Try: gradcli loss huber 1 2 --param delta=0.5"),
    ],
)
def test_what_pytorch_does_not_have_as_a_function_leads_to_what_it_has(words: list[str], line: str) -> None:
    assert line in hint(*words)


def test_the_functional_form_that_is_named_is_one_that_works() -> None:
    for text in (
        "nn.LeakyReLU(0.2)",
        "nn.Hardtanh(-2, 2)",
        "nn.Softmax(dim=0)",
        "nn.LayerNorm(2, elementwise_affine=False)",
    ):
        told = hint("grad", text, "1,2")
        whole, function = told.removeprefix("Write ").removesuffix(".").split(", or ")
        answers = [json.loads(captured(["grad", subject, "1,2", "--json"])[1]) for subject in (whole, function)]
        assert answers[0]["output"] == answers[1]["output"], told
