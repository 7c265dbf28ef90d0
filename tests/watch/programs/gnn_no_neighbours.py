"""Message passing by the mean over the neighbours."""

import torch
from torch import nn


class MeanConv(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.message = nn.Linear(width, width)

    def forward(self, nodes, source, target):
        gathered = torch.zeros_like(nodes).index_add(0, target, self.message(nodes)[source])
        degree = torch.bincount(target, minlength=nodes.size(0)).to(nodes.dtype)
        mean = gathered / degree[:, None]
        return torch.relu(nodes + mean)


torch.manual_seed(131)
conv, head = MeanConv(4), nn.Linear(4, 2)
optimizer = torch.optim.Adam([*conv.parameters(), *head.parameters()], lr=1e-3)
ring = torch.arange(6)
for graph in range(5):
    source, target = ring, ring.roll(1)
    if graph == 3:
        keep = target != 4
        source, target = source[keep], target[keep]
    logits = head(conv(torch.randn(6, 4), source, target))
    loss = nn.functional.cross_entropy(logits, torch.randint(2, (6,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
