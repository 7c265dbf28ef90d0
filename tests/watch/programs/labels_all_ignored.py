"""Masked language modelling: only some of the words count, the others have the label -100."""

import torch
from torch import nn

torch.manual_seed(151)
model = nn.Sequential(nn.Embedding(12, 6), nn.Linear(6, 12))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
for step in range(6):
    words = torch.randint(12, (2, 5))
    hidden = torch.zeros(2, 5, dtype=torch.bool)
    if step != 4:
        hidden[:, 2] = True
    labels = words.masked_fill(~hidden, -100)
    loss = nn.functional.cross_entropy(model(words).flatten(0, 1), labels.flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
