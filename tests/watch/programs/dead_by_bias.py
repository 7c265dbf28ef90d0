"""A network whose last layer but one starts far below zero, after a bias was ported with the wrong sign."""

import torch
from torch import nn

torch.manual_seed(109)
body = nn.Linear(4, 8)
gate = nn.Linear(8, 8)
head = nn.Linear(8, 1)
nn.init.constant_(gate.bias, -50.0)
optimizer = torch.optim.SGD([*body.parameters(), *gate.parameters(), *head.parameters()], lr=0.01)
for _ in range(12):
    x = torch.randn(10, 4)
    opened = nn.functional.relu(gate(torch.tanh(body(x))))
    loss = (head(opened) - x.sum(1, keepdim=True)).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("loss", loss.item())
