"""Speech recognition: one recording is shorter than its transcript."""

import torch
from torch import nn

torch.manual_seed(135)
acoustic = nn.Linear(4, 6)
criterion = nn.CTCLoss(blank=0)
optimizer = torch.optim.Adam(acoustic.parameters(), lr=1e-3)
for step in range(4):
    frames = torch.randn(8, 3, 4)
    heard = torch.tensor([8, 7, 8])
    letters = torch.randint(1, 6, (3, 3))
    if step == 2:
        heard[1] = 2
    log_p = acoustic(frames).log_softmax(-1)
    loss = criterion(log_p, letters, heard, torch.tensor([3, 3, 3]))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
