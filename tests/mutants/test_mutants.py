"""Mutants are planted in thresholds, tables and rules, one at a time; what no test notices is reported."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from each import each

from tools.mutants import rooms
from tools.mutants.__main__ import found
from tools.mutants.equivalent import EQUIVALENT
from tools.mutants.mutations import KINDS, mutants
from tools.mutants.reach import Known, Reach, independent
from tools.mutants.swapping import swap

ROOT = Path(__file__).parents[2]


def changed(source: str) -> list[tuple[str, str]]:
    return [(mutant.kind, mutant.applied(source)) for mutant in mutants("gradcli/room.py", source)]


@each(
    "source, expected",
    [
        ("A = 3", [("threshold", "A = 2"), ("threshold", "A = 4")]),
        ("A = 1e-8", [("threshold", f"A = {value}") for value in (1e-14, 1e-10, 1e-06, 0.01)]),
        ("A = 1000", [("threshold", f"A = {value}") for value in (0, 10, 100_000, 1_000_000_000)]),
        ("A = mp.mpf('1e-9')", [("threshold", f'A = mp.mpf("1e-{n}")') for n in (15, 11, 7, 3)]),
        ("A = True", [("rule", "A = False")]),
        ("A = ('α', 'b', 'c')", [("table", f"A = {rest}") for rest in ("('b', 'c')", "('α', 'c')", "('α', 'b')")]),
        ("A = ('a', 'b')", [("table", "A = ('a',)"), ("table", "A = ('b',)")]),
        ("A = {'a': x, 'b': y}", [("table", "A = {'b': y}"), ("table", "A = {'a': x}")]),
        ("A = {x, y}", [("table", "A = {y}"), ("table", "A = {x}")]),
        ("A = x < y", [("boundary", "A = x <= y"), ("rule", "A = x >= y")]),
        ("A = x is not y", [("rule", "A = x is y")]),
        ("A = x and y", [("rule", "A = (x)"), ("rule", "A = (y)")]),
        ("A = x or y or z", [("rule", f"A = {rest}") for rest in ("(x) or (y)", "(x) or (z)", "(y) or (z)")]),
        ("A = x.because(y).so(z)", [("cause", "A = x.because(y)"), ("cause", "A = x.so(z)")]),
        ("A = not x", [("rule", "A = bool(x)")]),
        ("A = y if x else z", [("rule", "A = y if not (x) else z")]),
        ("def f(x):\n    if x:\n        return 'y'", [("rule", "def f(x):\n    if False:\n        return 'y'")]),
    ],
)  # fmt: skip
def test_this_is_planted(source: str, expected: list[tuple[str, str]]) -> None:
    assert sorted(changed(source)) == sorted(expected)


@each(
    "expression, expected",
    [
        ("x == 3 * -y", {"threshold": {"x == 2 * -y", "x == 4 * -y"}, "rule": {"x != 3 * -y"}}),
        (
            "f(2) > 0",
            {
                "rule": {"f(2) <= 0"},
                "boundary": {"f(2) >= 0"},
                "number": {f"f({n}) > 0" for n in (1, 3)} | {f"f(2) > {n}" for n in (1, "(-1)")},
            },
        ),
        ("f(True)", {"number": {"f(False)"}}),
        ("True", {"rule": {"False"}}),
        (
            "x in (y, 'b', z)",
            {"table": {f"x in ({rest})" for rest in ("'b', z", "y, z", "y, 'b'")}, "rule": {"x not in (y, 'b', z)"}},
        ),
        ("(x, 'b', y)", {}),
        ("{'a': x, 'b': y}", {}),
    ],
)
def test_this_is_planted_in_a_function(expression: str, expected: dict[str, set[str]]) -> None:
    line = "def f(x, y, z):\n    return "
    made = [(kind, text.removeprefix(line)) for kind, text in changed(line + expression)]
    assert sorted(made) == sorted((kind, text) for kind, texts in expected.items() for text in texts)


@each(
    "source",
    [
        "A = 'text'",
        "A = x[0]",
        "A = tuple[object, ...]",
        "A = Callable[[x, y], z]",
        "__all__ = ['a', 'b']",
        "'''docs 1'''",
        "def f():\n    assert x < 1",
        "A = f'{x:>3}'",
        "A = x, *y",
    ],
)
def test_this_is_left_alone(source: str) -> None:
    assert changed(source) == []


def test_mutants_of_gradcli_are_python_and_another_program() -> None:
    for path in sorted((ROOT / "gradcli" / "diagnose" / "findings").glob("*.py")):
        source = path.read_text(encoding="utf-8")
        same = ast.dump(ast.parse(source))
        for mutant in mutants(str(path), source)[::50]:
            assert ast.dump(ast.parse(mutant.applied(source))) != same, mutant


def test_the_tests_of_every_room_are_there() -> None:
    missing = [test for tests in rooms.TESTS.values() for test in tests if not (ROOT / test).exists()]
    missing += [room for room in rooms.TESTS if not (ROOT / room).exists()]
    assert missing == []
    assert rooms.tests_of("gradcli/diagnose/explain/locate.py") == rooms.TESTS["gradcli/diagnose/explain"]
    assert rooms.tests_of("gradcli/version.py") == ("tests",)


def test_what_is_said_to_be_equivalent_is_a_mutant_with_a_reason() -> None:
    files = {ROOT / key.partition(" ")[0] for key in EQUIVALENT}
    paths = [path.relative_to(ROOT) for path in files if path.exists()]
    known = {mutant.key for path in paths for mutant in mutants(str(path), (ROOT / path).read_text(encoding="utf-8"))}
    assert set(EQUIVALENT) - known == set()
    assert all(EQUIVALENT.values())


ROOM = """
UNSEEN = False
NAMES = ("one", "two")
COUNT = len(NAMES)
RULES = {}

def below(limit):
    def rule(number):
        return limit > number
    RULES[limit] = rule
    return rule

small = below(10)

def ended(number):
    while number < 3:
        number += 1
    return number

import functools

class Held:
    @functools.cached_property
    def cached(self):
        return True

    @property
    def size(self):
        return "small" if self.cached else "large"

    @size.setter
    def size(self, size):
        self.changed = size == "small"

def within(least):
    def check(number):
        return number > least and number < 6
    return check

between = within(2)
"""
TESTS_OF_ROOM = """
import pytest
from pathlib import Path
from gradcli.room import COUNT, RULES, Held, between, ended, small, within

@pytest.mark.parametrize("found", [small(10)])
def test_what_was_found_while_the_tests_were_collected(found):
    assert not found

def test_what_is_made_at_import():
    assert COUNT == 2 and RULES[10](9) and not RULES[10](10)

def test_ended():
    assert ended(0) == 3

def test_what_is_held_in_a_class():
    held = Held()
    assert (held.cached, held.size) == (True, "small")
    held.size = "small"
    assert held.changed

def test_closures_that_were_made_before_and_are_made_later():
    for check in (between, within(2)):
        assert [number for number in range(12) if check(number)] == [3, 4, 5]

def test_that_fails_from_the_second_time_on():
    Path("ran").touch(exist_ok=False)
    assert RULES[10](9)

def test_that_fails():
    assert not RULES[10](9)
"""


SWAPPED = """
def made(least):
    def check(number):
        return number > least and number < 6
    return check

def two():
    return lambda: 1 > 0, lambda: 2 > 0

def counting(end):
    number = 0
    while number < end:
        yield number
        number = number + 1

def dropped(number):
    return number < 3

def same(number):
    return number < 3
"""


def test_a_function_gets_the_code_of_a_mutant_where_all_that_runs_it_can_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    room: dict[str, Any] = {}
    exec(compile(SWAPPED, str(tmp_path / "gradcli/room.py"), "exec"), room)
    check, lambdas, begun = room["made"](2), room["two"](), room["counting"](9)
    living = {"gradcli/room.py": [room["made"], room["two"], room["counting"], room["same"], check, *lambdas, begun]}

    def swapped(change: str) -> bool:
        known = {str(mutant): mutant for mutant in mutants("gradcli/room.py", SWAPPED)}
        return swap(known[f"gradcli/room.py:{change}"], SWAPPED, living)

    assert not swapped("4: number > least and number < 6 -> (number < 6)")  # another closure: it needs no cell
    assert not swapped("8: > -> <=")  # of two on one line nobody knows which is which
    assert not swapped("12: < -> >=")  # it goes on with the code that it has begun with
    assert not swapped("17: < -> >=")  # it cannot be found
    assert (check(1), check(5), room["same"](2)) == (False, True, True)
    assert swapped("4: number > least and number < 6 -> (number > least)")
    assert swapped("20: < -> >=")
    assert (check(1), check(6), room["made"](2)(6), room["same"](2)) == (False, True, True, False)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the same shape with a threshold that nothing tests."""
    folder = tmp_path_factory.mktemp("tree")
    for name, text in (("gradcli/__init__.py", ""), ("gradcli/room.py", ROOM), ("tests/test_room.py", TESTS_OF_ROOM)):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder


def run(tree: Path, *options: str) -> tuple[int, str]:
    ran = subprocess.run(
        [sys.executable, "-m", "tools.mutants", "gradcli/room.py", "-n", "0", "--warm", "pytest", *options],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_a_survivor_is_reported_with_a_line_that_does_it_again_and_the_killed_are_counted(tree: Path) -> None:
    code, out = run(tree)
    assert code == 1
    unseen = "gradcli/room.py:2: False -> True"
    assert re.findall(r"^survived \(\d of \d tests\): (.*)$", out, re.MULTILINE) == [unseen]
    total = len(found([tree / "gradcli/room.py"], KINDS))
    assert f"gradcli/room.py: {total} planted, {total - 1} killed, 1 survived, 0 unmeasured" in out
    assert f'  python -m tools.mutants --only "{unseen}"' in out
    assert (tree / "gradcli/room.py").read_text() == ROOM
    assert "it fails without a mutant, and is left out: tests/test_room.py::test_that_fails\n" in out
    assert "2 mutants, 2 of them killed before" in run(tree, "--only", "gradcli/room.py:3:")[1]


def test_a_mutant_that_does_not_end_is_noticed(tree: Path) -> None:
    code, out = run(tree, "--patience", "0.1", "--kind", "number", "--only", "gradcli/room.py:17: 1 -> 0")
    assert (code, "1 killed, 0 survived" in out) == (0, True)


def test_the_same_seed_chooses_the_same_mutants(tree: Path) -> None:
    room = tree / "gradcli/room.py"
    assert [mutant.key for mutant in found([room], KINDS)] == [mutant.key for mutant in found([room], KINDS)]


def test_what_imports_a_file_through_its_package_is_imported_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "gradcli/__init__.py": "def later():\n    import gradcli.rules",
        "gradcli/changed.py": "",
        "gradcli/other.py": "import gradcli",
        "gradcli/rules/__init__.py": "from gradcli.rules import one",
        "gradcli/rules/one.py": "from gradcli import changed",
        "gradcli/rules/two.py": "",
    }.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text)
    assert independent("gradcli/changed.py") == ["gradcli", "gradcli.other"]


def test_a_constant_is_reached_by_what_reads_another_that_is_made_of_it_in_another_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = "LOSSES = (1, 2)\n"
    rules = "RULES = (*tables.LOSSES, 3)\ndef rules():\n    return RULES\ndef other():\n    pass\n"
    (tmp_path / "gradcli").mkdir()
    for name, text in (("tables", tables), ("rules", rules)):
        (tmp_path / f"gradcli/{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    known = {name: Known(0.1, {"gradcli/rules.py": 1 << line}) for name, line in (("reads it", 3), ("does not", 5))}
    (mutant, *_) = mutants("gradcli/tables.py", tables)
    assert Reach(known, at_import={}, while_collecting={}).tests(mutant) == ["reads it"]
