"""Operations, complex numbers: made, taken apart, conjugated.

Written by tools/generate_operations.py from PyTorch's schemas: change that, not this.
"""

from gradcli.language.catalogue.operations.table import category

row = category("complex numbers")

ROWS = (
    row("angle", "(input)", method=True, pointwise=True),
    row("complex", "(real, imag)", pointwise=True),
    row("conj", "(input)", method=True, pointwise=True),
    row("conj_physical", "(input)", method=True, pointwise=True),
    row("imag", "(input)", pointwise=True),
    row("polar", "(abs, angle)", pointwise=True),
    row("real", "(input)", pointwise=True),
    row("resolve_conj", "(input)", method=True, pointwise=True),
    row("resolve_neg", "(input)", method=True, pointwise=True),
    row("view_as_complex", "(input)"),
    row("view_as_real", "(input)"),
)
