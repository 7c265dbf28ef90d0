"""Two heads share one activation; the second half of it is damped."""

import torch
from torch import nn

torch.manual_seed(144)
trunk, head = nn.Linear(3, 8), nn.Linear(8, 2)
optimizer = torch.optim.SGD([*trunk.parameters(), *head.parameters()], lr=0.1)
for _ in range(2):
    positive = torch.exp(trunk(torch.randn(4, 3)))
    right = positive[:, 4:]
    right *= 0.5
    loss = nn.functional.cross_entropy(head(positive), torch.randint(2, (4,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
