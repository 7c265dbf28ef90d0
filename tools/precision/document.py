"""The parts of docs/precision.md that are made of audits; the text between them is written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mpmath import mp

from gradcli.results import Failure
from gradcli.results.audit import AuditInterval, AuditRow
from gradcli.results.phrasing import counted, number, ulps
from tools.documents import DOCUMENTS, between
from tools.precision.by_hand import CASES
from tools.precision.defects import FAR_OFF, Defect, defects, worst_of
from tools.precision.measuring import Audit
from tools.precision.subjects import not_audited

DOCUMENT = DOCUMENTS / "precision.md"
SHOWN_DIGITS = 30
_MOST_INTERVALS = 2
_ROUNDED = 0.51
"""ULPs: half of one, and what two roundings add, to float32 and to the dtype."""
_OVER_ONE_ULP = 2
"""The bin of a histogram from which on answers are more than 1 ULP off."""


def written(document: str, parts: Mapping[str, str]) -> str:
    """The document with its parts put in. Raises KeyError where one of them has no place in it."""
    for name, text in parts.items():
        part = "\n" + text.rstrip("\n") + "\n\n"
        document, places = between(name).subn(lambda _, part=part: part, document)
        if not places:
            raise KeyError(f"{DOCUMENT.name} has no place for {name!r}")
    return document


def parts(audits: Sequence[Audit]) -> dict[str, str]:
    """Each part by its name."""
    found = defects(audits)
    in_kind = [one for one in found if one.is_ != FAR_OFF]
    return {
        "build": _build(audits, found),
        "wrong in kind": _table("rank|function|is|numbers|of ordinary size|where|shown by", _in_kind(in_kind)),
        "far off": _table(
            "function|worst ULP|at|gives|truth|over 1 ULP|shown by",
            _far_off([one for one in found if one.is_ == FAR_OFF]),
        ),
        "by hand": _table("function|from|to|is|x|gives|truth|kernel", _by_hand()),
        "every function": _table(
            "function|of|dtype|worst ULP|at|over 1 ULP|zero for a subnormal|other bits", _every(audits)
        ),
        "rounded": _rounded(audits),
        "no kernel": _no_kernel(audits),
        "not audited": _table("functions|why", _not_audited()),
    }


def _build(audits: Iterable[Audit], found: Sequence[Defect]) -> str:
    results = [audit.result for audit in audits if not isinstance(audit.result, Failure)]
    (build,) = {(result.setting.torch, result.capability) for result in results}
    names = {audit.name for audit in audits if not isinstance(audit.result, Failure)}
    wrong = {one.subject for one in found if one.is_ != FAR_OFF}
    subjects = {result.functions[0].expression for result in results}
    unproven = sum(proof.unproven for result in results for proof in result.functions[0].proofs)
    forms = f"{counted(len(names), 'function')} in {counted(len(subjects), 'form')}"
    return (
        f"PyTorch {build[0]}, kernels for {build[1]}, one thread. {forms}, each value and derivative at every finite "
        f"number of float16 and bfloat16. {len(wrong)} of the forms are wrong in kind somewhere. "
        + (f"{unproven:,} answers have no proven truth." if unproven else "Every answer stood beside a proven truth.")
    )


def _table(header: str, rows: Iterable[Sequence[str]]) -> str:
    titles = header.split("|")
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _in_kind(found: Iterable[Defect]) -> Iterator[tuple[str, ...]]:
    for rank, one in enumerate(found, 1):
        share = f"{100 * one.ordinary:.2g}%" if one.ordinary else "-"
        where = _where(one.longest) + (f" ({_ways(one)})" if one.ways else "")
        yield str(rank), _called(one), one.is_, f"{one.count:,}", share, where, f"`{one.command}`"


def _far_off(found: Iterable[Defect]) -> Iterator[tuple[str, ...]]:
    for one in found:
        at = number(one.worst.x) + (f" ({_ways(one)})" if one.ways else "")
        numbers = (ulps(one.worst.ulps), at, number(one.worst.answer), number(one.worst.truth), f"{one.count:,}")
        yield (_called(one), *numbers, f"`{one.command}`")


def _by_hand() -> Iterator[tuple[str, ...]]:
    for case in CASES:
        numbers, answers = case.numbers().tolist(), case.answers().double().tolist()
        middle = len(numbers) // 2
        x, answer = numbers[middle], answers[middle]
        called = f"`{case.subject}` {_derivative(case.order)}, {case.dtype_name}"
        ends, here = (number(case.low), number(case.high)), (number(x), number(answer))
        yield called, *ends, case.is_, *here, mp.nstr(case.true(x), SHOWN_DIGITS), case.kernels or ""


def _every(audits: Iterable[Audit]) -> Iterator[tuple[str, ...]]:
    for audit, order, rows in _orders(audits):
        worst = worst_of(rows)
        if not _is_rounded(rows):
            yield (
                f"`{audit.subject}`", _derivative(order), audit.dtype,
                ulps(worst.ulps), number(worst.x),
                f"{max(sum(row.histogram[_OVER_ONE_ULP:]) for row in rows):,}",
                f"{_most(rows, 'flushed'):,}",
                f"{max(row.differs for row in rows):,}",
            )  # fmt: skip


def _rounded(audits: Iterable[Audit]) -> str:
    """What is as good as rounding allows, by its name."""
    found: dict[str, list[str]] = {}
    for audit, order, rows in _orders(audits):
        if _is_rounded(rows):
            found.setdefault(f"`{audit.subject}`", []).append(f"{_derivative(order)} in {audit.dtype}")
    every = [f"{_derivative(order)} in {dtype}" for dtype in ("float16", "bfloat16") for order in (0, 1)]
    whole = [name for name, held in found.items() if held == every]
    lines = [f"* value and derivative, in both dtypes: {', '.join(whole)}"]
    some: dict[str, list[str]] = {}
    for name, held in found.items():
        if name not in whole:
            some.setdefault(", ".join(held), []).append(name)
    return "\n".join([*lines, *(f"* {held}: {', '.join(names)}" for held, names in some.items())])


def _is_rounded(rows: Sequence[AuditRow]) -> bool:
    return worst_of(rows).ulps <= _ROUNDED and not any(row.troubles for row in rows)


def _no_kernel(audits: Iterable[Audit]) -> str:
    found: dict[str, list[str]] = {}
    for audit in audits:
        if isinstance(audit.result, Failure):
            found.setdefault(f"`{audit.subject}`", []).append(audit.dtype)
    return "\n".join(f"* {name}: none for {' and '.join(dtypes)}" for name, dtypes in found.items())


def _not_audited() -> Iterator[tuple[str, str]]:
    for reason, names in sorted(not_audited().items(), key=lambda pair: -len(pair[1])):
        yield ", ".join(f"`{name}`" for name in names), reason


def _orders(audits: Iterable[Audit]) -> Iterator[tuple[Audit, int, list[AuditRow]]]:
    for audit in audits:
        if not isinstance(audit.result, Failure):
            rows = [row for row in audit.result.functions[0].rows if row.worst is not None]
            for order in sorted({row.order for row in rows}):
                yield audit, order, [row for row in rows if row.order == order]


def _most(rows: Iterable[AuditRow], trouble: str) -> int:
    return max((one.count for row in rows for one in row.troubles if one.trouble == trouble), default=0)


def _where(intervals: Sequence[AuditInterval]) -> str:
    said = [
        number(one.low) if one.low == one.high else f"{number(one.low)} to {number(one.high)}"
        for one in intervals[:_MOST_INTERVALS]
    ]
    more = len(intervals) - len(said)
    return ", ".join(said) + (f", {more:,} more" if more else "")


def _called(defect: Defect) -> str:
    return f"`{defect.subject}` {_derivative(defect.order)}, {defect.dtype}"


def _ways(defect: Defect) -> str:
    return " and ".join(dict.fromkeys(defect.ways)) + " alone"


def _derivative(order: int) -> str:
    return f"f{chr(39) * order}"
