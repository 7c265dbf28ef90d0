"""Learns a rotation that takes one cloud of points to another; the loss is the angle between them."""

import torch
from torch import nn


class GeodesicLoss(nn.Module):
    def forward(self, predicted, wanted):
        cosine = nn.functional.cosine_similarity(predicted, wanted, dim=-1)
        angles = torch.acos(cosine.clamp(-1, 1))
        return angles.mean()


torch.manual_seed(105)
turn = nn.Linear(3, 3, bias=False)
with torch.no_grad():
    turn.weight.copy_(torch.eye(3))
criterion = GeodesicLoss()
optimizer = torch.optim.SGD(turn.parameters(), lr=0.1)
for _ in range(3):
    cloud = torch.randn(16, 3)
    loss = criterion(turn(cloud), cloud)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("angle", loss.item())
