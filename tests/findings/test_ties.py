"""The rule `kink` where equal numbers may change places: sorting, medians, pooling, singular values, norms by order."""

from __future__ import annotations

from each import each
from looking import on_tape_of

WEIGHTED = "weighted by what arrives, "
SIDES = "slope {} to the left and {} to the right, PyTorch takes {}"

SAYS = {
    # the smaller one of two stands first: moved up it has the weight 1, moved down 0
    "sum(sort(x)[0]*[0,1,2])' x=1,1,2": "sort(x) has a kink at x[0] (and 1 more): " + WEIGHTED + SIDES.format(0, 1, 0),
    "sum(sort(x, dim=0, descending=True)[0]*[[0],[1]])' x=[[1],[1]]": (
        "sort(x, dim=0, descending=True) has a kink at x[0, 0] (and 1 more): " + WEIGHTED + SIDES.format(1, 0, 0)
    ),
    "sum(msort(x)*[[3],[5]])' x=[[2],[2]]": (
        "msort(x) has a kink at x[0, 0] (and 1 more): " + WEIGHTED + SIDES.format(3, 5, 3)
    ),
    "sum(topk(x, 1)[0])' x=2,1,2": "topk(x, 1) has a kink at x[0] (and 1 more): " + SIDES.format(0, 1, 1),
    "sum(topk(x, 2, largest=False)[0])' x=2,1,2": (
        "topk(x, 2, largest=False) has a kink at x[0] (and 1 more): " + SIDES.format(1, 0, 1)
    ),
    "sum(topk(x, 2)[0]*[1,0])' x=2,2,0": "topk(x, 2) has a kink at x[0] (and 1 more): "
    + WEIGHTED
    + SIDES.format(0, 1, 1),
    "sum(kthvalue(x, 2)[0])' x=2,1,2": "kthvalue(x, 2) has a kink at x[0] (and 1 more): " + SIDES.format(1, 0, 1),
    "sum(kthvalue(x, 1)[0])' x=[[1,1],[1,2]]": (
        "kthvalue(x, 1) has a kink at x[0, 0] (and 1 more): " + SIDES.format(1, 0, 1)
    ),
    "median(x)' x=1,1,2": "median(x) has a kink at x[0] (and 1 more): " + SIDES.format(0, 1, 0.5),
    "median(x)' x=[[5,1],[1,2]]": "median(x) has a kink at x[0, 1] (and 1 more): " + SIDES.format(0, 1, 0.5),
    "median(x)' x=1,1,1": "median(x) has a tie at x[0] (and 2 more): " + SIDES.format(0, 0, 0.333333),
    "sum(nanmedian(x, dim=1, keepdim=True)[0])' x=[[1,2,2],[1,2,3]]": (
        "nanmedian(x, dim=1, keepdim=True) has a kink at x[0, 1] (and 1 more): " + SIDES.format(1, 0, 1)
    ),
    "sum(cummax(x, dim=0)[0])' x=1,1,2": "cummax(x, dim=0) has a kink at x[0] (and 1 more): " + SIDES.format(1, 2, 1),
    "sum(cummin(x, dim=0)[0]*[1,3])' x=1,1": (
        "cummin(x, dim=0) has a kink at x[0] (and 1 more): " + WEIGHTED + SIDES.format(4, 1, 1)
    ),
    "sum(max_pool1d(x, 2))' x=[[[1,1,2,3]]]": (
        "max_pool1d(x, 2) has a kink at x[0, 0, 0] (and 1 more): " + SIDES.format(0, 1, 1)
    ),
    # four windows that all hold the two 3s
    "sum(max_pool2d(x, 3, stride=1, padding=1))' x=[[[[1,2],[3,3]]]]": (
        "max_pool2d(x, 3, stride=1, padding=1) has a kink at x[0, 0, 1, 0] (and 1 more): " + SIDES.format(0, 4, 4)
    ),
    "sum(max_pool1d(x, 2, dilation=2))' x=[[[1,2,1,5]]]": (
        "max_pool1d(x, 2, dilation=2) has a kink at x[0, 0, 0] (and 1 more): " + SIDES.format(0, 1, 1)
    ),
    "sum(max_pool1d(x, 2, stride=1))' x=[[[3,1,1]]]": (
        "max_pool1d(x, 2, stride=1) has a kink at x[0, 0, 1] (and 1 more): " + SIDES.format(0, 1, 1)
    ),
    "sum(max_pool3d(x, (1, 2, 1)))' x=[[[[[1],[1],[3],[2]]]]]": (
        "max_pool3d(x, (1, 2, 1)) has a kink at x[0, 0, 0, 0, 0] (and 1 more): " + SIDES.format(0, 1, 1)
    ),
    "sum(linalg.svdvals(x)*[1,2])' x=[[1,0],[0,1]]": (
        "linalg.svdvals(x) has a kink at x: two singular values are equal, and the gradients that arrive at them differ"
    ),
    "sum(linalg.svdvals(x))' x=[[1,2],[2,4]]": "linalg.svdvals(x) has a kink at x: a singular value is 0",
    "linalg.eigvalsh(x)[0]' x=[[1,0],[0,1]]": (
        "linalg.eigvalsh(x) has a kink at x: two eigenvalues are equal, and the gradients that arrive at them differ"
    ),
    'linalg.norm(x, "nuc")\' x=[[1,0],[0,0]]': 'linalg.norm(x, "nuc") has a kink at x: a singular value is 0',
    "linalg.matrix_norm(x, 2)' x=[[0,2],[2,0]]": (
        "linalg.matrix_norm(x, 2) has a kink at x: two singular values are equal, "
        "and the gradients that arrive at them differ"
    ),
    "norm(x, p=inf)' x=1,-1,0": "norm(x, p=inf) has a kink at x[0] (and 1 more): " + SIDES.format(0, 1, 0.5),
    "sum(linalg.vector_norm(x, ord=inf, dim=1))' x=[[1,2],[3,-3]]": (
        "linalg.vector_norm(x, ord=inf, dim=1) has a kink at x[1, 0] (and 1 more): " + SIDES.format(0, 1, 0.5)
    ),
    "norm(x, p=-inf)' x=2,1,1": "norm(x, p=-inf) has a kink at x[1] (and 1 more): " + SIDES.format(1, 0, 0.5),
    # 1/(1/|a| + 1/|b|) is |a| beside a = 0
    "norm(x, p=-1) + sum(x)' x=0,1": "norm(x, p=-1) has a kink at x[0]: " + SIDES.format(-1, 1, 0),
    "abs(complex(x, y)) + x + y' x=0 y=0": "abs(complex(x, y)) has a kink at complex(x, y): PyTorch takes 0",
    "sum(abs(fft.fft(x)))' x=1,1": "abs(fft.fft(x)) has a kink at fft.fft(x)[1]: PyTorch takes 0",
    "sum(x.std(dim=1))' x=[[1,1],[1,2]]": (  # |a - 1|/sqrt(2)
        "x.std(dim=1) has a kink at x[0, 0] (and 1 more): " + SIDES.format(-0.70711, 0.70711, 0)
    ),
    "std_mean(x, unbiased=False)[0] + sum(x)' x=3,3": (
        "std_mean(x, unbiased=False) has a kink at x[0] (and 1 more): " + SIDES.format(-0.5, 0.5, 0)
    ),
    "std(x, unbiased=False) + sum(x)' x=3,3": (
        "std(x, unbiased=False) has a kink at x[0] (and 1 more): " + SIDES.format(-0.5, 0.5, 0)
    ),
    "smooth_l1_loss(x, t, beta=0) + x' x=1 t=1 --wrt x": (
        "smooth_l1_loss(x, t, beta=0) has a kink at x: " + SIDES.format(-1, 1, 0)
    ),
    # the mean of two: the hinge falls to the left alone
    "hinge_embedding_loss(x, t)' x=1,1 t=1,-1 --wrt x": (
        "hinge_embedding_loss(x, t) has a kink at x[1]: " + SIDES.format(-0.5, 0, -0.5)
    ),
    "margin_ranking_loss(x, y, t)' x=1,2 y=1,5 t=1,-1 --wrt x": (
        "margin_ranking_loss(x, y, t) has a kink at x[0]: " + SIDES.format(-0.5, 0, -0.5)
    ),
}

LEFT_ALONE = (
    "sum(sort(x)[0])' x=1,1,2",  # whichever of them stands first
    "sum(sort(x)[0]*[0,1,2])' x=1,2,3",
    "sum(sort(x)[0]*[5,5,0])' x=1,1,2",
    "sum(sort(x, descending=True)[0]*[0,5,5])' x=1,1,2",
    "sum(sort([y, 2.])[0]*[0,1])' y=2",  # of a list, whose elements are no operand's
    "linalg.svdvals([[y, 0.], [0., 1.]])[0]' y=1",
    "sum(sort(x, dim=0)[0]*[[0,1],[2,3]])' x=[[1,1],[2,2]]",  # equal along the other dimension
    "sum(topk(x, 2)[0])' x=2,1,2",
    "sum(topk(x, 1)[0])' x=2,1,1",
    "sum(kthvalue(x, 1)[0])' x=2,1,2",
    "median(x)' x=1,2,3,3",
    "sum(median(x, dim=0)[0])' x=[[1,1],[2,2],[3,3]]",
    "nanmedian(x)' x=1,2,3,3,nan,nan,nan",  # the 2
    "sum(cummax(x, dim=0)[0])' x=1,2,1",
    "cummax(x, dim=0)[0][0]' x=1,1",  # the second is not asked for
    "sum(max_pool1d(x, 2))' x=[[[1,2,2,1]]]",  # of two windows
    "sum(max_pool1d(x, 2, ceil_mode=True))' x=[[[1,2,3]]]",
    "sum(max_pool1d(x, 2)*[0,1])' x=[[[1,1,2,3]]]",
    "sum(linalg.svdvals(x))' x=[[1,0],[0,1]]",  # their sum has none
    "sum(linalg.svdvals(x)*[1,2])' x=[[1,0],[0,2]]",
    "linalg.eigvalsh(x)[0]' x=[[1,0],[0,-1]]",
    "sum(linalg.eigvalsh(x))' x=[[0,0],[0,1]]",
    'linalg.norm(x, "nuc")\' x=[[1,0],[0,1]]',
    "linalg.norm(x, 2)' x=[[1,0],[0,2]]",
    "linalg.matrix_norm(x)' x=[[1,0],[0,1]]",  # of all elements
    "sum(linalg.matrix_norm(x, 2))' x=[[[1,0],[0,0]],[[1,0],[0,2]]]",  # the largest of each
    "norm(x, p=inf)' x=2,1,1",
    "norm(x, p=-inf)' x=2,2,1",
    "norm(x, p=-1)' x=0,0,1",
    "abs(complex(x, y))' x=0 y=1",
    "x.std()' x=1,2",
    "std(x)' x=full([300],1.2345678e10)",  # which float32 does not give as 0
    "std(x, unbiased=False)' x=3",  # one alone has none
    "smooth_l1_loss(x, t)' x=1 t=1 --wrt x",
    "hinge_embedding_loss(x, t)' x=1,2 t=1,-1 --wrt x",
    "margin_ranking_loss(x, y, t, margin=1)' x=1 y=1 t=1 --wrt x",
)


@each("call", SAYS)
def test_a_tie_is_told_with_the_true_slopes_of_both_sides(call: str) -> None:
    assert [one.message for one in on_tape_of(f"'{call}") if one.code == "kink"] == [SAYS[call]]


@each("call", LEFT_ALONE)
def test_equal_numbers_that_change_nothing_are_left_alone(call: str) -> None:
    assert [one.message for one in on_tape_of(f"'{call}") if one.code == "kink"] == []
