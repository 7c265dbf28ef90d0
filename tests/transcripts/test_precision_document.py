"""docs/precision.md holds every function or a reason; its commands parse, and it can be made of one function."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from command_line import answered
from mpmath import mp

from gradcli.cli.app import Given, read
from gradcli.commands import load
from gradcli.commands.command import Caller
from gradcli.numerics.proven.expressions import RULES
from gradcli.numerics.proven.formats import FORMATS
from gradcli.results.audit import AuditInterval, AuditMode, AuditPath, AuditRow, AuditWorst
from tools import documents
from tools.precision import defects
from tools.precision.by_hand import CASES
from tools.precision.document import DOCUMENT, SHOWN_DIGITS, parts, written
from tools.precision.measuring import Audit, audits
from tools.precision.pictures import worst_functions
from tools.precision.subjects import DTYPES, elementwise_names, not_audited, subjects

TEXT = DOCUMENT.read_text(encoding="utf-8")
COMMANDS = re.findall(r"\| `(gradcli .*?)` \|", TEXT)


def part(name: str) -> str:
    return documents.held(DOCUMENT.name, name)


def test_every_function_is_audited_or_has_a_reason() -> None:
    audited = {name for name, _ in subjects()}
    others = {name for names in not_audited().values() for name in names}
    assert audited | others == elementwise_names() | {"mvlgamma", "polygamma"}
    assert audited.isdisjoint(others)
    assert RULES.keys() <= audited


def test_the_document_has_what_is_audited_now() -> None:
    held = "".join(map(part, ("every function", "rounded", "no kernel")))
    assert [subject for _, subject in subjects() if f"`{subject}`" not in held] == []
    assert [names for _, names in subjects() if names in part("not audited").split("`")[1::2]] == []


def test_the_document_has_each_reason() -> None:
    for reason, names in not_audited().items():
        assert f"| {', '.join(f'`{name}`' for name in names)} | {reason} |" in part("not audited")


def test_each_command_of_the_document_parses() -> None:
    assert len(COMMANDS) > 50
    for command in COMMANDS:
        name, *words = shlex.split(command)[1:]
        given = read([name, *words])
        assert isinstance(given, Given), command
        load(name).invocation(given.values).read(Caller())


def test_what_was_confirmed_by_hand_has_its_true_digits() -> None:
    held = [line.split(" | ") for line in part("by hand").strip().splitlines()[2:]]
    assert len(held) == len(CASES) >= 20
    for (_, _, _, is_, _, _, digits, _), case in zip(held, CASES, strict=True):
        numbers = case.numbers().tolist()
        assert (is_, digits) == (case.is_, mp.nstr(case.true(numbers[len(numbers) // 2]), SHOWN_DIGITS)), case.title


def test_the_worst_come_first() -> None:
    shares = re.findall(r"\| ([\d.]+)% \|", part("wrong in kind"))
    assert len(shares) > 10
    assert shares == sorted(shares, key=float, reverse=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("precision")


@pytest.fixture(scope="module")
def found(folder: Path) -> list[Audit]:
    return list(audits(folder, ("tanh", "special.erfcx")))


def test_one_function_is_told_by_its_audits(found: list[Audit]) -> None:
    made = parts(found)
    assert (
        "`tanh` f', float16 | dead | 532 | 0.87% | 4.50781 to 5.54297, -5.54297 to -4.50781 |" in made["wrong in kind"]
    )
    assert "1 function in 1 form," in made["build"]
    assert made["no kernel"] == "* `special.erfcx`: none for float16 and bfloat16"


def test_the_larger_share_of_ordinary_numbers_comes_first(found: list[Audit]) -> None:
    ordered = defects.defects(found)
    assert [(one.dtype, one.count, round(100 * one.ordinary, 2)) for one in ordered] == [
        ("bfloat16", 936, 12.19),
        ("float16", 532, 0.87),
    ]


def test_a_picture_is_of_the_dtype_where_a_function_is_worst(found: list[Audit]) -> None:
    assert [(one.subject, one.dtype) for one in worst_functions(found)] == [("tanh", "bfloat16")]


def test_a_command_shows_its_defect(found: list[Audit]) -> None:
    worst = next(one for one in defects.defects(found) if one.dtype == "float16")
    (function,) = answered([*shlex.split(worst.command)[1:]])["functions"]
    troubles = [trouble for row in function["rows"] if row["path"] == "strided" for trouble in row["troubles"]]
    assert [(one["trouble"], one["count"]) for one in troubles] == [("dead", worst.count // 2)]


def test_what_was_interrupted_goes_on(found: list[Audit], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcli.audit", None)
    assert list(audits(folder, ("tanh",))) == [one for one in found if one.name == "tanh"]
    monkeypatch.setattr("torch.__version__", "0")
    with pytest.raises(TypeError):
        next(audits(folder, ("tanh",)))


def test_parts_go_into_their_places_and_nowhere_else(found: list[Audit]) -> None:
    page = "a\n<!-- build -->\nold\n<!-- /build -->\nb\n"
    assert written(page, {"build": "new"}) == "a\n<!-- build -->\n\nnew\n\n<!-- /build -->\nb\n"
    with pytest.raises(KeyError, match="far off"):
        written(page, {"far off": ""})


def defect(dtype: str, low: float, high: float, count: int) -> defects.Defect:
    worst = AuditWorst(1.0, low, 0.0, 0.0)
    return defects.Defect("tanh", dtype, 1, "dead", count, 0, 0, (AuditInterval(low, high, count),), (), worst)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_long_interval_is_written_so_that_it_holds_its_numbers_alone(dtype: str) -> None:
    form = FORMATS[dtype]
    for first, last in (
        (1, 200),
        (form.finite - 200, form.finite - 1),
        (form.magnitude_below(1.0), form.magnitude_below(9.0)),
    ):
        for sign in (1, -1):
            low, high = sorted((form.number(sign, first), form.number(sign, last)))
            found = defect(dtype, low, high, last - first + 1).words[-1].split(":")
            begin, end = (abs(float(one)) for one in found[::sign])
            assert (form.magnitude_above(begin), form.magnitude_below(end)) == (first, last)


def test_a_short_interval_has_others_around_it() -> None:
    low, high = map(float, defect("bfloat16", 89.0, 89.0, 1).words[-1].split(":"))
    form = FORMATS["bfloat16"]
    assert form.magnitude_below(high) - form.magnitude_above(low) == 2 * defects.MARGIN


def test_shares_count_both_sides_of_zero_and_no_subnormal_number() -> None:
    half, brain = FORMATS["float16"], FORMATS["bfloat16"]
    every = [AuditInterval(-65504.0, 0.0, half.finite), AuditInterval(0.0, 65504.0, half.finite)]
    assert defects._within(every, half, half) == defects._count(half, half) == 2 * 30 * 1024
    largest = brain.number(1, brain.finite - 1)
    both = [AuditInterval(-largest, -(2.0**-20), 0), AuditInterval(2.0**-20, largest, 0)]
    assert defects._within(both, brain, half) == defects._count(brain, half) == 2 * 30 * 128


def test_a_way_that_others_do_not_share_is_named() -> None:
    ways: tuple[tuple[AuditMode, AuditPath], ...] = (
        ("reverse", "contiguous"),
        ("reverse", "strided"),
        ("reverse", "single"),
        ("forward", "contiguous"),
    )
    rows = [AuditRow(1, mode, path, 0, None, (), (), (), 0) for mode, path in ways]
    assert defects._ways(rows, [rows[0], rows[1], rows[3]]) == ()
    assert defects._ways(rows, [rows[0], rows[3]]) == ("contiguous", "forward mode")
    assert defects._ways(rows, rows[2:3]) == ("single",)
