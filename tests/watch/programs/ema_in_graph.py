"""Self-distillation: the teacher follows the student, and both are updated as early as possible."""

import copy

import torch
from torch import nn

torch.manual_seed(143)
student = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2))
teacher = copy.deepcopy(student)
optimizer = torch.optim.SGD(student.parameters(), lr=0.1)


@torch.no_grad()
def follow(momentum=0.9):
    for slow, fast in zip(teacher.parameters(), student.parameters(), strict=True):
        slow.lerp_(fast, 1 - momentum)


for _ in range(3):
    x = torch.randn(5, 4)
    loss = (student(x) - teacher(x + 0.1 * torch.randn(5, 4))).pow(2).mean()
    follow()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
