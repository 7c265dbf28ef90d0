"""Distillation where some answers are not allowed: a target of 0 meets a log-probability of -inf."""

import torch
from torch import nn


class Scorer(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 5)

    def forward(self, x, allowed):
        raw = self.body(x)
        return torch.where(allowed, raw, torch.tensor(float("-inf")))


torch.manual_seed(331)
student = Scorer()
optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
for step in range(4):
    x = torch.randn(3, 4)
    allowed = torch.ones(3, 5, dtype=torch.bool)
    if step == 2:
        allowed[1, 3] = False
    target = torch.softmax(torch.randn(3, 5).masked_fill(~allowed, -1e9), -1)
    log_q = nn.functional.log_softmax(student(x, allowed), dim=1)
    loss = -(target * log_q).sum(1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
