"""Operations, pooling: means and maxima over windows.

Written by tools/generate_operations.py from PyTorch's schemas: change that, not this.
"""

from gradcli.language.catalogue.operations.table import category

row = category("pooling")

ROWS = (
    row("adaptive_avg_pool1d", "(input, output_size: ints)"),
    row("adaptive_avg_pool2d", "(input, output_size: sizes)", torch="torch.nn.functional.adaptive_avg_pool2d"),
    row("adaptive_avg_pool3d", "(input, output_size: sizes)", torch="torch.nn.functional.adaptive_avg_pool3d"),
    row(
        "adaptive_max_pool1d",
        "(input, output_size: sizes, return_indices: bool = False)",
        torch="torch.nn.functional.adaptive_max_pool1d",
    ),
    row(
        "adaptive_max_pool2d",
        "(input, output_size: sizes, return_indices: bool = False)",
        torch="torch.nn.functional.adaptive_max_pool2d",
    ),
    row(
        "adaptive_max_pool3d",
        "(input, output_size: sizes, return_indices: bool = False)",
        torch="torch.nn.functional.adaptive_max_pool3d",
    ),
    row(
        "avg_pool1d",
        "(input, kernel_size: ints, stride: ints = [], padding: ints = [0], ceil_mode: bool = False, "
        "count_include_pad: bool = True)",
    ),
    row(
        "avg_pool2d",
        "(input, kernel_size: ints, stride: ints = [], padding: ints = 0, ceil_mode: bool = False, "
        "count_include_pad: bool = True, divisor_override: int? = None)",
        torch="torch.nn.functional.avg_pool2d",
    ),
    row(
        "avg_pool3d",
        "(input, kernel_size: ints, stride: ints = [], padding: ints = 0, ceil_mode: bool = False, "
        "count_include_pad: bool = True, divisor_override: int? = None)",
        torch="torch.nn.functional.avg_pool3d",
    ),
    row(
        "fractional_max_pool2d",
        "(input, kernel_size: ints, output_size: ints? = None, output_ratio: floats? = None, "
        "return_indices: bool = False)",
        torch="torch.nn.functional.fractional_max_pool2d",
    ),
    row(
        "fractional_max_pool3d",
        "(input, kernel_size: ints, output_size: ints? = None, output_ratio: floats? = None, "
        "return_indices: bool = False)",
        torch="torch.nn.functional.fractional_max_pool3d",
    ),
    row(
        "lp_pool1d",
        "(input, norm_type: float, kernel_size: int, stride: ints? = None, ceil_mode: bool = False)",
        torch="torch.nn.functional.lp_pool1d",
    ),
    row(
        "lp_pool2d",
        "(input, norm_type: float, kernel_size: ints, stride: ints? = None, ceil_mode: bool = False)",
        torch="torch.nn.functional.lp_pool2d",
    ),
    row(
        "lp_pool3d",
        "(input, norm_type: float, kernel_size: ints, stride: ints? = None, ceil_mode: bool = False)",
        torch="torch.nn.functional.lp_pool3d",
    ),
    row(
        "max_pool1d",
        "(input, kernel_size: ints, stride: ints? = None, padding: ints = 0, dilation: ints = 1, "
        "ceil_mode: bool = False, return_indices: bool = False)",
        torch="torch.nn.functional.max_pool1d",
    ),
    row(
        "max_pool2d",
        "(input, kernel_size: ints, stride: ints? = None, padding: ints = 0, dilation: ints = 1, "
        "ceil_mode: bool = False, return_indices: bool = False)",
        torch="torch.nn.functional.max_pool2d",
    ),
    row(
        "max_pool3d",
        "(input, kernel_size: ints, stride: ints? = None, padding: ints = 0, dilation: ints = 1, "
        "ceil_mode: bool = False, return_indices: bool = False)",
        torch="torch.nn.functional.max_pool3d",
    ),
    row(
        "max_unpool1d",
        "(input, indices, kernel_size: ints, stride: ints? = None, padding: ints = 0, output_size: ints? = None)",
        torch="torch.nn.functional.max_unpool1d",
    ),
    row(
        "max_unpool2d",
        "(input, indices, kernel_size: ints, stride: ints? = None, padding: ints = 0, output_size: ints? = None)",
        torch="torch.nn.functional.max_unpool2d",
    ),
    row(
        "max_unpool3d",
        "(input, indices, kernel_size: ints, stride: ints? = None, padding: ints = 0, output_size: ints? = None)",
        torch="torch.nn.functional.max_unpool3d",
    ),
)
