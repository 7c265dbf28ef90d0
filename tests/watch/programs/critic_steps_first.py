"""Actor and critic: the critic steps after what the actor is judged by was computed."""

import torch
from torch import nn

torch.manual_seed(204)
actor = nn.Linear(2, 3)
critic = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
actor_optimizer = torch.optim.SGD(actor.parameters(), lr=0.1)
critic_optimizer = torch.optim.SGD(critic.parameters(), lr=0.1)
for _step in range(3):
    state, reward = torch.randn(4, 2), torch.randn(4, 1)
    judged = critic(actor(state))
    missed = (critic(torch.randn(4, 3)) - reward).square().mean()
    critic_optimizer.zero_grad()
    missed.backward()
    critic_optimizer.step()
    actor_optimizer.zero_grad()
    (-judged.mean()).backward()
    actor_optimizer.step()
