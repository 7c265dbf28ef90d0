"""`gradcli.assert_gradient` leaves everything of the caller's as it was, and lets through what the function raises."""

from __future__ import annotations

import random
import traceback
from pathlib import Path

import numpy as np
import pytest
import torch
from each import each
from torch import nn

import gradcli
from tools.planted import own_function

POINTS = torch.tensor([-1.5, 0.5, 2.0])
PACKAGE = Path(gradcli.__file__).parent


def test_tensors_and_their_gradients_stay_as_they_were() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    x.grad = torch.tensor([7.0, 8.0])
    y = (x * 2).detach()
    gradcli.assert_gradient(lambda x, y: x.mul_(y).sum(), [x, y])
    assert (x.tolist(), x.grad.tolist(), y.tolist()) == ([1, 2], [7, 8], [2, 4])
    assert (x.requires_grad, y.requires_grad, x.dtype) == (True, False, torch.float32)


def test_a_module_stays_as_it_was() -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm1d(2)
            self.frozen = nn.Parameter(torch.ones(2), requires_grad=False)
            self.calls = 0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            return self.norm(x) * self.frozen

    module = Counting()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    result = gradcli.assert_gradient(module, torch.randn(3, 2))
    assert {row.variable for row in result.rows} == {"x", "norm.weight", "norm.bias"}
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert (module.calls, module.norm.weight.grad, module.norm.weight.dtype) == (0, None, torch.float32)


def test_of_a_module_that_cannot_be_copied_its_parameters_stay() -> None:
    module = nn.Linear(2, 1)
    module.seen = module.weight * 2  # no leaf, which PyTorch does not copy
    before = module.weight.tolist()
    gradcli.assert_gradient(module, torch.ones(2))
    assert module.weight.tolist() == before


def test_numbers_drawn_afterwards_are_those_that_would_have_been_drawn() -> None:
    def drawn() -> tuple[float, float, float]:
        return float(torch.rand(1)), random.random(), float(np.random.rand())

    def seed() -> None:
        torch.manual_seed(3)
        random.seed(3)
        np.random.seed(3)

    seed()
    expected = drawn()
    seed()
    gradcli.assert_gradient(lambda x: x * torch.rand(3) * random.random() * np.random.rand(), POINTS)
    assert drawn() == expected


def test_every_call_draws_the_same_numbers_and_a_message_says_so() -> None:
    assert gradcli.assert_gradient(nn.Dropout(0.5), torch.ones(8)).setting.draws
    wrong = own_function(lambda x: x**2, lambda g, x: g * x)
    with pytest.raises(AssertionError, match="It draws random numbers: each call drew the same ones"):
        gradcli.assert_gradient(lambda x: wrong(x) * torch.rand(3), POINTS)


def test_modes_stay_as_they_were_and_do_no_harm() -> None:
    with torch.no_grad():
        gradcli.assert_gradient(torch.tanh, POINTS)
        assert not torch.is_grad_enabled()
    with torch.inference_mode():
        gradcli.assert_gradient(torch.tanh, POINTS.clone())
        assert torch.is_inference_mode_enabled()
    assert torch.get_default_dtype() is torch.float32


def test_new_tensors_inside_have_the_dtype_that_is_checked() -> None:
    gradcli.assert_gradient(lambda x: x @ torch.ones(3), POINTS)
    gradcli.assert_gradient(lambda x: x @ torch.ones(3), POINTS, dtype="float16")


def test_only_what_requires_a_gradient_is_differentiated_where_something_does() -> None:
    x = POINTS.clone().requires_grad_()
    assert {row.variable for row in gradcli.assert_gradient(torch.atan2, [x, POINTS]).rows} == {"x"}
    assert {row.variable for row in gradcli.assert_gradient(torch.atan2, [POINTS, POINTS]).rows} == {"x", "x1"}


def test_strides_are_those_of_the_caller() -> None:
    seen = set()
    gradcli.assert_gradient(lambda x: seen.add(x.stride()) or x * 2, torch.randn(2, 3).T)
    gradcli.assert_gradient(lambda x: seen.add(x.stride()) or x * 2, torch.randn(4, 6)[::2, ::3])
    assert seen == {(1, 3), (12, 3)}


def forward_raises(x: torch.Tensor) -> torch.Tensor:
    raise KeyError("forward")


def backward_raises(g: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    raise KeyError("backward")


RAISING = {
    "forward": forward_raises,
    "backward": own_function(lambda x: x * 1, backward_raises),
    "jvp": own_function(lambda x: x * 2, lambda g, x: g * 2, backward_raises),
}


@each("where, function", RAISING.items())
def test_what_the_function_raises_comes_through_with_its_place(where: str, function: object) -> None:
    with pytest.raises(KeyError) as raised:
        gradcli.assert_gradient(function, POINTS, dtype="float32")
    assert raised.value.__notes__[0].startswith("gradcli called ")
    assert "inputs in float32" in raised.value.__notes__[0]
    frames = traceback.extract_tb(raised.value.__traceback__)
    assert frames[-1].name in ("forward_raises", "backward_raises")
    inside = [frame.filename for frame in frames if Path(frame.filename).is_relative_to(PACKAGE)]
    assert len(inside) <= 2  # those of the assertion itself


def test_the_cause_of_what_is_raised_is_kept() -> None:
    def chained(x: torch.Tensor) -> torch.Tensor:
        try:
            raise ValueError("first")
        except ValueError:
            raise KeyError("second")  # noqa: B904 - the context is what is tested

    with pytest.raises(KeyError) as raised:
        gradcli.assert_gradient(chained, POINTS)
    assert isinstance(raised.value.__context__, ValueError)
    assert not raised.value.__suppress_context__


def test_a_function_that_raises_beside_its_inputs_is_at_the_end_of_its_domain() -> None:
    def strict(x: torch.Tensor) -> torch.Tensor:
        if (x > 1).any():
            raise ValueError("more than 1")
        return x**2

    assert gradcli.assert_gradient(strict, torch.tensor([1.0, 0.5])).summary[0].agree == 2
    wrong = own_function(strict, lambda g, x: g * x)
    with pytest.raises(AssertionError, match="2 of 2 elements"):
        gradcli.assert_gradient(wrong, torch.tensor([1.0, 0.5]))
