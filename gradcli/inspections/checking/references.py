"""What does not depend on PyTorch's derivatives: finite differences and the reference, once for each set of values."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.inspections.checking.conventions import Conventions
from gradcli.inspections.checking.slopes import Index, by_differences
from gradcli.numerics.capture import exact
from gradcli.numerics.differences import Differences
from gradcli.numerics.symmetric import Symmetrised

if TYPE_CHECKING:
    from gradcli.numerics.reference import Slope


@dataclass(frozen=True)
class Reference:
    """The slopes at one set of input values; None where the expression has no reference."""

    differences: dict[str, Differences]
    slopes: dict[str, np.ndarray] | None

    def slope(self, name: str, index: Index, factor: float = 1.0) -> Slope | None:
        """The reference of one element, times what a convention multiplies gradients by."""
        if self.slopes is None:
            return None
        slope: Slope = self.slopes[name][index]
        if factor == 1:
            return slope
        value, left, right = (None if x is None else x * factor for x in (slope.value, slope.left, slope.right))
        return replace(slope, value=value, left=left, right=right)


class References:
    """Those of a bound expression at different dtypes; what two dtypes have in common is computed once.

    without_reference: the operation that has no rule, once that was met.
    """

    def __init__(self, *, elementwise: bool) -> None:
        self.elementwise = elementwise
        self.without_reference: str | None = None
        self._known: dict[tuple[object, ...], Reference] = {}

    def of(self, bound: BoundExpression, held: Conventions) -> Reference:
        """What is known at the leaves of a bound expression."""
        key = (held.reasons, *(exact(leaf).tobytes() for leaf in bound.leaves.values()))
        if key not in self._known:
            wide = replace(bound.at_dtype("float64"), program=held.program)
            with Symmetrised() if held.symmetric else nullcontext():
                found = by_differences(wide, elementwise=self.elementwise)
            self._known[key] = Reference(found, self._slopes(wide))
        return self._known[key]

    def _slopes(self, bound: BoundExpression) -> dict[str, np.ndarray] | None:
        from gradcli.numerics import reference  # mpmath takes a while to import

        values = {name: exact(leaf) for name, leaf in bound.leaves.items()}
        try:
            return reference.slopes(bound.program, values, bound.wrt, elementwise=self.elementwise)
        except reference.NoReference as missing:
            self.without_reference = missing.operation
            return None
