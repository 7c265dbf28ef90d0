"""Which rows of the catalogue have a reference and which have none, with the reason: coverage cannot shrink unseen."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from each import each

from gradcli.language import catalogue
from gradcli.language.catalogue.arranged import ARRANGED
from gradcli.language.parser import parse
from gradcli.numerics.reference import NoReference, value
from gradcli.numerics.reference.calls import known
from gradcli.numerics.reference.rules import RULES

X = np.array([0.5, -1.0])

RANDOM = "random"
COMPLEX = "complex numbers"
ROUNDS = "rounds to a dtype"
FREE = "defined up to signs or a basis"
PIVOTS = "a factorisation, meant for the function that reads it"

WITHOUT_REFERENCE: dict[str, str] = {
    "nextafter": ROUNDS,
    "byte": ROUNDS,
    "char": ROUNDS,
    "int": ROUNDS,
    "short": ROUNDS,
    "cdouble": COMPLEX,
    "cfloat": COMPLEX,
    "complex": COMPLEX,
    "imag": COMPLEX,
    "polar": COMPLEX,
    "view_as_complex": COMPLEX,
    "view_as_real": COMPLEX,
    "linalg.eig": COMPLEX,
    "linalg.eigvals": COMPLEX,
    "istft": COMPLEX,
    "stft": COMPLEX,
    **{
        f"fft.{name}": COMPLEX
        for name in [
            "fft",
            "fft2",
            "fftfreq",
            "fftn",
            "hfft",
            "hfft2",
            "hfftn",
            "ifft",
            "ifft2",
            "ifftn",
            "ihfft",
            "ihfft2",
            "ihfftn",
            "irfft",
            "irfft2",
            "irfftn",
            "rfft",
            "rfft2",
            "rfftfreq",
            "rfftn",
        ]
    },
    **dict.fromkeys(
        [
            "bernoulli",
            "binomial",
            "gumbel_softmax",
            "multinomial",
            "normal",
            "poisson",
            "rand",
            "rand_like",
            "randint",
            "randint_like",
            "randn",
            "randn_like",
            "randperm",
            "fractional_max_pool2d",
            "fractional_max_pool3d",
        ],
        RANDOM,
    ),
    "linalg.qr": FREE,
    "qr": FREE,
    "as_strided": "elements by their place in memory, which the reference does not have",
    "linalg.ldl_factor_ex": PIVOTS,
    "linalg.lu_factor_ex": PIVOTS,
    "type": ROUNDS,
    "geqrf": FREE,
    "orgqr": FREE,
    "ormqr": FREE,
    "linalg.householder_product": PIVOTS,
    "linalg.ldl_factor": PIVOTS,
    "linalg.ldl_solve": PIVOTS,
    "linalg.lu": PIVOTS,
    "linalg.lu_factor": PIVOTS,
    "linalg.lu_solve": PIVOTS,
    "lu_unpack": PIVOTS,
    "grad": "a difference quotient of the evaluator's own, no rule",
    "autograd.grad": "what it gives hangs on its options; grad(u, x) has a reference",
    "linalg.matrix_rank": "an integer that hangs on a tolerance",
    "bincount": "counts: no gradient",
    "histc": "counts: no gradient",
    "unique": "no gradient",
    "unique_consecutive": "no gradient",
    "affine_grid": "images, not written",
    "grid_sample": "images, not written",
    "embedding_bag": "not written",
    "max_unpool1d": "reads the indices of a pooling, which has none here",
    "max_unpool2d": "reads the indices of a pooling, which has none here",
    "max_unpool3d": "reads the indices of a pooling, which has none here",
}
"""Rows outside of the category in-place, which has none as a whole."""

COMPLETE = (
    "activation",
    "loss",
    "comparison",
    "convolution",
    "creation",
    "cumulative",
    "distance",
    "indexing",
    "normalization",
    "reduction",
    "shape",
    "shape query",
    "special",
)
"""Categories in which every row has a reference."""


def test_exactly_the_listed_rows_have_no_reference() -> None:
    missing = {row.name for row in catalogue.all_rows() if not known(row) and row.category != "in-place"}
    assert missing == set(WITHOUT_REFERENCE)


def test_a_complete_category_has_but_one_row_without_a_reference() -> None:
    assert {row.name for row in catalogue.all_rows() if not known(row) and row.category in COMPLETE} == {"as_strided"}


def test_no_in_place_function_has_a_reference() -> None:
    assert [row.name for row in catalogue.all_rows() if row.category == "in-place" and known(row)] == []


def test_every_rule_belongs_to_a_row_and_no_row_has_two() -> None:
    assert {*RULES, *ARRANGED} <= {row.name for row in catalogue.all_rows()}
    assert not set(RULES) & ARRANGED


@each(
    "text, operation",
    [
        ("x + rand_like(x)", "rand_like"),
        ("x.half()", "half"),
        ("sum(x, dtype=torch.float32)", "sum with a dtype"),
        ("x.to(torch.float32)", "a conversion that rounds"),
        ("y = x * 1; y += 1; y", "in-place update"),
        ("y = x * 1; y[0] = 1; y", "in-place update"),
        ("y = x * 1; y.mul_(2); y", "mul_"),
        ("x * 1j", "complex numbers"),
        ("linalg.svd([[1, 2], [3, 4]])[0]", "singular or eigenvectors"),
        ("rrelu(x, training=True)", "rrelu with training=True"),
        ("y = x.repeat(9); grad(sum(y**2), y)", "grad by more than 16 elements"),
        ("grad(sum(abs(x - 0.5)), x)", "grad at a kink"),
        ("dropout(x)", "dropout in training"),
        ("polygamma(1001, x)", "polygamma of an order above 1000"),
        ("polygamma(3, x - 1e10)", "polygamma at a distance below zero above 10000"),
        ("mvlgamma(x + 1000, 1001)", "mvlgamma of a dimension above 1000"),
        ("special.hermite_polynomial_h(x, 10**9)", "a polynomial of a degree above 1000"),
        ("igammac(x * 1e30, x)", "the upper incomplete gamma function of a parameter above 1000000000"),
    ],
)
def test_what_has_no_reference_is_named(text: str, operation: str) -> None:
    with pytest.raises(NoReference) as caught:
        value(parse(text, bound=("x",)), {"x": X})
    assert caught.value.operation == operation


@pytest.mark.parametrize(
    "text",
    [
        "x + zeros_like(x)",
        "x.double()",
        "sum(x, dtype=torch.float64)",
        "(x > 0).half() * x",
        "dropout(x, 0.0)",
        "polygamma(1000, x)",
        "y = x.repeat(8); grad(sum(y**2), y)",
        "grad(sum(abs(x - 0.5)**1.3), x)",
        "x[[]]",
        "matrix_power(x.diag(), 2**40)",
    ],
)
def test_its_nearest_neighbour_has_a_reference(text: str) -> None:
    assert value(parse(text, bound=("x",)), {"x": X}).dtype == object


def test_mpmath_is_not_imported_before_a_reference_is_asked_for() -> None:
    program = "import sys, gradcli.numerics.reference; sys.exit('mpmath' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
