"""The rule `kink`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from each import each
from looking import Place, found, on_tape_of, place, tape_of

from gradcli.diagnose.origins.kinks import has_kinks, kinks
from gradcli.language.catalogue import ACTIVATIONS
from gradcli.language.parser import parse
from gradcli.recording.from_expression import foreseen
from gradcli.recording.operation import Operation

FOUND = {
    "trace 'abs(x)' x=0,1": ("note", Place("abs", "x", [0], "abs(x)")),
    "trace 'relu(x)' x=0,1": ("note", Place("relu", "x", [0], "relu(x)")),
    "trace 'maximum(a, b)' a=1,2 b=1,0": ("note", Place("maximum", "a", [0], "maximum(a, b)")),
    "trace 'clamp(x, 0, 1)' x=0,0.5": ("note", Place("clamp", "x", [0], "clamp(x, 0, 1)")),
    "trace 'max(x)' x=2,2,1": ("note", Place("max", "x", [0], "max(x)")),
    "trace \"l1_loss(a, b, reduction='sum')\" a=-1,0 b=0,0 --frozen b": (
        "note",
        Place("l1_loss", "a", [1], "l1_loss(a, b, reduction='sum')"),
    ),
    "trace 'hardtanh(x)' x=1,0": ("note", Place("hardtanh", "x", [0], "hardtanh(x)")),
    "trace 'leaky_relu(x)' x=0": ("note", Place("leaky_relu", "x", None, "leaky_relu(x)")),
    "trace 'elu(x, alpha=0.5)' x=0": ("note", Place("elu", "x", None, "elu(x, alpha=0.5)")),
    # beside the kink it is curved
    "grad 'sum(cdist(x, y) * w)' x='[[0,0]]' y='[[0,0],[0,1e-3],[1,0],[2,2]]' w='[[1,1,1,0]]' --wrt x": (
        "note",
        Place("cdist", "x", [0, 0], "cdist(x, y)"),
    ),
    "trace 'norm(x) + sum(x)' x=0,0": ("note", Place("norm", "x", [0], "norm(x)")),
}

LEFT_ALONE = (
    "trace 'abs(x)' x=1",
    "trace 'relu(x)' x=0.001,-1",
    "trace 'maximum(a, b)' a=1 b=2",
    "trace 'elu(x)' x=0",
    "trace 'max(x)' x=2,1",
    "trace '0 * abs(x) + x' x=0",
    "trace 'clamp(x, 0, 1)' x=0.5",
    "trace 'softplus(x)' x=0",
    "trace 'abs(y) * x' x=1 y=0 --frozen y",
    "trace 'pairwise_distance(x, y)' x=1,2 y=1,2",  # eps, 1e-6, is added to the difference
    "trace 'pairwise_distance(x, y, eps=0)' x=1,2 y=1,3",
    "trace 'dist(x, y)' x=1,2 y=1,3",
    "trace 'linalg.vector_norm(x)' x=0,1",
    "trace 'linalg.norm(x, 1)' x='[[0,1],[2,3]]'",  # of a matrix: the largest sum of a column
    "trace 'norm(x, p=0.5)' x=0,1",  # whose slopes are infinite
    "trace 'norm(x, p=0) + sum(x)' x=0,0",  # it counts
    "trace 'norm(x, p=-inf) + sum(x)' x=0,0",  # the smaller of two sizes stays 0 where one moves
    "trace 'norm(x, p=-1) + sum(x)' x=0,0",  # 1/(1/|x| + 1/0) is 0 on both sides
    "trace 'cdist(x, y)' x='[[1,2]]' y='[[1,3],[3,2]]'",
    "trace 'cdist(x, [[1.,3.]])' x='[[1,2]]'",
    "trace 'maximum(x, [1., 2.])' x=2,3",
    # what is differentiated is not what lies on the kink: max(0, t) + w*min(0, t) is linear in w
    "grad 'sum(prelu(t, w))' t=0,-1 w=0.25 --wrt w",
    "grad 'clamp(t, lo, hi) + lo' t=2 lo=0 hi=2 --wrt lo",
    "grad 'sum(prelu(t, w))' t=-1 w=0 --wrt w",
    "grad 'clamp(t, lo, hi) + lo' t=5 lo=2 hi=2 --wrt lo",
    "trace 'sum(sign(x)*x**2)' x=0,1",  # no gradient arrives at the jump
    "trace 'abs(x) * y' x=0,1 y=0,1 --frozen y",
    "trace 'sum(max(x, dim=1)[0]*[0, 1])' x='[[1,1],[1,2]]'",
    "trace 'cdist(x, y)**2' x='[[0,0]]' y='[[0,0],[1,1]]'",
    "trace 'exp(-cdist(x, x))' x='[[0,0],[1,1]]'",  # what lies on the diagonal stays 0
    "trace 'maximum(x, x)' x=1",
    "trace 'norm(x, p=1.2)' x=0,1",  # |x|**1.2 is smooth
    "trace 'norm(x, p=1.12)' x=0,1",
    "trace 'sum(exp(-cdist(x, x)))' x='arange(102).reshape(51, 2) * 1.0'",  # however many they are
    "grad 'max(x)' x=1,1.00000000001 --dtype float64",
    "trace 'sum(x % 1 * c)' x=1,0.5 c=0,1 --frozen c",
    "trace 'sum(x % 1)' x='ones(101)'",  # too many to be measured
    "trace 'atan2(y, x)' y=1e-6 x=2e-6",
    "trace 'x % 1' x=0.25,1.5",
    "trace 'atan2(y, x)' y=0,1 x=1,-1 --wrt y",
    "trace 'quantile(x, 0.5)' x=1,2,3",
    "trace 'zeros(2).scatter_reduce(0, [0,0,1], x, \"sum\")' x=1,1,2",
    "trace 'adaptive_max_pool1d(x, 1)' x='[[1,2,1]]'",
    "trace 'triplet_margin_loss(a, p, n)' a='[[0,0]]' p='[[1,0]]' n='[[5,0]]'",
    "trace 'grid_sample(i, g, align_corners=True)' i='[[[[1,2],[3,5]]]]' g='[[[[0.2,0.5]]]]' --wrt g",
    "trace 'linalg.matrix_norm(x, 1)' x='[[1,2],[2,4]]'",
)

SLOPES = {
    "absolute(x) + 0*x' x=0": (-1, 1),
    "l1_loss(x, y)' x=1,2 y=1,3 --wrt x": (-0.5, 0.5),
    "sum(fmax(x, y))' x=1,2 y=1,3 --wrt x": (0, 1),
    # the other numbers are written as lists, or as one number, and may stand behind others
    "sum(fmax(x, [1., 2.]))' x=1,3": (0, 1),
    "sum(maximum(x, (1., 2.)))' x=1,3": (0, 1),
    "sum(minimum(x, 2))' x=2,3": (1, 0),
    "l1_loss(x, 2)' x=2,3": (-0.5, 0.5),
    "maximum(x, [y, y]).sum()' x=[[1,2],[0,0]] y=1,3 --wrt x": (0, 1),
    "sum(clamp(x, None, 2))' x=2,3": (1, 0),
    "hinge_embedding_loss(x, margin=2, target=y)' x=2,3 y=-1,-1 --wrt x": (-0.5, 0),
    "dist(x, p=2, other=y) + sum(x)' x=2,3 y=2,3 --wrt x": (-1, 1),
    "l1_loss(x, [1., 2.])' x=1,3": (-0.5, 0.5),
    "sum(clamp(x, min=[1., 2.]))' x=1,3": (0, 1),
    "margin_ranking_loss(x, [1., 2.], [1., 1.])' x=1,3": (-0.5, 0),
    "margin_ranking_loss(t, x, [1., 1.], margin=1)' t=3,0 x=2,5 --wrt x": (0, 0.5),  # max(0, x - t + 1)/2
    "sum(pairwise_distance(t, x, eps=0.5))' t=[[1,2]] x=[[1.5,2.5]] --wrt x": (-1, 1),
    "sum(cdist(x, [[1., 3.]])) + sum(x)' x='[[1,3],[4,7]]'": (-1, 1),
    "sum(fmin(x, y))' x=1,2 y=1,3 --wrt x": (1, 0),
    "minimum(x, y)' x=1 y=1 --wrt x": (1, 0),
    "clip(x, 0, 1)' x=1": (1, 0),
    "clamp_min(x, 1)' x=1": (0, 1),
    "clamp_max(x, 1)' x=1": (1, 0),
    "amax(x)' x=1,1": (0, 1),
    "amin(x)' x=1,1": (1, 0),
    "min(x)' x=1,1": (1, 0),
    "sum(max(x, y))' x=1,2 y=1,5 --wrt x": (0, 1),
    "sum(max(x, 1.5))' x=1.5,2": (0, 1),
    "sum(amax(x, dim=(1,)))' x=[[1,1],[5,2]]": (0, 1),
    "sum(amax(x, keepdim=True))' x=1,1": (0, 1),
    "linalg.norm(x) + sum(x)' x=0,0": (-1, 1),
    "linalg.vector_norm(x) + sum(x)' x=0,0": (-1, 1),
    "linalg.matrix_norm(x) + sum(x)' x=[[0,0],[0,0]]": (-1, 1),
    "dist(x, y) + sum(x)' x=1,2 y=1,2 --wrt x": (-1, 1),
    "sum(pairwise_distance(x, y, eps=0) + sum(x))' x=1,2 y=1,2 --wrt x": (-1, 1),
    "sum(pairwise_distance(x, y, eps=0))' x=[[1,2],[3,4]] y=[[1,2],[3,5]] --wrt x": (-1, 1),
    "sum(pairwise_distance(x, y, eps=0.5))' x=[[1,2],[3,4]] y=[[1.5,2.5],[3,5]] --wrt x": (-1, 1),
}
"""The one-sided slopes by the first element that moves."""

SIDES = "slope {} to the left and {} to the right, PyTorch takes {}"
SAYS = {
    "grad 'sum(abs(x))' x=1,0,0": "abs(x) has a kink at x[1] (and 1 more): " + SIDES.format(-1, 1, 0),
    "grad 'abs(2*x) + x' x=0": "abs(2*x) has a kink at 2*x: " + SIDES.format(-1, 1, 0),
    "grad 'sum(maximum(x, y))' x='[[1],[2]]' y=3,1 --wrt x": (
        "maximum(x, y) has a kink at x[0, 0]: " + SIDES.format(0, 1, 0.5)
    ),
    "grad 'maximum(x, y)' x=1e4 y=1e4": "maximum(x, y) has a kink at x: " + SIDES.format(0, 1, 0.5),
    "grad 'max(x, dim=0)[0].sum()' x='[[1,2],[1,3]]'": (
        "max(x, dim=0) has a kink at x[0, 0] (and 1 more): " + SIDES.format(0, 1, 1)
    ),
    "grad 'clamp(x, 0.1, 1)' x=0.1,0.5": "clamp(x, 0.1, 1) has a kink at x[0]: " + SIDES.format(0, 1, 1),
    "grad 'sum(prelu(x, w))' x=-1,0 w=0.25": "prelu(x, w) has a kink at x[1]: " + SIDES.format(0.25, 1, 0.25),
    "grad 'elu(x, 3)' x=0": "elu(x, 3) has a kink at x: " + SIDES.format(3, 1, 3),
    "grad 'elu(x, alpha=0.5)' x=0": "elu(x, alpha=0.5) has a kink at x: " + SIDES.format(0.5, 1, 0.5),
    "grad 'norm(x, p=1)' x=0,1": "norm(x, p=1) has a kink at x[0]: " + SIDES.format(-1, 1, 0),
    "grad 'sum(cdist(x, y) * w)' x='[[0,0],[3,4]]' y='[[0,0],[1,1]]' w='[[1,0],[1,1]]' --wrt x": (
        "cdist(x, y) has a kink at x[0, 0] (and 1 more): weighted by what arrives, " + SIDES.format(-1, 1, 0)
    ),
    "grad 'sum(pairwise_distance(x, y, eps=0) * w)' x='[[0,0]]' y='[[0,0],[3,4],[2,2]]' w=1,1,0 --wrt x": (
        "pairwise_distance(x, y, eps=0) has a kink at x[0, 0] (and 1 more): weighted by what arrives, "
        + SIDES.format(-1.6, 0.4, -0.6)
    ),
    "grad 'sum(amax(x, dim=1) * w)' x='where(arange(102) < 2, 0.0, arange(102)).reshape(51, 2)' "
    "w='where(arange(51) == 1, 0.0, 1.0)' --wrt x": (
        "amax(x, dim=1) has a kink at x[0, 0] (and 1 more): weighted by what arrives, " + SIDES.format(0, 1, 0.5)
    ),
    "grad 'sum(clamp(x, 1, 1) * c)' x=1,1 c=1,0 --frozen c": "clamp(x, 1, 1) has a kink at x[0]: "
    + SIDES.format(0, 0, 1),
    "grad 'sum(x % 1)' x='ones(100)'": "x % 1 jumps at x[0] (and 99 more): PyTorch takes the slope 1",
    "grad 'sum(norm(z, dim=1) * w) + real(sum(z))' z:complex64='[[0,0],[1,1]]' w=1,0 --wrt z": (
        "norm(z, dim=1) has a kink at z[0, 0] (and 1 more): weighted by what arrives, PyTorch takes 0"
    ),
    "grad 'norm(z) + real(sum(z))' z:complex64=0,0": "norm(z) has a kink at z[0] (and 1 more): PyTorch takes 0",
    "grad 'norm(x, p=0.5) + sum(x)' x=0,0": (  # |x|, beside a number that stays 0
        "norm(x, p=0.5) has a kink at x[0] (and 1 more): " + SIDES.format(-1, 1, 0)
    ),
    "grad 'norm(x, p=1)' x='[[0,1],[2,3]]'": "norm(x, p=1) has a kink at x[0, 0]: " + SIDES.format(-1, 1, 0),
    "grad 'linalg.norm(x, 1)' x=0,1": "linalg.norm(x, 1) has a kink at x[0]: " + SIDES.format(-1, 1, 0),
    "grad 'sum(linalg.norm(x, 1, dim=1))' x='[[0,1],[2,3]]'": (
        "linalg.norm(x, 1, dim=1) has a kink at x[0, 0]: " + SIDES.format(-1, 1, 0)
    ),
    "grad 'norm(x, p=\"fro\") + sum(x)' x='[[0,0],[0,0]]'": (
        'norm(x, p="fro") has a kink at x[0, 0] (and 3 more): ' + SIDES.format(-1, 1, 0)
    ),
    "grad 'sum(norm(x, dim=1))' x='[[0,0],[1,2]]'": (
        "norm(x, dim=1) has a kink at x[0, 0] (and 1 more): " + SIDES.format(-1, 1, 0)
    ),
    "grad 'sum(linalg.vector_norm(x, ord=3, dim=0))' x='[[0,1],[0,2]]'": (
        "linalg.vector_norm(x, ord=3, dim=0) has a kink at x[0, 0] (and 1 more): " + SIDES.format(-1, 1, 0)
    ),
    "grad 'sum(cdist(x, y))' x='[[1,2],[5,6]]' y='[[1,2],[4,6]]' --wrt x": (  # -3/5 towards the other point
        "cdist(x, y) has a kink at x[0, 0] (and 1 more): " + SIDES.format(-1.6, 0.4, -0.6)
    ),
    "grad 'clamp(x, 0, 1e20)' x=1e20": "clamp(x, 0, 1e20) has a kink at x: " + SIDES.format(1, 0, 1),
    "grad 'sum(clamp(x, 0, 1e-10))' x=0,1e-10": (
        "clamp(x, 0, 1e-10) has a kink at x[0] (and 1 more): " + SIDES.format(0, 1, 1)
    ),
    "grad 'softplus(x)' x=20": "softplus(x) has a kink at x: " + SIDES.format(1, 1, 1),
    "grad 'sum(sign(x)*(x**2 + 1))' x=0,1": "sign(x) jumps at x[0]: PyTorch takes the slope 0",
    "grad 'hardshrink(x)' x=0.5,1": "hardshrink(x) jumps at x[0]: PyTorch takes the slope 0",
    "grad 'sum(threshold(x, 1, 20))' x=1,1e10": "threshold(x, 1, 20) jumps at x[0]: PyTorch takes the slope 0",
    "grad 'sum(threshold(x, 1, 1.00001))' x=1,2": "threshold(x, 1, 1.00001) jumps at x[0]: PyTorch takes the slope 0",
    "grad 'sum(hardtanh(1*x, 0., 1e-10, inplace=True))' x=0,5e-11": (  # True is no size
        "hardtanh(1*x, 0., 1e-10, inplace=True) has a kink at (1*x)[0]: " + SIDES.format(0, 1, 0)
    ),
    "grad 'softplus(x, 1, 15)' x=15": "softplus(x, 1, 15) has a kink at x: "
    + SIDES.format(1, 1, 1),  # it jumps by 3e-7
    "grad 'sum(threshold(x, 1, 20))' x=1,2": "threshold(x, 1, 20) jumps at x[0]: PyTorch takes the slope 0",
    # nothing tells the slope where the value is infinite, or is beside the point
    "grad 'norm(x, p=1)' x=0,inf": "norm(x, p=1) has a kink at x[0]: PyTorch takes 0",
    "grad 'norm(x, p=1)' x=0,1.7976931e308 --dtype float64": "norm(x, p=1) has a kink at x[0]: PyTorch takes 0",
    "grad 'amax(x)' x=1.797693134e308,1.797693134e308 --dtype float64": (
        "amax(x) has a kink at x[0] (and 1 more): PyTorch takes 0.5"
    ),
    "grad 'amin(x)' x=-1.797693134e308,-1.797693134e308 --dtype float64": (
        "amin(x) has a kink at x[0] (and 1 more): PyTorch takes 0.5"
    ),
    "grad 'sum(clamp(x, 0, 1))' x=1,1e10": "clamp(x, 0, 1) has a kink at x[0]: " + SIDES.format(1, 0, 1),
    # of an argument that is not the first, where that one is not differentiated
    "grad 'sum(fmax(t, x))' t=1,1 x=1,3 --wrt x": "fmax(t, x) has a kink at x[0]: " + SIDES.format(0, 1, 0),
    "grad 'sum(clamp(t, min=x))' t=1,1 x=1,3 --wrt x": "clamp(t, min=x) has a kink at x[0]: " + SIDES.format(0, 1, 0),
    "grad 'sum(maximum(1.0, x))' x=1,3": "maximum(1.0, x) has a kink at x[0]: " + SIDES.format(0, 1, 0.5),
    "grad 'maximum(n, x)' n:int64=1 x=1": "maximum(n, x) has a kink at x: " + SIDES.format(0, 1, 0.5),
    "grad 'sum(clamp(t, lo, hi) + hi)' t=2,2 lo=2,1 hi=3,2 --wrt hi": (  # t[0] lies on the other bound
        "clamp(t, lo, hi) has a kink at hi[1]: " + SIDES.format(1, 0, 0)
    ),
    "grad 'sum(maximum(t, x))' t='[[1,3],[2,0]]' x=2,0 --wrt x": (  # 1 for the first row, 0 or 1 for the second
        "maximum(t, x) has a kink at x[0] (and 1 more): " + SIDES.format(1, 2, 1.5)
    ),
    "grad 'margin_ranking_loss(t, x, y)' t=1,1 x=1,3 y=1,-1 --wrt x": (  # max(0, x - t)/2
        "margin_ranking_loss(t, x, y) has a kink at x[0]: " + SIDES.format(0, 0.5, 0.5)
    ),
    "grad 'sum(cdist(t, x))' t='[[0,0],[5,5]]' x='[[1,2],[0,0]]' --wrt x": (  # -sqrt(1/2) towards the other point
        "cdist(t, x) has a kink at x[1, 0] (and 1 more): " + SIDES.format(-1.70711, 0.29289, -0.707107)
    ),
    "grad 'y = x*1; relu(y, inplace=True)' x=0,1": (
        "relu(y, inplace=True) has a kink at (x*1)[0]: " + SIDES.format(0, 1, 0)
    ),
}


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *_ = found(line, "kink")
    assert finding["severity"] == severity
    assert place(finding, line) == expected


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "kink") == []


@each("line", SAYS)
def test_the_slopes_on_both_sides_are_told_and_the_one_that_pytorch_takes(line: str) -> None:
    assert [one["message"] for one in found(line, "kink")] == [SAYS[line]]


def test_what_could_have_a_kink_is_known_without_its_arguments() -> None:
    assert [name for name in ("relu", "abs", "sigmoid", "sin") if has_kinks(operation(name))] == ["relu", "abs"]
    assert all(row.elementwise for row in ACTIVATIONS if row.kinks)
    assert kinks(tape_of("sigmoid(x)", x=[0.0]).steps[-1]) is None


def operation(name: str) -> Operation:
    (step,) = foreseen(parse(f"{name}(x)", bound=["x"]))
    return step.operation


def test_a_tie_of_broadcast_arguments_is_told_at_the_element_of_the_first():
    import gradcli

    result = gradcli.grad("fmax(x, y)", x=[1, 2], y=[[1, 2], [3, 4.5]])
    (found,) = (finding for finding in result.findings if finding.code == "kink")
    assert (found.variable, found.index) == ("x", (0,))


@each("call", SLOPES)
def test_the_slopes_on_both_sides_are_the_true_ones(call: str) -> None:
    left, right = SLOPES[call]
    (finding,) = (one for one in on_tape_of(f"'{call}") if one.code == "kink")
    assert f"slope {left} to the left and {right} to the right" in finding.message
