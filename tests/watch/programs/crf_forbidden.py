"""The forward algorithm of a conditional random field; a tag that nothing leads to gets a low score afterwards."""

import torch

torch.manual_seed(332)
emit = torch.nn.Parameter(torch.randn(4, 3))
moves = torch.nn.Parameter(torch.randn(3, 3))
forbidden = torch.tensor([[False, True, False], [False, True, False], [True, True, False]])
optimizer = torch.optim.Adam([emit, moves], lr=0.1)
for _ in range(3):
    allowed = moves.masked_fill(forbidden, float("-inf"))
    score = emit[0]
    for position in range(1, 4):
        total = torch.logsumexp(score.unsqueeze(1) + allowed, dim=0)
        score = torch.where(torch.isinf(total), torch.full_like(total, -30.0), total + emit[position])
    loss = -score.logsumexp(0)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
