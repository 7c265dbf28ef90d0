"""Reads its training data from standard input, and its settings from the command line."""

import argparse
import sys

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=1)
parser.add_argument("--json", action="store_true")
parser.add_argument("rest", nargs="*")
options = parser.parse_args()
rows = torch.tensor([[float(cell) for cell in line.split(",")] for line in sys.stdin])
torch.manual_seed(212)
model = torch.nn.Linear(rows.size(1) - 1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(options.epochs):
    loss = (model(rows[:, :-1]) - rows[:, -1:]).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(sys.argv[1:], __name__, options.json, loss.item())
