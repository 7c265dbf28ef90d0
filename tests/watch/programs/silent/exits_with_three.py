"""Tells by its exit code that the accuracy is too low."""

import sys

import torch

torch.manual_seed(211)
model = torch.nn.Linear(2, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(3):
    loss = torch.nn.functional.cross_entropy(model(torch.randn(4, 2)), torch.randint(2, (4,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("loss", loss.item())
print("too low", file=sys.stderr)
sys.exit(3)
