"""An autoencoder whose encoder keeps a decorator from evaluation."""

import torch
from torch import nn


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 2, 3)
        self.norm = nn.LayerNorm(6)

    @torch.no_grad()
    def encode(self, x):
        hidden = self.conv(x)
        return self.norm(hidden)


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.decode = nn.Linear(12, 8)

    def forward(self, x):
        code = self.encoder.encode(x[:, None])
        return self.decode(code.flatten(1))


torch.manual_seed(203)
model = Autoencoder()
optimizer = torch.optim.AdamW(model.parameters())
for _step in range(6):
    x = torch.randn(4, 8)
    loss = nn.functional.mse_loss(model(x), x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
