"""A compiled module; without a bias, an empty row has no direction."""

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.inner = nn.Linear(width, width, bias=False)
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x):
        h = self.inner(x)
        length = (h * h).sum(-1).sqrt()
        return h * self.scale + length[:, None]


torch.manual_seed(352)
block = Block(4)
fast = torch.compile(block, backend="eager")
optimizer = torch.optim.SGD(fast.parameters(), lr=0.1)
for step in range(4):
    x = torch.randn(5, 4)
    if step == 2:
        x[1] = 0
    loss = fast(x).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
