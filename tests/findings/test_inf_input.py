"""The rule `inf-input`: what it finds, and what it leaves alone."""

from __future__ import annotations

import re
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest
import torch
from each import each
from looking import Place, findings, found, on_tape, place

pytestmark = pytest.mark.usefixtures("no_fixes")

FOUND = {
    "grad 'sum(x)' x=inf,1": ("warning", Place(None, "x", [0], "x")),
    "grad '[x, x * 2]' x=-1e308": ("warning", Place(None, "x", None, "x")),
    "grad '[x, sin(x)]' x=inf": ("error", Place("sin", "x", None, "x")),
    "grad 'x * x' x=inf": ("error", Place(None, "x", None, "x")),
    "grad 'sin(x)' x=inf": ("error", Place("sin", "x", None, "x")),
    "grad 'sum(x - mean(x))' x=1,inf": ("error", Place("sub", "x", [1], "x")),
    "grad 'x + 1' x:float16=-1e15": ("warning", Place(None, "x", None, "x")),
    "grad 'sigmoid(x)' x:float16=1e15,1": ("warning", Place(None, "x", [0], "x")),
    "grad 'softmax(x, dim=0)[0]' x:float16=1,1e15": ("error", Place("softmax", "x", [1], "x")),
    "grad 'softmax(x, dim=0)' x=1,inf": ("error", Place("softmax", "x", [1], "x")),
    "grad 'softmin(x, dim=0)' x=-inf,1": ("error", Place("softmin", "x", [0], "x")),
    "loss cross_entropy [[1,inf]] 0,": ("error", Place(None, "input", [0, 1], None)),
    "loss cross_entropy [[-inf,0,-inf]] 2,": ("warning", Place(None, "input", [0, 2], None)),  # the loss is infinite
    "loss cross_entropy [[-inf,0]] 1, --param label_smoothing=0.1": ("warning", Place(None, "input", [0, 0], None)),
    "loss nll [[-inf,0,-inf]] 2,": ("warning", Place(None, "input", [0, 2], None)),
    "grad 'nll_loss(log_softmax(x, 1), t)' x=[[-inf,0]] t:int64=0,": ("warning", Place(None, "x", [0, 0], "x")),
    "grad 'sum(x)' x:float16='exp([20., 1])'": ("warning", Place(None, "x", [0], "x")),
    "grad 'x * 2' x=1e39": ("warning", Place(None, "x", None, "x")),
    "grad 'x * 2' x=1e39 -t bf16": ("warning", Place(None, "x", None, "x")),
    "grad 'x * 2' x=1e400 -t float64": ("warning", Place(None, "x", None, "x")),
    "grad 'sum(1e10*(1 - b))' b=0.5,1 -t half": ("error", Place(None, None, None, "1e10")),
    "grad '1e10*(1 - b)' b=1 -t half": ("error", Place(None, None, None, "1e10")),
    "grad 'x + tensor([1e10, 1])' x=1,2 -t half": ("warning", Place(None, None, None, "1e10")),
    "grad 'where(x > 0, x, 1e10)' x=-1 -t half": ("warning", Place(None, None, None, "1e10")),
    "grad 'x + 1e39' x=1": ("warning", Place(None, None, None, "1e39")),
    "grad 'x - 1e400' x=1 -t float64": ("warning", Place(None, None, None, "1e400")),
    "grad 'x + inf' x=1": ("warning", Place(None, None, None, "inf")),
    "grad 'y = x*1; y += inf; y' x=1": ("warning", Place(None, None, None, "inf")),
    "activate relu -inf 0 inf": ("warning", Place(None, "x", [2], None)),
    "activate sigmoid 1e6 -1 -t half": ("warning", Place(None, "x", [0], None)),
    "loss mse 1,2 inf,1": ("error", Place(None, "target", [0], None)),
    "softmax 1 1e6 -t half": ("error", Place("softmax", "x", [1], None)),
    "grad 'x*2' x=1,2 --vjp 1,inf": ("error", Place(None, None, [1], None)),
    "grad 'scaled_dot_product_attention(q, k, v)' q=[[[1,1]]] k=[[[1,1],[1,1]]] v='[[[-inf],[2]]]'": (
        "error",
        Place(None, "v", [0, 0, 0], "v"),
    ),
}

LEFT_ALONE = (
    "grad sigmoid -5 -inf 0",
    "grad sigmoid -5 inf 0",
    "activate tanh -inf 0 inf",
    "softmax 1 -inf 2",
    "grad '2*logsumexp(x, 0)' x=-inf,-inf",  # the sum of nothing is 0, and -inf its logarithm
    "grad 'masked_fill(x, m, -inf)' x=1,2 m:bool=1,0",
    "grad 'sum(softmax(x + m, dim=0) * w)' x=1,2,3 m=0,-inf,0 w=1,2,3 --frozen m,w",
    "grad 'sum(softmax(x + full([3, 3], -inf).triu(1), dim=1) * x)' x=1,2,3",
    "loss cross_entropy [[-inf,0,-inf]] 1,",
    "grad 'nll_loss(log_softmax(x, 1), t)' x=[[-inf,0]] t:int64=1,",
    "grad 'log_softmax(x + m, dim=0)' x=1,2,3 m=0,-inf,0 --frozen m",
    "grad 'logsumexp(x, dim=0)' x=1,-inf",
    "grad 'where(x > 0, x, inf)' x=-1,2",
    "grad 'clamp(x, max=inf)' x=-1,2",
    "grad 'minimum(x, 1e15)' x=-1,2 -t half",
    "grad 'x*2' x:float16=65504",
    "grad 'x*1e6/1e6' x=0.01 -t half",
    "grad 'x/1e10' x=1 -t half",
    "grad 'x**1e39' x=2",
    "grad 'sin(x)' x=1e30",
    "grad 'sum(matrix_power(x, 70000))' x=[[1,1],[1,1]] -t half",
    "grad 'sum(matrix_power(x, n=70000))' x=[[1,1],[1,1]] -t half",
    "trace 'softmax(x, dim=0)' x=-inf,-inf",
    "trace 'softmin(x, dim=0)' x=inf,inf",
    "trace 'exp(x)' x=100",
    "trace '10.0**x' x=1000",
    "trace 'x*2' x=1e-60",
    "trace 'y*2' x=1e39 y=1",
)

SAYS = {
    "grad 'clamp(x, max=5)' x=inf,1e39,2": (
        "x[1] = 1e+39 does not fit into float32, which ends at 3.40282e+38: it is inf"
    ),
    "grad 'clamp(x, max=5)' x=2,1e39,1e39": (
        "x[1] = 1e+39 does not fit into float32, which ends at 3.40282e+38: it is inf (and 1 more)"
    ),
    "grad 'sum(x)' x=1e39,-1e39": (
        "x[0] = 1e+39 does not fit into float32, which ends at 3.40282e+38: it is inf (and 1 more); "
        "sum(x) is nan; the output becomes nan"
    ),
    "grad 'x*y' x=inf y=1": ("x is inf before anything is computed; the output and the gradient of y become infinite"),
    "grad 'sum(x*exp(99))' x=1": (
        "exp(99) does not fit into float32, which ends at 3.40282e+38; the output and the gradient of x become infinite"
    ),
    "grad 'sum(x*1e400)' x=1": (
        "1e400 does not fit into float64, which ends at 1.79769e+308; the output and the gradient of x become infinite"
    ),
    # the product with 0.5 fits into float16, the slope alone does not
    "grad '1e5*(1 - b)' b=0.5,1 -t half": (
        "1e5 does not fit into float16, which ends at 65504; the gradient of b becomes infinite"
    ),
    "grad '(1 - b)*1e5' b:float16=0.5,1": (
        "1e5 does not fit into float16, which ends at 65504; the gradient of b becomes infinite"
    ),
    "grad 'x*2' x=1,2 --vjp 1,-inf": "the cotangent vjp[1] is -inf before anything is computed",
    "grad 'x*2' x:complex64=1+1j --vjp inf": "the cotangent vjp is inf before anything is computed",
}


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = found(line, "inf-input")
    assert finding["severity"] == severity
    if line.startswith(("grad", "trace")):
        assert place(finding, line) == expected
    assert (finding["variable"], finding["index"]) == (expected.variable, expected.index)
    assert others == [], "one cause, one finding"
    assert [other["code"] for other in findings(line) if other["severity"] == "error"] in ([], ["inf-input"])


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "inf-input") == []


@each("line", SAYS)
def test_it_is_told_what_was_written_and_what_becomes_of_it(line: str) -> None:
    assert [one["message"] for one in found(line, "inf-input")] == [SAYS[line]]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_the_message_says_what_was_written_and_where_the_dtype_ends(dtype: str) -> None:
    (given,) = found(f"grad 'x + 1' x:{dtype}=-1e39", "inf-input")
    end = torch.finfo(getattr(torch, dtype)).max
    assert given["message"].startswith(f"x = -1e+39 does not fit into {dtype}, which ends at {end:.6g}: it is -inf")


@pytest.mark.parametrize(("factor", "fits"), [(1.0, True), (1.001, False)])
def test_the_end_of_the_dtype_is_the_bound(factor: float, fits: bool) -> None:
    """65520 and more round up to infinity in float16, and so do constants from there on."""
    line = f"grad 'x*{65519 * factor}' x=1 -t half"
    assert (found(line, "inf-input") == []) == fits


@pytest.mark.parametrize(
    "text", ["inf", "-inf", "float('-inf')", "math.inf", "torch.inf", "torch.tensor(float('inf'))"]
)
def test_an_infinity_that_was_written_fits_into_the_dtype(text: str) -> None:
    """Only a number in digits is finite on paper: 1e400."""
    (written,) = found(f'grad "x + {text}" x=1', "inf-input")
    (digits,) = found("grad 'x + float(\"1e400\")' x=1", "inf-input")
    assert "fit" not in written["message"]
    assert "computes with the constant" in written["message"]
    assert 'float("1e400") does not fit into float64' in digits["message"]


def test_a_wide_file_in_a_narrow_dtype(tmp_path: Path) -> None:
    values = np.ones(30_000)
    values[20_000] = 1e15
    np.save(tmp_path / "wide.npy", values)
    (given,) = found(f"grad 'sigmoid(x)' x:float16=@{tmp_path / 'wide.npy'}", "inf-input")
    assert given["index"] == [20_000]
    assert f"x[20000] = 1e+15, read from @{tmp_path / 'wide.npy'}, does not fit into float16" in given["message"]
    assert found(f"grad 'sigmoid(x)' x=@{tmp_path / 'wide.npy'}", "inf-input") == []


def test_what_a_narrow_dtype_made_infinite_kills_nothing_of_its_own() -> None:
    (only,) = findings("grad 'sigmoid(x)' x:float16=1e15")
    assert only["code"] == "inf-input"


def test_check_says_which_dtypes_cannot_hold_the_number() -> None:
    ends = [one["message"] for one in found("check 'x + 1' 1e39 -2", "inf-input")]
    assert [re.findall(r"fit into (\w+)", message) for message in ends] == [["float16"], ["bfloat16"], ["float32"]]
    assert found("check 'x + 1' 1e4", "inf-input") == []
    assert found("check sigmoid -inf 0", "inf-input") == []


@each(
    "text, inputs, told",
    [
        ("x * y", {"x": -inf, "y": 0.0}, ["inf-input"]),
        ("logsumexp(x, 0)", {"x": [inf, 0.0]}, ["inf-input"]),
        ("sum(x, 1)", {"x": [[inf, 1.0, 1.0], [1.0, 1.0, 1.0]]}, ["inf-input"]),
        ("fmax(x, y)", {"x": nan, "y": inf}, ["inf-input"]),  # it prefers a number to NaN
        ("fmax(y, x)", {"x": nan, "y": inf}, ["inf-input"]),
        ("x - exp(y)", {"x": inf, "y": 1000.0}, ["nan-forward"]),  # the infinity that is computed is no wish
        ("(x + inf) * y", {"x": 1.0, "y": 0.0}, ["nan-forward"]),
    ],
)
def test_the_infinity_to_blame_is_told(text: str, inputs: dict[str, object], told: list[str]) -> None:
    assert [one.code for one in on_tape(text, **inputs) if one.code != "dead"] == told


def test_of_given_infinities_those_are_counted_that_show_and_of_made_ones_all() -> None:
    (given,) = on_tape("where(m, x, 0.)", x=[inf, inf, inf], m=[True, True, False])
    assert "(and 1 more)" in given.message
    (made,) = (one for one in on_tape("where(m, log(x), 0.)", x=[0.0, 0.0], m=[True, False]) if one.code != "dead")
    assert "log(x) at x[0] = 0 is -inf (and 1 more)" in made.message
    (given,) = on_tape("x * 2", x=[nan, nan])
    assert "(and 1 more)" in given.message
