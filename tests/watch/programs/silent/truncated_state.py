"""A GRU over a stream, cut after each chunk as it should be."""

import torch
from torch import nn

torch.manual_seed(222)
gru, readout = nn.GRU(2, 5, batch_first=True), nn.Linear(5, 1)
optimizer = torch.optim.Adam([*gru.parameters(), *readout.parameters()], lr=1e-2)
state = None
for _ in range(5):
    out, state = gru(torch.randn(3, 4, 2), state)
    loss = (readout(out) - 1).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    state = state.detach()
print(loss.item(), readout.weight.double().sum().item())
