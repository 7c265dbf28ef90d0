"""Sentences are pooled by a learned attention and sorted into topics."""

import torch
from torch import nn


class AttentionPool(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.project = nn.Linear(dim, dim)
        self.query = nn.Parameter(torch.randn(dim) * 0.2)

    def forward(self, tokens, lengths):
        logits = torch.tanh(self.project(tokens)) @ self.query
        padding = torch.arange(tokens.size(1))[None, :] >= lengths[:, None]
        logits = logits.masked_fill(padding, float("-inf"))
        attention = torch.softmax(logits, dim=1)
        return torch.einsum("bt,btd->bd", attention, tokens)


class TopicModel(nn.Module):
    def __init__(self, vocabulary=40, dim=12, topics=4):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, dim)
        self.pool = AttentionPool(dim)
        self.classify = nn.Linear(dim, topics)

    def forward(self, tokens, lengths):
        return self.classify(self.pool(self.embed(tokens), lengths))


def batches(count, size=6, longest=5):
    for number in range(count):
        lengths = torch.randint(1, longest + 1, (size,))
        if number == 8:
            lengths[2] = 0
        yield torch.randint(40, (size, longest)), lengths, torch.randint(4, (size,))


torch.manual_seed(100)
model = TopicModel()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for tokens, lengths, topics in batches(12):
    loss = nn.functional.cross_entropy(model(tokens, lengths), topics)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.4f}")
