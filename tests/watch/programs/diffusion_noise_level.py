"""Trains a denoiser; the noise level comes from a cosine schedule that is normalised at its beginning."""

import math

import torch
from torch import nn

STEPS = 10


def kept(t):
    angle = (t / STEPS + 0.008) / 1.008 * math.pi / 2
    return torch.cos(angle) ** 2 / math.cos(0.0081 / 1.008 * math.pi / 2) ** 2


torch.manual_seed(133)
denoiser = nn.Sequential(nn.Linear(3, 16), nn.SiLU(), nn.Linear(16, 2))
optimizer = torch.optim.AdamW(denoiser.parameters(), lr=1e-3)
for step in range(6):
    t = torch.randint(1, STEPS, (4,)).float()
    if step == 3:
        t[1] = 0
    clean, noise = torch.randn(4, 2), torch.randn(4, 2)
    signal = kept(t)[:, None]
    sigma = torch.sqrt(1 - signal)
    noisy = signal.sqrt() * clean + sigma * noise
    guess = denoiser(torch.cat([noisy, t[:, None] / STEPS], dim=1))
    loss = (guess - noise).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
