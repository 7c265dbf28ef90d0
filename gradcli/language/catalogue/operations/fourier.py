"""Operations, fourier: discrete Fourier transforms.

Written by tools/generate_operations.py from PyTorch's schemas: change that, not this.
"""

from gradcli.language.catalogue.operations.table import category

row = category("fourier")

ROWS = (
    row("fft.fft", "(input, n: int? = None, dim: int = -1, norm: str? = None)"),
    row("fft.fft2", "(input, s: ints? = None, dim: ints = [-2, -1], norm: str? = None)"),
    row("fft.fftfreq", "(n: int, d: float = 1.0, *, dtype: dtype? = None)"),
    row("fft.fftn", "(input, s: ints? = None, dim: ints? = None, norm: str? = None)"),
    row("fft.fftshift", "(input, dim: ints? = None)"),
    row("fft.hfft", "(input, n: int? = None, dim: int = -1, norm: str? = None)"),
    row("fft.hfft2", "(input, s: ints? = None, dim: ints = [-2, -1], norm: str? = None)"),
    row("fft.hfftn", "(input, s: ints? = None, dim: ints? = None, norm: str? = None)"),
    row("fft.ifft", "(input, n: int? = None, dim: int = -1, norm: str? = None)"),
    row("fft.ifft2", "(input, s: ints? = None, dim: ints = [-2, -1], norm: str? = None)"),
    row("fft.ifftn", "(input, s: ints? = None, dim: ints? = None, norm: str? = None)"),
    row("fft.ifftshift", "(input, dim: ints? = None)"),
    row("fft.ihfft", "(input, n: int? = None, dim: int = -1, norm: str? = None)"),
    row("fft.ihfft2", "(input, s: ints? = None, dim: ints = [-2, -1], norm: str? = None)"),
    row("fft.ihfftn", "(input, s: ints? = None, dim: ints? = None, norm: str? = None)"),
    row("fft.irfft", "(input, n: int? = None, dim: int = -1, norm: str? = None)"),
    row("fft.irfft2", "(input, s: ints? = None, dim: ints = [-2, -1], norm: str? = None)"),
    row("fft.irfftn", "(input, s: ints? = None, dim: ints? = None, norm: str? = None)"),
    row("fft.rfft", "(input, n: int? = None, dim: int = -1, norm: str? = None)"),
    row("fft.rfft2", "(input, s: ints? = None, dim: ints = [-2, -1], norm: str? = None)"),
    row("fft.rfftfreq", "(n: int, d: float = 1.0, *, dtype: dtype? = None)"),
    row("fft.rfftn", "(input, s: ints? = None, dim: ints? = None, norm: str? = None)"),
    row(
        "istft",
        "(input, n_fft: int, hop_length: int? = None, win_length: int? = None, window: tensor? = None, "
        "center: bool = True, normalized: bool = False, onesided: bool? = None, length: int? = None, "
        "return_complex: bool = False)",
        method=True,
    ),
    row(
        "stft",
        "(input, n_fft: int, hop_length: int? = None, win_length: int? = None, window: tensor? = None, "
        "center: bool = True, pad_mode: str = 'reflect', normalized: bool = False, onesided: bool? = None, "
        "return_complex: bool? = None, align_to_window: bool? = None)",
        method=True,
    ),
)
