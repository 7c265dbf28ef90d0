"""Operations, random: random numbers, and functions that draw them.

Written by tools/generate_operations.py from PyTorch's schemas: change that, not this.
"""

from gradcli.language.catalogue.operations.table import category

row = category("random")

ROWS = (
    row(
        "alpha_dropout",
        "(input, p: float = 0.5, training: bool = False, inplace: bool = False)",
        torch="torch.nn.functional.alpha_dropout",
        pointwise=True,
    ),
    row("bernoulli", "(input)", "(input, p)", "(input, p: float)", method=True, pointwise=True),
    row("binomial", "(count, prob)"),
    row(
        "dropout",
        "(input, p: float = 0.5, training: bool = True, inplace: bool = False)",
        torch="torch.nn.functional.dropout",
        pointwise=True,
    ),
    row(
        "dropout1d",
        "(input, p: float = 0.5, training: bool = True, inplace: bool = False)",
        torch="torch.nn.functional.dropout1d",
        pointwise=True,
    ),
    row(
        "dropout2d",
        "(input, p: float = 0.5, training: bool = True, inplace: bool = False)",
        torch="torch.nn.functional.dropout2d",
        pointwise=True,
    ),
    row(
        "dropout3d",
        "(input, p: float = 0.5, training: bool = True, inplace: bool = False)",
        torch="torch.nn.functional.dropout3d",
        pointwise=True,
    ),
    row(
        "feature_alpha_dropout",
        "(input, p: float = 0.5, training: bool = False, inplace: bool = False)",
        torch="torch.nn.functional.feature_alpha_dropout",
        pointwise=True,
    ),
    row(
        "gumbel_softmax",
        "(logits, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1)",
        torch="torch.nn.functional.gumbel_softmax",
    ),
    row("multinomial", "(input, num_samples: int, replacement: bool = False)", method=True),
    row(
        "normal",
        "(mean, std)",
        "(mean, std: float = 1.0)",
        "(mean: float, std)",
        "(mean: float, std: float, size: ints, *, dtype: dtype? = None)",
        pointwise=True,
    ),
    row("poisson", "(input)"),
    row("rand", "(size: ints, *, dtype: dtype? = None, requires_grad: bool = False)"),
    row("rand_like", "(input, *, dtype: dtype? = None, requires_grad: bool = False)", pointwise=True),
    row(
        "randint",
        "(high: int, size: ints, *, dtype: dtype? = int64, requires_grad: bool = False)",
        "(low: int, high: int, size: ints, *, dtype: dtype? = int64, requires_grad: bool = False)",
    ),
    row(
        "randint_like",
        "(input, high, *, dtype: dtype? = None)",
        "(input, high: int, *, dtype: dtype? = None)",
        "(input, low: int, high: int, *, dtype: dtype? = None)",
        pointwise=True,
    ),
    row("randn", "(size: ints, *, dtype: dtype? = None, requires_grad: bool = False)"),
    row("randn_like", "(input, *, dtype: dtype? = None, requires_grad: bool = False)", pointwise=True),
    row("randperm", "(n: int, *, dtype: dtype? = int64)"),
)
