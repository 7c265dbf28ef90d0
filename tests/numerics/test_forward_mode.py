"""Dual numbers against the Jacobian that backward passes give."""

from __future__ import annotations

import pytest
import torch

from gradcli.numerics import autodiff, forward_mode
from gradcli.numerics.capture import TorchError


def leaf(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def test_forward_mode_is_the_jacobian_times_the_direction() -> None:
    x, direction = leaf(0.5, -1, 2), torch.tensor([1.0, 10.0, -3.0], dtype=torch.float64)
    found = forward_mode.tangent(lambda leaves: leaves["x"].softmax(0), {"x": x}, {"x": direction})
    jacobian = autodiff.jacobians(x.softmax(0), {"x": x})["x"]
    assert jacobian is not None
    assert torch.allclose(found, jacobian @ direction, rtol=1e-14, atol=0)


def test_a_leaf_without_a_direction_stands_still() -> None:
    x, y = leaf(2), leaf(3)
    one = torch.ones(1, dtype=torch.float64)
    function = lambda leaves: leaves["x"] * leaves["y"]  # noqa: E731
    assert forward_mode.tangent(function, {"x": x, "y": y}, {"x": one}).item() == 3
    assert forward_mode.tangent(function, {"x": x, "y": y}, {}).item() == 0


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where modules of PyTorch are put off: without what its own entrance imports."""
    monkeypatch.setattr("gradcli.lean_torch.waiting", lambda: ["torch.export"])


@pytest.mark.usefixtures("bare")
def test_bare_dual_numbers_are_the_same() -> None:
    test_forward_mode_is_the_jacobian_times_the_direction()
    test_a_leaf_without_a_direction_stands_still()


@pytest.mark.usefixtures("bare")
def test_a_second_try_draws_the_same_random_numbers() -> None:
    drawn = []

    def function(leaves: autodiff.Leaves) -> torch.Tensor:
        drawn.append(torch.rand(()).item())
        if len(drawn) == 1:
            raise TorchError(NotImplementedError("forward AD"), stage="tangent")
        return leaves["x"] * drawn[-1]

    found = forward_mode.tangent(function, {"x": leaf(1)}, {"x": torch.ones(1, dtype=torch.float64)})
    assert len(drawn) == 2
    assert drawn[0] == drawn[1] == found.item()


@pytest.mark.usefixtures("bare")
def test_what_pytorch_raises_is_raised_by_its_own_entrance() -> None:
    with pytest.raises(TorchError, match="Expected tangent to be floating point or complex"):
        forward_mode.tangent(lambda leaves: leaves["x"], {"x": leaf(1)}, {"x": torch.ones(1, dtype=torch.int64)})
