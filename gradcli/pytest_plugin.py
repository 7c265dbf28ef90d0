"""What pytest has of gradcli: the fixture `assert_gradient`, found by itself; nothing is imported before it is used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    import torch

    from gradcli.results import CheckResult


class UnchangedModules(MetaPathFinder):
    """Finds gradcli's modules before pytest does, which rewrites and compiles all modules of a package with a plugin.

    Theirs are no assertions of a test, and an installed package has them compiled already.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return PathFinder.find_spec(fullname, path, target) if fullname.startswith("gradcli.") else None


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    finder = UnchangedModules()
    sys.meta_path.insert(0, finder)
    early_config.add_cleanup(lambda: sys.meta_path.remove(finder))


class AssertGradient:
    """`gradcli.assert_gradient`, which puts all elements into the report of a test that fails."""

    def __init__(self, test: pytest.Item) -> None:
        self._test = test

    def __call__(
        self,
        function: Callable[..., Any],
        inputs: torch.Tensor | Sequence[object] | Mapping[str, object],
        *,
        dtype: str | torch.dtype | None = None,
        tolerance: float | None = None,
        order: int = 1,
    ) -> CheckResult:
        """Raise an AssertionError unless the gradient is right at these inputs."""
        __tracebackhide__ = True
        from gradcli.api.asserting import objection, tested

        found = tested(function, inputs, dtype, tolerance, order)
        if (message := objection(found)) is not None:
            self._test.add_report_section("call", "gradient", str(found.result))
            raise AssertionError(message)
        return found.result

    def __repr__(self) -> str:
        return "gradcli.assert_gradient"


@pytest.fixture
def assert_gradient(request: pytest.FixtureRequest) -> AssertGradient:
    """gradcli.assert_gradient(function, inputs), which puts all elements into the report of a test that fails."""
    return AssertGradient(request.node)
