"""Computes predictions of a model that was never trained; nothing is differentiated."""

import torch

torch.manual_seed(209)
model = torch.nn.Linear(3, 2)
for _ in range(200):
    out = model(torch.randn(4, 3))
print(out.sum().item())
