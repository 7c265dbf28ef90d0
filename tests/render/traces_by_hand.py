"""Traces written by hand: a NaN behind a mask, a step that raised, a long chain, text that tries to get out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from results_by_hand import SETTING, gradient, leaf, tensor

from gradcli.results import Failure, Finding, Tensor, TracedStep, TraceResult
from gradcli.results.parts import phrase

TEXT = "where(x > 0, sqrt(x), 0 * x)"


def step(
    expression: str,
    operation: str,
    operands: Sequence[int] = (),
    *,
    node: str | None = None,
    value: Tensor | None = None,
    gradient: Tensor | None = None,
    slope: Tensor | None = None,
    findings: Sequence[str] = (),
    span: tuple[int, int] = (0, 1),
) -> TracedStep:
    return TracedStep(expression, span, operation, node, tuple(operands), value, gradient, slope, tuple(findings))


def trace(expression: str, steps: Sequence[TracedStep], **changes: object) -> TraceResult:
    """A trace whose last step is its output."""
    plain = TraceResult(
        setting=SETTING,
        expression=expression,
        inputs={"x": leaf([0, 1])},
        output=steps[-1].value if steps else None,
        gradients={"x": None},
        steps=tuple(steps),
        paths=(),
        agrees=True,
        raised=None,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


X = step("x", "leaf", value=tensor([0, 1]), gradient=tensor([np.nan, 0.5]), span=(6, 7))
MASKED = trace(
    TEXT,
    (
        X,
        step("x > 0", "gt", [0], value=tensor([False, True], "bool"), span=(6, 11)),
        step(
            "sqrt(x)",
            "sqrt",
            [0],
            node="SqrtBackward0",
            value=tensor([0, 1]),
            gradient=tensor([0, 1]),
            slope=tensor([np.inf, 0.5]),
            findings=["masked-branch"],
            span=(13, 20),
        ),
        step(
            "0 * x",
            "mul",
            [0],
            node="MulBackward0",
            value=tensor([0, 0]),
            gradient=tensor([1, 0]),
            findings=["flat"],
            span=(22, 27),
        ),
        step(TEXT, "where", [1, 2, 3], node="WhereBackward0", value=tensor([0, 1]), gradient=tensor([1, 1])),
    ),
    gradients={"x": gradient([np.nan, 0.5], norm=np.nan)},
    findings=(
        Finding(
            "masked-branch",
            "error",
            phrase("sqrt(x) at x[0] = 0: <inf> & nan"),
            "x",
            (0,),
            "sqrt(x)",
            (13, 20),
            fix="sqrt(1)",
        ),
    ),
)

RAISED = trace(
    "exp(x) @ w",
    (
        step("x", "leaf", value=tensor([0, 1]), span=(4, 5)),
        step("exp(x)", "exp", [0], node="ExpBackward0", value=tensor([1, 2.7182817]), span=(0, 6)),
        step("w", "leaf", value=tensor([1, 2, 3]), span=(9, 10)),
        step("exp(x) @ w", "matmul", [1, 2], span=(0, 10)),
    ),
    inputs={"x": leaf([0, 1]), "w": leaf([1, 2, 3], requires_grad=False)},
    output=None,
    raised=Failure("autograd", "RuntimeError", "size mismatch", "x is [2].", "exp(x) @ w", (0, 10)),
    stopped=3,
)

HOSTILE = (
    "</script><script>alert(1)</script> \"q\" 'r' `b` #35; &lt; [a](b) {c} |d| \\n --> *e* %% "
    "\u202e\u2066 \x1b[31m \ufffe"
)


def chain(length: int, *, findings: Sequence[int] = ()) -> TraceResult:
    """tanh of tanh of ...; no two values are the same."""
    steps = [step("x", "leaf", value=tensor(1.0))]
    for number in range(1, length):
        found = ["vanishing"] if number in findings else []
        value, sent = tensor(float(number)), tensor(float(length - number))
        steps.append(step("tanh(y)", "tanh", [number - 1], value=value, gradient=sent, findings=found))
    return trace("y = x; y = tanh(y); y", steps, inputs={"x": leaf(1.0)})


def hostile() -> TraceResult:
    """The same text as expression, name, message and fix."""
    return trace(
        HOSTILE,
        (
            step(HOSTILE[:60], "leaf", value=tensor([1, 2])),
            step(HOSTILE, "sum", [0], value=tensor(3), findings=["kink"]),
        ),
        inputs={HOSTILE[:60]: leaf([1, 2])},
        findings=(
            Finding("kink", "note", phrase("{text}", text=HOSTILE), HOSTILE, (0,), HOSTILE, (0, 12), fix=HOSTILE),
        ),
    )
