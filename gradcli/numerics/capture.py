"""From PyTorch to data: tensors to arrays, exceptions to failures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch

from gradcli.exceptions import Span
from gradcli.language.syntax import Node
from gradcli.results import Gradient, Input, Tensor

TORCH_ERRORS = (RuntimeError, ValueError, TypeError, LookupError, ArithmeticError, AssertionError)
"""What PyTorch raises when an operation or a backward pass cannot be done: embedding asserts, group_norm divides."""


PIECE = 1 << 15
"""Elements of a large tensor that are worked on at once: PyTorch spreads more over threads, which cost more to wake."""


class TorchError(Exception):
    """An exception of PyTorch's on its way to becoming data, with the place in the expression.

    stage: `forward`, `backward` or `tangent`.
    operands: the values that the node was given.
    text: the expression in which the node stands, where that is not the subject.
    place, step, cause: where a backward pass ended, the number of that step, and why in terms of the expression, once
        somebody has looked.
    cut, ending: the operation that ends every path from the inputs, in the user's words, and what kind of end that is.
    suggestions: what was run and helps, each to be read behind `: ` or `or`.
    order: the order of differentiation that was tried.
    """

    text: str | None = None
    place: Span | None = None
    step: int | None = None
    cause: str | None = None
    cut: str | None = None
    ending: str | None = None
    suggestions: tuple[str, ...] = ()
    order: int = 2

    def __init__(
        self, error: Exception, *, stage: str, node: Node | None = None, operands: Sequence[object] = ()
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.stage = stage
        self.node = node
        self.operands = tuple(operands)

    @property
    def span(self) -> Span | None:
        return self.place if self.node is None else self.node.span


def dtype_name(dtype: torch.dtype) -> str:
    """`float32` for torch.float32."""
    return str(dtype).removeprefix("torch.")


_DIRECT = frozenset({torch.float32, torch.float64, torch.int64, torch.bool})


def array(tensor: torch.Tensor) -> np.ndarray:
    """The values as a numpy array that shares memory where it can; bfloat16 as float32."""
    values = tensor.detach()
    if values._is_zerotensor():  # a gradient that PyTorch knows to be zero has no memory
        values = torch.zeros(values.shape, dtype=values.dtype)
    if values.dtype in _DIRECT and values.is_cpu and not values.is_neg() and not values.is_sparse:
        direct: np.ndarray = values.numpy().view()
        return direct
    if values.is_sparse:
        values = values.to_dense()
    values = values.cpu().resolve_conj().resolve_neg()
    if values.dtype is torch.bfloat16:
        values = values.float()
    if values.dtype is torch.complex32:
        values = values.to(torch.complex64)
    result: np.ndarray = values.numpy().view()  # a view of its own: freezing it leaves the tensor's alone
    return result


def exact(leaf: torch.Tensor) -> np.ndarray:
    """The values of a leaf, exactly, as float64 (or as the integers and truth values they are)."""
    values = leaf.detach().cpu()
    if values.is_complex():
        values = values.to(torch.complex128)  # numpy has no half of them
    array: np.ndarray = (values.double() if values.is_floating_point() else values).numpy()
    return array


def to_tensor(tensor: torch.Tensor) -> Tensor:
    """A tensor's values and dtype."""
    return Tensor(dtype_name(tensor.dtype), array(tensor))


def to_input(tensor: torch.Tensor) -> Input:
    """A leaf's values, dtype and whether it is differentiated."""
    return Input(dtype_name(tensor.dtype), array(tensor), requires_grad=tensor.requires_grad)


def to_gradient(gradient: torch.Tensor, *, joint_norm: torch.Tensor | None) -> Gradient:
    """A gradient with its norm, and its part of the direction of steepest ascent if `joint_norm` is given."""
    direction = None
    if joint_norm is not None and bool(joint_norm > 0) and bool(torch.isfinite(joint_norm)):
        direction = array(_direction(gradient.detach(), joint_norm))
    return Gradient(
        dtype_name(gradient.dtype), array(gradient), norm=to_norm(norm([gradient]), gradient.dtype), direction=direction
    )


def to_gradients(found: Mapping[str, torch.Tensor | None], *, scalar: bool) -> dict[str, Gradient | None]:
    """Gradients as data; those of a scalar output have a direction."""
    present = [gradient for gradient in found.values() if gradient is not None]
    joint = norm(present) if scalar and present else None
    return {
        name: None if gradient is None else to_gradient(gradient, joint_norm=joint) for name, gradient in found.items()
    }


def joint_norm(found: Mapping[str, torch.Tensor | None]) -> np.ndarray | None:
    """The 2-norm of all gradients together, None if there is none."""
    present = [gradient for gradient in found.values() if gradient is not None]
    return to_norm(norm(present), present[0].dtype) if present else None


def _direction(gradient: torch.Tensor, joint_norm: torch.Tensor) -> torch.Tensor:
    """The gradient divided by a norm, in double precision, rounded to the gradient's dtype."""
    parts = pieces(gradient)
    if len(parts) == 1:
        return (gradient.to(wide(gradient.dtype)) / joint_norm).to(gradient.dtype)
    direction = torch.empty_like(gradient)
    for part, widened in zip(pieces(direction), _widened(parts), strict=True):
        part.copy_(widened / joint_norm)
    return direction


def norm(gradients: list[torch.Tensor]) -> torch.Tensor:
    """The 2-norm over all gradients, summed in double precision: float16 squares overflow at 256."""
    parts = [
        torch.linalg.vector_norm(piece).cpu().double()
        for gradient in gradients
        for piece in _widened(pieces(gradient.detach()))
    ]
    joint: torch.Tensor = torch.linalg.vector_norm(torch.stack(parts)) if len(parts) > 1 else parts[0]
    return joint


def _widened(parts: Sequence[torch.Tensor]) -> Iterator[torch.Tensor]:
    """Each part in double precision, in memory that the next one takes over: new memory each time is not given back."""
    if len(parts) == 1:
        yield parts[0].to(wide(parts[0].dtype))
        return
    memory = torch.empty(PIECE, dtype=wide(parts[0].dtype), device=parts[0].device)
    for part in parts:
        yield memory[: part.numel()].copy_(part)


def pieces(tensor: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """A large tensor part by part, flattened: what is computed from a part in double precision stays in the cache."""
    if tensor.numel() <= PIECE or not tensor.is_contiguous():
        return (tensor,)
    flat = tensor.view(-1)
    return tuple(flat[start : start + PIECE] for start in range(0, flat.numel(), PIECE))


def all_finite(tensor: torch.Tensor | None) -> bool:
    """Whether there is neither NaN nor infinity in a tensor, if there is one; of a large one, the sum mostly tells."""
    if tensor is None or not (tensor.is_floating_point() or tensor.is_complex()):
        return True
    values = tensor.detach()
    if values.is_complex():  # by their parts: half of them PyTorch can neither add nor compare
        values = torch.view_as_real(values.resolve_conj())
    return math.isfinite(values.sum().item()) or all(bool(torch.isfinite(piece).all()) for piece in pieces(values))


def agreement(plain: Mapping[str, torch.Tensor | None], recorded: Mapping[str, torch.Tensor | None]) -> bool:
    """Whether the instrumented run gave the bits of the plain one."""
    return all(_same(plain[name], recorded[name]) for name in plain)


def _same(one: torch.Tensor | None, other: torch.Tensor | None) -> bool:
    """Whether two tensors are equal to the bit; any NaN equals any other."""
    if one is None or other is None:
        return one is other
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.is_complex():
        return _same(torch.view_as_real(one.resolve_conj()), torch.view_as_real(other.resolve_conj()))
    if not one.is_floating_point():
        return torch.equal(one, other)
    both_nan = torch.isnan(one) & torch.isnan(other)
    same_sign = torch.signbit(one) == torch.signbit(other)  # -0 equals 0, but has other bits
    return bool((both_nan | ((one == other) & same_sign)).all())


def to_norm(value: torch.Tensor, dtype: torch.dtype) -> np.ndarray:
    """A norm with as many digits as its gradient has, and at least single precision."""
    narrow = torch.float64 if dtype in (torch.float64, torch.complex128) else torch.float32
    return array(value.to(narrow))


def wide(dtype: torch.dtype) -> torch.dtype:
    """The double-precision dtype of the same kind."""
    return torch.complex128 if dtype.is_complex else torch.float64
