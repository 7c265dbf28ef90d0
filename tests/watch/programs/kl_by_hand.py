"""Distillation from a teacher whose probabilities are hard for some examples."""

import torch
from torch import nn


def kl(teacher, student):
    return (teacher * (torch.log(teacher) - torch.log(student))).sum(-1).mean()


torch.manual_seed(157)
student = nn.Linear(4, 3)
optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
for step in range(4):
    x = torch.randn(5, 4)
    target = torch.softmax(torch.randn(5, 3), -1)
    if step == 1:
        target[2] = torch.tensor([1.0, 0.0, 0.0])
    loss = kl(target, torch.softmax(student(x), -1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
