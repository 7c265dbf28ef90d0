"""Operations, creation: tensors from nothing but numbers.

Written by tools/generate_operations.py from PyTorch's schemas: change that, not this.
"""

from gradcli.language.catalogue.operations.table import category

row = category("creation")

ROWS = (
    row(
        "arange",
        "(end: number, *, dtype: dtype? = None, requires_grad: bool = False)",
        "(start: number, end: number, *, dtype: dtype? = None, requires_grad: bool = False)",
        "(start: number, end: number, step: number = 1, *, dtype: dtype? = None, requires_grad: bool = False)",
    ),
    row(
        "bartlett_window",
        "(window_length: int, *, dtype: dtype? = None, requires_grad: bool = False)",
        "(window_length: int, periodic: bool, *, dtype: dtype? = None, requires_grad: bool = False)",
    ),
    row(
        "blackman_window",
        "(window_length: int, *, dtype: dtype? = None, requires_grad: bool = False)",
        "(window_length: int, periodic: bool, *, dtype: dtype? = None, requires_grad: bool = False)",
    ),
    row(
        "eye",
        "(n: int, *, dtype: dtype? = None, requires_grad: bool = False)",
        "(n: int, m: int, *, dtype: dtype? = None, requires_grad: bool = False)",
    ),
    row("full", "(size: ints, fill_value: number, *, dtype: dtype? = None, requires_grad: bool = False)"),
    row(
        "full_like", "(input, fill_value: number, *, dtype: dtype? = None, requires_grad: bool = False)", pointwise=True
    ),
    row(
        "hamming_window",
        "(window_length: int, *, dtype: dtype? = None, requires_grad: bool = False)",
        "(window_length: int, periodic: bool, *, dtype: dtype? = None, requires_grad: bool = False)",
        "(window_length: int, periodic: bool, alpha: float, *, dtype: dtype? = None, requires_grad: bool = False)",
        "(window_length: int, periodic: bool, alpha: float, beta: float, *, dtype: dtype? = None, "
        "requires_grad: bool = False)",
    ),
    row(
        "hann_window",
        "(window_length: int, *, dtype: dtype? = None, requires_grad: bool = False)",
        "(window_length: int, periodic: bool, *, dtype: dtype? = None, requires_grad: bool = False)",
    ),
    row(
        "kaiser_window",
        "(window_length: int, *, dtype: dtype? = None, requires_grad: bool = False)",
        "(window_length: int, periodic: bool, *, dtype: dtype? = None, requires_grad: bool = False)",
        "(window_length: int, periodic: bool, beta: float, *, dtype: dtype? = None, requires_grad: bool = False)",
    ),
    row(
        "linspace",
        "(start, end, steps: int, *, dtype: dtype? = None, requires_grad: bool = False)",
        "(start, end: number, steps: int, *, dtype: dtype? = None, requires_grad: bool = False)",
        "(start: number, end, steps: int, *, dtype: dtype? = None, requires_grad: bool = False)",
        "(start: number, end: number, steps: int, *, dtype: dtype? = None, requires_grad: bool = False)",
    ),
    row(
        "logspace",
        "(start, end, steps: int, base: float = 10.0, *, dtype: dtype? = None, requires_grad: bool = False)",
        "(start, end: number, steps: int, base: float = 10.0, *, dtype: dtype? = None, requires_grad: bool = False)",
        "(start: number, end, steps: int, base: float = 10.0, *, dtype: dtype? = None, requires_grad: bool = False)",
        "(start: number, end: number, steps: int, base: float = 10.0, *, dtype: dtype? = None, "
        "requires_grad: bool = False)",
    ),
    row(
        "new_full",
        "(input, size: ints, fill_value: number, *, dtype: dtype? = None, requires_grad: bool = False)",
        method=True,
        function=False,
    ),
    row(
        "new_ones",
        "(input, size: ints, *, dtype: dtype? = None, requires_grad: bool = False)",
        method=True,
        function=False,
    ),
    row(
        "new_zeros",
        "(input, size: ints, *, dtype: dtype? = None, requires_grad: bool = False)",
        method=True,
        function=False,
    ),
    row("ones", "(size: ints, *, dtype: dtype? = None, requires_grad: bool = False)"),
    row("ones_like", "(input, *, dtype: dtype? = None, requires_grad: bool = False)", pointwise=True),
    row(
        "tensor",
        "(obj: any, *, dtype: dtype? = None, requires_grad: bool = False)",
        torch="torch.asarray",
        aliases=(
            "BFloat16Tensor",
            "BoolTensor",
            "ByteTensor",
            "CharTensor",
            "DoubleTensor",
            "FloatTensor",
            "HalfTensor",
            "IntTensor",
            "LongTensor",
            "ShortTensor",
            "as_tensor",
            "asarray",
        ),
    ),
    row("zeros", "(size: ints, *, dtype: dtype? = None, requires_grad: bool = False)"),
    row("zeros_like", "(input, *, dtype: dtype? = None, requires_grad: bool = False)", pointwise=True),
)
