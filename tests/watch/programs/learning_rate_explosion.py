"""Linear regression with a learning rate above what the curvature allows."""

import torch

torch.manual_seed(155)
slope = torch.nn.Parameter(torch.randn(2, 1))
optimizer = torch.optim.SGD([slope], lr=1e4)
for _ in range(30):
    x = torch.rand(10, 2) + 1
    error = x @ slope - 3.0
    loss = error.pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
