"""Trains a little and then gives up."""

import torch


class OverBudgetError(Exception):
    pass


torch.manual_seed(210)
w = torch.nn.Parameter(torch.ones(2))
optimizer = torch.optim.SGD([w], lr=0.1)
for step in range(5):
    if step == 3:
        raise OverBudgetError("the budget is spent")
    optimizer.zero_grad()
    (w - 2).square().sum().backward()
    optimizer.step()
    print(step, w.tolist())
