"""A network that makes the weights of another one, which are filled in under no_grad."""

import torch
from torch import nn

torch.manual_seed(207)
maker, inner = nn.Linear(2, 3), nn.Linear(3, 1, bias=False)
optimizer = torch.optim.SGD([*maker.parameters(), *inner.parameters()], lr=0.1)
for _step in range(6):
    made = maker(torch.ones(2))[None]
    with torch.no_grad():
        inner.weight.copy_(made)
    loss = inner(torch.randn(4, 3)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
