"""A mixture density network, with the likelihood written as a sum of densities."""

import math

import torch
from torch import nn


class Mixture(nn.Module):
    def __init__(self, parts=3):
        super().__init__()
        self.weights = nn.Linear(1, parts)
        self.centres = nn.Linear(1, parts)

    def forward(self, x):
        return torch.softmax(self.weights(x), dim=1), self.centres(x)


torch.manual_seed(136)
model = Mixture()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(5):
    x, y = torch.rand(6, 1), torch.rand(6, 1)
    if step == 3:
        y[5] = 40.0
    share, centre = model(x)
    density = torch.exp(-0.5 * (y - centre) ** 2) / math.sqrt(2 * math.pi)
    likelihood = (share * density).sum(1)
    loss = -torch.log(likelihood).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
