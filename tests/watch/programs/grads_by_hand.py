"""Gradient descent without an optimizer."""

import torch

torch.manual_seed(119)
weight = torch.randn(3, requires_grad=True)
points = torch.randn(10, 3)
for step in range(6):
    heights = points @ weight
    if step == 4:
        heights = heights - heights.detach()
    loss = heights.abs().sqrt().sum()
    (slope,) = torch.autograd.grad(loss, [weight])
    with torch.no_grad():
        weight -= 0.01 * slope
print(loss.item())
