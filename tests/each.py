"""Many small cases in one test: all of them are tried, and each one that fails is reported by its name."""

from __future__ import annotations

import functools
import inspect
import traceback
from collections.abc import Callable, Iterable
from typing import Any

import pytest

Test = Callable[..., None]


def _shortly(case: object) -> str:
    try:
        text = repr(case)
    except ValueError:  # an integer with more digits than Python writes
        text = f"a {type(case).__name__}"
    return text if len(text) <= 120 else f"{text[:119]}…"


def each(arguments: str, cases: Iterable[Any], ids: Callable[[Any], object] = _shortly) -> Callable[[Test], Test]:
    """Like `pytest.mark.parametrize`, for cases of a millisecond: what pytest does for a test takes longer.

    The other arguments of a test are fixtures; all cases share them.
    """
    names = [name.strip() for name in arguments.split(",")]
    given = [(case, dict(zip(names, case if len(names) > 1 else [case], strict=True))) for case in cases]
    if not given:
        raise ValueError("no cases prove nothing")

    def decorated(test: Test) -> Test:
        @functools.wraps(test)
        def every(**fixtures: Any) -> None:
            failures = [
                f"{ids(case)}: {failure}"
                for case, values in given
                for failure in _failures(test, {**fixtures, **values})
            ]
            assert not failures, f"{len(failures)} of {len(given)} cases fail\n" + "\n".join(failures)

        signature = inspect.signature(test)
        kept = [parameter for name, parameter in signature.parameters.items() if name not in names]
        every.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
        del every.__wrapped__  # type: ignore[attr-defined]
        return every

    return decorated


def _failures(test: Test, arguments: dict[str, Any]) -> Iterable[str]:
    """What one case fails with."""
    try:
        test(**arguments)
    except pytest.skip.Exception as skipped:
        raise TypeError(f"a case of many cannot be skipped: {arguments}") from skipped
    except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - whatever a test can fail with
        line = traceback.extract_tb(error.__traceback__)[-1].lineno
        yield f"{type(error).__name__} in line {line}: {error}"
