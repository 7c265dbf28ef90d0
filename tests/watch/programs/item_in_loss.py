"""Two losses are summed for the log, and the sum is trained on."""

import torch
from torch import nn

torch.manual_seed(145)
model = nn.Linear(4, 2)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for _ in range(8):
    out = model(torch.randn(6, 4))
    fit = (out - 1).pow(2).mean()
    size = out.abs().mean()
    total = torch.tensor(fit.item() + 0.1 * size.item(), requires_grad=True)
    optimizer.zero_grad()
    total.backward()
    optimizer.step()
print(total.item())
