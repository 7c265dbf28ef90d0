"""Operations, convolution: convolutions and their building blocks.

Written by tools/generate_operations.py from PyTorch's schemas: change that, not this.
"""

from gradcli.language.catalogue.operations.table import category

row = category("convolution")

ROWS = (
    row(
        "conv1d",
        "(input, weight, bias: tensor? = None, stride: ints = [1], padding: ints = [0], dilation: ints = [1], "
        "groups: int = 1)",
        "(input, weight, bias: tensor? = None, stride: ints = [1], padding: str = 'valid', dilation: ints = [1], "
        "groups: int = 1)",
    ),
    row(
        "conv2d",
        "(input, weight, bias: tensor? = None, stride: ints = [1, 1], padding: ints = [0, 0], "
        "dilation: ints = [1, 1], groups: int = 1)",
        "(input, weight, bias: tensor? = None, stride: ints = [1, 1], padding: str = 'valid', "
        "dilation: ints = [1, 1], groups: int = 1)",
    ),
    row(
        "conv3d",
        "(input, weight, bias: tensor? = None, stride: ints = [1, 1, 1], padding: ints = [0, 0, 0], "
        "dilation: ints = [1, 1, 1], groups: int = 1)",
        "(input, weight, bias: tensor? = None, stride: ints = [1, 1, 1], padding: str = 'valid', "
        "dilation: ints = [1, 1, 1], groups: int = 1)",
    ),
    row(
        "conv_transpose1d",
        "(input, weight, bias: tensor? = None, stride: ints = [1], padding: ints = [0], "
        "output_padding: ints = [0], groups: int = 1, dilation: ints = [1])",
    ),
    row(
        "conv_transpose2d",
        "(input, weight, bias: tensor? = None, stride: ints = [1, 1], padding: ints = [0, 0], "
        "output_padding: ints = [0, 0], groups: int = 1, dilation: ints = [1, 1])",
    ),
    row(
        "conv_transpose3d",
        "(input, weight, bias: tensor? = None, stride: ints = [1, 1, 1], padding: ints = [0, 0, 0], "
        "output_padding: ints = [0, 0, 0], groups: int = 1, dilation: ints = [1, 1, 1])",
    ),
    row(
        "fold",
        "(input, output_size: ints, kernel_size: ints, dilation: ints = 1, padding: ints = 0, stride: ints = 1)",
        torch="torch.nn.functional.fold",
    ),
    row(
        "unfold",
        "(input, kernel_size: ints, dilation: ints = 1, padding: ints = 0, stride: ints = 1)",
        torch="torch.nn.functional.unfold",
    ),
)
