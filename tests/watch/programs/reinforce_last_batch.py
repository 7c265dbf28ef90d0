"""REINFORCE on a bandit: returns are normalised within each minibatch."""

import torch
from torch import nn

torch.manual_seed(104)
policy = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
observations = torch.randn(25, 4)
returns = torch.randn(25)
for seen, earned in zip(observations.split(8), returns.split(8), strict=True):
    choice = torch.distributions.Categorical(logits=policy(seen))
    actions = choice.sample()
    advantages = (earned - earned.mean()) / (earned.std() + 1e-6)
    loss = -(choice.log_prob(actions) * advantages).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("last loss", loss.item())
