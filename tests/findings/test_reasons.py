"""Why an operation gives NaN or an infinity, where the numbers alone do not say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan

import torch
from each import each
from looking import on_tape_of

from gradcli.diagnose.origins import reasons
from gradcli.model.place import Place, Source
from gradcli.numerics.literals import Context
from gradcli.recording.operation import Operation
from gradcli.recording.recorder import Recorder
from gradcli.recording.tape import Step
from gradcli.results.phrasing import text

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
    "var_mean(x, 0)[0]' x=[[1,2]]": ONE_ELEMENT,
    "std_mean(x, 0)[0]' x=[[1,2]]": ONE_ELEMENT,
    "corrcoef(x)' x=[[1,1,1],[1,2,3]]": "it divides by standard deviations, and a constant row has none",
    "cov(x)' x=[[1],[2]]": ONE_ELEMENT.replace("element", "observation"),
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
    "layer_norm([y, y], [2], eps=0)' y=1": DEVIATION,
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
    "cross_entropy(x, t)' x=[[3e38,-3e38]] t:int64=1,": "the largest float32 is 3.40282e+38",  # 6e38
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


@dataclass(eq=False, kw_only=True)
class Given(Operation):
    """An operation that gives the same whatever it is given, with arguments that are written so."""

    texts: tuple[str, ...] = ()
    result: object = None

    @property
    def places(self) -> Sequence[Place]:
        return [Place(Source(one), 0, len(one)) for one in self.texts]

    def apply(self, _arguments: Sequence[object], _context: Context) -> object:
        return self.result


def step_of(operation: Operation, value: torch.Tensor, *arguments: object) -> Step:
    recorder = Recorder(in_place=False)
    recorder.add(operation, Place(Source("f(x)"), 0, 4), value, arguments=arguments)
    return recorder.steps[0]


FLOAT16 = "the largest float16 is 65504"
INFINITE, HALF = torch.tensor([1.0, inf]), torch.tensor([1.0, inf], dtype=torch.float16)


@each(
    "made, arguments, reason",
    [
        (HALF, [torch.tensor([1.0, 1e5])], FLOAT16),
        (HALF, [torch.tensor([1, 100_000])], FLOAT16),
        (HALF, [INFINITE], None),  # it was infinite before
        (HALF, [torch.tensor([1.0, 1e5]), torch.tensor([1.0, 1.0])], None),
        (HALF, [torch.tensor([1.0])], None),  # not element by element
        (INFINITE, [torch.tensor([1.0, 1e5])], None),
    ],
)
def test_what_is_converted_to_a_dtype_that_ends_before_it_becomes_infinite(
    made: torch.Tensor, arguments: list[object], reason: str | None
) -> None:
    told = reasons.of_value(step_of(Given(name="to"), made, *arguments), (1,), inf)
    assert (None if told is None else text(told)) == reason


@each(
    "name, texts, arguments, value, reason",
    [
        ("f", (), [2.0, torch.ones(2), INFINITE], nan, "(argument 3)[1] = inf"),
        ("f", ("x",), [INFINITE], nan, "x[1] = inf"),
        ("f", ("2*x",), [-INFINITE], nan, "(2*x)[1] = -inf"),
        ("f", ("2*x",), [torch.tensor(inf)], nan, "2*x = inf"),
        ("f", ("z",), [torch.tensor([complex(1, inf)])], nan, "z[0]"),
        ("f", ("x",), [torch.ones(2)], nan, None),
        ("f", ("x",), [INFINITE], inf, None),
        ("sub", ("x", "x"), [INFINITE, INFINITE], nan, None),  # its operands are told at the element
        ("layer_norm", ("x",), [torch.tensor([0.0, 1e20])], inf, None),
    ],
)
def test_what_goes_in_is_told_where_nan_comes_out(
    name: str, texts: tuple[str, ...], arguments: list[object], value: float, reason: str | None
) -> None:
    operation = Given(name=name, texts=texts, elementwise=name == "sub")
    told = reasons.of_value(step_of(operation, torch.tensor([value]), *arguments), (0,), value)
    expected = None if reason is None else f"{reason} goes in, and 0 * inf and inf - inf are nan"
    assert (None if told is None else text(told)) == expected


@each(
    "name, arguments, reason",
    [
        ("f", [2.0, INFINITE], "it multiplies by (argument 2)[1] = inf"),
        ("softmax", [INFINITE], "its derivative multiplies by its value"),
        ("f", [torch.ones(2)], None),
    ],
)
def test_what_a_gradient_is_multiplied_by_is_told(name: str, arguments: list[object], reason: str | None) -> None:
    told = reasons.of_gradient(step_of(Given(name=name), torch.ones(2), *arguments))
    assert (None if told is None else text(told)) == reason


@each(
    "x, overflow",
    [
        (torch.tensor([0.0, 1e20]), True),
        (torch.tensor([0.0, 1e19]), False),
        (torch.tensor([0, 2**62]), False),
        (torch.zeros(0), False),
        (1e20, False),
    ],
)
def test_squares_of_differences_from_a_mean_overflow(x: object, overflow: bool) -> None:
    assert reasons.squares_overflow(step_of(Given(name="layer_norm"), torch.zeros(2), x)) is overflow


def test_without_floating_operands_there_is_nothing_to_widen() -> None:
    operation = Given(name="f", result=torch.zeros(1, dtype=torch.float64))
    assert reasons.in_double(step_of(operation, torch.zeros(1), 2)) is None
    assert reasons.in_double(step_of(operation, torch.zeros(1), torch.zeros(1, dtype=torch.float64))) is None
    assert reasons.in_double(step_of(operation, torch.zeros(1), torch.zeros(1))) is operation.result
