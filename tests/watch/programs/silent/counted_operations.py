"""A mode of the program's own counts what PyTorch computes."""

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode


class Counter(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.names.append(str(function))
        return function(*args, **(kwargs or {}))


torch.manual_seed(225)
net = nn.Linear(4, 4)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
counter = Counter()
for _ in range(3):
    with counter:
        loss = net(torch.randn(3, 4)).square().mean()
        optimizer.zero_grad()
        loss.backward()
    optimizer.step()
print(loss.item(), len(counter.names), counter.names[-1])
