"""Why an operation gives NaN or an infinity, where the numbers alone do not say it."""

from __future__ import annotations

from each import each
from looking import on_tape_of

LARGEST = "it subtracts the largest element, and inf - inf is nan"
DEVIATION = "it divides by the standard deviation, which is 0"
SQUARES = "the squares that it adds up are more than the largest float32"
NO_TARGET = "its mean divides by the number of counted targets, or by their weights, and that is 0"
ONE_ELEMENT = "it divides by n - 1, which is 0 for one element"
NO_ELEMENT = "it divides by the number of elements, which is 0"
OF_NAN = {
    "softmax(x, 0)' x=-inf,-inf": LARGEST,
    "log_softmax(x, 0)' x=-inf,-inf": LARGEST,
    "softmin(x, 0)' x=inf,inf": LARGEST,
    "gumbel_softmax(x.masked_fill(m, -inf))' x=1,2 m:bool=1,1": LARGEST,
    "var(x, 0)' x=[[1,2]]": ONE_ELEMENT,
    "std(x, 0)' x=[[1,2]]": ONE_ELEMENT,
    "mean(x)' x='zeros(0)'": NO_ELEMENT,
    "nanmean(x)' x='zeros(0)'": NO_ELEMENT,
    "scaled_dot_product_attention(x, x, x)' x=[[[1e30,2e30],[1,1]]]": (
        "products of queries and keys are infinite, and inf - inf is nan"
    ),
    "cross_entropy(x, t)' x=[[1,2]] t:int64=-100,": NO_TARGET,
    "cross_entropy(x, t)' x=[[-inf,-inf]] t:int64=0,": ": x[0, 0] = -inf goes in, and 0 * inf and inf - inf are nan",
    "cross_entropy(2*x, t)' x=[[-inf,-inf]] t:int64=0,": ": (2*x)[0, 0] = -inf goes in, and 0 * inf and inf - inf",
    "nll_loss(x, t)' x=[[-1,-2]] t:int64=-100,": NO_TARGET,
    "logdet(x)' x=[[0,1],[1,0]]": "the determinant is negative",
    "normalize(x, dim=0, eps=0)' x=0,0": "it divides by the norm, which is 0",
    "cosine_similarity(x, y, 0, 0)' x=0,0 y=1,2": "it divides by the norms, of which one is 0",
    "batch_norm(x, m, v, eps=0)' x=[[1],[1]] m=1, v=0, --wrt x": DEVIATION,
    "instance_norm(x, m, v, use_input_stats=False, eps=0)' x=[[[1,1]]] m=1, v=0, --wrt x": DEVIATION,
    "layer_norm(x, [2], eps=0)' x=1,1": DEVIATION,
    "group_norm(x, 1, eps=0)' x=[[1,1]]": DEVIATION,
    "group_norm(x, 1, eps=0)' x=[[1,1],[1,100]]": DEVIATION,
    "group_norm(x, 1, eps=0)' x=[[1,1],[0,2.5e19]]": DEVIATION,  # the largest square is 1.6e38
    "layer_norm(x, [2])' x=0,4.5e19": SQUARES,  # 5e38
    "group_norm(x, 1)' x=[[0,1e20]]": SQUARES,
    "rms_norm(x, [2], eps=0)' x=0,0": "it divides by the root of the mean square, which is 0",
}
OF_INFINITY = {
    "exp(x)' x=100": "the largest float32 is 3.40282e+38",
    "x*3e38' x=-2": "the largest float32 is 3.40282e+38",
    "logdet(x)' x=[[1,1],[1,1]]": "the determinant is 0",
    "slogdet(x)[1]' x=[[1,1],[1,1]]": "the determinant is 0",
    "linalg.slogdet(x)[1]' x=[[1,1],[1,1]]": "the determinant is 0",
    "ctc_loss(x, t, [2], [3])' x='log_softmax(ones(2, 1, 3), 2)' t:int64=[[1,2,1]]": (
        "no alignment is possible: the input is too short for the targets (see zero_infinity)"
    ),
}
SINGULAR_VALUES = "its derivative divides by differences of squared singular values, which must all differ"
EIGENVALUES = "its derivative divides by differences of eigenvalues, which must all differ"
SOLVES_WITH_R = "its derivative solves with R, which is singular"
INVERSE = "its derivative is the inverse, and the matrix is singular"
OF_A_GRADIENT = {
    "linalg.svd(x)[0]' x=[[1,0],[0,1]]": SINGULAR_VALUES,
    "svd(x)[0]' x=[[1,0],[0,1]]": SINGULAR_VALUES,
    "linalg.eigh(x)[1]' x=[[1,0],[0,1]]": EIGENVALUES,
    "linalg.eig(x)[1].abs()' x=[[1,0],[0,1]]": EIGENVALUES,
    "linalg.qr(x)[0]' x=[[0,0],[0,0]]": SOLVES_WITH_R,
    "qr(x)[0]' x=[[0,0],[0,0]]": SOLVES_WITH_R,
    "linalg.cholesky(x)*1e30' x=[[1e-36]]": "its derivative solves with the factor, which is singular",
    "linalg.inv(x)' x=[[1e-30]]": "its derivative multiplies by the inverse twice",
    "logdet(x)' x=[[1e-39]]": INVERSE,
    "slogdet(x)[1]' x=[[1e-39]]": INVERSE,
    "linalg.slogdet(x)[1]' x=[[1e-39]]": INVERSE,
    "logsumexp(x, 0)' x=-inf,-inf": "its derivative is exp(x - logsumexp(x)), and inf - inf is nan",
    "logcumsumexp(x, 0)' x=-inf,-inf": "its derivative is exp(x - logcumsumexp(x)), and inf - inf is nan",
    "softmax(x, 0)*w' x=-1000,0 w=3e38,-3e38 --wrt x": "its derivative multiplies by its value",
    "log_softmax(x, 0)*w' x=1,0 w=3e38,3e38 --wrt x": "its derivative multiplies by the exponential of its value",
    "norm(x, 1.5)*1e38' x=1e-26,1e-30": "its derivative divides by a power of the norm",
    "linalg.vector_norm(x, 1.5)*1e38' x=1e-26,1e-30": "its derivative divides by a power of the norm",
    "kl_div(x, t)' x=-1,-2 t=0,1": (
        "it contains target*log(target), whose derivative log(target) + 1 is infinite at 0"
    ),
}
OF_A_MASK = {
    "where(m, x @ w, 0)' x=[[1,1],[inf,1]] w=0,1 m:bool=1,0 --wrt w": ": it multiplies by x[1, 0] = inf;",
    "where(m, 2*x @ w, 0)' x=[[1,1],[1,-inf]] w=0,1 m:bool=1,0 --wrt w": ": it multiplies by (2*x)[1, 1] = -inf;",
}


@each(
    "codes, call, reason",
    [
        *((("nan-forward",), *case) for case in OF_NAN.items()),
        *((("inf-forward",), *case) for case in OF_INFINITY.items()),
        *((("nan-backward", "inf-backward"), *case) for case in OF_A_GRADIENT.items()),
        *((("masked-branch",), *case) for case in OF_A_MASK.items()),
    ],
)
def test_the_reason_of_the_operation_is_told(codes: tuple[str, ...], call: str, reason: str) -> None:
    told = on_tape_of(f"'sum({call.replace(chr(39), ')' + chr(39), 1)}")
    (finding,) = (one for one in told if one.code in codes)
    assert reason in finding.message
