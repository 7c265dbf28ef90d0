"""A request with its tensors: the leaves, what is differentiated, and how to evaluate it again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch

from gradcli.diagnose.targets import index_names, is_integer_literal
from gradcli.diagnose.values import bound_value, default_dtype, points_of, tensor_of
from gradcli.exceptions import UsageError, did_you_mean, listed
from gradcli.language.properties import changes_in_place, is_random
from gradcli.language.request import Request, Value
from gradcli.language.syntax import Program
from gradcli.numerics import bounds, device, randomness
from gradcli.numerics.capture import all_finite, to_input
from gradcli.numerics.evaluate import Context, Observer, evaluate
from gradcli.results import Input, Setting

MAX_ELEMENTS_OF_ZEROS = 10_000
"""Larger inputs are not searched for numbers that were rounded to zero."""

_ROUNDED = (torch.float64, torch.float32, torch.bfloat16, torch.float16)


@dataclass(frozen=True)
class ComputeOptions:
    """Where and how to compute."""

    device: str = "cpu"
    dtype: str = "float32"
    seed: int = 0
    max_elements: int = bounds.DEFAULT_MAX_ELEMENTS


@dataclass(frozen=True)
class Selection:
    """Which inputs to differentiate: `wrt` None means every floating one; `frozen` leaves require no gradient."""

    wrt: tuple[str, ...] | None = None
    frozen: tuple[str, ...] = ()


@dataclass
class BoundExpression:
    """An expression, its leaves, and the names it is differentiated by.

    values: the words that each input was given by.
    written: the numbers of inputs in float64, where the dtype has made infinities or zeros of them.
    """

    program: Program
    context: Context
    setting: Setting
    leaves: dict[str, torch.Tensor]
    wrt: tuple[str, ...]
    random_state: randomness.RandomState
    in_place: bool
    values: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    written: Mapping[str, torch.Tensor] = field(default_factory=dict)

    @cached_property
    def inputs(self) -> dict[str, Input]:
        """The leaves as data."""
        return {name: to_input(leaf) for name, leaf in self.leaves.items()}

    @property
    def differentiated(self) -> dict[str, torch.Tensor]:
        """The leaves whose gradient is asked for."""
        return {name: self.leaves[name] for name in self.wrt}

    def evaluate(
        self,
        leaves: Mapping[str, torch.Tensor] | None = None,
        observe: Observer | None = None,
        *,
        first: bool = False,
    ) -> torch.Tensor:
        """The value of the expression; the same random numbers each time. An observed run is seldom the first one."""
        context = self.context if observe is None or first else replace(self.context, checked=True)
        with default_dtype(self.context.dtype):
            self.random_state.restore()
            return evaluate(self.program, {**self.fresh(), **(leaves or {})}, context, observe)

    @property
    def elements(self) -> int:
        """How many numbers go in."""
        return sum(leaf.numel() for leaf in self.leaves.values())

    @property
    def elements_differentiated(self) -> int:
        """How many numbers it is differentiated by."""
        return sum(leaf.numel() for leaf in self.differentiated.values())

    def for_moved_inputs(self) -> BoundExpression:
        """This expression where its inputs are moved about: on the CPU, which raises at what a function refuses.

        A kernel of CUDA that stops at an impossible value takes the device from its process. A program that draws
        random numbers stays where it is: those of the CPU are others.
        """
        if self.context.device == "cpu" or is_random(self.program):
            return self
        leaves = {name: leaf.detach().cpu().requires_grad_(leaf.requires_grad) for name, leaf in self.leaves.items()}
        return replace(self, context=replace(self.context, device="cpu"), leaves=leaves)

    def at_dtype(self, dtype: str) -> BoundExpression:
        """The expression with its float64 leaves rounded to a dtype; integers and truth values stay what they are."""
        wanted: torch.dtype = getattr(torch, dtype)
        leaves = {}
        for name, leaf in self.leaves.items():
            rounded = leaf.detach().to(wanted) if leaf.dtype in _ROUNDED else leaf.detach()
            leaves[name] = rounded.clone().requires_grad_(leaf.requires_grad)
        return self.at_leaves(leaves, wanted)

    def at_leaves(self, leaves: dict[str, torch.Tensor], dtype: torch.dtype) -> BoundExpression:
        """The expression with other leaves."""
        return replace(self, context=replace(self.context, dtype=dtype, checked=False), leaves=leaves)

    def fresh(self) -> dict[str, torch.Tensor]:
        """The leaves; copies of those that the program may change, so that the next run finds them as they were."""
        if not self.in_place:
            return self.leaves
        return {name: leaf if leaf.requires_grad else leaf.clone() for name, leaf in self.leaves.items()}


def bind(
    request: Request,
    compute: ComputeOptions,
    selection: Selection,
    *,
    by_default: Collection[str] | None = None,
) -> BoundExpression:
    """The expression of a request with its values as leaves on the device.

    by_default: the inputs to differentiate where the user chose none, if they are floating; None for all. Where some of
        them are frozen, those alone: their missing gradient is then the question.
    Raises UsageError for names that are not there, DeviceError, BoundError; TorchError from a value's expression.
    """
    where = device.choose(compute.device, device.present() if compute.device != "cpu" else ["cpu"])
    dtype: torch.dtype = getattr(torch, compute.dtype)
    context = Context(dtype, where, compute.max_elements, frozen=frozenset(selection.frozen))
    randomness.seed(compute.seed, where)
    values = _values(request, context)
    state = randomness.state_of(where)
    given: dict[str, tuple[Value, ...]] = {binding.name: (binding.value,) for binding in request.bindings}
    if request.variable is not None:
        given[request.variable] = request.points
    written = _not_held(values, request, context)
    _check_names(selection, values)
    floating = [name for name, value in values.items() if value.is_floating_point() or value.is_complex()]
    if selection.wrt is not None:
        _check_floating(selection.wrt, floating, values)
        wrt = selection.wrt
    elif by_default is not None:
        chosen = [name for name in floating if name in by_default]
        wrt = tuple([name for name in chosen if name in selection.frozen] or chosen)
    else:
        free = [name for name in floating if name not in selection.frozen]
        wrt = tuple(free or floating)  # where all are frozen, asking for them gives PyTorch's own error, which says so
    # what a derivative inside is taken by is in its graph, whether or not it is differentiated outside
    for name in {*wrt, *(n for n in request.program.followed if n in floating)}:
        if name not in selection.frozen:
            values[name].requires_grad_()
    setting = Setting(torch.__version__, where, compute.dtype, compute.seed, draws=_draws(request))
    in_place = changes_in_place(request.program)
    return BoundExpression(request.program, context, setting, values, wrt, state, in_place, given, written)


def _draws(request: Request) -> bool:
    """Whether the expression, or one that an input is given by, draws random numbers."""
    given = (*request.points, *(binding.value for binding in request.bindings))
    return is_random(request.program) or any(v.program is not None and is_random(v.program) for v in given)


def _values(request: Request, context: Context) -> dict[str, torch.Tensor]:
    bindings = {binding.name: binding for binding in request.bindings}
    values: dict[str, torch.Tensor] = {}
    for name in request.names:
        values[name] = (
            points_of(request.points, context) if name == request.variable else bound_value(bindings[name], context)
        )
    literals = {name for name, b in bindings.items() if b.dtype is None and is_integer_literal(b.value)}
    for name in index_names(request.program, literals, values, context):
        # read again: 257 would have become 256 on its way through bfloat16
        values[name] = tensor_of(bindings[name].value, context, torch.int64).to(torch.int64)
    return values


def _not_held(values: Mapping[str, torch.Tensor], request: Request, context: Context) -> dict[str, torch.Tensor]:
    """The numbers in float64, of the inputs whose dtype has made infinities or zeros of some."""
    bindings = {binding.name: binding for binding in request.bindings}
    found = {}
    for name, tensor in values.items():
        if tensor.dtype is torch.float64 or not tensor.is_floating_point() or not _may_be_cut(tensor):
            continue
        wide = _in_double(request.points if name == request.variable else (bindings[name].value,), context)
        if wide is None or wide.numel() != tensor.numel():
            continue
        wide = wide.reshape(tensor.shape)  # a single point has become 1-D
        if bool(((torch.isfinite(wide) & torch.isinf(tensor)) | ((wide != 0) & (tensor == 0))).any()):
            found[name] = wide
    return found


def _may_be_cut(tensor: torch.Tensor) -> bool:
    return not all_finite(tensor) or (tensor.numel() <= MAX_ELEMENTS_OF_ZEROS and not bool(tensor.all()))


def _in_double(values: Sequence[Value], context: Context) -> torch.Tensor | None:
    """The same values in float64; None for what is drawn anew each time."""
    if any(value.program is not None and is_random(value.program) for value in values):
        return None
    wide = replace(context, dtype=torch.float64)
    return points_of(values, wide) if len(values) > 1 else tensor_of(values[0], wide)


def _check_names(selection: Selection, values: Mapping[str, torch.Tensor]) -> None:
    for option, names in (("--wrt", selection.wrt or ()), ("--frozen", selection.frozen)):
        for name in names:
            if name not in values:
                raise UsageError(
                    f"{option} names '{name}', which is no input",
                    hint=did_you_mean(name, values)
                    or (f"The inputs are {listed(values)}." if values else "There are no inputs."),
                )


def _check_floating(wrt: Sequence[str], floating: Sequence[str], values: Mapping[str, torch.Tensor]) -> None:
    for name in wrt:
        if name not in floating:
            dtype = str(values[name].dtype).removeprefix("torch.")
            raise UsageError(
                f"'{name}' is {dtype} and has no gradient",
                hint=f"Only floating inputs have one: {name}:float32=...",
            )
