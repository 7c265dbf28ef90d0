"""A physics-informed network in polar coordinates: the Laplacian of u on a disc should be 1."""

import torch
from torch import nn

torch.manual_seed(130)
field = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
optimizer = torch.optim.Adam(field.parameters(), lr=1e-3)
for step in range(4):
    points = torch.rand(6, 2) * 2 - 1
    if step == 2:
        points[0] = 0
    points.requires_grad_()
    radius = torch.sqrt((points**2).sum(1, keepdim=True))
    u = field(radius)
    (slope,) = torch.autograd.grad(u.sum(), points, create_graph=True)
    curvature = sum(torch.autograd.grad(slope[:, k].sum(), points, create_graph=True)[0][:, k] for k in range(2))
    loss = (curvature - 1).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("residual", loss.item())
