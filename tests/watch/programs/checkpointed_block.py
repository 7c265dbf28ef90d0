"""Blocks are recomputed in the backward pass to save memory (`--reentrant` takes the older way)."""

import sys

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


def spread(features):
    centre = features.mean(1, keepdim=True)
    variance = (features - centre).pow(2).mean(1)
    return torch.sqrt(variance)


class Blocks(nn.Module):
    def __init__(self, reentrant):
        super().__init__()
        self.inner = nn.Linear(4, 4)
        self.reentrant = reentrant

    def forward(self, x):
        return checkpoint(spread, self.inner(x), use_reentrant=self.reentrant)


torch.manual_seed(114)
model = Blocks("--reentrant" in sys.argv)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(5):
    if step == 3:
        nn.init.zeros_(model.inner.weight)
        nn.init.zeros_(model.inner.bias)
    loss = model(torch.randn(6, 4)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
