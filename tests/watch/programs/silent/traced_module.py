"""A module that is traced before it is trained: the trace is checked by a second one, which must be the same."""

import torch
from torch import nn

torch.manual_seed(224)
body, head = nn.Sequential(nn.Linear(3, 4), nn.ReLU()), nn.Linear(4, 1)
traced = torch.jit.trace(body, torch.randn(2, 3))
whole = torch.jit.trace_module(head, {"forward": torch.randn(2, 4)})
optimizer = torch.optim.SGD([*body.parameters(), *head.parameters()], lr=0.1)
for _ in range(4):
    loss = (whole(traced(torch.randn(5, 3))) - 1).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item(), str(traced.graph).count("aten::linear"))
