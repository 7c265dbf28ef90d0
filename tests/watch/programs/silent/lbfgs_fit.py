"""Fits a line with LBFGS and a line search."""

import torch

torch.manual_seed(207)
x = torch.linspace(0, 1, 20)
y = 2 * x + 1 + 0.01 * torch.randn(20)
line = torch.nn.Parameter(torch.zeros(2))
optimizer = torch.optim.LBFGS([line], line_search_fn="strong_wolfe", max_iter=8)


def closure():
    optimizer.zero_grad()
    loss = (line[0] * x + line[1] - y).square().mean()
    loss.backward()
    return loss


optimizer.step(closure)
print(line.tolist())
