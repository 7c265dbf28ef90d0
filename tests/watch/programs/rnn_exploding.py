"""A linear state-space model, trained on longer and longer sequences."""

import torch
from torch import nn


class StateSpace(nn.Module):
    def __init__(self, size=6):
        super().__init__()
        self.transition = nn.Linear(size, size, bias=False)
        self.readout = nn.Linear(size, 1)
        nn.init.eye_(self.transition.weight)
        self.transition.weight.data.mul_(3)

    def forward(self, signal):
        state = torch.ones(signal.size(0), 6)
        for t in range(signal.size(1)):
            state = self.transition(state) + signal[:, t]
        return self.readout(state)


torch.manual_seed(106)
model = StateSpace()
optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
for length in (5, 15, 30, 90):
    signal = torch.rand(3, length, 6)
    loss = model(signal).abs().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("loss", loss.item())
