"""A model that is trained as a graph of FX, and exported as another one."""

import torch
from torch import fx, nn

torch.manual_seed(226)
net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
graph = fx.symbolic_trace(net)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    loss = graph(torch.randn(5, 3)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
exported = torch.export.export(net, (torch.randn(2, 3),))
print(loss.item(), len(exported.graph.nodes), exported.module()(torch.ones(2, 3)).sum().item())
