"""Fits the rate of an exponential distribution by maximum likelihood."""

import torch

torch.manual_seed(141)
waits = torch.rand(20) * 0.01 + 3.0
rate = torch.nn.Parameter(torch.tensor(1.0))
optimizer = torch.optim.LBFGS([rate], lr=1.0, max_iter=10)


def closure():
    optimizer.zero_grad()
    likelihood = torch.log(rate) - rate * waits
    loss = -likelihood.sum()
    loss.backward()
    return loss


optimizer.step(closure)
print("rate", rate.item())
