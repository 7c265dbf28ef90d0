"""Defects confirmed by another route: PyTorch is called here, and the truth is a formula in mpmath with 60 digits.

Nothing of gradcli takes part but its report, which is held against both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from mpmath import mp
from torch.nn import functional

Kernels = Literal["vector code", "oneDNN in bfloat16"]
Number = Any
"""An mpf."""
Function = Callable[[torch.Tensor], torch.Tensor]

DIGITS = 60
_VECTORS: Kernels = "vector code"
_ONEDNN: Kernels = "oneDNN in bfloat16"
_SIZES = {
    torch.float16: (np.int16, 11, -14, 15),
    torch.bfloat16: (np.int16, 8, -126, 127),
    torch.float32: (np.int32, 24, -126, 127),
}
"""Of each dtype: whole numbers as long, digits of a significand, exponents of its normal numbers."""


@dataclass(frozen=True)
class Case:
    """One defect between two numbers.

    subject: what an audit is asked for. is_: what is wrong in kind, or "far off". function, truth: the same in PyTorch,
    and its value or derivative in mpmath. path: how the numbers lie in memory. kernels: those that have the defect, all
    of them if none is named.
    """

    subject: str
    order: int
    dtype: torch.dtype
    low: float
    high: float
    is_: str
    function: Function
    truth: Callable[[Number], Number]
    path: str = "contiguous"
    kernels: Kernels | None = None

    @property
    def title(self) -> str:
        """Its name in a line."""
        return f"{self.subject} f{chr(39) * self.order}, {self.dtype_name}, {self.low:g} to {self.high:g}"

    @property
    def dtype_name(self) -> str:
        return str(self.dtype).removeprefix("torch.")

    def numbers(self) -> torch.Tensor:
        """Every number of the dtype from low to high, which have one sign, in the order of their size."""
        low, high = sorted((abs(self.low), abs(self.high)))
        whole = _SIZES[self.dtype][0]
        first, last = (
            int(torch.tensor(one, dtype=self.dtype).view(getattr(torch, whole.__name__))) for one in (low, high)
        )
        bits = torch.arange(first, last + 1, dtype=getattr(torch, whole.__name__))
        found = bits.view(self.dtype) * (1 if self.high > 0 else -1)
        return found[(found.double() >= self.low) & (found.double() <= self.high)]

    def answers(self) -> torch.Tensor:
        """PyTorch's answer at each number."""
        x = self.numbers()
        if self.path == "strided":
            wide = torch.ones(2 * len(x), dtype=x.dtype)
            wide[::2] = x
            x = wide[::2]
        if self.order == 0:
            return self.function(x)
        x.requires_grad_()
        (found,) = torch.autograd.grad(self.function(x).sum(), x)
        return found

    def true(self, x: float) -> Number:
        """The truth at a number."""
        with mp.workdps(DIGITS):
            return +self.truth(mp.mpf(x))

    def ulps(self, answer: float, truth: Number) -> float:
        """How far off an answer is, in units in the last place of the truth."""
        _, digits, lowest, _ = _SIZES[self.dtype]
        with mp.workdps(DIGITS):
            exponent = max(mp.mag(truth) - 1, lowest) if truth else lowest
            return float(abs(mp.mpf(answer) - truth) / mp.ldexp(1, int(exponent) - digits + 1))

    def is_wrong(self, answer: float, truth: Number) -> bool:
        """Whether an answer is wrong in the way of this defect."""
        _, digits, lowest, highest = _SIZES[self.dtype]
        with mp.workdps(DIGITS):
            match self.is_:
                case "nan":
                    return answer != answer and mp.isfinite(truth)
                case "overflow":
                    return abs(answer) == float("inf") and abs(truth) < mp.ldexp(2, highest) - mp.ldexp(
                        1, highest - digits
                    )
                case "dead":
                    return answer == 0 and abs(truth) >= mp.ldexp(1, lowest)
                case "wrong sign":
                    return answer * truth < 0
                case _:
                    return self.ulps(answer, truth) > 4


def kernels_here() -> set[Kernels]:
    """Which of the kernels PyTorch uses on this processor."""
    found: set[Kernels] = set()
    if torch.backends.cpu.get_cpu_capability() != "DEFAULT":
        found.add(_VECTORS)
    if torch.backends.mkldnn.enabled and torch.ops.mkldnn._is_mkldnn_bf16_supported():
        found.add(_ONEDNN)
    return found


def _gelu_tanh(x: torch.Tensor) -> torch.Tensor:
    return functional.gelu(x, approximate="tanh")


def _sech_squared(x: Number) -> Number:
    return mp.sech(x) ** 2


def _normal_below(x: Number) -> Number:
    return mp.erfc(-x / mp.sqrt(2)) / 2


def _gelu_slope(x: Number) -> Number:
    return _normal_below(x) + x * mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def _gelu_tanh_slope(x: Number) -> Number:
    """By u = sqrt(2/pi) (x + 0.044715 x^3), and (1 + tanh(u)) / 2 = 1 / (1 + exp(-2 u))."""
    root, cubic = mp.sqrt(2 / mp.pi), mp.mpf(44715) / 10**6
    u, slope = root * (x + cubic * x**3), root * (1 + 3 * cubic * x**2)
    return 1 / (1 + mp.exp(-2 * u)) + x * slope * _sech_squared(u) / 2


def _mish_slope(x: Number) -> Number:
    above = mp.log1p(mp.exp(x))
    return mp.tanh(above) + x * _sech_squared(above) / (1 + mp.exp(-x))


def _sinc_slope(x: Number) -> Number:
    return mp.cospi(x) / x - mp.sinpi(x) / (mp.pi * x * x)


def _rsqrt_slope(x: Number) -> Number:
    return -1 / (2 * x * mp.sqrt(x))


_HALF, _BRAIN, _FLOAT = torch.float16, torch.bfloat16, torch.float32
CASES = (
    Case("gelu(x, approximate='tanh')", 1, _BRAIN, 2.0**64, 2.0**70, "nan", _gelu_tanh, _gelu_tanh_slope),
    Case("gelu(x, approximate='tanh')", 1, _FLOAT, 2.0**64, 1.846e19, "nan", _gelu_tanh, _gelu_tanh_slope),
    Case("erf", 0, _BRAIN, 1e-8, 1.8e-7, "dead", torch.erf, mp.erf, kernels=_VECTORS),
    Case("sinc", 1, _HALF, 20864, 65504, "nan", torch.sinc, _sinc_slope),
    Case("sinc", 1, _HALF, 2.0**-15, 0.007, "dead", torch.sinc, _sinc_slope),
    Case("softsign", 1, _BRAIN, 512, 65536, "dead", functional.softsign, lambda x: 1 / (1 + abs(x)) ** 2),
    Case("asinh", 1, _HALF, 256, 16376, "dead", torch.asinh, lambda x: 1 / mp.hypot(1, x)),
    Case("acosh", 1, _HALF, 256, 16384, "dead", torch.acosh, lambda x: 1 / mp.sqrt((x - 1) * (x + 1))),
    Case("atan", 1, _HALF, 256, 4096, "far off", torch.atan, lambda x: 1 / (1 + x * x)),
    Case("hardswish", 0, _BRAIN, 5.69e37, 3.3e38, "overflow", functional.hardswish, lambda x: x),
    Case("mish", 1, _BRAIN, -92.5, -89, "wrong sign", functional.mish, _mish_slope),
    Case("mish", 1, _FLOAT, -88.75, -88.73, "wrong sign", functional.mish, _mish_slope),
    Case("rsqrt", 1, _HALF, 0.000388, 0.000614, "overflow", torch.rsqrt, _rsqrt_slope),
    Case("exp2", 1, _HALF, 16, 16.515, "overflow", torch.exp2, lambda x: mp.log(2) * mp.mpf(2) ** x),
    Case("tanh", 1, _HALF, 4.508, 5.5425, "dead", torch.tanh, _sech_squared),
    Case("sigmoid", 1, _HALF, 8.3204, 9.703, "dead", torch.sigmoid, lambda x: 1 / (2 + 2 * mp.cosh(x))),
    Case("expm1", 1, _BRAIN, -87, -6.25, "dead", torch.expm1, mp.exp),
    Case("tanhshrink", 0, _BRAIN, 1e-10, 0.0898, "dead", functional.tanhshrink, lambda x: x - mp.tanh(x)),
    Case("tanhshrink", 1, _HALF, 0.00783, 0.015625, "dead", functional.tanhshrink, lambda x: mp.tanh(x) ** 2),
    Case("special.ndtr", 0, _BRAIN, -12.9375, -6, "dead", torch.special.ndtr, _normal_below),
    Case("gelu", 0, _BRAIN, -13.125, -5.625, "dead", functional.gelu, lambda x: x * _normal_below(x)),
    Case("logit", 0, _HALF, 0.4997, 0.4998, "far off", torch.logit, lambda x: mp.log(x / (1 - x))),
    Case("gelu", 1, _BRAIN, -13.3125, -6.1562, "dead", functional.gelu, _gelu_slope, kernels=_ONEDNN),
    Case("gelu", 0, _FLOAT, -5.545, -5.543, "dead", functional.gelu, lambda x: x * _normal_below(x)),
    Case("gelu", 0, _BRAIN, 1.71e38, 3.3e38, "overflow", functional.gelu, lambda x: x, kernels=_ONEDNN),
    Case("sinh", 0, _FLOAT, 88.9, 89, "overflow", torch.sinh, mp.sinh, kernels=_VECTORS),
    Case("rsqrt", 1, _BRAIN, 2.04e-26, 2.05e-26, "overflow", torch.rsqrt, _rsqrt_slope, path="strided"),
)  # fmt: skip

SHAPES = (
    Case("sigmoid", 0, _FLOAT, -16.75, -16.74, "other bits", torch.sigmoid, lambda x: 1 / (1 + mp.exp(-x))),
    Case("gelu", 0, _FLOAT, -5.545, -5.54, "other bits", functional.gelu, lambda x: x * _normal_below(x)),
    Case("sinh", 0, _FLOAT, 88.9, 89.2, "other bits", torch.sinh, mp.sinh),
)
"""Answers that hang on how the numbers lie in memory."""
