"""PyTorch's own attention function; one query may look at nothing at all."""

import torch
from torch import nn

torch.manual_seed(214)
project = nn.Linear(4, 4)
optimizer = torch.optim.SGD(project.parameters(), lr=0.1)
allowed = torch.ones(5, 5, dtype=torch.bool)
allowed[2] = False
for _ in range(3):
    q = project(torch.randn(1, 1, 5, 4))
    loss = nn.functional.scaled_dot_product_attention(q, q, q, attn_mask=allowed).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item(), project.weight.double().sum().item())
