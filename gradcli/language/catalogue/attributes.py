"""What can be read from a tensor, and from a result with several parts, with a dot.

Written by tools/generate_operations.py from PyTorch's schemas: change that, not this.
"""

ATTRIBUTES = {
    "H": "the conjugate transpose of a matrix",
    "T": "the transpose of a matrix",
    "data": "the same values outside the graph",
    "dtype": "the type of the elements",
    "imag": "the imaginary part",
    "mH": "the conjugate transpose of the last two dimensions",
    "mT": "the transpose of the last two dimensions",
    "ndim": "the number of dimensions, an integer",
    "real": "the real part",
    "shape": "the sizes of the dimensions, integers",
}
"""Attributes of a tensor."""

RESULT_FIELDS = frozenset(
    (
        "L",
        "LD",
        "LU",
        "P",
        "Q",
        "R",
        "S",
        "U",
        "V",
        "Vh",
        "a",
        "cloned_coefficient",
        "eigenvalues",
        "eigenvectors",
        "exponent",
        "indices",
        "info",
        "inverse",
        "logabsdet",
        "mantissa",
        "max",
        "min",
        "pivots",
        "rank",
        "residuals",
        "result",
        "sign",
        "singular_values",
        "solution",
        "tau",
        "values",
    )
)
"""Parts of the named tuples that PyTorch returns, `values` of `max(x, dim=0)`."""
