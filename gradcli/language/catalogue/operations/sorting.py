"""Operations, sorting: order, ranks, counts.

Written by tools/generate_operations.py from PyTorch's schemas: change that, not this.
"""

from gradcli.language.catalogue.operations.table import category

row = category("sorting")

ROWS = (
    row(
        "argsort",
        "(input, dim: int = -1, descending: bool = False)",
        "(input, *, stable: bool, dim: int = -1, descending: bool = False)",
        method=True,
    ),
    row("bincount", "(input, weights: tensor? = None, minlength: int = 0)", method=True),
    row(
        "bucketize",
        "(input, boundaries, *, out_int32: bool = False, right: bool = False)",
        "(input: number, boundaries, *, out_int32: bool = False, right: bool = False)",
    ),
    row("histc", "(input, bins: int = 100, min: number = 0, max: number = 0)", method=True),
    row("msort", "(input)", method=True),
    row(
        "searchsorted",
        "(sorted_sequence, input, *, out_int32: bool = False, right: bool = False, side: str? = None, "
        "sorter: tensor? = None)",
        "(sorted_sequence, input: number, *, out_int32: bool = False, right: bool = False, side: str? = None, "
        "sorter: tensor? = None)",
    ),
    row(
        "sort",
        "(input, dim: int = -1, descending: bool = False)",
        "(input, *, stable: bool?, dim: int = -1, descending: bool = False)",
        method=True,
    ),
    row(
        "topk",
        "(input, k: int, dim: int = -1, largest: bool = True, sorted: bool = True)",
        method=True,
        subject="topk(x, 1)",
    ),
    row(
        "unique",
        "(input, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int? = None)",
        method=True,
    ),
    row(
        "unique_consecutive",
        "(input, return_inverse: bool = False, return_counts: bool = False, dim: int? = None)",
        method=True,
    ),
)
