"""The pitch of a drone from quaternions; it points straight up once."""

import torch
from torch import nn


def pitch(q):
    w, x, y, z = q.unbind(-1)
    sine = 2 * (w * y - z * x)
    return torch.asin(sine)


torch.manual_seed(172)
gain = nn.Parameter(torch.ones(4))
optimizer = torch.optim.SGD([gain], lr=1e-3)
for step in range(5):
    q = nn.functional.normalize(torch.randn(5, 4), dim=-1) * 0.9
    if step == 3:
        with torch.no_grad():
            gain.fill_(1.0)
        q[1] = torch.tensor([1.0, 0.0, 0.5, 0.0])
    loss = (pitch(q * gain) - 0.2).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
