"""Mixed precision with loss scaling; one layer is loud."""

import torch
from torch import nn

torch.manual_seed(156)
net = nn.Linear(4, 8)
optimizer = torch.optim.SGD(net.parameters(), lr=1e-3)
scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
for _ in range(8):
    x = torch.randn(6, 4)
    with torch.autocast("cpu", dtype=torch.float16):
        hidden = net(x)
        loud = hidden.abs() * 60000.0
        loss = (loud / loud.max()).mean()
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
print(scaler.get_scale())
