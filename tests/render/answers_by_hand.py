"""Losses, softmaxes, second backwards and catalogue pages written by hand; and all results together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from results_by_hand import (
    MATRICES,
    NON_FINITE,
    SCALARS,
    SECOND_ORDER,
    SETTING,
    SIGMOID,
    STACK,
    STEP_AND_SIGMOID,
    array,
    gradient,
    leaf,
    tensor,
)

from gradcli.exceptions import ArgumentError
from gradcli.results import (
    Amplification,
    BackwardCall,
    CheckResult,
    CheckRow,
    CheckSummary,
    DescentStep,
    ErrorEntry,
    ErrorsResult,
    Example,
    ExplainResult,
    Explanation,
    Failure,
    FunctionEntry,
    FunctionsResult,
    Inside,
    LossResult,
    Method,
    ReportedNode,
    RetainDemoResult,
    SavedTensor,
    Scenario,
    SoftmaxResult,
)
from gradcli.results.parts import phrase

MSE = LossResult(
    setting=SETTING,
    expression="mse_loss(input, target)",
    name="mse",
    parameters={},
    reduction="mean",
    inputs={"input": leaf([2.5, 0, 2]), "target": leaf([3, -0.5, 2], requires_grad=False)},
    loss=tensor(0.16666667),
    contributions=tensor([0.25, 0.25, 0]),
    gradients={"input": gradient([-0.33333334, 0.33333334, 0], norm=0.47140452)},
    norm=array(0.47140452),
    inside=None,
    descent=(),
    method=Method(via="grad", order=1, cotangent=None, elementwise=False),
)

CROSS_ENTROPY = LossResult(
    setting=SETTING,
    expression="cross_entropy(input, target)",
    name="cross_entropy",
    parameters={"label_smoothing": 0.0, "weight": None},
    reduction="mean",
    inputs={"input": leaf([[2, 1, 0.1]]), "target": leaf([0], "int64", requires_grad=False)},
    loss=tensor(0.41702995),
    contributions=tensor([0.41702995]),
    gradients={"input": gradient([[-0.34099886, 0.24243298, 0.09856589]], norm=0.42989)},
    norm=array(0.42989),
    inside=Inside(
        name="softmax",
        probabilities=tensor([[0.65900114, 0.24243298, 0.09856589]]),
        target=tensor([[1, 0, 0]]),
        difference=tensor([[-0.34099886, 0.24243298, 0.09856589]]),
    ),
    descent=(),
    method=Method(via="grad", order=1, cotangent=None, elementwise=False),
)

DESCENT = LossResult(
    setting=SETTING,
    expression="mse_loss(x * w, target)",
    name="mse",
    parameters={},
    reduction="mean",
    inputs={"x": leaf(1, requires_grad=False), "w": leaf(2), "target": leaf([1], requires_grad=False)},
    loss=tensor(1),
    contributions=tensor([1]),
    gradients={"w": gradient(2, norm=2)},
    norm=array(2),
    inside=None,
    descent=(
        DescentStep(0, 1.0, {"w": tensor(2)}, {"w": gradient(2, norm=2)}),
        DescentStep(1, 0.6399999856948853, {"w": tensor(1.8)}, {"w": gradient(1.6, norm=1.6)}),
        DescentStep(2, float("nan"), {"w": tensor(np.inf)}, {"w": None}),
    ),
    method=Method(via="backward", order=1, cotangent=None, elementwise=False),
)

SOFTMAX = SoftmaxResult(
    setting=SETTING,
    expression="softmax(x, dim=-1)",
    inputs={"x": leaf([2, 1, 0.1])},
    probabilities=tensor([0.65900114, 0.24243298, 0.09856589]),
    sum=tensor(1),
    jacobian=tensor(
        [
            [0.22471864, -0.15976361, -0.06495503],
            [-0.15976361, 0.18365923, -0.02389562],
            [-0.06495503, -0.02389562, 0.08885065],
        ]
    ),
    index=1,
    gradient=gradient([-0.15976361, 0.18365923, -0.02389562], norm=0.2446, direction=[-0.653, 0.751, -0.098]),
    amplification=(
        Amplification((0,), 1.0, 1.0),
        Amplification((1,), 2.0, 2.718281828459045),
        Amplification((2,), 20.0, float("inf")),
    ),
)

SECOND_TIME = Failure(
    code="autograd",
    type="RuntimeError",
    message="Trying to backward through the graph a second time (or directly access saved tensors after they have "
    "already been freed).\nSpecify retain_graph=True.",
    hint="Sum the outputs and call backward once.",
    expression="softmax(a, dim=0)",
    span=(0, 17),
)

RETAIN_DEMO = RetainDemoResult(
    setting=SETTING,
    expression=None,
    inputs={"a": leaf([2, 1, 0.1])},
    scenarios=(
        Scenario(
            name="twice",
            title="two backwards over one graph",
            expression="softmax(a, dim=0)",
            via="grad",
            calls=(
                BackwardCall(1, "p[1]", False, True, {"a": tensor([-0.15976361, 0.18365923, -0.02389562])}),
                BackwardCall(2, "p[2]", False, False, None, SECOND_TIME),
            ),
            graph=(
                ReportedNode("SoftmaxBackward0", (SavedTensor("result", (3,), "float32", 12, 1),), True),
                ReportedNode("AccumulateGrad", (), None),
            ),
            explanation="The first call frees the result that softmax saved, so the second one finds nothing.",
            why="call 1 freed it",
            code="grad(p[1]); grad(p[2])",
        ),
        Scenario(
            name="retained",
            title="the first call retains",
            expression="softmax(a, dim=0)",
            via="grad",
            calls=(
                BackwardCall(1, "p[1]", True, True, {"a": None}),
                BackwardCall(2, "p[2]", False, True, {"a": tensor(2)}),
            ),
            graph=(ReportedNode("SoftmaxBackward0", (SavedTensor("result", None, None, None, None),), False),),
            explanation="retain_graph=True keeps what was saved.",
            why="retained",
            code="grad(p[1], retain_graph=True); grad(p[2])",
        ),
    ),
    error=SECOND_TIME,
    given="p = softmax(a, dim=0)",
)
ONE_SCENARIO = replace(RETAIN_DEMO, scenarios=RETAIN_DEMO.scenarios[:1])

CHECK = CheckResult(
    setting=SETTING,
    expression="sigmoid(x)",
    inputs={"x": leaf([0, 10])},
    summary=(CheckSummary("float32", 1, 1, 0, 0, 0, 5740.25), CheckSummary("float64", 0, 0, 0, 0, 1, None)),
    rows=(
        CheckRow("x", (0,), "float32", 0.0, 0.25, 0.25, 0.25, 1e-12, 0.25, None, None, 0.0, "agree", None),
        CheckRow(
            variable="x",
            index=(1,),
            dtype="float32",
            value=10.0,
            reverse=4.5416677e-05,
            forward=None,
            finite_difference=4.539580773e-05,
            finite_difference_error=1e-14,
            reference=4.5395807735951673e-05,
            left=None,
            right=None,
            ulp_error=5740.25,
            verdict="disagree",
            why=phrase("s(1 - s) cancels"),
        ),
        CheckRow(
            "x",
            (1,),
            "float64",
            10.0,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            "no reference",
            phrase("no rule"),
        ),
    ),
    without_reference="special.digamma",
)

_ENTRIES = (
    FunctionEntry(
        name="leaky_relu",
        category="activation",
        torch="torch.nn.functional.leaky_relu",
        signatures=("leaky_relu(x, negative_slope=0.01)",),
        formula="where(x > 0, x, negative_slope * x)",
        derivative="where(x > 0, 1, negative_slope)",
        range="(-inf, inf)",
        kinks=("0",),
        parameters={"negative_slope": 0.01},
        paper="Maas, Hannun, Ng (2013)",
    ),
    FunctionEntry(name="sum", category="reduction", torch="torch.sum", signatures=("sum(x)", "sum(x, dim)")),
)

LISTED_ERROR = ErrorEntry(
    id="cotangent-shape",
    family="cotangents",
    title="the cotangent has another shape",
    type="RuntimeError",
    needs=None,
    raised=None,
    ok=None,
    message=None,
    warnings=(),
    program="y.backward(torch.ones(3))\n",
    line=None,
    cause="It needs one number for each element.",
    fix="Give it the output's shape.",
    repaired="y.backward(torch.ones(2))\nx.grad\n",
    fix_ok=None,
    fix_error=None,
    result=None,
)
RAISED_ERROR = replace(
    LISTED_ERROR,
    raised="RuntimeError",
    ok=True,
    message="Mismatch in shape:\ngrad_output[0] has a shape of [3].",
    warnings=("This is a demonstration.",),
    line=1,
    fix_ok=True,
    result=tensor([2, 4]),
)
SILENT_ERROR = replace(
    LISTED_ERROR, id="second-backward", family="the graph", ok=False, fix_ok=False, fix_error="ValueError: no"
)
OTHER_ERROR = replace(RAISED_ERROR, id="integer-leaf", family="leaves", raised="TypeError", ok=False)
ERROR_LIST = ErrorsResult(None, (), (LISTED_ERROR,))
ONE_ERROR = ErrorsResult("2.13.0", ("cotangent-shape",), (RAISED_ERROR,))
ALL_ERRORS = ErrorsResult("2.13.0+cpu", (), (RAISED_ERROR, SILENT_ERROR, OTHER_ERROR))

_DEAD = Explanation(
    code="dead",
    of="finding",
    meaning="an input's whole gradient is zero",
    severities=("warning", "note"),
    cause="Something arrives, and nothing goes on.",
    fix="Take `elu` for `relu`.",
    example=(
        Example("cat > a.py <<'END'\nx\nEND", ""),
        Example("gradcli grad relu -1", "relu(x)\n\nwarning[dead]: nothing goes on"),
    ),
    related=("saturated", "flat"),
    error=None,
)
_SHAPE = Explanation(
    code="cotangent-shape",
    of="error",
    meaning="the cotangent has another shape",
    severities=(),
    cause="It needs one number for each element.",
    fix="Give it the output's shape.",
    example=(),
    related=("cotangent-count", "cotangent-dtype"),
    error=RAISED_ERROR,
)
EXPLAINED = ExplainResult("2.13.0", ("dead", "cotangent-shape"), (_DEAD, _SHAPE))
EXPLAINED_LIST = ExplainResult(None, (), (_DEAD, replace(_DEAD, code="kink", severities=("note",))))
EXPLAINED_ERRORS = ExplainResult(None, (), (replace(_SHAPE, error=LISTED_ERROR),))

FUNCTIONS = FunctionsResult(name=None, functions=_ENTRIES)
ONE_FUNCTION = FunctionsResult(name="leaky_relu", functions=_ENTRIES[:1])

MISTAKE = ArgumentError(
    "cannot multiply [2, 3] by [2, 3]",
    hint="The inner sizes 3 and 2 differ. Try 'a @ b.T', which gives [2, 2].",
    expression="a @ b",
    span=(2, 3),
)

RESULTS = {
    "sigmoid": SIGMOID,
    "second order": SECOND_ORDER,
    "scalars": SCALARS,
    "matrices": MATRICES,
    "non-finite": NON_FINITE,
    "step and sigmoid": STEP_AND_SIGMOID,
    "stack": STACK,
    "mse": MSE,
    "cross entropy": CROSS_ENTROPY,
    "descent": DESCENT,
    "softmax": SOFTMAX,
    "retain-demo": RETAIN_DEMO,
    "one scenario": ONE_SCENARIO,
    "check": CHECK,
    "error list": ERROR_LIST,
    "one error": ONE_ERROR,
    "all errors": ALL_ERRORS,
    "explained": EXPLAINED,
    "explained list": EXPLAINED_LIST,
    "explained errors": EXPLAINED_ERRORS,
    "functions": FUNCTIONS,
    "one function": ONE_FUNCTION,
}

ANSWERS = RESULTS | {"failure": SECOND_TIME, "mistake": MISTAKE}
