"""`python -m tagger STEPS`"""

import sys

import torch
from torch import nn

from .model import Tagger


def main(steps):
    torch.manual_seed(162)
    model = Tagger(10, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with torch.no_grad():
        model.vectors.weight[9] = 0
    for step in range(steps):
        words = torch.randint(9, (7,))
        if step == 3:
            words[4] = 9
        loss = nn.functional.cross_entropy(model(words), torch.randint(3, (7,)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(loss.item())


if __name__ == "__main__":
    main(int(sys.argv[1]))
