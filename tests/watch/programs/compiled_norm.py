"""A compiled normalisation in front of a linear layer."""

import torch
from torch import nn


@torch.compile(backend="eager")
def unit(vectors):
    return vectors / torch.sqrt(torch.sum(vectors * vectors, dim=1, keepdim=True))


torch.manual_seed(118)
layer = nn.Linear(4, 4, bias=False)
head = nn.Linear(4, 2)
optimizer = torch.optim.SGD([*layer.parameters(), *head.parameters()], lr=0.1)
for step in range(4):
    x = torch.randn(5, 4)
    if step == 2:
        x[3] = 0
    directions = unit(layer(x))
    loss = nn.functional.cross_entropy(head(directions), torch.randint(2, (5,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
