"""`compare`: are two expressions the same, in value and in gradient, and which one is closer to the truth?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch

from gradcli.diagnose.bound_expression import ComputeOptions, Selection
from gradcli.exceptions import BoundError, GradcliError, UsageError, listed
from gradcli.inspections.comparing.beside import compared_beside
from gradcli.inspections.comparing.differing import Pair
from gradcli.inspections.comparing.rows import rows_of, summary_of, truths_of
from gradcli.inspections.comparing.sides import FunctionSide, Leaves, Outcome, Side, side_of
from gradcli.language.dtypes import FLOATING
from gradcli.language.in_file import FunctionRequest
from gradcli.language.request import Request
from gradcli.numerics.capture import TorchError, to_input
from gradcli.progress import steps
from gradcli.results import CompareResult, CompareRow, CompareSummary, Failure

MAX_ELEMENTS_COMPARED = 10_000
_WIDEST_FIRST = ("float64", "float32", "bfloat16", "float16")
_ORDINALS = ("first", "second")
_REAL, _PARTS = "compare works with real numbers", "Take the parts apart: real(...), imag(...)."


def compare(
    first: Request | FunctionRequest,
    second: Request | FunctionRequest,
    dtypes: Sequence[str] = FLOATING,
    compute: ComputeOptions = ComputeOptions(),
    selection: Selection = Selection(),
) -> CompareResult | Failure:
    """Both sides at the same inputs and beside them; a Failure where PyTorch raised on one side in float64."""
    sides: list[Side] = []
    outcomes: list[Outcome] = []
    for request in (first, second):
        side = _side(request, compute, selection)
        if isinstance(side, Failure):
            return _of_side(side, len(sides))
        sides.append(side)
    _name_alike(*sides)
    shared = _shared(*sides)
    _check_shared(sides, shared)
    for at, side in enumerate(sides):
        try:
            outcomes.append(side.run(shared, "float64"))
        except TorchError as raised:
            return _of_side(side.failure(raised), at)
    _check_comparable(outcomes, shared)
    rows: list[CompareRow] = []
    summary: list[CompareSummary] = []
    relations = []
    for dtype in steps(dtypes, "dtypes compared"):
        found = _Dtype(sides, shared, dtype)
        if found.reason is None:
            truths = truths_of(sides, found.leaves)
            own = rows_of(found.outcomes, found.leaves, truths, dtype, found.beside)
            relations.append(truths)
            rows += own
        summary.append(summary_of(dtype, [row for row in rows if row.dtype == dtype], found.reason))
    widest = next(dtype for dtype in _WIDEST_FIRST if dtype in dtypes)
    count, beside = compared_beside(sides, rounded(shared, widest), _wrt(sides), widest)
    relation = {truths.relation for truths in relations}
    return CompareResult(
        setting=replace(sides[0].setting, dtype=",".join(dtypes)),
        expression=sides[0].text,
        other=sides[1].text,
        inputs={name: to_input(leaf) for name, leaf in shared.items()},
        equal=all(row.agrees for row in rows) and not beside,
        summary=tuple(summary),
        rows=tuple(rows),
        truth="different" if "different" in relation else "same" if relation == {"same"} else "unknown",
        reference_of=relations[0].of if relations else None,
        places_beside=count,
        beside=beside,
    )


class _Dtype:
    """Both sides in one dtype.  reason: why one of them gives nothing there."""

    def __init__(self, sides: Sequence[Side], shared: Leaves, dtype: str) -> None:
        self.sides, self.dtype, self.leaves = sides, dtype, rounded(shared, dtype)
        self.reason: str | None = None
        self.outcomes: list[Outcome] = []
        for side in sides:
            try:
                self.outcomes.append(side.run(self.leaves, dtype))
            except TorchError as raised:
                self.reason = str(raised.error).strip()
            except GradcliError as raised:
                self.reason = raised.message
            if self.reason is not None:
                return

    def beside(self, name: str | None) -> list[Pair]:
        """The value, or the gradient by an input, of each side a few ULPs aside and here."""
        from gradcli.inspections.comparing.beside import aside

        return aside(self.sides, self.outcomes, self.leaves, _wrt(self.sides), self.dtype, name)


def rounded(leaves: Leaves, dtype: str) -> dict[str, torch.Tensor]:
    """The shared inputs as a dtype holds them."""
    wanted: torch.dtype = getattr(torch, dtype)
    return {name: leaf.detach().to(wanted) for name, leaf in leaves.items()}


def _side(request: Request | FunctionRequest, compute: ComputeOptions, selection: Selection) -> Side | Failure:
    if isinstance(request, Request) and not request.names:
        selection = Selection()  # a constant, which has none of the names
    try:
        return side_of(request, compute, selection)
    except TorchError as raised:
        from gradcli.inspections.running import Run

        assert isinstance(request, Request)
        return Run(request, compute, selection).failure(raised)


def _of_side(failure: Failure, at: int) -> Failure:
    """The failure with the side that it is of in its hint."""
    said = f"This is the {_ORDINALS[at]} side."
    return replace(failure, hint=f"{said} {failure.hint}" if failure.hint else said)


def _name_alike(first: Side, second: Side) -> None:
    """One input on each side that is given by its place is one input, whatever the sides call it."""
    if len(first.leaves) == len(second.leaves) == 1 and first.leaves.keys() != second.leaves.keys():
        for side, other in ((second, first), (first, second)):
            if isinstance(side, FunctionSide) and side.is_by_place:
                side.call_its_input(next(iter(other.leaves)))
                return


def _shared(first: Side, second: Side) -> dict[str, torch.Tensor]:
    """The floating inputs of both sides, in float64; a constant has none, and takes part in those of the other."""
    of_both = [name for name in first.leaves if name in second.leaves or not second.leaves]
    of_both += [name for name in second.leaves if not first.leaves]
    found: dict[str, torch.Tensor] = {}
    for name in of_both:
        held = [side.leaves[name] for side in (first, second) if name in side.leaves]
        if all(leaf.is_floating_point() for leaf in held):
            found[name] = held[0].detach().double()
    return found


def _check_shared(sides: Sequence[Side], shared: Leaves) -> None:
    """Raises UsageError where inputs are given, and none of them to both sides."""
    if any(leaf.is_complex() for side in sides for leaf in side.leaves.values()):
        raise UsageError(_REAL, hint=_PARTS)
    own = [[*side.leaves] for side in sides]
    if all(own) and not {*own[0]} & {*own[1]}:
        raise UsageError(
            f"the sides have no input in common: {listed(own[0])} in {sides[0].text}, "
            f"{listed(own[1])} in {sides[1].text}",
            hint="Use the same names on both sides.",
        )
    if not shared:
        raise UsageError("there is no floating input to compare by", hint="Give one a value: x=1.")


def _wrt(sides: Sequence[Side]) -> tuple[str, ...]:
    """The inputs that either side is differentiated by."""
    return tuple(dict.fromkeys(name for side in sides for name in side.wrt))


def _check_comparable(outcomes: Sequence[Outcome], shared: Mapping[str, torch.Tensor]) -> None:
    """Raises UsageError for other shapes and for complex numbers, BoundError for what is too large."""
    values = [outcome.value for outcome in outcomes]
    if any(value.is_complex() for value in values):
        raise UsageError(_REAL, hint=_PARTS)
    shapes = [list(value.shape) for value in values]
    if shapes[0] != shapes[1]:
        raise UsageError(
            f"the sides have different shapes: {shapes[0]} and {shapes[1]}",
            hint="What should be the same has one shape: sum both, or neither.",
        )
    elements = max(sum(leaf.numel() for leaf in shared.values()), values[0].numel())
    if elements > MAX_ELEMENTS_COMPARED:
        raise BoundError(
            f"compare looks at {elements:,} elements in each dtype; at most {MAX_ELEMENTS_COMPARED:,}",
            hint="Give smaller tensors: what the same formulas differ in shows on a few elements.",
        )
