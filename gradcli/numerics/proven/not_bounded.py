"""Functions of one variable that have no proven truth, and why."""

from __future__ import annotations

from gradcli.language.syntax import Call, Program

_BESSEL = "Arb bounds Bessel functions over a stretch of numbers in seconds a piece"
_STEP = "it answers a question, which has no slope"
_DRAWN = "it is drawn at random"
_LAYOUT = "its values are those of its input"
_DTYPE = "it changes the dtype"

NOT_BOUNDED = {
    **dict.fromkeys(
        (
            "i0", "special.i1", "special.i0e", "special.i1e", "special.bessel_j0", "special.bessel_j1",
            "special.bessel_y0", "special.bessel_y1", "special.modified_bessel_i0", "special.modified_bessel_i1",
            "special.modified_bessel_k0", "special.modified_bessel_k1", "special.scaled_modified_bessel_k0",
            "special.scaled_modified_bessel_k1",
        ),
        _BESSEL,
    ),
    **dict.fromkeys(
        (
            "isfinite", "isinf", "isnan", "isneginf", "isposinf", "isreal", "logical_not", "signbit", "bitwise_not",
            "ones_like", "zeros_like",
        ),
        _STEP,
    ),
    **dict.fromkeys(
        (
            "alpha_dropout", "bernoulli", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout",
            "rand_like", "randn_like",
        ),
        _DRAWN,
    ),
    **dict.fromkeys(("tril", "triu"), _LAYOUT),
    **dict.fromkeys(
        (
            "bfloat16", "bool", "byte", "cdouble", "cfloat", "char", "double", "float", "half", "int", "long", "short",
            "float_power",
        ),
        _DTYPE,
    ),
    "angle": "it is that of a complex number",
    "imag": "it is that of a complex number",
    "detach": "it cuts the gradient off",
    "frexp": "it gives two tensors",
    "heaviside": "it has no derivative in PyTorch",
}  # fmt: skip
"""By the names of the catalogue."""


def is_bounded(program: Program) -> bool:
    """Whether a program calls none of them."""
    return not any(isinstance(node, Call) and node.function.name in NOT_BOUNDED for node in program.nodes)
