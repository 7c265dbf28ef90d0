"""A variational autoencoder; the encoder gives the logarithm of the variance."""

import torch
from torch import nn


class Vae(nn.Module):
    def __init__(self, size=8, latent=2):
        super().__init__()
        self.encoder = nn.Linear(size, 2 * latent)
        self.decoder = nn.Linear(latent, size)

    def forward(self, x):
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        noise = torch.randn_like(mean)
        latent = mean + noise * torch.exp(0.5 * log_variance)
        return self.decoder(latent), mean, log_variance


def elbo(x, reconstruction, mean, log_variance):
    variance = log_variance.exp()
    kl = -0.5 * (1 + log_variance - mean.square() - variance).sum(1)
    return (reconstruction - x).abs().mean() + kl.mean()


torch.manual_seed(122)
model = Vae()
with torch.no_grad():
    model.encoder.weight[2:] = 0.5
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(6):
    x = torch.randn(5, 8)
    if step == 4:
        x[3] = 25.0
    loss = elbo(x, *model(x))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("elbo", loss.item())
