"""Operations, indexing: elements picked or placed by index or mask.

Written by tools/generate_operations.py from PyTorch's schemas: change that, not this.
"""

from gradcli.language.catalogue.operations.table import category

row = category("indexing")

ROWS = (
    row("argwhere", "(input)", method=True),
    row("gather", "(input, dim: int, index)", method=True),
    row("index_add", "(input, dim: int, index, source, *, alpha: number = 1)", method=True),
    row("index_copy", "(input, dim: int, index, source)", method=True),
    row("index_fill", "(input, dim: int, index, value)", "(input, dim: int, index, value: number)", method=True),
    row("index_put", "(input, indices: tensors, values, accumulate: bool = False)", method=True),
    row("index_reduce", "(input, dim: int, index, source, reduce: str, *, include_self: bool = True)", method=True),
    row("index_select", "(input, dim: int, index)", method=True),
    row("masked_fill", "(input, mask, value)", "(input, mask, value: number)", method=True, pointwise=True),
    row("masked_scatter", "(input, mask, source)", method=True),
    row("masked_select", "(input, mask)", method=True),
    row("nonzero", "(input)", method=True),
    row("put", "(input, index, source, accumulate: bool = False)", method=True),
    row(
        "scatter",
        "(input, dim: int, index, src)",
        "(input, dim: int, index, value: number)",
        "(input, dim: int, index, src, *, reduce: str)",
        "(input, dim: int, index, value: number, *, reduce: str)",
        method=True,
    ),
    row("scatter_add", "(input, dim: int, index, src)", method=True),
    row("scatter_reduce", "(input, dim: int, index, src, reduce: str, *, include_self: bool = True)", method=True),
    row("select", "(input, dim: int, index: int)", method=True),
    row("take", "(input, index)", method=True),
    row("take_along_dim", "(input, indices, dim: int? = None)", method=True),
    row("tril_indices", "(row: int, col: int, offset: int = 0, *, dtype: dtype? = int64)"),
    row("triu_indices", "(row: int, col: int, offset: int = 0, *, dtype: dtype? = int64)"),
    row("unravel_index", "(indices, shape: ints)"),
)
