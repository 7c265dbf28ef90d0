"""A graph convolution with learned edge weights and symmetric normalisation; edges are dropped at random."""

import torch
from torch import nn


def normalise(weights, source, target, count):
    degree = torch.zeros(count).scatter_add(0, target, weights)
    scale = degree.pow(-0.5)
    scale = scale.masked_fill(scale == float("inf"), 0.0)
    return scale[source] * weights * scale[target]


torch.manual_seed(132)
edge_score = nn.Linear(2, 1)
mix = nn.Linear(3, 2)
optimizer = torch.optim.SGD([*edge_score.parameters(), *mix.parameters()], lr=0.01)
source = torch.tensor([0, 1, 2, 3, 0])
target = torch.tensor([1, 2, 3, 0, 2])
for step in range(4):
    nodes, edges, kept = torch.randn(5, 3), torch.randn(5, 2), torch.ones(5)
    if step == 2:
        kept[[0, 2]] = 0.0
    weights = torch.sigmoid(edge_score(edges)).squeeze(1) * kept
    strength = normalise(weights, source, target, 5)
    mixed = torch.zeros(5, 2).index_add(0, target, strength[:, None] * mix(nodes)[source])
    loss = mixed.square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
