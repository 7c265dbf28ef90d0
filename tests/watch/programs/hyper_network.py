"""A network that makes the weights of another one; nn.Parameter makes a leaf of them."""

import torch
from torch import nn


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.make = nn.Linear(2, 6)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x, code):
        weight = nn.Parameter(self.make(code).view(2, 3))
        return self.scale * nn.functional.linear(x, weight)


torch.manual_seed(201)
net = Hyper()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _step in range(6):
    loss = net(torch.randn(4, 3), torch.randn(2)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
