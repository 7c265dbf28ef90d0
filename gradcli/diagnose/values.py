"""What the user wrote for an input as a tensor: numbers that were read, or an expression without inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from gradcli.exceptions import GradcliError, UsageError
from gradcli.language.request import Binding, Value
from gradcli.numerics.capture import TorchError
from gradcli.numerics.evaluate import Context, evaluate, evaluate_node


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Tensors that an expression creates (`randn(3)`, `ones(2)`) have the dtype that was asked for."""
    before = torch.get_default_dtype()
    if dtype is before or not dtype.is_floating_point:
        yield
        return
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def tensor_of(value: Value, context: Context, dtype: torch.dtype | None = None) -> torch.Tensor:
    """The tensor that a value stands for; its literals take `dtype`."""
    wanted = dtype or context.dtype
    if value.numbers is not None:
        return _given(value, context, dtype)
    assert value.program is not None
    literals = wanted if wanted.is_floating_point else torch.float64
    own = Context(literals, context.device, context.max_elements)
    try:
        with default_dtype(own.dtype):
            if value.program.statements:
                return evaluate(value.program, {}, own)
            integers = not (wanted.is_floating_point or wanted.is_complex)
            return evaluate_node(value.program.result, {}, own, integers=integers)
    except GradcliError as error:
        error.expression = value.text
        raise
    except TorchError as error:
        error.text = value.text
        raise


def _given(value: Value, context: Context, dtype: torch.dtype | None) -> torch.Tensor:
    """Numbers that were read, in the memory that they were read into where they can be."""
    numbers = torch.as_tensor(value.numbers, device=context.device)
    if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
        return numbers.contiguous()  # whoever wants integers has to see what would be cut off
    if value.dtype is not None:
        numbers = numbers.to(getattr(torch, value.dtype))
    if dtype is not None:
        numbers = numbers.to(dtype)
    elif value.dtype is None and numbers.dtype is not torch.bool:
        numbers = numbers.to(context.dtype)
    return numbers.contiguous()


def bound_value(binding: Binding, context: Context) -> torch.Tensor:
    dtype: torch.dtype | None = None if binding.dtype is None else getattr(torch, binding.dtype)
    value = tensor_of(binding.value, context, dtype)
    converted = value.detach() if dtype is None else _converted(value, dtype, binding)
    return _own(binding.value, converted)


def _converted(value: torch.Tensor, dtype: torch.dtype, binding: Binding) -> torch.Tensor:
    converted = value.to(dtype)
    exact = dtype.is_floating_point or dtype.is_complex or dtype is torch.bool
    if not exact and not bool((converted.double() == value.double()).all()):
        raise UsageError(
            f"{binding.name} is to be {binding.dtype}, but '{binding.value.text}' does not fit into it",
            hint="Give whole numbers within its range, or another dtype.",
        )
    return converted


def points_of(points: Sequence[Value], context: Context) -> torch.Tensor:
    """Scalar points as one 1-D tensor; a tensor point as it is; several 1-D ones behind each other."""
    tensors = [tensor_of(point, context).detach() for point in points]
    tensors = [
        t if t.is_floating_point() or t.is_complex() or t.dtype is torch.bool else t.to(context.dtype) for t in tensors
    ]
    if len(tensors) == 1:
        return _own(points[0], tensors[0].reshape(1) if tensors[0].ndim == 0 else tensors[0])
    for point, tensor in zip(points, tensors, strict=True):
        if tensor.ndim > 1:
            raise UsageError(
                f"'{point.text}' has {tensor.ndim} dimensions and cannot stand beside other points",
                hint="Give one tensor, or several numbers.",
            )
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def _own(value: Value, tensor: torch.Tensor) -> torch.Tensor:
    """A tensor of its own: a leaf, and not the storage of another. Numbers that were read are nobody else's."""
    return tensor if value.numbers is not None else tensor.clone()
