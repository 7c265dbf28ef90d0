"""Determinants, inverses, solutions, decompositions of small matrices."""

# ruff: noqa: A002, N803 - parameters have PyTorch's names
from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
from mpmath import mp

from gradcli.numerics.reference.reals import (
    INF,
    NAN,
    ONE,
    ZERO,
    Array,
    absolute,
    choose,
    divide,
    finite,
    log,
    quotient,
    reals,
    root,
)
from gradcli.numerics.reference.rules.dimensions import Dims, reduce_rows
from gradcli.numerics.reference.rules.products import product
from gradcli.numerics.reference.rules.reduction import largest_of, smallest_of, sum_, vector_norm
from gradcli.numerics.reference.rules.registry import RULES, first, rule
from gradcli.numerics.reference.rules.rounding import sign
from gradcli.numerics.reference.slope import NoReference, Real

Value = Any
LogDeterminant = namedtuple("LogDeterminant", ["sign", "logabsdet"])
Rows = list[list[Real]]

_STEP = mp.mpf("1e-12")
"""Longer than any step of a difference quotient, and shorter than what a dtype distinguishes."""


def eliminated(matrix: Rows, right: Rows) -> tuple[Real, Rows]:
    """The determinant, and the solution of `matrix @ solution = right`, by Gauss with pivots; nan if singular."""
    size, rows, sides = len(matrix), [list(row) for row in matrix], [list(row) for row in right]
    determinant = ONE
    for column in range(size):
        pivot = max(range(column, size), key=lambda i: abs(rows[i][column]))
        if rows[pivot][column] == 0:
            singular = ZERO if all(finite(x) for row in rows for x in row) else NAN
            return singular, [[NAN] * len(side) for side in sides]
        if pivot != column:
            rows[pivot], rows[column] = rows[column], rows[pivot]
            sides[pivot], sides[column] = sides[column], sides[pivot]
            determinant = -determinant
        determinant *= rows[column][column]
        for below in range(column + 1, size):
            factor = rows[below][column] / rows[column][column]
            for across in range(column, size):
                rows[below][across] -= factor * rows[column][across]
            sides[below] = [x - factor * y for x, y in zip(sides[below], sides[column], strict=True)]
    return determinant, _substituted(rows, sides)


def _substituted(upper: Rows, right: Rows) -> Rows:
    """The solution of a triangular system, from the last row up."""
    solution: Rows = [[] for _ in upper]
    for row in reversed(range(len(upper))):
        known = range(row + 1, len(upper))
        solution[row] = [
            (side - sum((upper[row][k] * solution[k][column] for k in known), ZERO)) / upper[row][row]
            for column, side in enumerate(right[row])
        ]
    return solution


def over_matrices(function: Callable[..., object], *arrays: Array) -> Array:
    """A function of matrices (lists of rows) for each matrix of a batch; its results stacked."""
    batch = np.broadcast_shapes(*(array.shape[:-2] for array in arrays))
    spread = [np.broadcast_to(array, batch + array.shape[-2:]).reshape(-1, *array.shape[-2:]) for array in arrays]
    results = [
        np.asarray(function(*(matrix.tolist() for matrix in matrices)), dtype=object)
        for matrices in zip(*spread, strict=True)
    ]
    return np.stack(results).reshape(batch + results[0].shape)


@rule("det", "linalg.det")
def det(input: Value = None, A: Value = None) -> Value:
    return over_matrices(lambda m: eliminated(m, [[] for _ in m])[0], reals(input if A is None else A))


@rule("logdet")
def logdet(input: Value) -> Value:
    return log(det(input))


@rule("slogdet", "linalg.slogdet")
def slogdet(input: Value = None, A: Value = None) -> Value:
    determinant = det(input if A is None else A)
    return LogDeterminant(sign(determinant), log(absolute(determinant)))


def _identity(size: int) -> Rows:
    return [[ONE if i == j else ZERO for j in range(size)] for i in range(size)]


@rule("inverse", "linalg.inv")
def inverse(input: Value = None, A: Value = None) -> Value:
    return over_matrices(lambda m: eliminated(m, _identity(len(m)))[1], reals(input if A is None else A))


def solution(matrix: Array, right: Array) -> Array:
    """X of matrix @ X = right, both with their last two dimensions as matrices."""
    return over_matrices(lambda m, side: eliminated(m, side)[1], matrix, right)


@rule("linalg.solve")
def solve(A: Value, B: Value, left: bool = True) -> Value:
    matrix, right = reals(A), reals(B)
    if right.ndim == 1 or right.shape == matrix.shape[:-1]:
        return solution(matrix, right[..., None])[..., 0]
    if left:
        return solution(matrix, right)
    return np.swapaxes(solution(np.swapaxes(matrix, -1, -2), np.swapaxes(right, -1, -2)), -1, -2)


@rule("linalg.solve_triangular")
def solve_triangular(
    input: Value,
    B: Value,
    upper: bool,
    left: bool = True,
    unitriangular: bool = False,
) -> Value:
    x = reals(input)
    low = np.tri(x.shape[-1], dtype=bool)
    matrix = choose(low.T if upper else low, x, reals(0))
    if unitriangular:
        matrix = choose(np.eye(x.shape[-1], dtype=bool), reals(1), matrix)
    return solve(matrix, B, left=left)


def _symmetric(rows: Rows, uplo: str) -> Rows:
    """The matrix that a function of a symmetric one works on.

    It is one triangle; where both are equal but for a step, half of each, so that each entry has the gradient that
    PyTorch shares between both.
    """
    size = range(len(rows))
    largest = max(abs(x) for row in rows for x in row)
    if all(abs(rows[i][j] - rows[j][i]) <= _STEP * largest for i in size for j in range(i)):
        return [[(rows[i][j] + rows[j][i]) / 2 for j in size] for i in size]
    low = uplo == "L"
    return [[rows[max(i, j)][min(i, j)] if low else rows[min(i, j)][max(i, j)] for j in size] for i in size]


def _cholesky(matrix: Rows) -> Rows:
    size = len(matrix)
    lower = [[ZERO] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - sum((lower[i][k] * lower[j][k] for k in range(j)), ZERO)
            lower[i][j] = root(rest) if i == j else quotient(rest, lower[j][j])
    return lower


@rule("cholesky", "linalg.cholesky")
def cholesky(input: Value, upper: bool = False) -> Value:
    lower = over_matrices(lambda rows: _cholesky(_symmetric(rows, "L")), reals(input))
    return np.swapaxes(lower, -1, -2) if upper else lower


def _gram(factor: Array, upper: bool) -> Array:
    flipped = np.swapaxes(factor, -1, -2)
    return product(flipped, factor) if upper else product(factor, flipped)


@rule("cholesky_solve")
def cholesky_solve(input: Value, input2: Value, upper: bool = False) -> Value:
    return solution(_gram(reals(input2), upper), reals(input))


@rule("cholesky_inverse")
def cholesky_inverse(input: Value, upper: bool = False) -> Value:
    return inverse(_gram(reals(input), upper))


@rule("matrix_power", "linalg.matrix_power")
def matrix_power(input: Value, n: int) -> Value:
    """By squaring, as PyTorch does: n is bounded by nothing."""
    base = reals(input) if n >= 0 else inverse(input)
    out = np.broadcast_to(reals(np.eye(base.shape[-1], dtype=np.int64)), base.shape)
    left = abs(n)
    while left:
        if left % 2:
            out = product(out, base)
        left //= 2
        if left:
            base = product(base, base)
    return out


def _matrix_exp(rows: Rows) -> Rows:
    if not all(finite(x) for row in rows for x in row):
        raise NoReference("a decomposition of infinities")
    found: Rows = mp.expm(mp.matrix(rows)).tolist()
    return found


RULES["matrix_exp"] = RULES["linalg.matrix_exp"] = first(lambda x: over_matrices(_matrix_exp, reals(x)))


@rule("linalg.eigvalsh")
def eigvalsh(input: Value, UPLO: str = "L") -> Value:
    def of(rows: Rows) -> list[Real]:
        return sorted(mp.eigsy(mp.matrix(_symmetric(rows, UPLO)), eigvals_only=True))

    return over_matrices(of, reals(input))


@rule("linalg.svdvals")
def svdvals(A: Value, driver: str | None = None) -> Value:  # noqa: ARG001 - how, not what
    def of(rows: Rows) -> list[Real]:
        return sorted(mp.svd_r(mp.matrix(rows), compute_uv=False), reverse=True)

    return over_matrices(of, reals(A))


def _spectral(x: Array, ord: float | str) -> Array:
    values: Array = svdvals(x)
    if ord == "nuc":
        return reals(sum_(values, -1))
    return values[..., 0] if ord == 2 else values[..., -1]


def matrix_norm(x: Array, ord: float | str, dim: Dims, keepdim: bool) -> Array:
    """The norm of matrices in two dimensions."""
    down, across = (d % x.ndim for d in (dim if isinstance(dim, list | tuple) else (-2, -1)))
    if ord == "fro":
        return vector_norm(x, 2, [down, across], keepdim)
    moved = np.moveaxis(x, (down, across), (-2, -1))
    if ord in ("nuc", 2, -2):
        found = _spectral(moved, ord)
    elif ord in (1, -1, INF, -INF):
        sums = sum_(absolute(moved), -2 if abs(ord) == 1 else -1)  # type: ignore[arg-type]
        found = reduce_rows(largest_of if ord in (1, INF) else smallest_of, sums, -1)
    else:
        raise NoReference("this matrix norm")
    if not keepdim:
        return found
    return np.asarray(found, dtype=object).reshape([1 if d in (down, across) else n for d, n in enumerate(x.shape)])


@rule("linalg.matrix_norm")
def linalg_matrix_norm(input: Value, ord: Any = "fro", dim: Dims = (-2, -1), keepdim: bool = False) -> Value:
    return matrix_norm(reals(input), ord, dim, keepdim)


@rule("linalg.norm")
def linalg_norm(input: Value, ord: Any = None, dim: Dims = None, keepdim: bool = False) -> Value:
    x = reals(input)
    matrix = (dim is None and x.ndim == 2) or (isinstance(dim, list | tuple) and len(dim) == 2)
    if ord is None or not matrix:
        return vector_norm(x, 2 if ord is None else ord, dim, keepdim)
    return matrix_norm(x, ord, dim, keepdim)


@rule("norm")
def norm(input: Value, p: Any = "fro", dim: Dims = None, keepdim: bool = False) -> Value:
    x = reals(input)
    if p == "nuc":
        return matrix_norm(x, "nuc", dim, keepdim)
    return vector_norm(x, 2 if p in ("fro", None) else p, dim, keepdim)


@rule("linalg.cond")
def cond(input: Value, p: Any = None) -> Value:
    x = reals(input)
    if p in (None, 2, -2):
        values = svdvals(x)
        ratio = (values[..., 0], values[..., -1]) if p != -2 else (values[..., -1], values[..., 0])
        return divide(*ratio)
    sizes = [matrix_norm(matrix, p, None, False) for matrix in (x, inverse(x))]
    return np.asarray(sizes[0] * sizes[1], dtype=object)
