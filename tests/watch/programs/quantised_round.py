"""Training with weights on a grid."""

import torch
from torch import nn


class GridLinear(nn.Module):
    def __init__(self, inputs, outputs, scale=0.1):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
        self.scale = scale

    def forward(self, x):
        on_grid = torch.round(self.weight / self.scale) * self.scale
        return x @ on_grid.T


torch.manual_seed(140)
model = nn.Sequential(GridLinear(3, 4), nn.Tanh(), nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(12):
    x = torch.randn(8, 3)
    loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
