"""Pseudo-inverses, least squares, and the values of decompositions whose vectors are free."""

# ruff: noqa: A002, N803 - parameters have PyTorch's names
from __future__ import annotations

from collections import namedtuple
from math import prod
from typing import Any

import numpy as np

from gradcli.numerics.reference.reals import Array, reals
from gradcli.numerics.reference.rules.matrices import (
    cholesky,
    eigvalsh,
    inverse,
    solution,
    solve,
    solve_triangular,
    svdvals,
)
from gradcli.numerics.reference.rules.products import product
from gradcli.numerics.reference.rules.registry import rule
from gradcli.numerics.reference.slope import NoReference

Value = Any


class Absent:
    """A part of a result without a reference: these vectors have a free sign."""

    def __str__(self) -> str:
        return "singular or eigenvectors"


ABSENT = Absent()
Singular = namedtuple("Singular", ["U", "S", "Vh"])
OldSingular = namedtuple("OldSingular", ["U", "S", "V"])
LeastSquares = namedtuple("LeastSquares", ["solution", "residuals", "rank", "singular_values"])
Eigen = namedtuple("Eigen", ["eigenvalues", "eigenvectors"])
Inverse = namedtuple("Inverse", ["inverse", "info"])
Factor = namedtuple("Factor", ["L", "info"])
Result = namedtuple("Result", ["result", "info"])
Triangular = namedtuple("Triangular", ["solution", "cloned_coefficient"])


@rule("linalg.svd")
def svd(A: Value, full_matrices: bool = True, driver: str | None = None) -> Value:  # noqa: ARG001
    return Singular(ABSENT, svdvals(A), ABSENT)


@rule("svd")
def old_svd(input: Value, some: bool = True, compute_uv: bool = True) -> Value:  # noqa: ARG001
    return OldSingular(ABSENT, svdvals(input), ABSENT)


@rule("linalg.eigh")
def eigh(input: Value, UPLO: str = "L") -> Value:
    return Eigen(eigvalsh(input, UPLO), ABSENT)


def _pseudo_inverse(matrix: Array) -> Array:
    """Of a matrix of full rank; nan where the rank is less."""
    flipped = np.swapaxes(matrix, -1, -2)
    if matrix.shape[-2] >= matrix.shape[-1]:
        return solution(product(flipped, matrix), flipped)
    return product(flipped, inverse(product(matrix, flipped)))


@rule("linalg.pinv")
def pinv(input: Value, **cutoffs: Any) -> Value:
    if any(cutoff for cutoff in cutoffs.values()):
        raise NoReference("linalg.pinv with a cutoff")
    return _pseudo_inverse(reals(input))


@rule("pinverse")
def pinverse(input: Value, rcond: float = 1e-15) -> Value:
    if rcond > 1e-10:
        raise NoReference("pinverse with a cutoff")
    return _pseudo_inverse(reals(input))


@rule("linalg.lstsq")
def lstsq(input: Value, b: Value, rcond: float | None = None, driver: str | None = None) -> Value:
    if rcond is not None or driver not in (None, "gels"):
        raise NoReference("linalg.lstsq with a cutoff")
    return LeastSquares(product(_pseudo_inverse(reals(input)), reals(b)), ABSENT, ABSENT, ABSENT)


@rule("linalg.inv_ex")
def inv_ex(A: Value, check_errors: bool = False) -> Value:  # noqa: ARG001 - PyTorch has accepted the matrix
    return Inverse(inverse(A), ABSENT)


@rule("linalg.cholesky_ex")
def cholesky_ex(input: Value, upper: bool = False, check_errors: bool = False) -> Value:  # noqa: ARG001
    return Factor(cholesky(input, upper), ABSENT)


@rule("linalg.solve_ex")
def solve_ex(A: Value, B: Value, left: bool = True, check_errors: bool = False) -> Value:  # noqa: ARG001
    return Result(solve(A, B, left), ABSENT)


@rule("triangular_solve")
def triangular_solve(
    input: Value, A: Value, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Value:
    matrix = np.swapaxes(reals(A), -1, -2) if transpose else reals(A)
    return Triangular(solve_triangular(matrix, input, upper != transpose, True, unitriangular), A)


@rule("linalg.tensorinv")
def tensorinv(input: Value, ind: int = 2) -> Value:
    x = reals(input)
    rows = prod(x.shape[:ind])
    return inverse(x.reshape(rows, -1)).reshape(x.shape[ind:] + x.shape[:ind])


@rule("linalg.tensorsolve")
def tensorsolve(input: Value, other: Value, dims: Any = None) -> Value:
    if dims is not None:
        raise NoReference("linalg.tensorsolve with dims")
    x, right = reals(input), reals(other)
    return solve(x.reshape(right.size, -1), right.ravel()).reshape(x.shape[right.ndim :])
