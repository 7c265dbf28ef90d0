"""The embedding is rescaled with `.data`, so that it stays small."""

import torch
from torch import nn

torch.manual_seed(147)
embed, head = nn.Embedding(10, 4), nn.Linear(4, 3)
optimizer = torch.optim.Adam([*embed.parameters(), *head.parameters()], lr=1e-2)
for _ in range(8):
    vectors = embed(torch.randint(10, (6,)))
    vectors = vectors.data / vectors.data.norm(dim=1, keepdim=True)
    loss = nn.functional.cross_entropy(head(vectors), torch.randint(3, (6,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
