"""`compare`: are two expressions the same, in value and in gradient, and which one is closer to the truth?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch

from gradcli.diagnose.bound_expression import ComputeOptions, Selection
from gradcli.exceptions import BoundError, UsageError, listed
from gradcli.inspections.comparing.beside import aside, compared_beside
from gradcli.inspections.comparing.differing import Pair
from gradcli.inspections.comparing.rows import rows_of, summary_of, truths_of
from gradcli.inspections.comparing.sides import FunctionSide, Leaves, Outcome, Side, outcomes_of, side_of
from gradcli.language.dtypes import FLOATING
from gradcli.language.in_file import FunctionRequest
from gradcli.language.request import Request
from gradcli.numerics.capture import TorchError, to_input
from gradcli.progress import steps
from gradcli.results import CompareResult, CompareRow, CompareSummary, Failure
from gradcli.results.compare import CompareRange

MAX_ELEMENTS_COMPARED = 10_000
_WIDEST_FIRST = ("float64", "float32", "bfloat16", "float16")
NO_RANGES: Mapping[str, CompareRange] = {}
_ORDINALS = ("first", "second")
_REAL, _PARTS = "compare works with real numbers", "Take the parts apart: real(...), imag(...)."


def compare(
    first: Request | FunctionRequest,
    second: Request | FunctionRequest,
    dtypes: Sequence[str] = FLOATING,
    ranges: Mapping[str, CompareRange] = NO_RANGES,
    compute: ComputeOptions = ComputeOptions(),
    selection: Selection = Selection(),
) -> CompareResult | Failure:
    """Both sides at the same inputs and beside them; a Failure where PyTorch raised on one side in float64.

    ranges: the inputs that run through numbers instead, by name, or '' for the one without a value; what the requests
        give them stands for any number.
    """
    sides: list[Side] = []
    outcomes: list[Outcome] = []
    for request in (first, second):
        side = _side(request, compute, _over(ranges, request, selection))
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
    _check_real(outcomes)
    if ranges:
        return _over_ranges(sides, _named(ranges, (first, second), shared), shared, dtypes, compute.seed)
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


def _over_ranges(
    sides: Sequence[Side], ranges: Mapping[str, CompareRange], shared: Leaves, dtypes: Sequence[str], seed: int
) -> CompareResult:
    from gradcli.inspections.comparing.over import over_ranges  # points need none of it

    found, truths = over_ranges(sides, ranges, shared, dtypes, seed)
    rows = tuple(row for one in found for row in one.rows)
    return CompareResult(
        setting=replace(sides[0].setting, dtype=",".join(dtypes)),
        expression=sides[0].text,
        other=sides[1].text,
        inputs={name: to_input(leaf) for name, leaf in shared.items() if name not in ranges},
        equal=not any(row.apart for row in rows),
        summary=tuple(one.summary for one in found),
        rows=(),
        truth="different" if truths.differ else "same" if truths.of == "both" else "unknown",
        reference_of=truths.of,
        places_beside=0,
        beside=(),
        ranges=ranges,
        over=rows,
    )


def _over(ranges: Mapping[str, CompareRange], request: Request | FunctionRequest, selection: Selection) -> Selection:
    """Of an expression the ranged inputs alone are differentiated by, where nothing else is said."""
    if not ranges or selection.wrt is not None or not isinstance(request, Request):
        return selection
    ranged = tuple(name for name in request.names if name in ranges or ("" in ranges and name == request.variable))
    return replace(selection, wrt=ranged or None)


def _named(
    ranges: Mapping[str, CompareRange], requests: Sequence[Request | FunctionRequest], shared: Leaves
) -> dict[str, CompareRange]:
    """The ranges by the names that both sides share. Raises UsageError for a name that they have not."""
    given = {binding.name for request in requests for binding in request.bindings}
    used = [name for name in shared if any(_has(request, name) for request in requests)]
    open_names = [name for name in used if name not in given]
    found = {}
    for name, between in ranges.items():
        if name and name not in used:
            raise UsageError(f"--range names '{name}', which is in neither side", hint=f"There is {listed(used)}.")
        if not name and len(open_names) != 1:
            raise UsageError("which input the range belongs to is open", hint="Write --range NAME=LOW:HIGH.")
        found[name or open_names[0]] = between
    return found


def _has(request: Request | FunctionRequest, name: str) -> bool:
    """Whether a side uses an input; a function of a file may."""
    return not isinstance(request, Request) or name in request.program.free_names


class _Dtype:
    """Both sides in one dtype.  reason: why one of them gives nothing there."""

    def __init__(self, sides: Sequence[Side], shared: Leaves, dtype: str) -> None:
        self.sides, self.dtype, self.leaves = sides, dtype, rounded(shared, dtype)
        found = outcomes_of(sides, self.leaves, dtype)
        self.reason = found if isinstance(found, str) else None
        self.outcomes = [] if isinstance(found, str) else found

    def beside(self, name: str | None) -> list[Pair]:
        """The value, or the gradient by an input, of each side a few ULPs aside and here."""
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


def _check_real(outcomes: Sequence[Outcome]) -> None:
    if any(outcome.value.is_complex() for outcome in outcomes):
        raise UsageError(_REAL, hint=_PARTS)


def _check_comparable(outcomes: Sequence[Outcome], shared: Mapping[str, torch.Tensor]) -> None:
    """Raises UsageError for other shapes, BoundError for what is too large."""
    values = [outcome.value for outcome in outcomes]
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
