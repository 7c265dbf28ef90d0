"""A device that no machine has: its numbers lie in CPU tensors, and it refuses what CUDA refuses.

PyTorch knows it as an accelerator with one device, `standin:0`. It keeps tensors of its own, which cannot be
mixed with those of the CPU (but for numbers), which numpy cannot read, and whose random numbers come from a generator
of its own. PyTorch cannot forget a device, so programs that need one run in a process of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch

from gradcli.numerics.dispatch import DispatchMode

NAME = "standin"
SETUP = "_setup_privateuseone_for_python_backend"

ASSERTED = (
    "CUDA error: device-side assert triggered\n"
    "CUDA kernel errors might be asynchronously reported at some other API call."
)
"""What every call says after a kernel has found a wrong value."""
_ASSERTS = re.compile(r"out of (range|bounds)|between 0 and 1")
"""What the CPU says of the values at which a kernel of CUDA stops."""

_CROSSING = frozenset({"_to_copy", "copy_", "set_", "lift_fresh", "detach", "alias"})
"""Operations that may be given tensors of two devices."""
_INDEXING = frozenset({"index", "index_put_", "index_put", "_index_put_impl_"})
"""Operations whose indices, in a list, may lie on the CPU."""
_STRICT = frozenset(
    {
        "cat",
        "stack",
        "mm",
        "bmm",
        "dot",
        "mv",
        "addmm",
        "gather",
        "scatter",
        "index_select",
        "masked_scatter",
        "embedding",
    }
)
"""Operations that take no number of the CPU either."""


class StandInTensor(torch.Tensor):
    """A tensor on the device; `values` are its numbers, on the CPU."""

    values: torch.Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, values: torch.Tensor) -> StandInTensor:
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            values.shape,
            strides=values.stride(),
            storage_offset=values.storage_offset(),
            dtype=values.dtype,
            device=torch.device(NAME, 0),
        )
        made.values = values
        return made

    def untyped_storage(self) -> torch.UntypedStorage:
        return self.values.untyped_storage()  # views share it

    def tolist(self) -> Any:
        MODULE.waits += 1
        return self.values.tolist()

    def numpy(self, **_: Any) -> Any:
        raise TypeError(f"can't convert {NAME}:0 device type tensor to numpy. Use Tensor.cpu() first.")

    @classmethod
    def __torch_dispatch__(
        cls, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        return _dispatch(func, args, dict(kwargs or {}))


class Module:
    """What PyTorch looks for as `torch.standin`. waits: how often numbers of the device were read on the CPU."""

    def __init__(self) -> None:
        self.waits = 0
        self.generator = torch.Generator()
        self.lost = False

    def is_initialized(self) -> bool:
        return True

    def is_available(self) -> bool:
        return True

    def current_device(self) -> int:
        return 0

    def _is_in_bad_fork(self) -> bool:
        return False

    def device_count(self) -> int:
        return 1

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.float16, torch.bfloat16]

    def manual_seed_all(self, seed: int) -> None:
        self.generator.manual_seed(seed)

    def get_rng_state(self, device: object = 0) -> torch.Tensor:
        return self.generator.get_state()

    def synchronize(self) -> None:
        if self.lost:
            raise torch.AcceleratorError(ASSERTED)

    def set_rng_state(self, state: torch.Tensor, device: object = 0) -> None:
        self.generator.set_state(state)


MODULE = Module()
_KERNELS = torch.library.Library("aten", "IMPL")  # PyTorch forgets kernels together with these
_OF_AUTOCAST = torch.library.Library("_", "IMPL")


class _Factories(DispatchMode):
    """Sees also the calls that are given no tensor: those that make one."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if StandInTensor not in types and (not kwargs or kwargs.get("device") is None):
            return func(*args, **(kwargs or {}))  # of the CPU alone, as most are
        return _dispatch(func, args, dict(kwargs or {}))


def plug_in() -> None:
    """The device is there, and stays in this process."""
    from torch.utils import backend_registration

    from gradcli.language import dtypes

    getattr(backend_registration, SETUP)(NAME, backend_module=MODULE)
    for name in ("empty_strided", "empty.memory_format", "copy_"):  # how torch.tensor makes one, below the mode
        _KERNELS.impl(name, partial(_kernel, name), "PrivateUse1")
    _KERNELS.impl("mm", _mm_under_autocast, "AutocastPrivateUse1")
    _OF_AUTOCAST.fallback(torch.library.fallthrough_kernel, "AutocastPrivateUse1")
    dtypes.DEVICES = (*dtypes.DEVICES, NAME)
    _Factories().__enter__()


def _kernel(name: str, *args: Any, **kwargs: Any) -> Any:
    operation, _, overload = name.partition(".")
    return _dispatch(getattr(getattr(torch.ops.aten, operation), overload or "default"), args, kwargs)


def _mm_under_autocast(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The one operation that autocast computes in its dtype here."""
    dtype = torch.get_autocast_dtype(NAME)
    with torch.autocast(NAME, enabled=False):
        return torch.mm(one.to(dtype), other.to(dtype))


def _dispatch(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    tensors = list(_tensors((args, kwargs)))
    name = func.overloadpacket.__name__
    here = any(isinstance(tensor, StandInTensor) for tensor in tensors)
    wanted = kwargs.get("device")
    if here and name not in _CROSSING:
        _refuse_mixture(name, args, kwargs)
    result_here = here if wanted is None else torch.device(wanted).type == NAME
    if not here and not result_here:
        return func(*args, **kwargs)
    if result_here and kwargs.get("generator") is not None:
        raise RuntimeError(f"Expected a '{NAME}' device type for generator but found 'cpu'")
    if name == "copy_" and not isinstance(args[0], StandInTensor):
        result_here = False
    plain_kwargs = _each(_plain, kwargs)
    if wanted is not None:
        plain_kwargs["device"] = "cpu"
    MODULE.synchronize()
    with _own_random_numbers(func, own=result_here):
        found = _launched(func, _each(_plain, args), plain_kwargs)
    if not result_here:
        MODULE.waits += 1
        return args[0] if name == "copy_" else found
    known = {id(tensor.values): tensor for tensor in tensors if isinstance(tensor, StandInTensor)}
    return _each(lambda value: known[id(value)] if id(value) in known else _wrapped(value), found)


def _launched(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What a kernel gives; one that finds a wrong value says nothing, gives garbage, and no later one is run."""
    try:
        return func(*args, **kwargs)
    except (IndexError, RuntimeError) as error:
        if not _ASSERTS.search(str(error)):
            raise
        MODULE.lost = True
        shapes = _each(lambda item: item.to("meta") if isinstance(item, torch.Tensor) else item, (args, kwargs))
        made = func(*shapes[0], **shapes[1])
        return _each(lambda item: torch.zeros(item.shape, dtype=item.dtype), made)


def _refuse_mixture(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Raises RuntimeError, as CUDA does, for a tensor of the CPU that is more than a number."""
    looked_at = [args[0], *args[2:]] if name in _INDEXING else list(args)
    tensors = _tensors((looked_at, kwargs))
    changed = name.endswith("_") and not isinstance(args[0], StandInTensor)
    strange = [t for t in tensors if not isinstance(t, StandInTensor) and (t.ndim or name in _STRICT)]
    if strange or changed:
        raise RuntimeError(
            f"Expected all tensors to be on the same device, but found at least two devices, {NAME}:0 and cpu! ({name})"
        )


@contextmanager
def _own_random_numbers(func: Any, *, own: bool) -> Iterator[None]:
    """Random numbers come from the device's own generator, and leave that of the CPU alone."""
    if not own or torch.Tag.nondeterministic_seeded not in func.tags:
        yield
        return
    before = torch.get_rng_state()
    torch.set_rng_state(MODULE.generator.get_state())
    try:
        yield
        MODULE.generator.set_state(torch.get_rng_state())
    finally:
        torch.set_rng_state(before)


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    """Those among the arguments of an operation."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _tensors(item)


def _each(change: Callable[[Any], Any], value: Any) -> Any:
    """Arguments or results with each of them changed: lists, tuples and dictionaries are all that operations know.

    What PyTorch has for that knows more, and takes longer than the operations.
    """
    if isinstance(value, list | tuple):
        changed = [_each(change, item) for item in value]
        return changed if isinstance(value, list) else tuple(changed)
    if isinstance(value, dict):
        return {key: _each(change, item) for key, item in value.items()}
    return change(value)


def _plain(value: Any) -> Any:
    return value.values if isinstance(value, StandInTensor) else value


def _wrapped(value: Any) -> Any:
    if not isinstance(value, torch.Tensor) or isinstance(value, StandInTensor):
        return value
    if value._is_zerotensor():  # a tangent that is known to be zero has no memory, and kernels look for it
        value = torch.zeros(value.shape, dtype=value.dtype)
    return StandInTensor(value)
