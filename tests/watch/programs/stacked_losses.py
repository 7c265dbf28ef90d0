"""Two losses with a learned balance, put together by torch.tensor."""

import warnings

import torch
from torch import nn

warnings.simplefilter("ignore")  # PyTorch warns where numbers are taken
torch.manual_seed(202)
near, far = nn.Linear(3, 1), nn.Linear(3, 1)
balance = nn.Parameter(torch.zeros(2))
optimizer = torch.optim.Adam([*near.parameters(), *far.parameters(), balance], lr=0.01)
for _step in range(6):
    x = torch.randn(5, 3)
    losses = torch.tensor([near(x).pow(2).mean(), (far(x) - 1).pow(2).mean()])
    loss = (losses * balance.exp()).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
