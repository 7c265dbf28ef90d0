"""Operations, comparison: comparisons, masks, logic.

Written by tools/generate_operations.py from PyTorch's schemas: change that, not this.
"""

from gradcli.language.catalogue.operations.table import category

row = category("comparison")

ROWS = (
    row("allclose", "(input, other, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False)", method=True),
    row("eq", "(input, other)", "(input, other: number)", method=True, pointwise=True),
    row("equal", "(input, other)", method=True),
    row("ge", "(input, other)", "(input, other: number)", method=True, pointwise=True, aliases=("greater_equal",)),
    row("gt", "(input, other)", "(input, other: number)", method=True, pointwise=True, aliases=("greater",)),
    row(
        "isclose",
        "(input, other, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False)",
        method=True,
        pointwise=True,
    ),
    row("isfinite", "(input)", method=True, pointwise=True),
    row(
        "isin",
        "(elements, test_elements, *, assume_unique: bool = False, invert: bool = False)",
        "(element: number, test_elements, *, assume_unique: bool = False, invert: bool = False)",
        "(elements, test_element: number, *, assume_unique: bool = False, invert: bool = False)",
    ),
    row("isinf", "(input)", method=True, pointwise=True),
    row("isnan", "(input)", method=True, pointwise=True),
    row("isneginf", "(input)", method=True, pointwise=True),
    row("isposinf", "(input)", method=True, pointwise=True),
    row("isreal", "(input)", method=True, pointwise=True),
    row("le", "(input, other)", "(input, other: number)", method=True, pointwise=True, aliases=("less_equal",)),
    row("logical_and", "(input, other)", method=True, pointwise=True),
    row("logical_not", "(input)", method=True, pointwise=True),
    row("logical_or", "(input, other)", method=True, pointwise=True),
    row("logical_xor", "(input, other)", method=True, pointwise=True),
    row("lt", "(input, other)", "(input, other: number)", method=True, pointwise=True, aliases=("less",)),
    row("ne", "(input, other)", "(input, other: number)", method=True, pointwise=True, aliases=("not_equal",)),
    row("signbit", "(input)", method=True, pointwise=True),
)
