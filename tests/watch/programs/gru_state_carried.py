"""A GRU reads a stream of sensor values; its state is kept between the chunks."""

import torch
from torch import nn

torch.manual_seed(112)
gru = nn.GRUCell(2, 6)
readout = nn.Linear(6, 1)
optimizer = torch.optim.Adam([*gru.parameters(), *readout.parameters()], lr=1e-3)
memory = torch.zeros(3, 6)
for chunk in torch.randn(4, 3, 2):
    memory = gru(chunk, memory)
    loss = (readout(memory) - 1).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
