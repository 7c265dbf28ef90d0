"""Causal attention with dropout; masks of -inf that never cover a whole row."""

import torch
from torch import nn

torch.manual_seed(200)
embed, head = nn.Embedding(12, 8), nn.Linear(8, 12)
optimizer = torch.optim.AdamW([*embed.parameters(), *head.parameters()], lr=1e-2)
future = torch.ones(6, 6).triu(1).bool()
for _ in range(6):
    ids = torch.randint(12, (3, 7))
    x = embed(ids[:, :-1])
    scores = (x @ x.mT / 8**0.5).masked_fill(future, float("-inf"))
    mixed = nn.functional.dropout(torch.softmax(scores, -1), 0.2) @ x
    loss = nn.functional.cross_entropy(head(mixed).flatten(0, 1), ids[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item(), head.weight.double().sum().item(), torch.rand(1).item())
