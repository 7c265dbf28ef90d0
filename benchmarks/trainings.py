"""Small trainings that watching is measured on. As a program, one of them trains and says how its memory grew.

python benchmarks/trainings.py transformer --steps 10
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

Loss = Callable[[], Tensor]

CLASSES = 10
VOCABULARY = 200


def mlp(batch: int = 16) -> tuple[nn.Module, Loss]:
    """Six layers of 32 units: operations so small that nearly all of a step is Python."""
    layers = [layer for _ in range(6) for layer in (nn.Linear(32, 32), nn.Tanh())]
    network = nn.Sequential(*layers, nn.Linear(32, 1))
    inputs, targets = torch.randn(batch, 32), torch.randn(batch, 1)
    return network, lambda: functional.mse_loss(network(inputs), targets)


def cnn(batch: int = 16) -> tuple[nn.Module, Loss]:
    """Three convolutions over pictures of 32 by 32."""
    stages: list[nn.Module] = []
    for before, after in ((3, 16), (16, 32), (32, 64)):
        stages += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
    network = nn.Sequential(*stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, CLASSES))
    pictures, labels = torch.randn(batch, 3, 32, 32), torch.randint(CLASSES, (batch,))
    return network, lambda: functional.cross_entropy(network(pictures), labels)


class Attention(nn.Module):
    """Self-attention and a feed-forward layer, both with a residual connection."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention, self.before_forward = nn.LayerNorm(width), nn.LayerNorm(width)
        self.projections, self.joined = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(0.1)

    def forward(self, tokens: Tensor) -> Tensor:
        batch, length, width = tokens.shape
        projected = self.projections(self.before_attention(tokens)).view(batch, length, 3, self.heads, -1)
        queries, keys, values = projected.permute(2, 0, 3, 1, 4).unbind(0)
        scores = queries @ keys.transpose(-2, -1) / (width // self.heads) ** 0.5
        attended = (torch.softmax(scores, dim=-1) @ values).transpose(1, 2).reshape(batch, length, width)
        tokens = tokens + self.dropout(self.joined(attended))
        return tokens + self.dropout(self.narrow(functional.gelu(self.wide(self.before_forward(tokens)))))


def transformer(batch: int = 8) -> tuple[nn.Module, Loss]:
    """Four layers of width 128 over 64 tokens."""
    network = nn.Sequential(
        nn.Embedding(VOCABULARY, 128), *(Attention(128, 4) for _ in range(4)), nn.Linear(128, VOCABULARY)
    )
    tokens, following = torch.randint(VOCABULARY, (batch, 64)), torch.randint(VOCABULARY, (batch * 64,))
    return network, lambda: functional.cross_entropy(network(tokens).view(-1, VOCABULARY), following)


TRAININGS = {"mlp": mlp, "cnn": cnn, "transformer": transformer}


def trained(name: str, **sizes: int) -> Callable[[], None]:
    """One step of a training."""
    torch.manual_seed(0)
    network, loss = TRAININGS[name](**sizes)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4)

    def step() -> None:
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    return step


def deep(operations: int) -> None:
    """One step of so many operations, the last of which gives a NaN."""
    weights = torch.ones(8, requires_grad=True)
    optimizer = torch.optim.SGD([weights], lr=0.1)
    hidden = weights
    for _ in range(operations // 2):
        hidden = torch.sin(hidden) * 1.5
    loss = torch.sqrt(-hidden.abs()).sum()
    loss.backward()
    optimizer.step()


def memory() -> int:
    """The most memory that this process has had, in bytes: getrusage would tell that of its parent too."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("training", choices=[*TRAININGS, "forward", "deep"])
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--batch", type=int, default=64)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.training == "deep":
        return deep(options.steps)
    if options.training == "forward":
        _, loss = mlp(options.batch)
        loss()
        before = memory()
        for _ in range(options.steps):
            loss()
    else:
        step = trained(options.training, batch=options.batch)
        before = memory()
        for _ in range(options.steps):
            step()
    print(memory() - before)
    return None


if __name__ == "__main__":
    sys.exit(main())
