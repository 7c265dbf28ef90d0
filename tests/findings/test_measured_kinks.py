"""Kinks, ties and jumps of operations that have no rule for them: the slopes to both sides are found by differences."""

from __future__ import annotations

from each import each
from looking import on_tape_of

SIDES = "slope {} to the left and {} to the right, PyTorch takes {}"
JUMP = "PyTorch takes the slope {}"

SAYS = {
    # the larger of two equal numbers moves up alone: 0 and 1; both at once share it
    "zeros(2).scatter_reduce(0, [0,0,1], x, 'amax')\" x=1,1,2": ("x[0] (and 1 more)", (0, 1, 0.5)),
    "zeros(2).scatter_reduce(0, [0,0,1], x, 'amin', include_self=False)\" x=1,1,2": ("x[0] (and 1 more)", (1, 0, 0.5)),
    "zeros(2).index_reduce(0, [0,0,1], x, 'amax')\" x=1,1,2": ("x[0] (and 1 more)", (0, 1, 0.5)),
    'aminmax(x)[1]" x=1,1,0': ("x[0] (and 1 more)", (0, 1, 0.5)),
    'adaptive_max_pool1d(x, 1)" x=[[1,1,0]]': ("x[0, 0] (and 1 more)", (0, 1, 1)),
    'adaptive_max_pool2d(x, 1)" x=[[[1,1],[1,0]]]': ("x[0, 0, 0] (and 2 more)", (0, 1, 1)),
    'adaptive_max_pool1d(x, 2)" x=[[1,2,2]]': ("x[0, 1] (and 1 more)", (1, 2, 2)),
    'fractional_max_pool2d(x, 2, output_size=1)" x=[[[1,1],[0,0]]]': ("x[0, 0, 0] (and 1 more)", (0, 1, 1)),
    'adaptive_max_pool3d(x, 1)" x=[[[[1,1],[0,0]]]]': ("x[0, 0, 0, 0] (and 1 more)", (0, 1, 1)),
    'fractional_max_pool3d(x, 2, output_size=1)" x=where(arange(27)>24,1,0).reshape(1,3,3,3)*1.0': (
        "x[0, 2, 2, 1] (and 1 more)",  # the last two
        (0, 1, 1),
    ),
    # of three numbers that differ the smallest is taken
    'mode(x)[0]" x=1,1,2': ("x[0] (and 1 more)", (1, 0, 0)),
    # 0.6 of the way from the smallest to the next: as the smaller one an element counts 0.4, as the larger one 0.6
    'quantile(x, 0.3)" x:float64=1,1,3': ("x[0] (and 1 more)", (0.4, 0.6, 0.4)),
    'nanquantile(x, 0.5)" x=1,1,3': ("x[0] (and 1 more)", (0, 1, 0)),
    # |x| + |y - x|, and the larger of both
    'cdist(x, y, p=1)" x=[[0,0]] y=[[0,1]]': ("x[0, 0]", (-1, 1, 0)),
    'dist(x, y, 1)" x=0,1 y=0,3': ("x[0]", (-1, 1, 0)),
    'pairwise_distance(x, y, p=1, eps=0)" x=[[0,0]] y=[[0,1]]': ("x[0, 0]", (-1, 1, 0)),
    # 0.01 of the other slopes
    'pairwise_distance(x, y, p=1, eps=0)*w" x=[[3,0],[0,0]] y=[[0,1],[0,1]] w=1,0.01 --wrt x': (
        "x[1, 0]",
        (-0.01, 0.01, 0),
    ),
    'cdist(x, y, p=inf)" x=[[0,0]] y=[[1,1]]': ("x[0, 0] (and 1 more)", (-1, 0, -1)),
    '1e-6*cdist(x, y, p=1)" x=[[0,0]] y=[[0,1]]': ("x[0, 0]", ("-1e-06", "1e-06", 0)),
    'pdist(x, 1)" x=[[0,0],[0,1]]': ("x[0, 0] (and 1 more)", (-1, 1, 0)),
    'lp_pool1d(x, 2, 2)" x=[[0,0,3,4]]': ("x[0, 0] (and 1 more)", (-1, 1, 0)),
    'lp_pool2d(x, 2, 2)" x=[[[0,0,3,4],[0,0,0,0]]]': ("x[0, 0, 0] (and 3 more)", (-1, 1, 0)),
    'lp_pool3d(x, 2, 2)" x=[[[[0,0,3,4],[0,0,0,0]],[[0,0,0,0],[0,0,0,0]]]]': (
        "x[0, 0, 0, 0] (and 7 more)",
        (-1, 1, 0),
    ),
    "norm(x, 'nuc')\" x=[[0,0],[0,1]]": ("x[0, 0]", (-1, 1, 1)),  # |x| + 1
    # the largest and the smallest sum of a column
    'linalg.matrix_norm(x, 1)" x=[[1,2],[2,1]]': ("x[0, 0] (and 3 more)", (0, 1, 0.5)),
    'linalg.matrix_norm(x, inf)" x=[[1,2],[2,1]]': ("x[0, 0] (and 3 more)", (0, 1, 0.5)),
    'linalg.norm(x, -1)" x=[[1,2],[2,1]]': ("x[0, 0] (and 3 more)", (1, 0, 0.5)),
    'linalg.cond(x)" x=[[1,0],[0,1]]': ("x[0, 0] (and 3 more)", (-1, 1, 1)),
    # at norm 1 a row begins to be divided by its norm
    'renorm(x, 2, 0, 1.0)" x=[[1,0],[3,4]]': ("x[0, 0]", (1, 0, 1)),
    # max(0, 1 - x[0] + x[j]) over 3: the second hinge is at 0, the third is open
    'multi_margin_loss(x, t)" x:float64=[[1,0,2]] t:int64=0': ("x[0, 0] (and 1 more)", (-0.66667, -0.33333, -0.333333)),
    'multilabel_margin_loss(x, t)" x=[[2,1]] t:int64=[[0,-1]]': ("x[0, 0] (and 1 more)", (-0.5, 0, 0)),
    'cosine_embedding_loss(x, y, t)" x=[[1,0]] y=[[0,1]] t:int64=[-1]': ("x[0, 1]", (0, 1, 1)),
    'triplet_margin_loss(a, p, n)" a=[[0,0]] p=[[1,0]] n=[[2,0]]': ("p[0, 0]", (0, 1, 1)),
    # (1 - u)*3 + u*5 in the image, and 5 falling to 0 within a pixel beyond it, in half a pixel per unit
    'grid_sample(i, g, align_corners=True)" i=[[[[1,2],[3,5]]]] g=[[[[1,1]]]]': (
        "g[0, 0, 0, 0] (and 1 more)",
        (1, -2.5, -2.5),
    ),
    'copysign(x, y) + y" x=0,1 y=1,1': ("x[0]", (-1, 1, 0)),
}
"""By the call: where, and the slopes to the left and to the right with the one that PyTorch takes."""

JUMPS = {
    "frac(x)' x=1,1.5": ("x[0]", 1),
    "x % 1' x=1,1.5": ("x[0]", 1),
    "fmod(x, 1)' x=1,1.5": ("x[0]", 1),
    "remainder(x, y)' x=2.5,3 y=1,1.5": ("x[1]", 1),
    "atan2(y, x) + x' y=0,1 x=-1,1": ("y[0]", -1),  # from -pi to pi
    "atan2(y, x) + x + y' y=0 x=0": ("y", 0),
    "angle(x) + x' x=-1,0,1": ("x[1]", 0),  # from pi to 0
}


def summed(call: str, quote: str) -> str:
    """A call whose value is one number, as a tape of several is not recorded."""
    text, _, inputs = call.partition(quote)
    return f"{quote}sum({text}){quote}{inputs}"


@each("call", SAYS)
def test_both_slopes_are_told_and_the_one_that_pytorch_takes(call: str) -> None:
    where, slopes = SAYS[call]
    (message,) = (one.message for one in on_tape_of(summed(call, '"')) if one.code == "kink")
    assert f" has a kink at {where}: " in message
    assert message.partition(": ")[2].removeprefix("weighted by what arrives, ") == SIDES.format(*slopes)


@each("call", JUMPS)
def test_a_jump_is_told_with_the_slope_that_pytorch_takes(call: str) -> None:
    where, taken = JUMPS[call]
    (message,) = (one.message for one in on_tape_of(summed(call, "'")) if one.code == "kink")
    assert message.endswith(f" jumps at {where}: {JUMP.format(taken)}")
