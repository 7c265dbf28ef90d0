"""Operations, conversion: another dtype, another copy, out of the graph.

Written by tools/generate_operations.py from PyTorch's schemas: change that, not this.
"""

from gradcli.language.catalogue.operations.table import category

row = category("conversion")

ROWS = (
    row("bfloat16", "(input)", torch="torch.Tensor.bfloat16", method=True, pointwise=True),
    row("bool", "(input)", torch="torch.Tensor.bool", method=True, pointwise=True),
    row("byte", "(input)", torch="torch.Tensor.byte", method=True, pointwise=True),
    row("cdouble", "(input)", torch="torch.Tensor.cdouble", method=True, pointwise=True),
    row("cfloat", "(input)", torch="torch.Tensor.cfloat", method=True, pointwise=True),
    row("char", "(input)", torch="torch.Tensor.char", method=True, pointwise=True),
    row("clone", "(input)", method=True, pointwise=True),
    row("contiguous", "(input)", torch="torch.Tensor.contiguous", method=True, pointwise=True),
    row("detach", "(input)", method=True, pointwise=True),
    row("double", "(input)", torch="torch.Tensor.double", method=True, pointwise=True),
    row("float", "(input)", torch="torch.Tensor.float", method=True, pointwise=True),
    row("half", "(input)", torch="torch.Tensor.half", method=True, pointwise=True),
    row("int", "(input)", torch="torch.Tensor.int", method=True, pointwise=True),
    row("long", "(input)", torch="torch.Tensor.long", method=True, pointwise=True),
    row("short", "(input)", torch="torch.Tensor.short", method=True, pointwise=True),
    row("to", "(input, dtype: dtype)", "(input, tensor)", torch="torch.Tensor.to", method=True, pointwise=True),
    row("type", "(input, dtype: dtype)", method=True, function=False, pointwise=True),
    row("type_as", "(input, other)", torch="torch.Tensor.type_as", method=True, pointwise=True),
)
