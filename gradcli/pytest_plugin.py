"""What pytest has of gradcli: the fixture `assert_gradient`, found by itself; nothing is imported before it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    import torch

    from gradcli.results import CheckResult


class AssertGradient(Protocol):
    """`gradcli.assert_gradient`, for annotations."""

    def __call__(
        self,
        function: Callable[..., Any],
        inputs: torch.Tensor | Sequence[object] | Mapping[str, object],
        *,
        dtype: str | torch.dtype | None = None,
        tolerance: float | None = None,
        order: int = 1,
    ) -> CheckResult: ...


@pytest.fixture
def assert_gradient(request: pytest.FixtureRequest) -> AssertGradient:
    """gradcli.assert_gradient(function, inputs), whose failure puts all elements into the report of the test."""

    def asserting(
        function: Callable[..., Any],
        inputs: torch.Tensor | Sequence[object] | Mapping[str, object],
        *,
        dtype: str | torch.dtype | None = None,
        tolerance: float | None = None,
        order: int = 1,
    ) -> CheckResult:
        __tracebackhide__ = True
        from gradcli.api.asserting import objection, tested

        found = tested(function, inputs, dtype, tolerance, order)
        if (message := objection(found)) is not None:
            request.node.add_report_section("call", "gradient", str(found.result))
            raise AssertionError(message)
        return found.result

    return asserting
