"""A GAN on numbers: two networks, two optimizers, the loss of the paper."""

import torch
from torch import nn

torch.manual_seed(123)
generator = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
discriminator = nn.Sequential(nn.Linear(1, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1), nn.Sigmoid())
for_generator = torch.optim.Adam(generator.parameters(), lr=1e-3)
for_discriminator = torch.optim.Adam(discriminator.parameters(), lr=1e-3)
for step in range(5):
    real = torch.randn(8, 1) + 4
    fake = generator(torch.randn(8, 2))
    wins = torch.log(discriminator(real)) + torch.log(1 - discriminator(fake.detach()))
    for_discriminator.zero_grad()
    (-wins.mean()).backward()
    for_discriminator.step()

    if step == 3:
        with torch.no_grad():
            discriminator[2].bias.fill_(60.0)
    fooled = torch.log(1 - discriminator(generator(torch.randn(8, 2))))
    for_generator.zero_grad()
    fooled.mean().backward()
    for_generator.step()
print("fooled", fooled.mean().item())
