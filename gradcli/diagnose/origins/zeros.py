"""Where a gradient first was exactly zero: a walk from the input up to the last place where something arrived."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isfinite, nan
from typing import Literal

import numpy as np
import torch

from gradcli.diagnose.origins.elements import has_nan, largest, spread
from gradcli.diagnose.origins.kinks import has_kinks, on_kink
from gradcli.diagnose.origins.local import REFUSALS, applied, argument_position, differentiated, local_derivative
from gradcli.diagnose.origins.origin import depends_on
from gradcli.diagnose.origins.selection import SELECTING
from gradcli.numerics.autodiff import gradients
from gradcli.numerics.capture import array, wide
from gradcli.numerics.literals import Context
from gradcli.recording.tape import Edge, GraphNode, Step, Tape, parts

FLAT = frozenset({"sign", "sgn", "floor", "ceil", "round", "trunc", "sign_", "floor_", "ceil_", "round_", "trunc_"})
"""Piecewise constant by definition."""

SATURATING = frozenset(
    {
        "sigmoid", "tanh", "softmax", "log_softmax", "erf", "erfc", "softsign", "logsigmoid", "softplus", "exp", "exp2",
        "expm1", "special.ndtr", "softmin", "silu", "gelu", "mish", "elu", "selu", "celu", "atan",
        "binary_cross_entropy_with_logits", "cross_entropy", "sigmoid_", "tanh_", "scaled_dot_product_attention",
        "soft_margin_loss",
    }
)  # fmt: skip
"""Their slope tends to zero without being zero by definition."""

EXACT = frozenset(
    {
        "leaf", "item", "index", "add", "sub", "rsub", "mul", "div", "neg", "positive", "pow", "square", "sum", "mean",
        "mse_loss", "matmul", "mm", "bmm", "mv", "dot", "linear", "abs", "reshape", "view", "T", "mT", "transpose",
    }
)  # fmt: skip
"""A zero that these send is a zero among their factors, and no rounding (but underflow, which float64 shows)."""

Why = Literal["met", "inside", "flat", "saturated", "stationary", "constant"]


@dataclass(frozen=True)
class ZeroOrigin:
    """One place that turned what arrived into exact zeros.

    step: the sub-expression to blame; reached: the largest gradient that arrived there.
    part: of `complex(x, y)`, the part of what arrived there that is zero.
    why: `met`: contributions met at the input and cancelled (`cancelled`); `inside`: what arrived cancels within the
        operation; `flat`: piecewise constant; `saturated`: a slope that has rounded to zero; `stationary`: a smooth
        function that is flat at this very point; `constant`: zero here and around.
    """

    leaf: Step
    step: Step
    node: GraphNode
    edge: Edge
    reached: float
    why: Why = "constant"
    cancelled: tuple[float, ...] = ()
    part: Literal["real", "imaginary"] | None = None

    @property
    def variable(self) -> str:
        """The name of the input."""
        assert self.leaf.variable is not None
        return self.leaf.variable


def zero_origins(tape: Tape, context: Context) -> Iterator[ZeroOrigin]:
    """One for each input whose whole gradient is zero although something arrived further up."""
    for leaf in tape.leaves:
        gradient = tape.arriving(leaf)
        if gradient is None or gradient.numel() == 0 or bool((gradient != 0).any()):
            continue
        found = (origin for edge in leaf.edges if (origin := _walk(tape, edge, leaf)) is not None)
        origin = next(found, None)
        if origin is not None:
            why: Why = origin.why if origin.cancelled or origin.part else _why(tape, origin, context)
            yield replace(origin, why=why)


def doubtful(tape: Tape, name: str, origins: Sequence[ZeroOrigin]) -> np.ndarray:
    """Where an input's gradient may be zero by rounding: a smooth function sent the zero, not an exact operation.

    In float64 any product may have. Where not all of the gradient is zero: only if every step that is not exact works
    element by element, and none discards elements.
    """
    leaf = tape.leaf(name)
    if leaf is None or leaf.value is None:
        return np.zeros((), dtype=bool)
    shape = tuple(leaf.value.shape)
    whole = next((origin for origin in origins if origin.variable == name), None)
    if whole is not None:
        return np.full(shape, is_doubtful(tape, whole) and whole.why != "saturated")
    rounds = leaf.value.dtype is torch.float64 or not all(map(_is_exact, tape.steps))
    passed = [step for step in tape.steps if step.edges and not _is_exact(step)]
    if not rounds or not all(step.elementwise and not _is_gate(step) and step.name not in FLAT for step in passed):
        return np.zeros(shape, dtype=bool)
    return np.asarray(array(leaf.value) != 0)


def is_doubtful(tape: Tape, origin: ZeroOrigin) -> bool:
    """Whether rounding may have made a zero: a smooth function sent it away from zero, or what meets is no zero.

    In float64 any product may have: there is no wider dtype that shows it. What meets may have been rounded before.
    """
    step = origin.step
    if origin.why == "met":
        return _is_rounded(tape, origin.edge) or any(not _is_exact(one) for one in tape.steps)
    exact = _is_exact(step) and step.values[0].dtype is not torch.float64
    if origin.why == "flat" or exact or _is_gate(step):
        return False
    return any(bool(source.value.any()) for source in tape.inputs(step) if source.value is not None)


def _is_rounded(tape: Tape, edge: Edge) -> bool:
    """Whether gradients that meet add up to another number than zero."""
    sent = [parts(tensor.detach()).reshape(-1).tolist() for _, tensor in tape.contributions[edge]]
    return any(sum(map(Fraction, numbers)) for numbers in zip(*sent, strict=True))


def _is_exact(step: Step) -> bool:
    return step.name in EXACT


def _is_gate(step: Step) -> bool:
    return step.name in SELECTING or has_kinks(step.operation)


def _walk(tape: Tape, edge: Edge, leaf: Step) -> ZeroOrigin | None:
    """The origin nearest to the output among all ways up; one that stops every way through its step comes first."""
    waiting: list[Edge] = [edge]
    seen: set[Edge] = set()
    best: ZeroOrigin | None = None
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        sent = [(node, tensor, largest(tensor)) for node, tensor in tape.contributions.get(current, [])]
        meet = [(node, tensor) for node, tensor, size in sent if size > 0]
        if len(meet) > 1:
            values, most = tuple(_first(tensor) for _, tensor in meet), max(size for _, _, size in sent)
            meeting = _meeting(tape, current, leaf)
            alone = sum(current in source.edges for source in tape.inputs(meeting)) == 1
            inside = alone and all(tape.owner_of(node) is meeting for node, _ in meet)
            why: Why = "constant" if inside else "met"
            met = ZeroOrigin(leaf, meeting, current[0], current, most, why, () if inside else values)
            best = _nearer(tape, best, _at(tape, met) if inside else replace(met, step=_joint(tape, current, leaf)))
            continue
        for node, _, size in sent:
            step = tape.owner_of(node)
            if size > 0 or step is None:
                continue
            reached = max((largest(g) for g in tape.passages[node].incoming if g is not None), default=0.0)
            if reached > 0:
                best = _nearer(tape, best, _at(tape, ZeroOrigin(leaf, step, node, current, reached)))
            else:
                waiting.extend((node, i) for i in range(len(tape.passages[node].incoming)))
    return best


def _at(tape: Tape, origin: ZeroOrigin) -> ZeroOrigin:
    """The origin with what arrived at its step, which may have several nodes, and not at one of them alone."""
    arriving = tape.arriving(origin.step)
    if (arrived := largest(arriving)) > 0:
        origin = replace(origin, reached=nan if has_nan(arriving) else arrived)
    if origin.step.name != "complex":
        return origin
    slot = origin.node.next_functions.index(origin.edge)
    return replace(origin, part="real" if slot == 0 else "imaginary", why="stationary")


def _why(tape: Tape, origin: ZeroOrigin, context: Context) -> Why:
    """What made the zero, by trying the operation with other weights and at other points."""
    step = origin.step
    if step.name in FLAT and not step.values[0].is_complex():  # the sign of a complex number turns with it
        return "flat"
    position = position_of(tape, origin)
    movable = differentiated(tape, step)
    arriving = tape.arriving(step)
    if position is None or arriving is None:
        return "saturated" if step.name in SATURATING else "constant"
    double = replace(context, dtype=torch.float64)
    plain = arriving.to(wide(arriving.dtype))
    weights = plain * spread(arriving, 0.5, 1.5)
    if largest(local_derivative(step, position, context, cotangent=weights.to(arriving.dtype))) > 0:
        if _moves(step, position, movable, 1.0, plain, double) and _is_level(step, position, arriving, double):
            return "stationary"
        return "constant" if on_kink(step, position) else "inside"
    if step.name in SATURATING and _moves(step, position, {position}, 0.0, weights, double):
        return "saturated"
    if _moves(step, position, movable, 1.0, weights, double) and _is_level(step, position, arriving, double):
        return "stationary"
    return "constant"


def position_of(tape: Tape, origin: ZeroOrigin) -> int | None:
    """Which argument the zero was sent to."""
    step = origin.step
    source = next((s for s in tape.inputs(step) if origin.edge in s.edges), None)
    if source is None:  # between two of the nodes that the call made: the operand that comes from the input
        sources = [operand for operand in tape.inputs(step) if depends_on(tape, operand, origin.leaf)]
        source = sources[0] if len(sources) == 1 else None
    return argument_position(step, source)


def _moves(step: Step, position: int, movable: set[int], keep: float, weights: torch.Tensor, double: Context) -> bool:
    """Whether there is a slope at another point: near by (keep = 1), or near zero (keep = 0)."""
    moved = {
        p: (keep * value + _somewhere(value, 0.01, 0.02, start=1 + 7 * p)) if p in movable else value
        for p, value in _doubled(step).items()
    }
    slope = None
    with suppress(*REFUSALS):  # there is no number to move among the arguments, too
        chosen = moved[position].requires_grad_()
        value = applied(step, moved, double)
        slope = None if value is None else gradients(value, {"": chosen}, cotangent=weights.to(value.dtype))[""]
    return largest(slope) > 1e-12 * largest(weights)


def _is_level(step: Step, position: int, weights: torch.Tensor, double: Context, length: float = 1e-4) -> bool:
    """Whether the values around a point say so too: no kink, and no gradient that PyTorch gets wrong.

    Half the distance changes the value by half on a slope, and by a quarter where the function is level.
    """
    others = _doubled(step)
    direction = _somewhere(others[position], 0.5, 1.0)
    try:
        values = [
            applied(step, {**others, position: others[position] + move * length * direction}, double)
            for move in (-1.0, -0.5, 0.0, 0.5, 1.0)
        ]
    except REFUSALS:
        return False
    towards = weights.to(wide(weights.dtype)).conj()
    low, lower, here, higher, high = (nan if v is None else float((v * towards).sum().real) for v in values)
    sides = [(near - here, far - here) for near, far in ((lower, low), (higher, high)) if isfinite(far)]
    return bool(sides) and sum(abs(near) for near, _ in sides) <= 0.45 * sum(abs(far) for _, far in sides)


def _doubled(step: Step) -> dict[int, torch.Tensor]:
    """The arguments that a function can be differentiated by, in double precision."""
    return {
        position: value.to(wide(value.dtype))
        for position, value in enumerate(step.arguments)
        if isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex())
    }


def _somewhere(like: torch.Tensor, low: float, high: float, start: int = 1) -> torch.Tensor:
    """Numbers between two bounds; complex ones for complex ones."""
    found = spread(like, low, high, start)
    return torch.complex(found, spread(like, low, high, start + 3)) if like.is_complex() else found


def _meeting(tape: Tape, edge: Edge, leaf: Step) -> Step:
    """The sub-expression in which contributions meet: the one that sent them all, else the last that sent one."""
    senders = [tape.owner[node] for node, _ in tape.contributions.get(edge, []) if node in tape.owner]
    return tape.steps[max(senders)] if senders else leaf


def _joint(tape: Tape, edge: Edge, leaf: Step) -> Step:
    """The first step that all of what sent these contributions went into: none of it reaches the output beside."""
    waiting = {tape.owner[node] for node, _ in tape.contributions.get(edge, []) if node in tape.owner}
    last = leaf.index
    while waiting:
        last = min(waiting)
        waiting.remove(last)
        if waiting:
            waiting.update(step.index for step in tape.consumers[last])
    return tape.steps[last]


def _nearer(tape: Tape, one: ZeroOrigin | None, other: ZeroOrigin) -> ZeroOrigin:
    if one is None:
        return other
    return max(one, other, key=lambda origin: (_stops_all(tape, origin), origin.step.index))


def _stops_all(tape: Tape, origin: ZeroOrigin) -> bool:
    """Whether a step sends nothing but zeros to whatever comes of the input: atan2(y, x) may stop one of both alone."""
    sources = [source for source in tape.inputs(origin.step) if depends_on(tape, source, origin.leaf)]
    sent = [one for source in sources for edge in source.edges for one in tape.contributions.get(edge, [])]
    others = any(largest(tensor) > 0 for node, tensor in sent if tape.owner_of(node) is origin.step)
    return bool(origin.cancelled) or origin.step.name in SATURATING or not others


def _first(tensor: torch.Tensor) -> float:
    value = tensor.detach()[tensor != 0][0]
    if not value.is_complex():
        return float(value)
    return float(value.abs() if value.imag else value.real)
