"""Reads a table of measurements in batches; a sensor was off for a moment."""

import torch
from torch import nn

torch.manual_seed(154)
measurements = torch.randn(24, 3)
measurements[14, 2] = float("nan")
wanted = torch.randn(24, 1)
model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for start in range(0, 24, 6):
    batch = measurements[start : start + 6]
    loss = nn.functional.mse_loss(model(batch), wanted[start : start + 6])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
