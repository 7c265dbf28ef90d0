"""Learns headings from velocities; a standing car has none."""

import torch
from torch import nn

torch.manual_seed(159)
motion = nn.Linear(4, 2, bias=False)
optimizer = torch.optim.SGD(motion.parameters(), lr=0.1)
for step in range(3):
    sensors = torch.randn(5, 4)
    if step == 1:
        sensors[2] = 0
    velocity = motion(sensors)
    heading = torch.atan2(velocity[:, 1], velocity[:, 0])
    loss = (1 - torch.cos(heading - 0.5)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
