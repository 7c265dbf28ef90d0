"""Chord lengths from cosines, in bfloat16."""

import torch
from torch import nn

torch.manual_seed(139)
net = nn.Linear(4, 4)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(4):
    x = torch.randn(6, 4)
    z = net(x)
    other = torch.randn(6, 4)
    if step == 2:
        other[2] = (z[2] * 1.01).detach() + 1e-4
    cosine = nn.functional.cosine_similarity(z, other, dim=1).bfloat16()
    chord = torch.sqrt(2 - 2 * cosine.clamp(max=1))
    loss = chord.mean().float()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
