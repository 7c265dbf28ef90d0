"""A small encoder with PyTorch's own attention; padded rows are told by a key mask."""

import torch
from torch import nn


class Encoder(nn.Module):
    def __init__(self, dim=8):
        super().__init__()
        self.embed = nn.Embedding(20, dim, padding_idx=0)
        self.attend = nn.MultiheadAttention(dim, 2, batch_first=True)
        self.label = nn.Linear(dim, 2)

    def forward(self, ids):
        x = self.embed(ids)
        mixed, _ = self.attend(x, x, x, key_padding_mask=ids == 0)
        return self.label(mixed.mean(1))


torch.manual_seed(121)
model = Encoder()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(6):
    ids = torch.randint(1, 20, (4, 5))
    ids[:, 3:] = 0
    if step == 3:
        ids[1] = 0
    loss = nn.functional.cross_entropy(model(ids), torch.randint(2, (4,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
