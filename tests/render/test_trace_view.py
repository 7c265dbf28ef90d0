"""A trace as text: findings first, the expression as a tree, the paths; and one row a step for programs."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from each import each
from jsonschema import Draft202012Validator
from results_by_hand import SETTING, gradient, leaf, tensor
from showing import shown

from gradcli.render.json import to_json
from gradcli.render.schema import schema_text
from gradcli.render.summaries import summary
from gradcli.results import Failure, Finding, Path, Tensor, TracedStep, TraceResult
from gradcli.results.parts import phrase

LEAF = TracedStep("x", (10, 11), "leaf", None, (), tensor([0, 4]), tensor([np.inf, 0.5]), None, ())
ROOT = TracedStep(
    expression="sqrt(x)",
    span=(5, 12),
    operation="sqrt",
    node="SqrtBackward0",
    operands=(0,),
    value=tensor([0, 2]),
    gradient=tensor([2, 2]),
    derivative=tensor([np.inf, 0.25]),
    findings=("inf-backward",),
)
SUM = TracedStep(
    "2 * sqrt(x)", (0, 12), "mul", "MulBackward0", (1,), tensor([0, 4]), tensor([1, 1]), tensor([2, 2]), ()
)
TRACE = TraceResult(
    setting=SETTING,
    expression="2 * sqrt(x)",
    inputs={"x": leaf([0, 4])},
    output=tensor([0, 4]),
    gradients={"x": gradient([np.inf, 0.5], norm=np.inf)},
    steps=(LEAF, ROOT, SUM),
    paths=(),
    agrees=True,
    raised=None,
    findings=(
        Finding(
            code="inf-backward",
            severity="error",
            phrase=phrase("sqrt(x) at x[0] = 0: too steep"),
            variable="x",
            index=(0,),
            expression="sqrt(x)",
            span=(4, 11),
            operation="sqrt",
            node="SqrtBackward0",
            fix="2 * sqrt(x + 1)",
        ),
    ),
)
RAISED = replace(
    TRACE,
    output=None,
    gradients={"x": None},
    steps=tuple(replace(step, gradient=None, derivative=None, findings=()) for step in TRACE.steps),
    raised=Failure("autograd", "RuntimeError", "it does not work", "Do it differently.", "2 * sqrt(x)", (4, 11)),
)
PATHS = (
    Path("x", ("x * x", "h"), (tensor(1), tensor(3)), tensor(6), 0.75),
    Path("x", ("x * x",), (tensor([1, 2]),), tensor([2, 0]), 0.25),
)


def test_findings_come_first_and_the_tree_begins_with_the_output() -> None:
    assert shown(TRACE) == (
        "2 * sqrt(x)  float32 on cpu\n"
        "\n"
        "error[inf-backward]: sqrt(x) at x[0] = 0: too steep\n"
        "  2 * sqrt(x)\n"
        "      ^^^^^^^\n"
        "fix: 2 * sqrt(x + 1)\n"
        "gradcli explain inf-backward\n"
        "\n"
        "                           value   gradient    slope        node\n"
        "2 * sqrt(x)                [0, 4]  [1, 1]      [2, 2]       MulBackward0\n"
        "  sqrt(x) <- inf-backward  [0, 2]  [2, 2]      [inf, 0.25]  SqrtBackward0\n"
        "x                          [0, 4]  [inf, 0.5]  -            -\n"
        "\n"
        "gradient: what reached this part from the output; slope: the part's own derivative by its first operand\n"
    )


def test_what_pytorch_raised_stands_below_the_tape() -> None:
    assert shown(RAISED).partition("\n\n")[2] == (
        "             value   node\n"
        "2 * sqrt(x)  [0, 4]  MulBackward0\n"
        "  sqrt(x)    [0, 2]  SqrtBackward0\n"
        "x            [0, 4]  -\n"
        "\n"
        "PyTorch raised RuntimeError:\n"
        "  it does not work\n"
        "  2 * sqrt(x)\n"
        "      ^^^^^^^\n"
        "Do it differently.\n"
    )


def test_paths_are_listed_with_their_shares_and_multiplied_out() -> None:
    text = shown(replace(TRACE, findings=(), paths=PATHS))
    assert text.partition("operand\n\n")[2] == (
        "Paths from the output to x, largest first: their gradients add up to that of x.\n"
        "share  gradient  path\n"
        "75.0%  6         x * x -> h -> x\n"
        "25.0%  [2, 0]    x * x -> x\n"
        "\n"
        "Path 1 of 2, 75.0%\n"
        "step   arrives  times\n"
        "x * x  1        3\n"
        "h      3        2\n"
        "x      6        -\n"
        "\n"
        "Path 2 of 2, 25.0%\n"
        "step   arrives\n"
        "x * x  [1, 2]\n"
        "x      [2, 0]\n"
    )


@each("width", [40, 80])
@each("result", [TRACE, RAISED, replace(TRACE, paths=PATHS)])
def test_no_line_is_wider_than_the_terminal(result: TraceResult, width: int) -> None:
    assert all(len(line) <= width for line in shown(result, width=width).splitlines())


def test_on_a_narrow_terminal_each_step_is_a_small_paragraph() -> None:
    assert "\n  sqrt(x) <- inf-backward\nvalue     [0, 2]\ngradient  [2, 2]\n" in shown(TRACE, width=40)


def test_a_tape_that_differs_from_the_plain_run_says_so() -> None:
    assert "other numbers than the plain one" in shown(replace(TRACE, agrees=False))
    assert "other numbers than the plain one" not in shown(TRACE)


def test_a_long_chain_stays_on_the_screen() -> None:
    steps = [LEAF, *(replace(ROOT, expression="exp(" * 30 + "x", operands=(i,), findings=()) for i in range(200))]
    text = shown(replace(TRACE, steps=tuple(steps), findings=()))
    assert max(map(len, text.splitlines())) < 130
    assert "… 181 more" in text


def test_csv_has_a_row_a_step_in_order_of_evaluation() -> None:
    rows = list(csv.DictReader(io.StringIO(shown(TRACE, format="csv"))))
    assert [row["expression"] for row in rows] == ["x", "sqrt(x)", "2 * sqrt(x)"]
    assert [row["operands"] for row in rows] == ["[]", "[0]", "[1]"]
    assert [row["node"] for row in rows] == ["", "SqrtBackward0", "MulBackward0"]
    assert rows[1]["derivative"] == '["Infinity",0.25]'
    assert rows[1]["findings"] == "inf-backward"


def test_ndjson_has_whole_tensors() -> None:
    lines = [json.loads(line) for line in shown(TRACE, format="ndjson").splitlines()]
    assert [line["step"] for line in lines] == [0, 1, 2]
    assert lines[1]["value"] == [0.0, 2.0]
    assert lines[0]["derivative"] is None


def test_markdown_keeps_the_tree_in_a_table() -> None:
    text = shown(TRACE, format="markdown")
    assert "|   sqrt(x) \\<- inf-backward | [0, 2] | [2, 2] | [inf, 0.25] | SqrtBackward0 |" in text


@pytest.mark.parametrize("result", [TRACE, RAISED, replace(TRACE, paths=PATHS)])
def test_json_follows_its_schema(result: TraceResult) -> None:
    Draft202012Validator(json.loads(schema_text("trace"))).validate(json.loads(to_json(result)))


@each(
    "given, expected",
    [
        (tensor(0.5), "0.5"),
        (tensor([0.1]), "[0.1]"),
        (tensor([[1, 2], [3, 4]]), "[[1, 2], [3, 4]]"),
        (tensor([0.1234567, -8.7654321]), "[0.1235, -8.765]"),
        (tensor([0.404554, -0.914514, 0.404554, 1]), "[4] -0.9145..1"),
        (tensor(np.arange(12).reshape(3, 4)), "[3, 4] 0..11"),
        (tensor(np.ones(7)), "[7] all 1"),
        (tensor([1.0, np.nan, *np.zeros(6)]), "[8] 0..1, 1 nan"),
        (tensor(np.full(9, np.nan)), "[9] 9 nan"),
        (tensor([-np.inf, *np.zeros(6)]), "[7] -inf..0"),
        (tensor([True, False], "bool"), "[true, false]"),
        (tensor([True] * 7 + [False], "bool"), "[8] 7 true"),
        (tensor(np.zeros((0, 3))), "[0, 3] empty"),
        (tensor([1 + 2j], "complex64"), "[1+2j]"),
        (tensor([3 + 4j] * 8, "complex64"), "[8] all 5"),
        (tensor([1, 2], "int64"), "[1, 2]"),
    ],
)
def test_a_tensor_in_one_cell(given: Tensor, expected: str) -> None:
    assert summary(given, 6) == expected
