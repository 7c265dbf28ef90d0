"""What the caller gives, a function or a module with inputs of any kind, as a function of leaves."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Mapping, Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import nn
from torch.func import functional_call

from gradcli.exceptions import UsageError
from gradcli.inspections.callables.function import LeafFunction, Leaves
from gradcli.inspections.callables.tensors import leaf_of, named_tensors, with_tensors

Inputs = torch.Tensor | Sequence[object] | Mapping[str, object]


def leaf_function(function: Callable[..., Any], inputs: Inputs, *, text: str) -> LeafFunction:
    """The function of its inputs, and of a module's parameters too.

    Differentiated are the inputs that require a gradient, all floating ones where none of them does, and the
    parameters that require one.  Raises UsageError.
    """
    if isinstance(function, type) and issubclass(function, torch.autograd.Function):
        raise UsageError(f"{text} is a class of functions", hint=f"Give {text}.apply.")
    if isinstance(function, type) or not callable(function):
        raise UsageError(f"{text} is no function of tensors", hint="Give a function, or a module.")
    positional, named = _arguments(function, inputs)
    given = {**dict(positional), **named}
    tensors = {name: leaf for key, value in given.items() for name, leaf in named_tensors(value, key)}
    parameters = parameters_beside(function, tensors)
    leaves = {**tensors, **{name: leaf for name, (_, leaf) in parameters.items()}}
    own = {name: qualified for name, (qualified, _) in parameters.items()}
    call = _called_with(function, own)

    def of_leaves(moved: Leaves) -> Any:
        values = {key: with_tensors(value, key, moved) for key, value in given.items()}
        return call(moved, [values.pop(name) for name, _ in positional], values)

    return LeafFunction(text, of_leaves, leaves, _differentiated(text, leaves, tensors))


def signature_of(function: Any) -> Mapping[str, inspect.Parameter]:
    """The parameters of a function by name, those of `forward` for a module and for `apply`; none if none are told."""
    owner, skipped = getattr(function, "__self__", None), 0
    if isinstance(function, nn.Module):
        function = function.forward
    elif isinstance(owner, type) and issubclass(owner, torch.autograd.Function):
        function, skipped = owner.forward, int(owner.setup_context is torch.autograd.Function.setup_context)
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}
    return dict([*parameters.items()][skipped:])


def _arguments(function: Any, inputs: Inputs) -> tuple[list[tuple[str, object]], dict[str, object]]:
    """The inputs by their places, with their names, and those by name."""
    if isinstance(inputs, torch.Tensor):
        inputs = (inputs,)
    if isinstance(inputs, Mapping):
        return [], dict(inputs)
    if not isinstance(inputs, Sequence) or isinstance(inputs, str):
        raise UsageError(
            f"the inputs are {type(inputs).__name__}", hint="Give a tensor, a list of arguments, or a dictionary."
        )
    parameters = signature_of(function).values()
    names = [one.name for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    names += [f"x{place}" if place else "x" for place in range(len(inputs) - len(names))]
    return list(zip(names, inputs, strict=False)), {}


def parameters_beside(function: object, inputs: Container[str]) -> dict[str, tuple[str, torch.Tensor]]:
    """A module's parameters with their qualified names, by what they are called beside the inputs."""
    if not isinstance(function, nn.Module):
        return {}
    return {f"self.{name}" if name in inputs else name: (name, leaf) for name, leaf in function.named_parameters()}


def _called_with(
    function: Callable[..., Any], parameters: Mapping[str, str]
) -> Callable[[Leaves, Sequence[object], Mapping[str, object]], Any]:
    """A call with leaves in the place of a module's parameters, and copies in that of its buffers."""
    if not isinstance(function, nn.Module):
        return lambda _, positional, named: function(*positional, **named)
    module = _copied(function)

    def call(leaves: Leaves, positional: Sequence[object], named: Mapping[str, object]) -> Any:
        dtype = next(leaf.dtype for leaf in leaves.values() if leaf.is_floating_point())
        buffers = {name: leaf_of(buffer, dtype) for name, buffer in module.named_buffers()}
        own = {qualified: leaves[name] for name, qualified in parameters.items()}
        return functional_call(module, {**buffers, **own}, tuple(positional), dict(named))

    return call


def _copied(module: nn.Module) -> nn.Module:
    """A module whose attributes may change; the module itself where PyTorch cannot copy it."""
    try:
        return deepcopy(module)
    except RuntimeError:
        return module


def _differentiated(text: str, leaves: Leaves, tensors: Leaves) -> tuple[str, ...]:
    for name, leaf in leaves.items():
        if leaf.is_complex():
            raise UsageError(f"{name} is complex", hint="Give its real and its imaginary part as two inputs.")
        if leaf.layout is not torch.strided:
            raise UsageError(f"{name} is sparse", hint="Give its values, and make the sparse tensor in the function.")
    every = [name for name, leaf in tensors.items() if leaf.is_floating_point()]
    floating = [name for name in every if tensors[name].numel()]
    asked = [name for name in floating if tensors[name].requires_grad]
    found = (*(asked or floating), *(n for n, leaf in leaves.items() if n not in tensors and leaf.requires_grad))
    if not found and every:
        raise UsageError(f"{every[0]} is empty", hint="Give tensors with elements, such as torch.randn(3).")
    if not found:
        raise UsageError(f"{text} has no floating input", hint="Give floating tensors, such as torch.randn(3).")
    return found
