"""Results of `watch` written by hand."""

from __future__ import annotations

from gradcli.results import (
    GradientNorms,
    NearbyStep,
    ParameterNorms,
    ProgramFinding,
    RelatedPlace,
    SourceLine,
    WatchResult,
)
from gradcli.results.findings import FilePlace

_LINES = (
    (15, "        padding = torch.arange(tokens.size(1))[None, :] >= lengths[:, None]"),
    (17, '        scores = scores.masked_fill(absent, float("-inf"))'),
    (18, "        weights = torch.softmax(scores, dim=-1)"),
)


def place(line: int, part: str) -> FilePlace:
    """The place of a part of a line."""
    column = dict(_LINES)[line].index(part) + 1
    return FilePlace("train.py", line, column, line, column + len(part), "Pooling.forward", part)


def nearby(
    text: str, operation: str, *operands: int, line: int | None = None, bad: int = 0, born: bool = False
) -> NearbyStep:
    """An operation that gave 30 numbers."""
    is_leaf = operation == "leaf"
    node = None if is_leaf else f"{operation.capitalize()}Backward0"
    return NearbyStep(
        text, operation, node, None if is_leaf else "train.py", line, (5, 6), bad, 0, is_leaf, born, operands
    )


PARAMETERS = tuple(f"model.blocks.{number}.attention.weight" for number in range(28))
NORMS = GradientNorms(
    steps=tuple(range(1, 13)),
    parameters=tuple(
        ParameterNorms(name, tuple(10.0 ** (-number / 6) * (1 + (step * number) % 5 / 5) for step in range(1, 13)))
        for number, name in enumerate(PARAMETERS)
    ),
    scaled=False,
    asked=False,
)
FINDING = ProgramFinding(
    code="nan-forward",
    severity="error",
    message="softmax gives nan at weights[5, 0] (and 5 more)",
    step=13,
    variable=None,
    index=(5, 0),
    operation="softmax",
    node="SoftmaxBackward0",
    place=place(18, "torch.softmax(scores, dim=-1)"),
    label="nan is born here",
    related=(
        RelatedPlace("writes -inf into all 6 of row [5, :]", place(17, 'scores.masked_fill(absent, float("-inf"))')),
    ),
    lines=tuple(SourceLine("train.py", number, text) for number, text in _LINES),
    why="all 6 elements of scores[5, :] are -inf; softmax subtracts the largest: -inf - (-inf) = nan",
    reached="loss = nan, before loss.backward() at line 44",
    spoils=PARAMETERS,
    untouched=("model.query",),
    agrees=True,
    nearby=(
        nearby("model.query", "leaf"),
        nearby("hidden", "leaf"),
        nearby("scores", "matmul", 0, 1, line=16),
        nearby("scores", "masked_fill", 2, line=17, bad=6),
        nearby("weights", "softmax", 3, line=18, bad=6, born=True),
        nearby("<pooled>", "matmul", 4, 1, line=19, bad=6),
    ),
)
WATCHED = WatchResult(
    torch="2.13.0+cpu",
    program="train.py",
    arguments=("--epochs", "3"),
    steps=13,
    findings=(FINDING,),
    seconds=0.31,
    stopped="before backward",
    exit_code=None,
    norms=NORMS,
)
