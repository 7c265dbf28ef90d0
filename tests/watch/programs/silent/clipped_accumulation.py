"""Accumulation over three batches, clipping, a schedule."""

import torch
from torch import nn

torch.manual_seed(206)
model = nn.Sequential(nn.Linear(3, 6), nn.GELU(), nn.Dropout(0.1), nn.Linear(6, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 4)
for batch in range(12):
    x = torch.randn(5, 3)
    ((model(x) - x.sum(1, keepdim=True)).square().mean() / 3).backward()
    if batch % 3 == 2:
        norm = nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
print(norm.item(), sum(p.double().sum().item() for p in model.parameters()))
