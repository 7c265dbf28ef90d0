"""Where the first argument of an operation lies on a kink or a tie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf, nan
from typing import Any

import torch

from gradcli.exceptions import GradcliError
from gradcli.language.catalogue.rows import Activation
from gradcli.language.parser import parse
from gradcli.numerics.evaluate import evaluate
from gradcli.numerics.literals import Context, to_tensor
from gradcli.recording.operation import Operation
from gradcli.recording.tape import Step

_DOUBLE = Context(torch.float64)
_SECOND = ("other", "input2", "x2", "target")
"""What the second operand is called."""


def has_kinks(operation: Operation) -> bool:
    """Whether an operation could have a kink somewhere."""
    if isinstance(operation.row, Activation):
        return bool(operation.row.kinks)
    return operation.name in _RULES


def on_kink(step: Step, position: int | None = 0) -> bool:
    """Whether an element of one argument of a step lies on a kink; of the first where it is not known which."""
    where = kinks(step, position or 0)
    return where is not None and bool(where.any())


def kinks(step: Step, position: int = 0) -> torch.Tensor | None:
    """Where one argument of a step is at a kink, None if the operation has none in that argument."""
    if position == 0 or step.name in ("margin_ranking_loss", "pairwise_distance"):  # of the difference of both
        return _of_first(step)
    if isinstance(step.operation.row, Activation):  # prelu is linear in its weight
        return None
    if step.name == "clamp":  # whose other bound the numbers may lie on
        where = _of_first(step)
        return None if where is None else where & (step.arguments[0] == step.arguments[position])
    own = step.arguments[position]
    return _of_first(replace(step, arguments=(own, *step.arguments[:position], *step.arguments[position + 1 :])))


def zero_to_zero(step: Step, position: int) -> torch.Tensor | None:
    """Where zero is raised to zero, of an argument that is the exponent; None of any other argument and operation.

    0**p is 1 at p = 0 and 0 above, so there is no slope by the exponent, and PyTorch takes 0.
    """
    if not raises(step.operation) or len(step.arguments) < 2 or step.arguments[position] is not step.arguments[1]:
        return None
    base, exponent = (torch.as_tensor(one) for one in step.arguments[:2])
    return (base == 0) & (exponent == 0)


def raises(operation: Operation) -> bool:
    """Whether an operation raises one argument to the power of another."""
    return operation.name in ("pow", "float_power")


def _of_first(step: Step) -> torch.Tensor | None:
    first = step.arguments[0] if step.arguments else None
    if not isinstance(first, torch.Tensor):
        return None
    try:
        if isinstance(step.operation.row, Activation):
            where = _activation(step, step.operation.row, first)
        else:
            rule = _RULES.get(step.name)
            where = None if rule is None else rule(first, step)
        return None if where is None else where & torch.isfinite(first)
    except RuntimeError:  # shapes that do not broadcast: no element to speak of
        return None


def _activation(step: Step, row: Activation, x: torch.Tensor) -> torch.Tensor | None:
    if not row.kinks:
        return None
    chosen = dict(row.parameters) | {name: value for name, (_, value) in step.operation.named(step.arguments).items()}
    numbers = {n: torch.as_tensor(v, dtype=torch.float64) for n, v in chosen.items() if isinstance(v, int | float)}
    where = torch.zeros_like(x, dtype=torch.bool)
    for text in row.kinks:
        try:
            place = evaluate(parse(text, bound=list(numbers)), numbers, _DOUBLE)
        except GradcliError:
            return None
        where |= x == place.to(x.dtype)
    return where


def _other(step: Step) -> torch.Tensor:
    """The second operand, wherever it stands; nan, which nothing is equal to, where it is not known."""
    named = step.operation.named(step.arguments)
    return _tensor(next((named[word][1] for word in _SECOND if word in named), nan), step)


def _tensor(value: object, step: Step) -> torch.Tensor:
    """An operand that is a tensor, or written as a number or several."""
    first = step.arguments[0]
    assert isinstance(first, torch.Tensor)
    return to_tensor(value, step.span, Context(first.dtype, str(first.device)))


def _equal(x: torch.Tensor, step: Step) -> torch.Tensor:
    return x == _other(step)


def _bounds(x: torch.Tensor, step: Step) -> torch.Tensor:
    where = torch.zeros_like(x, dtype=torch.bool)
    for bound in step.arguments[1:]:
        if bound is not None:
            where = where | (x == _tensor(bound, step))
    return where


def _tied(extreme: Callable[..., torch.Tensor]) -> Callable[[torch.Tensor, Step], torch.Tensor | None]:
    def rule(x: torch.Tensor, step: Step) -> torch.Tensor | None:
        other = next((v for v in step.arguments[1:] if isinstance(v, torch.Tensor | float)), None)
        if other is not None:
            return x == other
        dim: Any = next((v for v in step.arguments[1:] if not isinstance(v, bool)), None)  # else it is `keepdim`
        top = x == (extreme(x) if dim is None else extreme(x, dim=dim, keepdim=True))
        count = top.sum() if dim is None else top.sum(dim=dim, keepdim=True)
        return top & (count > 1)

    return rule


def _zero(x: torch.Tensor, step: Step) -> torch.Tensor:
    return x == 0


def _all_zero(x: torch.Tensor, step: Step) -> torch.Tensor:
    return (x == 0) & (x == 0).all()


def _norm(x: torch.Tensor, step: Step) -> torch.Tensor | None:
    """Where all numbers of which a norm is taken are zero; of a sum of sizes, where one of them is."""
    named = step.operation.named(step.arguments)
    power = next((named[word][1] for word in ("p", "ord") if word in named), None)
    dims: Any = named.get("dim", (0, None))[1]
    zero = x == 0

    def over(reduced: Callable[..., torch.Tensor], one: torch.Tensor) -> torch.Tensor:
        return reduced(one) if dims is None else reduced(one, dim=dims, keepdim=True)

    of_vectors = step.name != "linalg.norm" or x.ndim == 1 or isinstance(dims, int)  # else of matrices
    if isinstance(power, int | float) and of_vectors:
        if power == 1:
            return zero
        if abs(power) == inf:  # the largest or the smallest of the sizes
            size = x.abs()
            chosen = size == over(torch.amax if power > 0 else torch.amin, size)
            several = over(torch.sum, chosen) > 1
            return chosen & (zero | several if power > 0 else zero != several)
        if power < 0:  # beside one zero that is what the norm is; two zeros keep it at 0
            return zero & (over(torch.sum, zero) == 1)
    if isinstance(power, int | float) and power <= 0:
        return None  # 0 counts, so that it jumps
    return zero & over(torch.all, zero)


def _no_spread(x: torch.Tensor, step: Step) -> torch.Tensor | None:
    """Where all numbers of which a standard deviation is taken are the same; one alone has none.

    A deviation that is not zero there is rounding, of which `cancellation` tells.
    """
    dims: Any = step.operation.named(step.arguments).get("dim", (0, None))[1]
    dims = tuple(range(x.ndim)) if dims is None else dims
    low, high = x.amin(dim=dims, keepdim=True), x.amax(dim=dims, keepdim=True)
    same = (low == high) & (step.values[0].detach().reshape(low.shape) == 0)
    return (same & (x.numel() > low.numel())).expand_as(x)


def _no_distance_of_pairs(x: torch.Tensor, step: Step) -> torch.Tensor:
    """Where a row of the first argument is one of the second's too."""
    same = (x.unsqueeze(-2) == _other(step).unsqueeze(-3)).all(dim=-1).any(dim=-1, keepdim=True)
    return same.expand_as(x)


def _no_distance(x: torch.Tensor, step: Step) -> torch.Tensor:
    none = x == _other(step)
    return none & none.all()


def _no_distance_of_rows(x: torch.Tensor, step: Step) -> torch.Tensor:
    """The distance is taken of `x - y + eps`: with the eps that is usual there is no kink where x is y."""
    (_, eps) = step.operation.named(step.arguments).get("eps", (0, 1e-6))
    none = x - _other(step) + torch.as_tensor(eps, dtype=torch.float64) == 0
    return none & none.all(dim=-1, keepdim=True)


def _smooth_at_zero(x: torch.Tensor, step: Step) -> torch.Tensor | None:
    """The smooth L1 loss, which without its smooth part is the L1 loss."""
    (_, beta) = step.operation.named(step.arguments).get("beta", (0, 1.0))
    return _equal(x, step) if beta == 0 else None


def _hinge(x: torch.Tensor, step: Step) -> torch.Tensor:
    """The hinge of an embedding: max(0, margin - x) of the elements whose target is -1."""
    (_, margin) = step.operation.named(step.arguments).get("margin", (0, 1.0))
    return (_other(step) == -1) & (x == margin)


def _ranking(x: torch.Tensor, step: Step) -> torch.Tensor:
    """max(0, -target*(x - other) + margin)."""
    named = step.operation.named(step.arguments)
    target = _tensor(named["target"][1], step)
    return (target != 0) & (target * (x - _other(step)) == named.get("margin", (0, 0.0))[1])


_RULES: dict[str, Callable[[torch.Tensor, Step], torch.Tensor | None]] = {
    "abs": _zero,
    "special.i0e": _zero,
    "l1_loss": _equal,
    "smooth_l1_loss": _smooth_at_zero,
    "hinge_embedding_loss": _hinge,
    "margin_ranking_loss": _ranking,
    "maximum": _equal,
    "minimum": _equal,
    "fmax": _equal,
    "fmin": _equal,
    "clamp": _bounds,
    "clamp_min": _bounds,
    "clamp_max": _bounds,
    "max": _tied(torch.amax),
    "amax": _tied(torch.amax),
    "min": _tied(torch.amin),
    "amin": _tied(torch.amin),
    "norm": _norm,
    "linalg.norm": _norm,
    "linalg.vector_norm": _norm,
    "linalg.matrix_norm": _all_zero,
    "std": _no_spread,
    "std_mean": _no_spread,
    "dist": _no_distance,
    "cdist": _no_distance_of_pairs,
    "pairwise_distance": _no_distance_of_rows,
}
