"""Operations, cumulative: running sums, differences, and their like.

Written by tools/generate_operations.py from PyTorch's schemas: change that, not this.
"""

from gradcli.language.catalogue.operations.table import category

row = category("cumulative")

ROWS = (
    row("cummax", "(input, dim: int)", method=True, subject="cummax(x, dim=0)"),
    row("cummin", "(input, dim: int)", method=True, subject="cummin(x, dim=0)"),
    row("cumprod", "(input, dim: int, *, dtype: dtype? = None)", method=True, subject="cumprod(x, dim=0)"),
    row("cumsum", "(input, dim: int, *, dtype: dtype? = None)", method=True, subject="cumsum(x, dim=0)"),
    row("cumulative_trapezoid", "(y, x, *, dim: int = -1)", "(y, *, dx: number = 1, dim: int = -1)"),
    row("diff", "(input, n: int = 1, dim: int = -1, prepend: tensor? = None, append: tensor? = None)", method=True),
    row(
        "gradient",
        "(input, *, dim: ints, edge_order: int = 1)",
        "(input, *, spacing: tensors, dim: int? = None, edge_order: int = 1)",
        "(input, *, spacing: tensors, dim: ints, edge_order: int = 1)",
        "(input, *, spacing: floats, dim: int? = None, edge_order: int = 1)",
        "(input, *, spacing: floats, dim: ints, edge_order: int = 1)",
        "(input, *, spacing: number, dim: ints, edge_order: int = 1)",
        "(input, *, spacing: number? = None, dim: int? = None, edge_order: int = 1)",
    ),
    row("logcumsumexp", "(input, dim: int)", method=True, subject="logcumsumexp(x, dim=0)"),
)
