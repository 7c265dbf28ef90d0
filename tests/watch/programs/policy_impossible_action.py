"""A policy with illegal moves: their probability is set to zero; moves were recorded by an older agent."""

import torch
from torch import nn


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(6, 10)
        self.moves = nn.Linear(10, 4)

    def forward(self, board, legal):
        probabilities = torch.softmax(self.moves(torch.tanh(self.body(board))), dim=-1) * legal
        return probabilities / probabilities.sum(-1, keepdim=True)


torch.manual_seed(125)
policy = Policy()
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
for step in range(7):
    board, rewards = torch.randn(5, 6), torch.rand(5)
    legal = torch.ones(5, 4)
    legal[:, 3] = 0
    moves = torch.randint(3, (5,))
    if step == 5:
        moves[4] = 3
    chosen = policy(board, legal).gather(1, moves[:, None]).squeeze(1)
    log_prob = torch.log(chosen)
    loss = -(log_prob * rewards).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
