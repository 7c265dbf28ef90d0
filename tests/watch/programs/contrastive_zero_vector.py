"""Image and text vectors on the unit sphere."""

import torch
from torch import nn

torch.manual_seed(137)
image_side = nn.Sequential(nn.Linear(6, 4), nn.ReLU())
text_side = nn.Sequential(nn.Linear(5, 4), nn.Tanh())
optimizer = torch.optim.AdamW([*image_side.parameters(), *text_side.parameters()], lr=1e-3)
for _ in range(4):
    images, texts = torch.randn(5, 6), torch.randn(5, 5)
    u, v = image_side(images), text_side(texts)
    u = u / u.norm(dim=1, keepdim=True)
    v = v / v.norm(dim=1, keepdim=True)
    loss = nn.functional.cross_entropy(u @ v.T / 0.1, torch.arange(5))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
