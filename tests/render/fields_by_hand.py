"""Fields written by hand: a function of two names over a grid."""

from __future__ import annotations

import numpy as np
from results_by_hand import GIVEN, SETTING, leaf

from gradcli.results import Gradient, GradResult, Tensor


def field_result(
    x: np.ndarray,
    y: np.ndarray,
    values: np.ndarray,
    dx: np.ndarray | None,
    dy: np.ndarray | None,
    text: str = "f(x, y)",
) -> GradResult:
    """The answer of `grad` over a grid, in float64; dx, dy are None where a name is not differentiated."""
    slopes = {name: slope for name, slope in (("x", dx), ("y", dy)) if slope is not None}
    return GradResult(
        setting=SETTING,
        expression=text,
        inputs={"x": leaf(x, "float64"), "y": leaf(y, "float64")},
        output=Tensor("float64", np.array(values, dtype=np.float64)),
        gradients={
            name: Gradient("float64", np.array(slope, dtype=np.float64), norm=np.array(1.0))
            for name, slope in slopes.items()
        },
        norm=np.array(1.0),
        derivatives=(),
        jacobians=None,
        hessians=None,
        tangent=None,
        method=GIVEN,
    )


_X, _Y = np.meshgrid(np.linspace(-2, 2, 9), np.linspace(-2, 2, 9))
SADDLE = field_result(_X, _Y, _X**2 - _Y**2, 2 * _X, -2 * _Y, "x**2 - y**2")
