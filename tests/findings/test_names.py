"""The tables of operations that the rules know: each name has an expression whose finding depends on it."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace
from typing import cast

import pytest
import torch
from command_line import answered
from each import each
from looking import on_tape, tape_of

from gradcli.diagnose.origins import forward
from gradcli.diagnose.origins.parts import LONGEST, formula, shortened
from gradcli.diagnose.origins.poles import NORMS, POLES, may_meet_zero
from gradcli.diagnose.origins.selection import SELECTING
from gradcli.language.parser import parse
from gradcli.recording.from_expression import foreseen
from gradcli.recording.tape import Step

pytestmark = pytest.mark.usefixtures("no_fixes")

DISCARDS = {
    "where": "where(x > 0, s, 1.0)",
    "masked_fill": "s.masked_fill(x == 0, 1.0)",
    "masked_fill_": "s.masked_fill_(x == 0, 1.0)",
    "masked_select": "s.masked_select(x > 0)",
    "masked_scatter": "s.masked_scatter(x == 0, ones(3))",
    "clamp": "clamp(s, 0.5, 9)",
    "clamp_min": "clamp_min(s, 0.5)",
    "clamp_max": "clamp_max(s, -1)",
    "clamp_": "s.clamp_(0.5, 9)",
    "maximum": "maximum(s, ones(3))",
    "minimum": "minimum(s, -ones(3))",
    "fmax": "fmax(s, ones(3))",
    "fmin": "fmin(s, -ones(3))",
    "max": "max(s)",
    "min": "min(-s)",
    "amax": "amax(s)",
    "amin": "amin(-s)",
    "aminmax": "aminmax(s)[1]",
    "nansum": "nansum(s / x)",
    "nanmean": "nanmean(s / x)",
    "nan_to_num": "nan_to_num(s / x)",
    "nan_to_num_": "nan_to_num_(s / x)",
    "nanquantile": "nanquantile(s / x, 0.5)",
    "nanmedian": "nanmedian(s / x)",
    "index": "s[[0, 1]]",
    "index_fill": "s.index_fill(0, [2], 1.0)",
    "index_fill_": "s.index_fill_(0, [2], 1.0)",
    "index_select": "index_select(s, 0, [0, 1])",
    "index_put": "s.index_put([[2]], [1.0])",
    "index_put_": "s.index_put_([[2]], [1.0])",
    "select": "s.select(0, 1)",
    "select_scatter": "select_scatter(s, ones([]), 0, 2)",
    "take": "take(s, [0, 1])",
    "take_along_dim": "take_along_dim(s, [0, 1], 0)",
    "gather": "gather(s, 0, [0, 1])",
    "index_copy": "s.index_copy(0, [2], [1.0])",
    "scatter": "scatter(s, 0, [2], 1.0)",
    "scatter_": "s.scatter_(0, [2], 1.0)",
    "relu": "relu(s - 0.5)",
    "relu_": "(s - 0.5).relu_()",
    "relu6": "relu6(s - 0.5)",
    "hardtanh": "hardtanh(s - 5)",
    "threshold": "threshold(s, 0.5, 0.1)",
    "threshold_": "threshold_(s, 0.5, 0.1)",
    "hardshrink": "hardshrink(s)",
    "softshrink": "softshrink(s)",
    "narrow": "narrow(s, 0, 0, 2)",
    "unbind": "unbind(s)[0]",
    "split": "split(s, 1)[0]",
    "chunk": "chunk(s, 3)[0]",
    "tensor_split": "tensor_split(s, 3)[0]",
    "topk": "topk(s, 1)[0]",
    "kthvalue": "kthvalue(s, 3)[0]",
    "median": "median(s)",
    "mode": "mode(-s)[0]",
    "cummax": "cummax(s, 0)[0]",
    "cummin": "cummin(-s, 0)[0]",
    "tril": "tril(s.reshape(1, 3))",
    "triu": "triu(s.reshape(3, 1))",
    "diag": "diag(s.reshape(1, 3))",
    "diagonal": "diagonal(s.reshape(1, 3))",
    "dropout": "dropout(s, 0.999, True)",
    "nll_loss": "nll_loss(s.reshape(1, 3), [0])",
    "cross_entropy": "cross_entropy(stack([s, s], 1), [0, 0, -100])",
    "scaled_dot_product_attention": (
        "scaled_dot_product_attention(ones(1, 1, 1), ones(1, 3, 1), s.reshape(1, 3, 1), "
        "attn_mask=tensor([[1, 1, 0]]) > 0)"
    ),
    "slice_scatter": "slice_scatter(s, ones(1), 0, 2, 3)",
    "diagonal_scatter": "diagonal_scatter(s.reshape(3, 1), ones(1))",
}
"""What discards the last element of s, which is the root of x."""
ZERO_FIRST = {"diagonal_scatter"}
"""The zero stands first for these: the corner of a matrix is all that they replace."""


@each("name", DISCARDS)
def test_what_discards_an_element_explains_the_nan_of_a_branch_that_is_not_taken(name: str) -> None:
    points = [0.0, 1.0, 4.0] if name in ZERO_FIRST else [1.0, 4.0, 0.0]
    told = on_tape(f"s = sqrt(x) * 1; sum({DISCARDS[name]})", x=points)
    (finding,) = (one for one in told if one.code == "masked-branch")
    assert "which discards the element" in finding.message


def test_every_operation_that_discards_is_tried() -> None:
    assert set(DISCARDS) == SELECTING


UNDERFLOWS = {
    "mul": "x*x",
    "div": "x/1e200",
    "pow": "x**2",
    "float_power": "float_power(x, 2)",
    "square": "square(x)",
    "exp": "exp(y)",
    "exp2": "exp2(2*y)",
    "prod": "prod(stack([x, x]))",
    "cumprod": "cumprod(stack([x, x]), 0)[1]",
    "det": "det(diag(stack([x, x])))",
    "linalg.det": "linalg.det(diag(stack([x, x])))",
    "matmul": "stack([x, x]) @ stack([x, x])",
    "mm": "mm(x.reshape(1, 1), x.reshape(1, 1))",
    "mv": "mv(x.reshape(1, 1), x.reshape(1))",
    "bmm": "bmm(x.reshape(1, 1, 1), x.reshape(1, 1, 1))",
    "dot": "dot(x.reshape(1), x.reshape(1))",
    "inner": "inner(x.reshape(1), x.reshape(1))",
    "outer": "outer(x.reshape(1), x.reshape(1))",
    "einsum": "einsum('i,i->', x.reshape(1), x.reshape(1))",
    "linear": "linear(x.reshape(1), x.reshape(1, 1))",
    "sigmoid": "sigmoid(y)",
    "softmax": "softmax(stack([0*y, y]), 0)[1]",
    "softmin": "softmin(stack([0*y, -y]), 0)[1]",
    "softplus": "softplus(y)",
    "logsigmoid": "-logsigmoid(-y)",
    "silu": "-silu(y)",
    "erfc": "erfc(-y)",
    "special.ndtr": "special.ndtr(y)",
    "norm": "norm(stack([x, x]))",
    "linalg.norm": "linalg.norm(stack([x, x]))",
    "linalg.vector_norm": "linalg.vector_norm(stack([x, x]))",
    "linalg.matrix_norm": "linalg.matrix_norm(diag(stack([x, x])))",
    "cdist": "cdist(x.reshape(1, 1), -x.reshape(1, 1))",
    "var": "var(stack([x, 2*x]))",
    "mse_loss": "mse_loss(x, -x)",
    "std": "std(stack([x, 2*x]))",
    "dist": "dist(stack([x, x]), -stack([x, x]))",
    "pairwise_distance": "pairwise_distance(stack([x, x])[None], -stack([x, x])[None], eps=0)",
    "ldexp": "ldexp(x, y)",
    "log_softmax": "-log_softmax(stack([0*y, y]), 0)[0]",
    "logsumexp": "logsumexp(stack([0*y, y]), 0)",
    "logaddexp": "logaddexp(0*y, y)",
    "cross_entropy": "cross_entropy(stack([0*y, y])[None], [0])",
    "binary_cross_entropy_with_logits": "binary_cross_entropy_with_logits(y.reshape(1), zeros(1))",
    "soft_margin_loss": "soft_margin_loss(y.reshape(1), [-1.0])",
    "mish": "-mish(y)",
    "glu": "glu(stack([x, 2*y]), 0)[0]",
    "addcmul": "addcmul(0*x.reshape(1), x.reshape(1), x.reshape(1))",
    "addcdiv": "addcdiv(0*x.reshape(1), x.reshape(1), 1e200 + 0*x.reshape(1))",
    "special.xlog1py": "special.xlog1py(x, x)",
    "tanhshrink": "tanhshrink(x)",
    "huber_loss": "huber_loss(x, -x)",
    "smooth_l1_loss": "smooth_l1_loss(x, -x)",
    "vdot": "vdot(x.reshape(1), x.reshape(1))",
    "kron": "kron(x.reshape(1), x.reshape(1))[0]",
    "tensordot": "tensordot(x.reshape(1), x.reshape(1), 1)",
    "addmm": "addmm(0*x.reshape(1, 1), x.reshape(1, 1), x.reshape(1, 1))",
    "addmv": "addmv(0*x.reshape(1), x.reshape(1, 1), x.reshape(1))",
    "addr": "addr(0*x.reshape(1, 1), x.reshape(1), x.reshape(1))",
    "baddbmm": "baddbmm(0*x.reshape(1, 1, 1), x.reshape(1, 1, 1), x.reshape(1, 1, 1))",
    "addbmm": "addbmm(0*x.reshape(1, 1), x.reshape(1, 1, 1), x.reshape(1, 1, 1))",
    "linalg.vecdot": "linalg.vecdot(x.reshape(1), x.reshape(1))",
    "logcumsumexp": "logcumsumexp(stack([0*y, y]), 0)[1]",
    "trapezoid": "trapezoid(stack([x, x]), dx=1e-200)",
    "conv1d": "conv1d(x.reshape(1, 1, 1), x.reshape(1, 1, 1))",
    "bilinear": "bilinear(x.reshape(1, 1), x.reshape(1, 1), 1 + 0*x.reshape(1, 1, 1))",
    "lerp": "lerp(0*x, x, 1e-200)",
    "linalg.cross": "linalg.cross(stack([x, 0*x, 0*x]), stack([0*x, x, 0*x]))[2]",
}
"""What rounds a number to zero in float64, which only the reference can see."""


@each("name", UNDERFLOWS)
def test_what_rounds_to_zero_in_float64_is_found_with_the_reference(name: str) -> None:
    given = {name: torch.tensor(number, dtype=torch.float64) for name, number in (("x", 1e-200), ("y", -800.0))}
    told = on_tape(f"log({UNDERFLOWS[name]}).sum()", **given)
    assert [one.operation for one in told if one.code == "underflow-forward"] == [name]


def test_a_mean_divides_and_may_round_to_zero() -> None:
    assert underflowing("log(mean(x))", x=torch.tensor([5e-324, 0.0, 0.0], dtype=torch.float64)) == ["mean"]
    assert underflowing("log(mean(x))", x=torch.tensor([2e-200, -1e-200, -1e-200], dtype=torch.float64)) == []


SMALLER_THAN_A_DOUBLE = {
    "softmax": "softmax(stack([0*y, y]), 0)[1]",
    "softmin": "softmin(stack([0*y, -y]), 0)[1]",
    "log_softmax": "-log_softmax(stack([0*y, y]), 0)[0]",
    "logsumexp": "logsumexp(stack([0*y, y]), 0)",
    "logcumsumexp": "logcumsumexp(stack([0*y, y]), 0)[1]",
    "cross_entropy": "cross_entropy(stack([0*y, y])[None], [0])",
    "soft_margin_loss": "soft_margin_loss(y.reshape(1), [-1.0])",
}


@each("name", SMALLER_THAN_A_DOUBLE)
def test_what_is_zero_in_float64_too_is_found_in_float32(name: str) -> None:
    told = on_tape(f"log({SMALLER_THAN_A_DOUBLE[name]}).sum()", y=torch.tensor(-800.0))
    assert [one.operation for one in told if one.code == "underflow-forward"] == [name]


MUST_NOT_BE_ZERO = {
    "log": "log(p)",
    "log2": "log2(p)",
    "log10": "log10(p)",
    "logit": "logit(p)",
    "sqrt": "sqrt(p)",
    "rsqrt": "rsqrt(p)",
    "reciprocal": "reciprocal(p)",
    "lgamma": "lgamma(p)",
    "digamma": "digamma(p)",
    "div": "1/p",
    "pow": "p**-1",
    "addcdiv": "addcdiv(tensor(1.0), tensor(1.0), p)",
}
ADDS_UP_POWERS = {
    "norm": "norm(x)",
    "linalg.norm": "linalg.norm(x)",
    "linalg.vector_norm": "linalg.vector_norm(x)",
    "linalg.matrix_norm": "linalg.matrix_norm(diag(x))",
    "dist": "dist(x, 3*x)",
    "pairwise_distance": "pairwise_distance(x, 3*x, eps=0)",
    "cdist": "cdist(x.reshape(1, 2), 3*x.reshape(1, 2))",
}


def underflowing(text: str, **inputs: object) -> list[str | None]:
    """The operations that round a number to zero which does harm."""
    return [one.operation for one in on_tape(text, **inputs) if one.code == "underflow-forward"]


@each("name", MUST_NOT_BE_ZERO)
def test_a_product_that_rounds_to_zero_is_the_cause_of_what_its_zero_makes_of_a_function(name: str) -> None:
    text = f"p = a*b; {MUST_NOT_BE_ZERO[name]}"
    assert underflowing(text, a=1e-30, b=1e-30) == ["mul"]
    assert underflowing(text, a=1e-30, b=0.0) == [], "a true zero"


@each("name", MUST_NOT_BE_ZERO)
def test_that_a_function_could_meet_a_zero_is_foreseen_where_its_operand_is_computed(name: str) -> None:
    text = MUST_NOT_BE_ZERO[name]
    for operand, computed in (("p", True), ("a", False)):
        program = parse("p = a*b; " + re.sub(r"\bp\b", operand, text), bound=["a", "b"])
        assert any(may_meet_zero(one.operation, one.computed) for one in foreseen(program)) is computed


@each("name", ADDS_UP_POWERS)
def test_a_norm_rounds_to_zero_where_its_powers_do(name: str) -> None:
    text = f"sum(log({ADDS_UP_POWERS[name]}))"
    assert underflowing(text, x=[1e-30, 1e-30]) == [name]
    assert underflowing(text, x=[0.0, 0.0]) == []
    (*_, norm) = foreseen(parse(ADDS_UP_POWERS[name], bound=["x"]))
    assert may_meet_zero(norm.operation, norm.computed)


def test_every_operation_that_must_not_meet_a_zero_is_tried() -> None:
    assert set(MUST_NOT_BE_ZERO) == set(POLES)
    assert set(ADDS_UP_POWERS) == NORMS


def test_digits_that_cancel_are_no_underflow() -> None:
    """The true sum is 1e-9, far above the smallest number of float32."""
    assert underflowing("log(x @ w)", x=[1.0, 1e-9, -1.0], w=[1.0, 1.0, 1.0]) == []
    assert underflowing("log(x @ w)", x=[1e-30, 0.0, 0.0], w=[1e-30, 1.0, 1.0]) != []


DERIVATIVES = {
    "sqrt": "1/(2*sqrt(0.3))",
    "log": "1/0.3",
    "log2": "1/(0.3*log(2))",
    "log10": "1/(0.3*log(10))",
    "log1p": "1/(1 + 0.3)",
    "rsqrt": "-1/(2*0.3**1.5)",
    "reciprocal": "-1/0.3**2",
    "exp": "exp(0.3)",
    "exp2": "log(2)*2**0.3",
    "expm1": "exp(0.3)",
    "acos": "-1/sqrt(1 - 0.3**2)",
    "asin": "1/sqrt(1 - 0.3**2)",
    "atanh": "1/(1 - 0.3**2)",
    "tan": "1/cos(0.3)**2",
    "sinh": "cosh(0.3)",
    "cosh": "sinh(0.3)",
    "logit": "1/(0.3*(1 - 0.3))",
    "div": "1/0.7",
    "mul": "0.7",
    "pow": "0.7*0.3**(0.7 - 1)",
    "hypot": "0.3/hypot(0.3, 0.7)",
    "xlogy": "log(0.7)",
    "logaddexp": "exp(0.3 - logaddexp(0.3, 0.7))",
}
OF_THE_SECOND = {
    "div": "-0.3/0.7**2",
    "mul": "0.3",
    "pow": "0.3**0.7*log(0.3)",
    "hypot": "0.7/hypot(0.3, 0.7)",
    "xlogy": "0.3/0.7",
    "logaddexp": "exp(0.7 - logaddexp(0.3, 0.7))",
}


def test_the_formula_of_acosh_is_its_derivative() -> None:
    text = formula(cast(Step, SimpleNamespace(name="acosh")), 0, [1.3])
    assert text == "1/sqrt(1.3**2 - 1)"
    assert computed(text) == pytest.approx(1 / math.sinh(math.acosh(1.3)))


def computed(text: str) -> float:
    functions = {name: getattr(math, name) for name in ("sqrt", "log", "exp", "cos", "sinh", "cosh", "hypot")}
    functions["logaddexp"] = lambda one, other: math.log(math.exp(one) + math.exp(other))
    return float(eval(text, {"__builtins__": {}}, functions))  # of this file's own texts


@each("name, position", [*((name, 0) for name in DERIVATIVES), *((name, 1) for name in OF_THE_SECOND)])
def test_the_formula_of_a_derivative_is_the_derivative_with_the_numbers_put_in(name: str, position: int) -> None:
    given = [0.3, 0.7][: 2 if name in OF_THE_SECOND else 1]
    text = formula(cast(Step, SimpleNamespace(name=name)), position, given)
    assert text == (DERIVATIVES, OF_THE_SECOND)[position][name]
    leaves = [torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in given]
    expected = torch.autograd.grad(getattr(torch, name)(*leaves), leaves)[position]
    assert computed(text) == pytest.approx(float(expected), rel=1e-6)


@each("length, whole", [(LONGEST, True), (LONGEST + 1, False)])
def test_an_expression_of_48_characters_is_shown_whole(length: int, whole: bool) -> None:
    assert LONGEST == 48
    text = "".join(chr(ord("a") + place % 26) for place in range(length))
    assert shortened(text) == (text if whole else f"{text[:23]}…{text[-23:]}")


@each("count, texts", [(15, ["exp(x)", "exp(y)"]), (16, ["exp(x)"])])
def test_sixteen_elements_that_are_not_finite_are_followed_to_their_origins(count: int, texts: list[str]) -> None:
    first = torch.arange(count + 1) < count
    given = {name: torch.where(first, *size) for name, size in {"x": (100.0, 1.0), "y": (1.0, 100.0)}.items()}
    tape = tape_of("exp(x) + exp(y)", **given)
    assert [origin.step.text for origin in forward.origins(tape, {})] == texts


SATURATES = {
    "sigmoid": "sigmoid(200*x)",
    "tanh": "tanh(200*x)",
    "softmax": "softmax(stack([x, x + 200]), 0)[1]",
    "log_softmax": "log_softmax(stack([x, x + 200]), 0)[1]",
    "erf": "erf(200*x)",
    "erfc": "erfc(200*x)",
    "softsign": "softsign(1e30*x)",
    "expm1": "expm1(-200*x)",
    "special.ndtr": "special.ndtr(200*x)",
    "softmin": "softmin(stack([x, x + 200]), 0)[0]",
    "gelu": "gelu(-200*x)",
    "binary_cross_entropy_with_logits": "binary_cross_entropy_with_logits(200*x, x*0 + 1)",
    "cross_entropy": "cross_entropy(stack([200*x, 0*x]).reshape(1, 2), [0])",
    "sigmoid_": "(200*x).sigmoid_()",
    "tanh_": "(200*x).tanh_()",
    "scaled_dot_product_attention": (
        "scaled_dot_product_attention(ones(1,1,1)*200*x, tensor([[[1.],[0.]]]), tensor([[[3.],[4.]]]))"
    ),
    "logsigmoid": "logsigmoid(20000*x)",
    "softplus": "softplus(-20000*x)",
    "exp": "exp(-20000*x)",
    "exp2": "exp2(-20000*x)",
    "silu": "silu(-20000*x)",
    "mish": "mish(-20000*x)",
    "elu": "elu(-20000*x)",
    "selu": "selu(-20000*x)",
    "celu": "celu(-20000*x)",
    "atan": "atan(1e300*x)",
    "soft_margin_loss": "soft_margin_loss(20000*x, ones([]))",
}
FLAT_BY_DEFINITION = {
    "sign": "sign(x)",
    "sgn": "sgn(x)",
    "floor": "floor(x)",
    "ceil": "ceil(x)",
    "round": "round(x)",
    "trunc": "trunc(x)",
    "floor_": "(x*1).floor_()",
    "ceil_": "(x*1).ceil_()",
    "round_": "(x*1).round_()",
    "trunc_": "(x*1).trunc_()",
    "sign_": "(x*1).sign_()",
}


@each(
    "text, code, operation",
    [
        *((text, "saturated", name) for name, text in SATURATES.items()),
        *((text, "flat", name) for name, text in FLAT_BY_DEFINITION.items()),
    ],
)
def test_a_slope_of_zero_is_saturated_or_flat_by_definition(text: str, code: str, operation: str) -> None:
    told = on_tape(f"sum({text})", x=torch.tensor(1.5, dtype=torch.float64 if "1e300" in text else torch.float32))
    assert [(one.code, one.operation) for one in told] == [(code, operation)]


def the_true_zero_is_the_cause(text: str) -> None:
    """Of an infinity beside `a*b`, which underflows; with 1 in the place of z the underflow is."""
    assert [one.code for one in on_tape(text, z=0.0, a=1e-30, b=1e-30)] == ["inf-forward"]
    assert underflowing(text, z=1.0, a=1e-30, b=1e-30) == ["mul"]


JOINS = {
    "stack": "stack([u, z])",
    "cat": "cat([u.reshape(1), z.reshape(1)])",
    "hstack": "hstack([u.reshape(1), z.reshape(1)])",
    "vstack": "vstack([u.reshape(1), z.reshape(1)])",
    "reshape": "stack([u, z]).reshape(1, 2)",
    "view": "stack([u, z]).view(1, 2)",
    "flatten": "stack([u, z]).flatten()",
    "ravel": "stack([u, z]).ravel()",
    "squeeze": "stack([u, z]).squeeze()",
}


@each("name", JOINS)
def test_a_true_zero_among_numbers_that_are_brought_together_is_the_cause_of_a_zero_product(name: str) -> None:
    the_true_zero_is_the_cause(f"u = a*b; 1/prod({JOINS[name]})")


PRODUCTS = {
    "mul": "z*u",
    "matmul": "z.reshape(1) @ u.reshape(1)",
    "mm": "mm(z.reshape(1, 1), u.reshape(1, 1))",
    "mv": "mv(z.reshape(1, 1), u.reshape(1))",
    "bmm": "bmm(z.reshape(1, 1, 1), u.reshape(1, 1, 1))",
    "dot": "dot(z.reshape(1), u.reshape(1))",
    "inner": "inner(z.reshape(1), u.reshape(1))",
    "outer": "outer(z.reshape(1), u.reshape(1))",
    "einsum": "einsum('i,i->', z.reshape(1), u.reshape(1))",
    "linear": "linear(z.reshape(1), u.reshape(1, 1))",
}


@each("name", PRODUCTS)
def test_a_true_zero_in_a_product_is_the_cause_of_an_infinity_and_what_underflows_beside_it_is_not(name: str) -> None:
    the_true_zero_is_the_cause(f"u = a*b; sum(1/({PRODUCTS[name]}))")


@each(
    "text",
    [
        "where(m, -inf, x)",
        "x.masked_fill(m, -inf)",
        "full([2], -inf) + x",
        "full_like(x, -inf) + x",
        "x.new_full([2], -inf) + x",
        "x.index_fill(0, [0], -inf)",
        "x.index_put([[0]], [-inf])",
        "x.scatter(0, [0], -inf)",
        "pad(x, [0, 1], value=-inf)",
        "(x*1).masked_fill_(m, -inf)",
        "(x*1).fill_(-inf) + x",
        "(x*1).index_fill_(0, [0], -inf)",
        "(x*1).index_put_([[0]], [-inf])",
        "(x*1).scatter_(0, [0], -inf)",
    ],
)
def test_an_infinity_that_is_put_where_it_is_wanted_is_meant(text: str) -> None:
    assert on_tape(f"sum({text})", x=[1.0, 2.0], m=[True, False]) == []
    assert [one.code for one in on_tape("sum(x * inf)", x=[1.0, 2.0])] == ["inf-input"]


@each(
    "text",
    [
        "clamp(x, inf, inf) + x",
        "clamp_min(x, inf) + x",
        "clamp_max(x, -inf) + x",
        "maximum(x, inf) + x",
        "minimum(x, -inf) + x",
        "fmax(x, inf) + x",
        "fmin(x, -inf) + x",
        "max(x, inf) + x",
        "min(x, -inf) + x",
    ],
)
def test_a_bound_that_is_an_infinity_is_meant_and_stops_every_slope(text: str) -> None:
    assert {one.code for one in on_tape(f"sum({text})", x=[1.0, 2.0])} <= {"dead"}
    gradients = [1.0, 1.0]  # of the x that is added: the bound sends nothing on
    assert answered(["grad", f"sum({text})", "x=1,2"])["gradients"]["x"]["values"] == gradients


@each(
    "text",
    [
        "softmax(x, 0)",
        "log_softmax(x, 0)",
        "logsumexp(x, 0)",
        "logaddexp(x, x)",
        "logaddexp2(x, x)",
        "logcumsumexp(x, 0)",
        "cross_entropy(x.reshape(1, 2), [0])",
    ],
)
def test_minus_infinity_is_the_logarithm_of_zero_where_logarithms_are_taken(text: str) -> None:
    """The NaN is the operation's, and the infinity was meant."""
    infinities = [-math.inf, -math.inf]
    assert [one.code for one in on_tape(f"sum({text})", x=infinities)] in (["nan-forward"], ["nan-backward"])
    assert "inf-input" in [one.code for one in on_tape("sum(sin(x))", x=infinities)]
