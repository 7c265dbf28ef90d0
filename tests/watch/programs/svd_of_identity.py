"""Learns a rotation by projecting a matrix on the orthogonal ones."""

import torch
from torch import nn


def orthogonal(matrix):
    u, _, vh = torch.linalg.svd(matrix)
    return u @ vh


torch.manual_seed(171)
matrix = nn.Parameter(torch.eye(3))
turned = torch.linalg.qr(torch.randn(3, 3)).Q
optimizer = torch.optim.SGD([matrix], lr=0.1)
for _ in range(3):
    points = torch.randn(8, 3)
    loss = (points @ orthogonal(matrix) - points @ turned).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
