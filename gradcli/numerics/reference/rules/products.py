"""Products of vectors and matrices, and what is made of sums and products only."""

# ruff: noqa: A002, A006, N803 - parameters have PyTorch's names
from __future__ import annotations

from typing import Any

import numpy as np
from mpmath import mp

from gradcli.numerics.reference.reals import ZERO, Array, divide, multiply, pow_, reals, sqrt
from gradcli.numerics.reference.rules.reduction import mean, sum_
from gradcli.numerics.reference.rules.registry import RULES, rule
from gradcli.numerics.reference.slope import NoReference

Value = Any


def product(x: Value, y: Value) -> Array:
    """x @ y."""
    left, right = np.asarray(x), np.asarray(y)
    if left.shape[-1] == 0:
        raise NoReference("a product over nothing")
    return np.asarray(np.matmul(left, right))


RULES["matmul"] = lambda input, other: product(input, other)
RULES["linalg.matmul"] = lambda input, other: product(input, other)
RULES["mm"] = lambda input, mat2: product(input, mat2)
RULES["bmm"] = lambda input, mat2: product(input, mat2)
RULES["mv"] = lambda input, vec: product(input, vec)
RULES["dot"] = lambda input, tensor: product(input, tensor)
RULES["vdot"] = lambda input, other: product(input, other)


def _plus(input: Value, update: Array, beta: Value, alpha: Value) -> Array:
    scaled = multiply(reals(alpha), update)
    return scaled if beta == 0 else np.asarray(multiply(reals(beta), reals(input)) + scaled, dtype=object)


@rule("addmm")
def addmm(input: Value, mat1: Value, mat2: Value, beta: Value = 1, alpha: Value = 1) -> Value:
    return _plus(input, product(mat1, mat2), beta, alpha)


@rule("addmv")
def addmv(input: Value, mat: Value, vec: Value, beta: Value = 1, alpha: Value = 1) -> Value:
    return _plus(input, product(mat, vec), beta, alpha)


@rule("baddbmm")
def baddbmm(input: Value, batch1: Value, batch2: Value, beta: Value = 1, alpha: Value = 1) -> Value:
    return _plus(input, product(batch1, batch2), beta, alpha)


@rule("addbmm")
def addbmm(input: Value, batch1: Value, batch2: Value, beta: Value = 1, alpha: Value = 1) -> Value:
    return _plus(input, sum_(product(batch1, batch2), 0), beta, alpha)


@rule("outer")
def outer(input: Value, vec2: Value) -> Value:
    return multiply(reals(input)[:, None], reals(vec2)[None, :])


@rule("addr")
def addr(input: Value, vec1: Value, vec2: Value, beta: Value = 1, alpha: Value = 1) -> Value:
    return _plus(input, outer(vec1, vec2), beta, alpha)


@rule("linear")
def linear(input: Value, weight: Value, bias: Value = None) -> Value:
    out = product(input, reals(weight).T)
    return out if bias is None else np.asarray(out + reals(bias), dtype=object)


@rule("bilinear")
def bilinear(input1: Value, input2: Value, weight: Value, bias: Value = None) -> Value:
    out = np.einsum("...i,kij,...j->...k", reals(input1), reals(weight), reals(input2))
    return out if bias is None else np.asarray(out + reals(bias), dtype=object)


@rule("einsum")
def einsum(equation: str, operands: Value) -> Value:
    parts = operands[0] if isinstance(operands[0], list) else operands
    return np.asarray(np.einsum(equation.replace(" ", ""), *map(reals, parts)), dtype=object)


@rule("inner")
def inner(input: Value, other: Value) -> Value:
    return np.asarray(np.inner(reals(input), reals(other)), dtype=object)


@rule("tensordot")
def tensordot(a: Value, b: Value, dims: Any = 2) -> Value:
    return np.asarray(np.tensordot(reals(a), reals(b), axes=dims), dtype=object)


@rule("kron")
def kron(input: Value, other: Value) -> Value:
    x, y = reals(input), reals(other)
    ndim = max(x.ndim, y.ndim)
    x, y = (z.reshape((1,) * (ndim - z.ndim) + z.shape) for z in (x, y))
    spread = np.asarray(np.multiply.outer(x, y), dtype=object).transpose(  # of two numbers it is no array
        [d for pair in zip(range(ndim), range(ndim, 2 * ndim), strict=True) for d in pair]
    )
    return np.asarray(spread, dtype=object).reshape([m * n for m, n in zip(x.shape, y.shape, strict=True)])


@rule("linalg.multi_dot")
def multi_dot(tensors: Value) -> Value:
    out = tensors[0]
    for tensor in tensors[1:]:
        out = product(out, tensor)
    return out


@rule("linalg.vecdot")
def vecdot(x: Value, y: Value, dim: int = -1) -> Value:
    return sum_(multiply(reals(x), reals(y)), dim)


@rule("trace")
def trace(input: Value) -> Value:
    return np.asarray(sum(np.diagonal(reals(input)).tolist(), ZERO), dtype=object)


@rule("linalg.cross")
def linalg_cross(input: Value, other: Value, dim: int = -1) -> Value:
    x, y = np.broadcast_arrays(reals(input), reals(other))
    (a, b, c), (d, e, f) = (np.moveaxis(z, dim, 0) for z in (x, y))
    return np.stack(
        [np.asarray(part, dtype=object) for part in (b * f - c * e, c * d - a * f, a * e - b * d)], axis=dim
    )


@rule("cross")
def cross(input: Value, other: Value, dim: int | None = None) -> Value:
    return linalg_cross(input, other, list(input.shape).index(3) if dim is None else dim)


@rule("cov")
def cov(input: Value, correction: int = 1, fweights: Value = None, aweights: Value = None) -> Value:
    if fweights is not None or aweights is not None:
        raise NoReference("cov with weights")
    x = reals(input).reshape(-1, input.shape[-1] if input.ndim else 1)
    centered = np.asarray(x - mean(x, 1, True), dtype=object)
    matrix = divide(product(centered, centered.T), reals(max(x.shape[1] - correction, 0)))
    return matrix if input.ndim > 1 else matrix.reshape(())


@rule("corrcoef")
def corrcoef(input: Value) -> Value:
    matrix = cov(input)
    if matrix.ndim == 0:
        return divide(matrix, matrix)
    scale = sqrt(np.diagonal(matrix))
    clipped = np.frompyfunc(lambda r: max(min(r, mp.one), -mp.one), 1, 1)
    return np.asarray(clipped(divide(matrix, outer(scale, scale))), dtype=object)


def _powers(x: Array, exponents: Any) -> Array:
    return pow_(x[..., None], reals(np.asarray(exponents, dtype=np.int64)))


@rule("vander")
def vander(x: Value, N: int | None = None, increasing: bool = False) -> Value:
    exponents = np.arange(len(x) if N is None else N)
    return _powers(reals(x), exponents if increasing else exponents[::-1])


@rule("linalg.vander")
def linalg_vander(x: Value, N: int | None = None) -> Value:
    return _powers(reals(x), np.arange(x.shape[-1] if N is None else N))
