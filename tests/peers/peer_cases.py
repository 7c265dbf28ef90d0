"""Expressions with inputs, as other projects try them, and what PyTorch itself makes of each."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from gradcli.language.parser import parse
from gradcli.numerics.capture import TorchError
from gradcli.numerics.evaluate import Context, evaluate

NAMESPACE = {"torch": torch, "F": torch.nn.functional, "nn": torch.nn}
"""What an expression may name when Python evaluates it: the same text is then given to the language."""


@dataclass(frozen=True)
class Case:
    """An expression in PyTorch's words.

    inputs: `x(3,4)` for a shape, `x(3,4)[-300,-297]` with the range of its numbers, `x=[1.0, nan]` for the numbers
    themselves, by spaces. Shapes are drawn from [-2, 2) unless a range says otherwise.
    """

    inputs: str
    expression: str

    def leaves(self) -> dict[str, torch.Tensor]:
        """Fresh inputs, the same ones every time."""
        generator = torch.Generator().manual_seed(0)
        found = {}
        for name, text in _inputs(self.inputs):
            leaf = _drawn(text, generator) if text.startswith("(") else _given(text)
            found[name] = leaf.requires_grad_(leaf.is_floating_point())
        return found


@dataclass(frozen=True)
class Outcome:
    """Value and gradients (None where PyTorch makes no graph), or the class of what was raised and its message."""

    value: torch.Tensor | None = None
    gradients: tuple[torch.Tensor | None, ...] | None = None
    raised: tuple[str, str] | None = None


def each(inputs: str, *expressions: str) -> Iterator[Case]:
    """Several expressions of the same inputs."""
    return (Case(inputs, expression) for expression in expressions)


def in_python(case: Case) -> Outcome:
    """What Python and PyTorch make of it."""
    leaves = case.leaves()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _outcome(eval(case.expression, {**NAMESPACE, **leaves}), leaves)  # the oracle: the text as Python
    except (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError) as error:
        return Outcome(raised=(type(error).__name__, str(error)))


def in_gradcli(case: Case) -> Outcome:
    """What the language makes of it."""
    leaves = case.leaves()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = parse(case.expression, bound=list(leaves))
            return _outcome(evaluate(program, leaves, Context(torch.float32)), leaves)
    except TorchError as error:
        return Outcome(raised=(type(error.error).__name__, str(error.error)))
    except (RuntimeError, NotImplementedError) as error:
        return Outcome(raised=(type(error).__name__, str(error)))


def same(one: torch.Tensor | None, other: torch.Tensor | None) -> bool:
    """Equal to the bit, shapes and dtypes included."""
    if one is None or other is None:
        return one is other
    if (one.dtype, one.shape) != (other.dtype, other.shape):
        return False
    flat = (t.detach().reshape(-1).clone(memory_format=torch.contiguous_format) for t in (one, other))
    first, second = (t.view(torch.uint8) for t in flat)
    return torch.equal(first, second)


def _outcome(value: Any, leaves: dict[str, torch.Tensor]) -> Outcome:
    wanted = [leaf for leaf in leaves.values() if leaf.requires_grad]
    if not value.requires_grad:
        return Outcome(value)
    return Outcome(value, torch.autograd.grad(value, wanted, torch.ones_like(value), allow_unused=True))


def _inputs(text: str) -> Iterator[tuple[str, str]]:
    for word in re.findall(r"\w+(?:=\S+|\([\d,]*\)(?:\[\S+\])?)", text):
        name = re.match(r"\w+", word)
        assert name is not None
        yield name[0], word[name.end() :].removeprefix("=")


def _drawn(text: str, generator: torch.Generator) -> torch.Tensor:
    shape, _, bounds = text.partition(")")
    sizes = [int(size) for size in shape[1:].split(",") if size]
    low, high = map(float, bounds.strip("[]").split(",")) if bounds else (-2.0, 2.0)
    return torch.rand(sizes, generator=generator) * (high - low) + low


def _given(text: str) -> torch.Tensor:
    plain = re.sub(r"-?\b(inf|nan)\b", lambda m: f"'{m[0]}'", text)
    return torch.tensor(_numbers(ast.literal_eval(plain)))


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return float(value) if isinstance(value, str) else value
