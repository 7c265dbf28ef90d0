"""The numbers of a dtype by NumPy alone: another route than that of the audited tensors."""

from __future__ import annotations

import numpy as np

from gradcli.numerics.proven.formats import Floats, Format, Magnitudes


def decoded(form: Format, magnitudes: Magnitudes) -> Floats:
    """The numbers of these magnitudes, exactly."""
    if form.name == "float16":
        return magnitudes.astype(np.uint16).view(np.float16).astype(np.float64)
    wide = magnitudes.astype(np.uint32)
    bits = wide << np.uint32(16) if form.name == "bfloat16" else wide
    return bits.view(np.float32).astype(np.float64)
