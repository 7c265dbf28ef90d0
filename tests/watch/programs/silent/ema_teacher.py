"""A teacher that follows the student after each step, and random numbers from three generators."""

import copy
import random

import numpy as np
import torch
from torch import nn

random.seed(1)
numbers = np.random.default_rng(1)
torch.manual_seed(220)
student = nn.Linear(4, 3)
teacher = copy.deepcopy(student).requires_grad_(False)
optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
for _ in range(5):
    x = torch.from_numpy(numbers.standard_normal((5, 4), dtype=np.float32)) * random.random()
    loss = (student(x) - teacher(x + 0.1 * torch.randn_like(x))).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for slow, fast in zip(teacher.parameters(), student.parameters(), strict=True):
            slow.lerp_(fast, 0.1)
print(loss.item(), teacher.weight.double().sum().item(), torch.rand(1).item(), random.random())
