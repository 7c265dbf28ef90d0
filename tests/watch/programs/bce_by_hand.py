"""Logistic regression, with the cross-entropy as the lecture writes it."""

import torch
from torch import nn


def bce(prediction, label):
    positive = label * torch.log(prediction)
    negative = (1 - label) * torch.log(1 - prediction)
    return -(positive + negative).mean()


torch.manual_seed(103)
model = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for epoch in range(7):
    x = torch.randn(20, 2)
    y = (x[:, :1] > 0).float()
    if epoch == 4:
        x, y = torch.cat([x, torch.full((1, 2), 3.0)]), torch.cat([y, torch.ones(1, 1)])
    sharpness = 1 if epoch < 4 else 500
    loss = bce(torch.sigmoid(sharpness * model(x)), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("final", loss.item())
