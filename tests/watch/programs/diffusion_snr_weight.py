"""The loss of a denoiser is weighted by its clipped signal-to-noise ratio; the schedule ends in pure noise."""

import torch
from torch import nn

torch.manual_seed(134)
kept = torch.linspace(0.99, 0.0, 8)
network = nn.Linear(3, 2)
optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
for times in ([0, 3], [5, 2], [1, 7], [4, 4]):
    t = torch.tensor(times)
    signal = kept[t][:, None]
    clean, noise = torch.randn(2, 2), torch.randn(2, 2)
    noisy = signal.sqrt() * clean + (1 - signal).sqrt() * noise
    snr = signal / (1 - signal)
    weight = snr.clamp(max=5.0) / snr
    error = (network(torch.cat([noisy, signal], dim=1)) - noise).square()
    loss = (weight * error).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
