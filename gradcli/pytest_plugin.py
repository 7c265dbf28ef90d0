"""What pytest has of gradcli: the fixture `assert_gradient`, found by itself; nothing is imported before it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import torch

    from gradcli.results import CheckResult


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
