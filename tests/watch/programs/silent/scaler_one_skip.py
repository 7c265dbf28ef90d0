"""Mixed precision: the first scale is too large, one step is skipped, and training goes on."""

import torch
from torch import nn

torch.manual_seed(204)
net = nn.Linear(8, 4)
optimizer = torch.optim.SGD(net.parameters(), lr=1e-2)
scaler = torch.amp.GradScaler("cpu", init_scale=2.0**18, backoff_factor=2.0**-8)
for _ in range(6):
    with torch.autocast("cpu", dtype=torch.float16):
        loss = nn.functional.cross_entropy(net(torch.randn(4, 8)), torch.randint(4, (4,)))
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
print(scaler.get_scale(), net.weight.double().sum().item())
