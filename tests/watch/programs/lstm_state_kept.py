"""A character model that remembers where it stopped reading."""

import torch
from torch import nn


class Characters(nn.Module):
    def __init__(self, alphabet=10, size=8):
        super().__init__()
        self.embed = nn.Embedding(alphabet, size)
        self.lstm = nn.LSTM(size, size, batch_first=True)
        self.decode = nn.Linear(size, alphabet)
        self.state = None

    def forward(self, ids):
        out, self.state = self.lstm(self.embed(ids), self.state)
        return self.decode(out)


torch.manual_seed(113)
model = Characters()
optimizer = torch.optim.Adam(model.parameters())
text = torch.randint(10, (2, 41))
for start in range(0, 40, 10):
    piece, following = text[:, start : start + 10], text[:, start + 1 : start + 11]
    loss = nn.functional.cross_entropy(model(piece).flatten(0, 1), following.flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
