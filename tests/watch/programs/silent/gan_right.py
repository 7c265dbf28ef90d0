"""A GAN with logits: two optimizers, gradients of the other network that nobody uses."""

import torch
from torch import nn

torch.manual_seed(219)
generator, critic = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 6), nn.LeakyReLU(0.2), nn.Linear(6, 1))
of_generator = torch.optim.Adam(generator.parameters(), lr=1e-3)
of_critic = torch.optim.Adam(critic.parameters(), lr=1e-3)
bce = nn.BCEWithLogitsLoss()
for _ in range(5):
    real, fake = torch.randn(6, 2), generator(torch.randn(6, 2))
    loss = bce(critic(real), torch.ones(6, 1)) + bce(critic(fake.detach()), torch.zeros(6, 1))
    of_critic.zero_grad()
    loss.backward()
    of_critic.step()
    of_generator.zero_grad()
    bce(critic(fake), torch.ones(6, 1)).backward()
    of_generator.step()
print(loss.item(), generator.weight.double().sum().item(), critic[0].weight.double().sum().item())
