"""Gradients and activations written by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcli.results import (
    ActivateResult,
    Curve,
    Derivative,
    Failure,
    Finding,
    Gradient,
    GradResult,
    Input,
    Kink,
    Layer,
    Method,
    Setting,
    Tensor,
    Verdict,
)
from gradcli.results.parts import phrase

SETTING = Setting(torch="2.13.0+cpu", device="cpu", dtype="float32", seed=0)
GIVEN = Method(via="grad", order=1, cotangent="ones", elementwise=True)


def array(values: object, dtype: str = "float32") -> np.ndarray:
    return np.array(values, dtype={"bfloat16": "float32"}.get(dtype, dtype))


def tensor(values: object, dtype: str = "float32") -> Tensor:
    return Tensor(dtype, array(values, dtype))


def leaf(values: object, dtype: str = "float32", *, requires_grad: bool = True) -> Input:
    return Input(dtype, array(values, dtype), requires_grad=requires_grad)


def gradient(values: object, dtype: str = "float32", *, norm: float, direction: object = None) -> Gradient:
    along = None if direction is None else array(direction, dtype)
    return Gradient(dtype, array(values, dtype), norm=array(norm), direction=along)


SIGMOID = GradResult(
    setting=SETTING,
    expression="sigmoid(x)",
    inputs={"x": leaf([0, 1, 10])},
    output=tensor([0.5, 0.7310586, 0.9999546]),
    gradients={"x": gradient([0.25, 0.19661193, 4.5416677e-05], norm=0.31805545)},
    norm=array(0.31805545),
    derivatives=(),
    jacobians=None,
    hessians=None,
    tangent=None,
    method=GIVEN,
)

SECOND_ORDER = GradResult(
    setting=SETTING,
    expression="x**3",
    inputs={"x": leaf([[1, 2], [3, 4]])},
    output=tensor([[1, 8], [27, 64]]),
    gradients={"x": gradient([[6, 12], [18, 24]], norm=32.863354)},
    norm=array(32.863354),
    derivatives=(
        Derivative(1, {"x": gradient([[3, 12], [27, 48]], norm=56.44466)}),
        Derivative(2, {"x": gradient([[6, 12], [18, 24]], norm=32.863354)}),
    ),
    jacobians=None,
    hessians=None,
    tangent=None,
    method=Method(via="grad", order=2, cotangent="ones", elementwise=True),
)

SCALARS = GradResult(
    setting=SETTING,
    expression="x**2 + 3*y",
    inputs={"x": leaf(1), "y": leaf(2)},
    output=tensor(7),
    gradients={
        "x": gradient(2, norm=2, direction=0.5547002),
        "y": gradient(3, norm=3, direction=0.8320503),
    },
    norm=array(3.6055512),
    derivatives=(),
    jacobians=None,
    hessians=None,
    tangent=None,
    method=Method(via="backward", order=1, cotangent="ones", elementwise=True),
)

MATRICES = GradResult(
    setting=SETTING,
    expression="sum((x @ w - 1)**2) + 0 * u.detach()",
    inputs={"x": leaf([1, 2]), "w": leaf([3, 4]), "u": leaf(5)},
    output=tensor(100),
    gradients={
        "x": gradient([60, 80], norm=100, direction=[0.53665632, 0.71554178]),
        "w": gradient([20, 40], norm=44.721359, direction=[0.17888544, 0.35777089]),
        "u": None,
    },
    norm=array(109.54451),
    derivatives=(),
    jacobians={"x": tensor([60, 80]), "w": tensor([20, 40]), "u": None},
    hessians={
        "x": {"x": tensor([[18, 24], [24, 32]]), "u": None},
        "u": {"x": None, "u": None},
    },
    tangent=tensor(-1.5),
    method=Method(via="grad", order=1, cotangent="ones", elementwise=False),
    findings=(
        Finding(
            code="disconnected",
            severity="warning",
            phrase=phrase("u has no path to the output: it ends at detach"),
            variable="u",
            expression="u.detach()",
            span=(26, 36),
            operation="detach",
            fix="sum((x @ w - 1)**2) + 0 * u",
        ),
    ),
)

NON_FINITE = GradResult(
    setting=SETTING,
    expression="sqrt(x)",
    inputs={"x": leaf([-1, 0, np.inf, -0.0])},
    output=tensor([np.nan, 0, np.inf, -0.0]),
    gradients={"x": gradient([np.nan, np.inf, 0, -np.inf], norm=np.nan)},
    norm=array(np.nan),
    derivatives=(),
    jacobians=None,
    hessians=None,
    tangent=None,
    method=GIVEN,
)


def verdict(**changes: object) -> Verdict:
    given: dict[str, object] = {
        "points": 3,
        "range": "(0, 1)",
        "lowest": 0.26894143,
        "highest": 0.7310585975646973,
        "saturated": 0,
        "dead": 0,
        "kinks": (),
        "summary": "alive at every point",
    }
    return Verdict(**(given | changes))  # type: ignore[arg-type]


STEP_FAILURE = Failure(
    code="autograd",
    type="NotImplementedError",
    message="derivative for aten::heaviside is not implemented",
    hint="PyTorch has no derivative of this operation.",
    expression="heaviside(x)",
    span=(0, 12),
)

_SIGMOID_CURVE = Curve(
    name="sigmoid",
    expression="sigmoid(x)",
    parameters={},
    values=tensor([0.26894143, 0.5, 0.7310586]),
    derivative=tensor([0.19661193, 0.25, 0.19661193]),
    second_derivative=None,
    layers=(),
    verdict=verdict(),
)

STEP_AND_SIGMOID = ActivateResult(
    setting=SETTING,
    expression="heaviside(x), sigmoid(x)",
    inputs={"x": leaf([-1, 0, 1])},
    functions=(
        Curve(
            name="heaviside",
            expression="heaviside(x)",
            parameters={"values": 0.5},
            values=tensor([0, 0.5, 1]),
            derivative=None,
            second_derivative=None,
            layers=(),
            verdict=verdict(
                range="{0, 0.5, 1}",
                lowest=0.0,
                highest=1.0,
                saturated=None,
                dead=None,
                kinks=(Kink(at=0.0, jump=True, left=0.0, right=0.0, torch=None),),
                summary="no derivative",
            ),
            error=STEP_FAILURE,
        ),
        _SIGMOID_CURVE,
    ),
    order=1,
)

STACK = ActivateResult(
    setting=SETTING,
    expression="sigmoid(x)",
    inputs={"x": leaf([-1, 0, 1])},
    functions=(
        Curve(
            name="sigmoid",
            expression="sigmoid(x)",
            parameters={},
            values=tensor([0.26894143, 0.5, 0.7310586]),
            derivative=tensor([0.19661193, 0.25, 0.19661193]),
            second_derivative=tensor([0.0908577, 0, -0.0908577]),
            layers=(
                Layer(1, tensor([0.26894143, 0.5, 0.7310586]), tensor([0.19661193, 0.25, 0.19661193])),
                Layer(2, tensor([0.56683, 0.62246, 0.675037]), tensor([0.0482746, 0.058751, 0.0431296])),
            ),
            verdict=verdict(),
        ),
    ),
    order=2,
)


def with_values(values: Sequence[float], dtype: str = "float32") -> GradResult:
    """The gradient of an identity at these values."""
    return GradResult(
        setting=SETTING,
        expression="x",
        inputs={"x": leaf(values, dtype)},
        output=tensor(values, dtype),
        gradients={"x": gradient(values, dtype, norm=1)},
        norm=array(1),
        derivatives=(),
        jacobians=None,
        hessians=None,
        tangent=None,
        method=GIVEN,
    )
