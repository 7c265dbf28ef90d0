"""Rounding noise: what comes out is moved by as much as was asked, and nothing else changes."""

from __future__ import annotations

import torch

from gradcli.numerics.noise import rounding_noise


def test_every_result_is_moved_by_at_most_eps():
    x = torch.linspace(1, 2, 1000, dtype=torch.float64)
    with rounding_noise(1e-3, seed=0):
        moved = torch.sqrt(x)
    apart = (moved / torch.sqrt(x) - 1).abs()
    assert apart.max() <= 1.0001e-3
    assert apart.max() > 0.9e-3
    assert apart.min() < 0.1e-3


def test_outside_nothing_is_moved():
    x = torch.ones(3, dtype=torch.float64)
    with rounding_noise(1e-3, seed=0):
        torch.exp(x)
    assert torch.equal(torch.exp(x), x.exp())


def test_what_a_node_saved_carries_the_noise_into_the_backward_pass():
    x = torch.tensor(20.0, dtype=torch.float64, requires_grad=True)
    slopes = []
    for seed in range(4):
        with rounding_noise(2**-23, seed):
            slopes.append(float(torch.autograd.grad(torch.sigmoid(x), x)[0]))
    assert max(slopes) - min(slopes) > 2e-9  # the slope itself: s(1 - s) has lost all digits in float32


def test_what_hands_numbers_on_rounds_nothing():
    x = torch.linspace(-1, 1, 5, dtype=torch.float64)
    with rounding_noise(1e-3, seed=0):
        moved = torch.where(torch.cat([x, -x]) > 0, torch.ones(10, dtype=torch.float64), torch.cat([x, x]).abs())
    assert torch.equal(moved, torch.where(torch.cat([x, -x]) > 0, 1.0, torch.cat([x, x]).abs()))


def test_a_well_conditioned_gradient_hardly_moves():
    x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    for seed in range(4):
        with rounding_noise(2**-23, seed):
            (slope,) = torch.autograd.grad(torch.exp(x), x)
        assert abs(float(slope) / float(torch.exp(x.detach())) - 1) < 4 * 2**-23


def test_inputs_and_random_numbers_stay_what_they_are():
    x = torch.arange(1.0, 5.0)
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    with rounding_noise(1e-3, seed=0):
        x.view(2, 2).sum()
        x + 1
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(x, torch.arange(1.0, 5.0))
