"""A cache that keeps no tensor alive: weak references to inputs, activations and targets."""

import weakref

import torch
from torch import nn
from torch.utils.weak import WeakIdKeyDictionary

torch.manual_seed(223)
net = nn.Linear(3, 3)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
seen, steps = weakref.WeakValueDictionary(), WeakIdKeyDictionary()
for step in range(8):
    x = torch.randn(4, 3)
    with torch.no_grad():
        target = torch.randn(4, 3) * 2
    scale = torch.arange(3.0)
    out = net(x)
    for name, tensor in (("x", x), ("target", target), ("scale", scale), ("out", out)):
        seen[name, step] = tensor
        steps[tensor] = step
    scaled = out * scale
    del scale
    loss = (scaled - target).square().mean() + (x * 2).sum()
    del x, target, out, scaled
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(len(seen), len(steps), loss.item())
