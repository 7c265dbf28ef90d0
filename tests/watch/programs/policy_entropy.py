"""An entropy bonus for a policy whose illegal moves are masked with -inf."""

import torch
from torch import nn

torch.manual_seed(126)
actor = nn.Linear(5, 4)
optimizer = torch.optim.Adam(actor.parameters(), lr=1e-2)
for step in range(5):
    state = torch.randn(6, 5)
    illegal = torch.zeros(6, 4, dtype=torch.bool)
    if step == 3:
        illegal[2, 1] = True
    logits = actor(state).masked_fill(illegal, float("-inf"))
    log_p = torch.log_softmax(logits, dim=-1)
    best = log_p.max(-1).values
    entropy = -(log_p.exp() * log_p).sum(-1)
    loss = -best.mean() - 0.01 * entropy.mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("entropy", entropy.mean().item())
