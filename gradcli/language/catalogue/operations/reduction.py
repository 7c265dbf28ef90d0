"""Operations, reduction: many elements to one, over all or some dimensions.

Written by tools/generate_operations.py from PyTorch's schemas: change that, not this.
"""

from gradcli.language.catalogue.operations.table import category

row = category("reduction")

ROWS = (
    row(
        "all",
        "(input)",
        "(input, dim: int, keepdim: bool = False)",
        "(input, dim: ints? = None, keepdim: bool = False)",
        method=True,
    ),
    row("amax", "(input, dim: ints = [], keepdim: bool = False)", method=True),
    row("amin", "(input, dim: ints = [], keepdim: bool = False)", method=True),
    row("aminmax", "(input, *, dim: int? = None, keepdim: bool = False)", method=True),
    row(
        "any",
        "(input)",
        "(input, dim: int, keepdim: bool = False)",
        "(input, dim: ints? = None, keepdim: bool = False)",
        method=True,
    ),
    row("argmax", "(input, dim: int? = None, keepdim: bool = False)", method=True),
    row("argmin", "(input, dim: int? = None, keepdim: bool = False)", method=True),
    row("count_nonzero", "(input, dim: int? = None)", "(input, dim: ints)", method=True),
    row("kthvalue", "(input, k: int, dim: int = -1, keepdim: bool = False)", method=True, subject="kthvalue(x, 1)"),
    row(
        "logsumexp",
        "(input, dim: ints, keepdim: bool = False)",
        method=True,
        subject="logsumexp(x, dim=0)",
        aliases=("special.logsumexp",),
    ),
    row("max", "(input)", "(input, other)", "(input, dim: int, keepdim: bool = False)", method=True),
    row(
        "mean",
        "(input, *, dtype: dtype? = None)",
        "(input, dim: ints?, keepdim: bool = False, *, dtype: dtype? = None)",
        method=True,
    ),
    row("median", "(input)", "(input, dim: int, keepdim: bool = False)", method=True),
    row("min", "(input)", "(input, other)", "(input, dim: int, keepdim: bool = False)", method=True),
    row("mode", "(input, dim: int = -1, keepdim: bool = False)", method=True),
    row("nanmean", "(input, dim: ints? = None, keepdim: bool = False, *, dtype: dtype? = None)", method=True),
    row("nanmedian", "(input)", "(input, dim: int, keepdim: bool = False)", method=True),
    row(
        "nanquantile",
        "(input, q, dim: int? = None, keepdim: bool = False, *, interpolation: str = 'linear')",
        "(input, q: float, dim: int? = None, keepdim: bool = False, *, interpolation: str = 'linear')",
        method=True,
        subject="nanquantile(x, 0.5)",
    ),
    row("nansum", "(input, dim: ints? = None, keepdim: bool = False, *, dtype: dtype? = None)", method=True),
    row(
        "norm",
        "(input, p: any = 'fro', dim: ints? = None, keepdim: bool = False, *, dtype: dtype? = None)",
        method=True,
    ),
    row(
        "prod",
        "(input, *, dtype: dtype? = None)",
        "(input, dim: int, keepdim: bool = False, *, dtype: dtype? = None)",
        method=True,
    ),
    row(
        "quantile",
        "(input, q, dim: int? = None, keepdim: bool = False, *, interpolation: str = 'linear')",
        "(input, q: float, dim: int? = None, keepdim: bool = False, *, interpolation: str = 'linear')",
        method=True,
        subject="quantile(x, 0.5)",
    ),
    row(
        "std",
        "(input, unbiased: bool = True)",
        "(input, dim: ints? = None, *, correction: number? = None, keepdim: bool = False)",
        "(input, dim: ints?, unbiased: bool = True, keepdim: bool = False)",
        method=True,
    ),
    row(
        "std_mean",
        "(input, unbiased: bool = True)",
        "(input, dim: ints? = None, *, correction: number? = None, keepdim: bool = False)",
        "(input, dim: ints?, unbiased: bool = True, keepdim: bool = False)",
    ),
    row(
        "sum",
        "(input, *, dtype: dtype? = None)",
        "(input, dim: ints?, keepdim: bool = False, *, dtype: dtype? = None)",
        method=True,
    ),
    row("sum_to_size", "(input, size: ints)", method=True, function=False),
    row("trapezoid", "(y, x, *, dim: int = -1)", "(y, *, dx: number = 1, dim: int = -1)", aliases=("trapz",)),
    row(
        "var",
        "(input, unbiased: bool = True)",
        "(input, dim: ints? = None, *, correction: number? = None, keepdim: bool = False)",
        "(input, dim: ints?, unbiased: bool = True, keepdim: bool = False)",
        method=True,
    ),
    row(
        "var_mean",
        "(input, unbiased: bool = True)",
        "(input, dim: ints? = None, *, correction: number? = None, keepdim: bool = False)",
        "(input, dim: ints?, unbiased: bool = True, keepdim: bool = False)",
    ),
)
