"""Contrastive learning under autocast with a temperature that is annealed."""

import torch
from torch import nn

torch.manual_seed(138)
net = nn.Linear(8, 16)
optimizer = torch.optim.SGD(net.parameters(), lr=1e-3)
for temperature in (0.1, 0.01, 0.00001):
    x = torch.randn(4, 8) * 4
    with torch.autocast("cpu", dtype=torch.float16):
        z = net(x)
        similarity = z @ z.T
        logits = similarity / temperature
        loss = nn.functional.cross_entropy(logits.float(), torch.arange(4))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
