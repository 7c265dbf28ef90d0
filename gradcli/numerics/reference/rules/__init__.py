"""What every function of the catalogue means, by its row's name."""

from gradcli.numerics.reference.rules import (  # noqa: F401 - each enters its rules
    activations,
    comparison,
    creation,
    cumulative,
    decompositions,
    distance,
    elementwise,
    layers,
    losses,
    losses_margin,
    matrices,
    normalization,
    order,
    products,
    reduction,
    rounding,
    scattering,
    special,
    windows,
)
from gradcli.numerics.reference.rules.decompositions import Absent
from gradcli.numerics.reference.rules.registry import RULES

__all__ = ["RULES", "Absent"]
