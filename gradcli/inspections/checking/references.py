"""What does not depend on PyTorch's derivatives: finite differences and the reference, once for each set of values."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.inspections.checking.conventions import Conventions
from gradcli.inspections.checking.slopes import Index, by_differences
from gradcli.language.properties import is_elementwise_sum
from gradcli.language.syntax import Program
from gradcli.numerics.capture import exact
from gradcli.numerics.differences import Differences
from gradcli.numerics.proven.not_bounded import is_bounded
from gradcli.numerics.symmetric import Symmetrised

if TYPE_CHECKING:
    from gradcli.numerics.reference import Slope


FEWEST = 250
"""Elements from which on it pays to load a second reference, where 50 digits are needed in any case."""

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Reference:
    """The slopes at one set of input values; None where an element has no reference."""

    differences: dict[str, Differences]
    slopes: Arrays

    def slope(self, name: str, index: Index, factor: float = 1.0) -> Slope | None:
        """The reference of one element, times what a convention multiplies gradients by."""
        slope: Slope | None = self.slopes[name][index]
        if slope is None or factor == 1:
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
            self._known[key] = Reference(found, self._slopes(wide, found))
        return self._known[key]

    def _slopes(self, bound: BoundExpression, differences: dict[str, Differences]) -> Arrays:
        """Proven where that is possible, else to 50 digits."""
        values = {name: exact(leaf) for name, leaf in bound.leaves.items()}
        found = _proven(bound.program, values, bound.wrt, differences)
        for name, slopes in found.items():
            missing = np.flatnonzero([slope is None for slope in slopes.ravel()]).tolist()
            if missing and self.without_reference is None:
                slopes.ravel()[missing] = self._to_digits(bound.program, values, name, missing)
        return found

    def _to_digits(self, program: Program, values: Arrays, name: str, places: list[int]) -> list[Slope] | None:
        """The slopes to 50 digits by some elements of an input."""
        from gradcli.numerics import reference  # mpmath takes a while to import

        try:
            found = reference.slopes(program, values, [name], elementwise=self.elementwise, only=places)
        except reference.NoReference as missing:
            self.without_reference = missing.operation
            return None
        known: list[Slope] = found[name].ravel()[places].tolist()
        return known


def _proven(program: Program, values: Arrays, wrt: Sequence[str], differences: dict[str, Differences]) -> Arrays:
    """The slopes that Arb proves, None for the others: without python-flint, and where they would not pay, for all."""
    found = {name: np.full(np.shape(values[name]), None, dtype=object) for name in wrt}
    if not (is_elementwise_sum(program) and is_bounded(program) and _pays(differences) and find_spec("flint")):
        return found
    from gradcli.numerics.proven.slopes import slopes  # python-flint is an extra
    from gradcli.numerics.reference import Slope

    for name, own in (slopes(program, values, wrt) or {}).items():
        for place, value in enumerate(own.ravel()):
            found[name].ravel()[place] = None if value is None else Slope("smooth", value, proven=True)
    return found


def _pays(differences: dict[str, Differences]) -> bool:
    """Whether two references are worth their time to load: where no element has a kink one of them is enough."""
    regular = [np.isfinite(found.slope) & ~np.asarray(found.kink, dtype=bool) for found in differences.values()]
    return all(map(np.all, regular)) or sum(map(np.sum, regular)) >= FEWEST
