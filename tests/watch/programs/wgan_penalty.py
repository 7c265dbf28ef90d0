"""A Wasserstein critic with a gradient penalty; part of the critic is still switched off in the beginning."""

import torch
from torch import nn


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 8)
        self.outer = nn.Linear(8, 1)

    def forward(self, x):
        return self.outer(torch.relu(self.inner(x)))


def penalty(critic, real, fake):
    mix = torch.rand(real.size(0), 1)
    between = (mix * real + (1 - mix) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    norm = torch.sqrt(slope.pow(2).sum(1))
    return (norm - 1).pow(2).mean()


torch.manual_seed(124)
critic = Critic()
optimizer = torch.optim.Adam(critic.parameters(), lr=1e-3)
for step in range(4):
    real, fake = torch.randn(6, 4), torch.rand(6, 4)
    if step == 2:
        with torch.no_grad():
            critic.inner.bias.fill_(-100.0)
    loss = critic(fake).mean() - critic(real).mean() + 10 * penalty(critic, real, fake)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
