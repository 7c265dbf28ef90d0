"""Operations, shape query: sizes as Python integers.

Written by tools/generate_operations.py from PyTorch's schemas: change that, not this.
"""

from gradcli.language.catalogue.operations.table import category

row = category("shape query")

ROWS = (
    row("dim", "(input)", method=True, function=False, aliases=("ndimension",)),
    row("numel", "(input)", method=True, aliases=("nelement",)),
    row("size", "(input)", "(input, dim: int)", method=True, function=False),
)
