"""All that is known of the derivatives by the elements of one leaf, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from gradcli.inspections.callables.derivatives import Element, Rows
from gradcli.inspections.callables.verdicts import DISAGREE, NO_REFERENCE, ROUNDING, VERDICTS, Truth, verdicts
from gradcli.numerics.differences import Differences
from gradcli.numerics.precision import shortest
from gradcli.results import CheckRow
from gradcli.results.parts import Phrase, phrase

Mode = Literal["reverse", "forward"]

NO_PATH = "no path leads from the output to it"
LOST = "the roundings on the way move the gradient as much"
UNKNOWN = "finite differences say nothing here"


@dataclass(frozen=True)
class Block:
    """Arrays with a row for what is differentiated and a column for each element.

    values: of the elements, in the dtype that is checked. connected: whether a path leads from a row to the leaf.
    found: the places of the verdicts in VERDICTS, by mode; without forward mode where PyTorch has none.
    """

    elements: Sequence[Element]
    values: np.ndarray
    rows: Rows
    connected: np.ndarray
    computed: dict[Mode, np.ndarray]
    differences: Differences
    truth: Truth
    found: dict[Mode, np.ndarray]

    @classmethod
    def of(
        cls,
        elements: Sequence[Element],
        leaf: torch.Tensor,
        rows: Rows,
        gradients: Sequence[torch.Tensor | None],
        computed: dict[Mode, np.ndarray],
        differences: Differences,
        tolerance: float | None,
    ) -> Block:
        truth = Truth.of(differences)
        return cls(
            elements,
            np.array([float(leaf.detach()[element.index]) for element in elements]),
            rows,
            np.array([gradient is not None for gradient in gradients]),
            computed,
            differences,
            truth,
            {mode: verdicts(own, truth, leaf.dtype, tolerance) for mode, own in computed.items()},
        )

    @property
    def wrong_rows(self) -> list[int]:
        """The rows in which something is accused."""
        return _rows_with(self._worst_mode() == DISAGREE)

    @property
    def doubtful_rows(self) -> list[int]:
        """Those, and the ones in which nothing is known because values are too noisy: rounding may be why."""
        return _rows_with((self._worst_mode() == DISAGREE) | self._is_noisy("reverse"))

    def exempt(self, allowed: np.ndarray, share: float) -> None:
        """Take back what is accused of being off by less than rounding may put it.

        share: what rounding may change of a derivative whose digits are lost, in values as well as in PyTorch's.
        """
        for mode, found in self.found.items():
            found[self._is_noisy(mode) & (allowed > share * np.abs(self.computed[mode]))] = ROUNDING
            nearest = np.clip(self.computed[mode], self.truth.low, self.truth.high)
            with np.errstate(invalid="ignore"):
                off = np.abs(self.computed[mode] - np.where(self.truth.kink, nearest, self.truth.slope))
            found[(found == DISAGREE) & (off <= allowed)] = ROUNDING

    def wrong(self) -> Iterator[WrongDerivative]:
        """What is accused, element by element; forward mode only where reverse mode is not, and the sum of all outputs
        only where none of them alone is."""
        reverse = self.found["reverse"] == DISAGREE
        for mode, own in self.found.items():
            found = own if mode == "reverse" else np.where(reverse.any(axis=0), 0, own)
            for place, element in enumerate(self.elements):
                accused = [int(row) for row in np.flatnonzero(found[:, place] == DISAGREE)]
                if len(accused) > 1 and accused[0] == 0 and self.rows.one_by_one:
                    del accused[0]
                for row in accused:
                    yield WrongDerivative(
                        mode=mode,
                        element=element,
                        of=self.rows.text(row),
                        value=float(self.values[place]),
                        computed=float(self.computed[mode][row, place])
                        if self.connected[row] or mode == "forward"
                        else None,
                        slope=float(self.truth.slope[row, place]),
                        between=self._between(row, place),
                        error=float(self.truth.error[row, place]),
                        is_vague=bool(np.isnan(self.computed[mode][row, place]) and self.truth.wide[row, place]),
                    )

    def check_rows(self, dtype: torch.dtype) -> Iterator[CheckRow]:
        """A row for each element: by the sum of all outputs, or by the output about which the most is to be said."""
        worst = self._worst_mode()
        for place, element in enumerate(self.elements):
            row = int(worst[:, place].argmax())
            verdict = int(worst[row, place])
            known = bool(np.isfinite(self.differences.slope[row, place]))
            between = self._between(row, place)
            forward = self.computed.get("forward")
            yield CheckRow(
                variable=element.leaf,
                index=element.index,
                dtype=str(dtype).removeprefix("torch."),
                value=shortest(float(self.values[place]), dtype),
                reverse=shortest(float(self.computed["reverse"][row, place]), dtype),
                forward=None if forward is None else shortest(float(forward[row, place]), dtype),
                finite_difference=float(self.differences.slope[row, place]) if known else None,
                finite_difference_error=float(self.differences.error[row, place]) if known else None,
                reference=None,
                left=None if between is None else float(self.differences.left[row, place]),
                right=None if between is None else float(self.differences.right[row, place]),
                ulp_error=None,
                verdict=VERDICTS[verdict],
                why=self._why(row, verdict),
                wrong_modes=tuple(mode for mode, own in self.found.items() if (own[:, place] == DISAGREE).any()),
            )

    def _why(self, row: int, verdict: int) -> Phrase | None:
        reasons = {ROUNDING: LOST, NO_REFERENCE: UNKNOWN, DISAGREE: "" if self.connected[row] else NO_PATH}
        said = [reasons.get(verdict, "")] if reasons.get(verdict) else []
        if row and verdict:
            said.insert(0, f"of {self.rows.text(row)}")
        return phrase("{said}", said=": ".join(said)) if said else None

    def _is_noisy(self, mode: Mode) -> np.ndarray:
        noisy: np.ndarray = (self.found[mode] == NO_REFERENCE) & self.truth.wide
        return noisy

    def _worst_mode(self) -> np.ndarray:
        worst: np.ndarray = np.max([*self.found.values()], axis=0)
        return worst

    def _between(self, row: int, place: int) -> tuple[float, float] | None:
        if not self.truth.kink[row, place]:
            return None
        return float(self.truth.low[row, place]), float(self.truth.high[row, place])


def _rows_with(found: np.ndarray) -> list[int]:
    return [int(row) for row in np.flatnonzero(found.any(axis=1))]


@dataclass(frozen=True)
class WrongDerivative:
    """A derivative that PyTorch has wrong.

    of: what is differentiated; nothing for all there is. value: of the element.
    computed: PyTorch's; None where no path leads to the element. slope, error: what it should be.
    between: the slopes of the two sides, at a kink. is_vague: whether all that is wrong is that it is NaN.
    """

    mode: Mode
    element: Element
    of: str
    value: float
    computed: float | None
    slope: float
    between: tuple[float, float] | None
    error: float
    is_vague: bool
