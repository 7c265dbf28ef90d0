"""A small encoder that classifies documents, with one of four troubles in its step 20, or none.

    python benchmarks/classifier.py mask
    gradcli watch benchmarks/classifier.py sqrt

Each trouble is one line, and `TROUBLES` says which by a piece of its text.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

WORDS, WIDTH, HEADS, LENGTH, DOCUMENTS, CLASSES = 200, 64, 4, 16, 16, 5
BREAKS = 20
STEPS = 24

TROUBLES = {
    "mask": "torch.softmax(scores",
    "sqrt": "torch.sqrt(squares)",
    "log": "torch.log(chosen)",
    "half": ".half().pow(2)",
}
"""mask: a row that is masked as a whole. sqrt: the length of a vector that is 0. log: the logarithm of a probability
that is rounded to 0. half: a square beyond the range of float16."""


@dataclass(frozen=True)
class Batch:
    tokens: Tensor
    present: Tensor
    labels: Tensor


class Attention(nn.Module):
    def __init__(self, fill: float) -> None:
        super().__init__()
        self.projections, self.joined, self.fill = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH), fill

    def forward(self, words: Tensor, present: Tensor) -> Tensor:
        documents, length, _ = words.shape
        projected = self.projections(words).view(documents, length, 3, HEADS, WIDTH // HEADS)
        queries, keys, values = projected.permute(2, 0, 3, 1, 4).unbind(0)
        scores = queries @ keys.transpose(-2, -1) / (WIDTH // HEADS) ** 0.5
        scores = scores.masked_fill(present[:, None, None, :] == 0, self.fill)
        weights = torch.softmax(scores, dim=-1)
        return self.joined((weights @ values).transpose(1, 2).reshape(documents, length, WIDTH))


class Block(nn.Module):
    def __init__(self, fill: float) -> None:
        super().__init__()
        self.attention, self.before, self.after = Attention(fill), nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.layers = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.ReLU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, words: Tensor, present: Tensor) -> Tensor:
        words = words + self.attention(self.before(words), present)
        return words + self.layers(self.after(words))


class Classifier(nn.Module):
    def __init__(self, trouble: str) -> None:
        super().__init__()
        self.trouble, self.gain = trouble, 1.0
        self.embedding = nn.Embedding(WORDS, WIDTH)
        fill = float("-inf") if trouble == "mask" else -1e9
        self.blocks = nn.ModuleList([Block(fill), Block(fill)])
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, tokens: Tensor, present: Tensor) -> Tensor:
        words = self.embedding(tokens)
        for block in self.blocks:
            words = block(words, present)
        words = words * present[..., None]
        pooled = words.sum(1) / present.sum(1, keepdim=True).clamp(min=1.0)
        if self.trouble == "sqrt":
            squares = (pooled * pooled).sum(-1, keepdim=True)
            pooled = pooled * torch.tanh(torch.sqrt(squares))
        if self.trouble == "half":
            energy = (self.gain * pooled).half().pow(2).mean(-1, keepdim=True)
            pooled = pooled + energy.float() / self.gain**2
        return self.head(pooled)


class Training:
    """The model, its optimizer, and batches that are the same in every run."""

    def __init__(self, trouble: str) -> None:
        torch.manual_seed(0)
        self.trouble = trouble
        self.model = Classifier(trouble)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3)
        self.generator = torch.Generator().manual_seed(1)

    def batch(self, step: int) -> Batch:
        tokens = torch.randint(WORDS, (DOCUMENTS, LENGTH), generator=self.generator)
        lengths = torch.randint(4, LENGTH + 1, (DOCUMENTS,), generator=self.generator)
        if step == BREAKS and self.trouble in ("mask", "sqrt"):
            lengths[7] = 0  # a document without a word
        if step == BREAKS and self.trouble == "half":
            self.model.gain = 4000.0
        return Batch(tokens, (torch.arange(LENGTH) < lengths[:, None]).float(), tokens[:, 0] % CLASSES)

    def loss(self, logits: Tensor, labels: Tensor, step: int) -> Tensor:
        if self.trouble == "log":
            sharpness = 1.0 if step < BREAKS else 1e3
            chosen = torch.softmax(logits * sharpness, dim=-1)[torch.arange(len(labels)), labels]
            return -torch.log(chosen).mean()
        return functional.cross_entropy(logits, labels)

    def step(self, number: int, model: nn.Module | None = None) -> None:
        batch = self.batch(number)
        logits = (model or self.model)(batch.tokens, batch.present)
        loss = self.loss(logits, batch.labels, number)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


def line(trouble: str) -> int:
    """The number of the line that a trouble is born in."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    (found,) = [number for number, text in enumerate(lines, 1) if TROUBLES[trouble] in text and '"' not in text]
    return found


if __name__ == "__main__":
    training = Training(sys.argv[1] if len(sys.argv) > 1 else "none")
    torch.set_num_threads(1)
    for number in range(1, STEPS + 1):
        training.step(number)
