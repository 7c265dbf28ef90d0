"""Whether PyTorch's gradient is right: the verdict in a sentence, then what is not plain, then the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from gradcli.render.blocks import Block, Column, Facts, Heading, Note, Table, Tone
from gradcli.render.views.findings import finding_blocks
from gradcli.render.views.setting import footer
from gradcli.render.views.tensors import float_column, in_dtype_of, text_column
from gradcli.results import CheckResult, CheckRow, CheckVerdict
from gradcli.results.phrasing import MANY_ULPS, element, listed, number, ulps

_IN_DTYPE = ("value", "reverse", "forward")
_IN_DOUBLE = ("finite_difference", "finite_difference_error", "reference", "left", "right", "ulp_error")
_TONES: dict[str, Tone] = {"disagree": "error", "kink": "note", "rounding": "warning", "no reference": "quiet"}
_HEADERS = {"finite_difference": "difference", "finite_difference_error": "± error"}
_VERDICTS: tuple[CheckVerdict, ...] = get_args(CheckVerdict)


def blocks(result: CheckResult) -> tuple[Block, ...]:
    """The answer for people."""
    return (
        Heading(result.expression, f"on {result.setting.device}"),
        _sentence(result),
        _summary(result),
        *_exceptions(result.rows),
        *_reasons(result.rows),
        *_agreeing(result.rows),
        *_reference(result),
        *(Note(f"By convention: {convention}.", "quiet") for convention in result.conventions),
        *footer(result.setting),
        *finding_blocks(result.findings, result.expression),
    )


def table(result: CheckResult) -> Table:
    """For programs: a row for each element and dtype."""
    rows = result.rows
    return Table(
        (
            Column("variable", [row.variable for row in rows]),
            Column("index", [row.index for row in rows]),
            Column("dtype", [row.dtype for row in rows]),
            *(_in_dtype(name, rows) for name in _IN_DTYPE),
            *(float_column(name, [getattr(row, name) for row in rows]) for name in _IN_DOUBLE),
            Column("verdict", [row.verdict for row in rows]),
            text_column("reason", [row.reason for row in rows]),
        )
    )


def _sentence(result: CheckResult) -> Note:
    """The verdict: what is wrong, else how often the gradient agrees and why not always."""
    rows, dtypes = result.rows, [line.dtype for line in result.summary]
    if not rows:
        return Note("There is no gradient to check.", "note")
    of_each = len(rows) // len(dtypes)
    unit = "point" if len({row.variable for row in rows}) == 1 else "element"
    wrong = [row for row in rows if row.verdict == "disagree"]
    if wrong:
        # a wrong reverse mode is what a user meets; where there is one, forward mode stands in the reasons
        accused = [row for row in wrong if row.wrong_modes != ("forward",)] or wrong
        places = len({(row.variable, row.index) for row in accused})
        which = sorted({row.dtype for row in accused}, key=dtypes.index)
        where = f"{f' at {places} of {of_each} {unit}s' if of_each > 1 else ''} in {listed(which)}"
        if all(row.wrong_modes == ("forward",) for row in wrong):
            return Note(f"PyTorch's forward mode is wrong{where}; {_of_reverse_mode(rows)}.", "error")
        return Note(f"PyTorch's gradient is wrong{where}.", "error")
    counts = Counter(row.verdict for row in rows)
    where = f"in {listed(dtypes)}" if len(dtypes) < 3 else f"in each of {len(dtypes)} dtypes"
    if counts["agree"] == len(rows):
        every = f"{of_each} of {of_each} {unit}s" if of_each > 1 else f"the {unit}"
        return Note(f"PyTorch's gradient agrees at {every} {where}.", "good")
    agreeing = {dtype: sum(row.verdict == "agree" for row in rows if row.dtype == dtype) for dtype in dtypes}
    rest = [_said(verdict, rows, dtypes) for verdict in _VERDICTS[2:] if counts[verdict]]
    tone: Tone = "note" if counts["rounding"] or counts["no reference"] else "good"
    return Note(f"PyTorch's gradient agrees {_agreement(agreeing, of_each, unit, where)}; {listed(rest)}.", tone)


def _agreement(agreeing: Mapping[str, int], of_each: int, unit: str, where: str) -> str:
    """At how many elements the gradient agrees, dtype by dtype where that differs."""
    if len(set(agreeing.values())) == 1:
        return f"at {next(iter(agreeing.values()))} of {of_each} {unit}{'s' * (of_each > 1)} {where}"
    if of_each == 1:
        return f"in {listed([dtype for dtype, count in agreeing.items() if count])}"
    by_count: dict[int, list[str]] = {}
    for dtype, count in agreeing.items():
        by_count.setdefault(count, []).append(dtype)
    most, *fewer = sorted(by_count, reverse=True)
    first = f"at {most} of {of_each} {unit}s in {listed(by_count[most])}"
    return listed([first, *(f"at {count} in {listed(by_count[count])}" for count in fewer)])


def _of_reverse_mode(rows: Sequence[CheckRow]) -> str:
    agrees = all(row.verdict in ("agree", "kink") or row.wrong_modes == ("forward",) for row in rows)
    return f"its reverse mode {'agrees' if agrees else 'is not accused'}"


def _said(verdict: CheckVerdict, rows: Sequence[CheckRow], dtypes: Sequence[str]) -> str:
    """What the sentence says of the elements with a verdict, and in which dtypes, if not in all."""
    found = [row for row in rows if row.verdict == verdict]
    which = sorted({row.dtype for row in found}, key=dtypes.index)
    everywhere = len(found) == sum(row.dtype in which for row in rows)
    some = "" if everywhere else "at some "
    among = "" if len(which) == len(dtypes) else f" in {listed(which)}"
    if verdict == "rounding":
        if all(row.reference == 0 for row in found):
            return f"where the derivative is 0, rounding is left of it{among}"
        return f"{some}the formula loses its digits{among}"
    if verdict == "no reference":
        if all(row.reverse is None for row in found):
            return f"{some}PyTorch gives no gradient{among}"
        return f"{some}there is nothing to compare with{among}"
    between = any(row.left is not None or row.right is not None for row in found)
    return (
        f"{'at kinks it lies between the slopes of the two sides' if between else 'at jumps there is no slope'}{among}"
    )


def _summary(result: CheckResult) -> Facts:
    """A line for each dtype: how many elements got which verdict, and the largest error with its place."""
    pairs = []
    for line in result.summary:
        rows = [row for row in result.rows if row.dtype == line.dtype]
        counts = Counter(row.verdict for row in rows)
        text = ", ".join(f"{counts[verdict]} {verdict}" for verdict in _VERDICTS if counts[verdict] or not rows)
        worst = max(rows, key=lambda row: row.ulp_error or 0.0, default=None)
        if worst is not None and worst.ulp_error is not None:
            text += f"; worst {ulps(worst.ulp_error)} ULP" + (f" at {_place(worst)}" if worst.ulp_error else "")
        pairs.append((line.dtype, text))
    return Facts(tuple(pairs))


def _exceptions(rows: Sequence[CheckRow]) -> Iterator[Table]:
    """The elements that do not simply agree, the accused ones first, with everything that is known about them."""
    for verdict in _VERDICTS[1:]:
        found = [row for row in rows if row.verdict == verdict]
        if found:
            yield Table(tuple(_columns(found, len({row.dtype for row in rows}))), verdict)


def _columns(rows: Sequence[CheckRow], dtypes: int) -> Iterator[Column]:
    """What the verdict rests on, a row for all dtypes that say the same; columns that say nothing are left out."""
    together: dict[tuple[object, ...], list[CheckRow]] = {}
    for row in rows:
        key = (row.variable, row.index, row.value, row.reverse, row.forward, row.reference, row.left, row.right)
        together.setdefault(key, []).append(row)
    first = [same[0] for same in together.values()]
    yield Column("by", [_element(row) for row in first])
    names = [[row.dtype for row in same] for same in together.values()]
    yield Column("dtype", ["all" if len(own) == dtypes > 1 else ", ".join(own) for own in names])
    yield _in_dtype("value", first)
    yield _in_dtype("reverse", first)
    if any(row.forward != row.reverse and row.forward is not None for row in first):
        yield _in_dtype("forward", first)
    shown = ["left", "right", "reference", "ulp_error"]
    if all(row.reference is None and row.left is None and row.right is None for row in first):
        shown = ["finite_difference", "finite_difference_error"]
    for name in shown:
        errors = [row.ulp_error for row in first]
        own = float_column(_HEADERS.get(name, name), [getattr(row, name) for row in first])
        column = _error_column("ULPs", errors) if name == "ulp_error" else own
        if column.missing is None or not column.missing.all():
            yield column


def _agreeing(rows: Sequence[CheckRow]) -> Iterator[Table]:
    """A row an element: its gradient in the widest dtype, and its largest error in all of them."""
    together: dict[tuple[object, ...], list[CheckRow]] = {(row.variable, row.index): [] for row in rows}
    for row in rows:
        if row.verdict == "agree":
            together[row.variable, row.index].append(row)
    widest = [same[-1] for same in together.values() if same]
    if not widest:
        return
    errors = [
        max((row.ulp_error for row in same if row.ulp_error is not None), default=None)
        for same in together.values()
        if same
    ]
    columns = [Column("by", [_element(row) for row in widest]), _in_dtype("value", widest)]
    columns.append(_in_dtype("reverse", widest))
    if any(error is not None for error in errors):
        columns.append(_error_column("worst ULPs", errors))
    else:
        columns.append(float_column("± error", [row.finite_difference_error for row in widest]))
    yield Table(tuple(columns), "agree")


def _in_dtype(name: str, rows: Sequence[CheckRow]) -> Column:
    return in_dtype_of(name, [(getattr(row, name), row.dtype) for row in rows])


def _reasons(rows: Sequence[CheckRow]) -> Iterator[Note]:
    """Each reason once, with the first element that it holds for and how many more."""
    by_reason: dict[tuple[str, str], list[CheckRow]] = {}
    for row in rows:
        if row.reason is not None:
            by_reason.setdefault((row.verdict, row.reason), []).append(row)
    for (verdict, reason), found in by_reason.items():
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        where = f"{_element(found[0])} in {found[0].dtype}{more}"
        yield Note(f"{verdict}: {where}: {reason}", _TONES.get(verdict, "plain"))


def _reference(result: CheckResult) -> Iterator[Note]:
    if any(row.reference_by == "arb" for row in result.rows):
        others = list(dict.fromkeys(_element(row) for row in result.rows if row.reference_by == "mpmath"))
        where = listed(others) if 0 < len(others) < 3 else f"{len(others)} of {len(result.rows) // len(result.summary)}"
        yield Note(f"Reference: proven by Arb{f', 50 digits at {where}' if others else ''}.", "quiet")
    if result.without_reference is not None:
        yield Note(
            f"There is no 50-digit reference for {result.without_reference}: finite differences decide.", "quiet"
        )


def _error_column(name: str, errors: Sequence[float | None]) -> Column:
    """Errors in ULPs as numbers; as texts where one is too large to be a number that says anything."""
    known = [error for error in errors if error is not None]
    if not any(error > MANY_ULPS for error in known):
        return float_column(name, errors)
    return text_column(name, [None if error is None else ulps(error) for error in errors])


def _place(row: CheckRow) -> str:
    return f"{_element(row)} = {number(row.value)}"


def _element(row: CheckRow) -> str:
    return element(row.variable, row.index)
