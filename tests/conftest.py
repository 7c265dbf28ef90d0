"""One command line run in this process or in one of its own."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from command_line import OWN_VARIABLES, Answer, captured, in_process_of_its_own
from hypothesis import HealthCheck, Phase, settings

from tools import warm

Run = Callable[..., Answer]

sys.path.append(str(Path(__file__).parent / "watch"))  # tests/cuda runs its programs

settings.register_profile(
    "fast", max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "mutants",
    settings.get_profile("fast"),
    phases=[Phase.explicit, Phase.generate],  # a failure needs no small example
)
settings.register_profile("hard", max_examples=20_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

for name in OWN_VARIABLES:
    os.environ.pop(name, None)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """run(argv, stdin=None, env=None) gives the exit code, standard output and standard error of gradcli.cli.main."""

    def in_process(
        argv: Sequence[str], stdin: str | bytes | None = None, env: Mapping[str, str] | None = None
    ) -> Answer:
        with monkeypatch.context() as patch:
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", _readable(stdin))
            return captured(argv)

    return in_process


@pytest.fixture
def warm_workers(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this process starts by `python -c` is forked from one that has PyTorch: `tests/test_warm.py`."""
    monkeypatch.setattr(sys, "executable", warm.interpreter(tmp_path_factory.mktemp("warm")))


@pytest.fixture
def no_fixes(monkeypatch: pytest.MonkeyPatch) -> None:
    """No rewrites are looked for, which takes longer than the rest of an answer: for tests that read no fix."""
    monkeypatch.setattr("gradcli.diagnose.diagnosis.with_fixes", lambda findings, *_, **__: findings)


@pytest.fixture
def run_process() -> Run:
    """The same in a process of its own; `python` replaces the command line by a program."""
    return in_process_of_its_own


def _readable(given: str | bytes | None) -> io.TextIOWrapper:
    content = b"" if given is None else given.encode() if isinstance(given, str) else given
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")
