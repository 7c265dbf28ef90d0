"""A generator with a penalty on how far it has moved, which is 0 in the first round; the critic trains before it."""

import torch
from torch import nn

torch.manual_seed(205)
generator, critic = nn.Linear(2, 3), nn.Linear(3, 1)
generator_optimizer = torch.optim.SGD(generator.parameters(), lr=0.01)
critic_optimizer = torch.optim.SGD(critic.parameters(), lr=0.01)
for _step in range(4):
    fake = generator(torch.randn(4, 2))
    moved = torch.sqrt((fake - fake.detach()).square().sum(1)).mean()
    gap = critic(fake.detach()).mean() - critic(torch.randn(4, 3)).mean()
    critic_optimizer.zero_grad()
    gap.backward()
    critic_optimizer.step()
    generator_optimizer.zero_grad()
    (moved - critic(fake).mean()).backward()
    generator_optimizer.step()
