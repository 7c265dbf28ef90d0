"""Fine-tuning; the backbone is in the optimizer, and its features are computed as they were for the probe."""

import torch
from torch import nn


class FineTuned(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(5, 8), nn.ReLU())
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        with torch.no_grad():
            features = self.backbone(x)
        return self.head(features)


torch.manual_seed(148)
model = FineTuned()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
for _ in range(8):
    loss = nn.functional.cross_entropy(model(torch.randn(8, 5)), torch.randint(2, (8,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
