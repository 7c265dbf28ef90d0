"""Tests in several processes say what they say in one, share what is compiled, and forget the files that are done."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from command_line import clean_environment
from hypothesis.internal import constants_ast

from tools import many_processes

ROOT = Path(many_processes.__file__).parent.parent

SUITE = """
import time
import pytest

@pytest.fixture
def broken():
    print("from the setup")
    raise ValueError("no setup")

@pytest.fixture
def unfinished():
    yield
    print("from the teardown")
    raise ValueError("no teardown")

@pytest.fixture
def slow():
    time.sleep(0.02)
    yield
    time.sleep(0.02)

def test_passes(): print("said")
def test_fails(): print("while it failed"); assert 1 == 2
def test_has_no_setup(broken): pass
def test_has_no_teardown(unfinished): pass
def test_fails_twice(unfinished): assert 3 == 4
def test_is_slow(slow): pass
@pytest.mark.skip(reason="not today")
def test_skipped(): pass
def test_skips(): pytest.skip("nor now")
@pytest.mark.xfail(reason="known")
def test_known(): assert 5 == 6
@pytest.mark.xfail(reason="mended", strict=True)
def test_mended(): pass
"""
OUTCOMES = ("PASSED", "FAILED", "ERROR", "SKIPPED", "XFAIL")
TOLD = re.compile(rf"^(?:{'|'.join(OUTCOMES)}) .*|^E  .*|.*(?:setup|teardown) .*_is_slow|^(?:said|from|while).*", re.M)


def said(folder: Path, *words: str) -> list[str]:
    """What pytest prints of outcomes, messages, output and what took long, sorted."""
    argv = [sys.executable, "-m", "pytest", "-rA", "--durations=0", "-c", "/dev/null", "-p", "tools.many_processes"]
    others = [f"-pno:{name}" for name in ("hypothesispytest", "inline_snapshot", "sybil", "cacheprovider")]
    env = {**clean_environment(), "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([*argv, *others, *words, "test_it.py"], cwd=folder, env=env, capture_output=True, text=True)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    return sorted(re.sub(r"^[\d.]+s", "some s", line) for line in TOLD.findall(ran.stdout))


def test_every_outcome_message_and_output_is_told_from_another_process_too(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(SUITE)
    alone, beside = said(tmp_path, "-n0"), said(tmp_path, "-n1")
    assert len([line for line in alone if line.startswith(OUTCOMES)]) == 12
    assert {"some s setup    test_it.py::test_is_slow", "some s teardown test_it.py::test_is_slow"} < set(alone)
    assert beside == alone


class Worker:
    """One that is handed tests, and runs none."""

    shutting_down = False

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.given: list[int] = []

    def send_runtest_some(self, indices: list[int]) -> None:
        self.given += indices

    def shutdown(self) -> None:
        self.shutting_down = True


def test_the_scheduler_begins_with_long_files_hands_out_every_test_once_and_forgets_the_files_that_are_done(
    pytestconfig: pytest.Config,
) -> None:
    files = [*(f"tests/test_{file}.py" for file in range(6)), *many_processes.LONG]
    ids = [f"{file}::test_{number}" for file in files for number in range(1 if file in many_processes.LONG else 3)]
    options = {"dist": "loadfile", "tx": ["2*popen"]}
    config = SimpleNamespace(
        getoption=options.__getitem__, getvalue=options.get, option=SimpleNamespace(loadscopereorder=True, debug=False)
    )
    scheduler = many_processes.pytest_xdist_make_scheduler(config, None)  # type: ignore[arg-type]
    workers = [Worker("first"), Worker("second")]
    for worker in workers:
        scheduler.add_node(worker)
        scheduler.add_node_collection(worker, ids)
    scheduler.schedule()
    assert {ids[n].partition("::")[0] for worker in workers for n in worker.given} <= set(many_processes.LONG)
    done = [0, 0]
    while not all(worker.shutting_down for worker in workers):
        for position, worker in enumerate(workers):
            if done[position] < len(worker.given):
                scheduler.mark_test_complete(worker, worker.given[done[position]])
                done[position] += 1
                assert len(scheduler.assigned_work[worker]) <= 3
    assert sorted(workers[0].given + workers[1].given) == list(range(len(ids)))
    assert not scheduler.workqueue


def test_the_files_that_are_begun_first_are_there() -> None:
    assert [name for name in many_processes.LONG if not (ROOT / name).is_file()] == []


class Sharing:
    """The configuration of a worker that collects one folder."""

    def __init__(self, config: pytest.Config, folder: Path, assertions: str) -> None:
        self.args, self.rootpath, self.stash, self.getini = [str(folder)], folder, config.stash, config.getini
        self._assertions = assertions

    def getoption(self, name: str) -> str:
        assert name == "assertmode"
        return self._assertions


def compiled(folder: Path) -> list[str]:
    return sorted(path.name.partition(".")[0] for path in folder.rglob("*.pyc"))


def test_each_worker_compiles_its_share_of_the_test_files_and_pytest_takes_them(
    pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    (tmp_path / "below").mkdir()
    names = ["test_a", "below/test_b", "test_c", "test_d", "below/test_e"]
    for name in names:
        (tmp_path / f"{name}.py").write_text("def test_it():\n    word = 'of this file'\n    assert word == 'other'\n")
    (tmp_path / "test_broken.py").write_text("def test_it(:\n")
    (tmp_path / "helper.py").write_text("")
    shares = [many_processes.Share(number, 2) for number in range(2)]
    for share in shares:
        share.pytest_collection(SimpleNamespace(config=Sharing(pytestconfig, tmp_path, "plain")))  # type: ignore[arg-type]
    assert compiled(tmp_path) == []
    session = SimpleNamespace(config=Sharing(pytestconfig, tmp_path, "rewrite"))
    shares[0].pytest_collection(session)  # type: ignore[arg-type]
    first = compiled(tmp_path)
    assert len(first) in (2, 3)
    made = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.pyc")}
    shares[1].pytest_collection(session)  # type: ignore[arg-type]
    assert compiled(tmp_path) == ["test_a", "test_b", "test_c", "test_d", "test_e"]
    made |= {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.pyc") if path not in made}
    argv = [sys.executable, "-m", "pytest", "-c", "/dev/null", "-p", "no:cacheprovider", "--tb=short"]
    files = [f"{name}.py" for name in names]
    ran = subprocess.run([*argv, *files], cwd=tmp_path, env=clean_environment(), capture_output=True, text=True)
    assert ran.stdout.count("E   AssertionError: assert 'of this file' == 'other'") == 5, ran.stdout + ran.stderr
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*pytest*.pyc")} == made


def test_the_constants_of_every_module_are_read_by_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(constants_ast, "constants_from_module", lambda module: read.append(module.__name__))
    for number in range(2):
        before = len(read)
        many_processes.Share(number, 2).pytest_collection_modifyitems()
        assert len(read) > before
    assert len(set(read)) == len(read)
    assert {name for name in sys.modules if name.startswith("gradcli.")} <= set(read)
    assert "pytest" not in read
