"""What a call depends on besides its arguments, on every kind of device: autocast, and generators of random numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch

from gradcli.numerics.randomness import RandomState, state_of

Autocast = tuple[tuple[str, torch.dtype], ...]
"""The kinds of devices for which autocast is on, with its dtypes."""

_CPU = torch.device("cpu")
_is_any_autocast = torch._C._is_any_autocast_enabled


@dataclass(frozen=True)
class GeneratorState:
    """Where a generator stood: one of the program's own, or those that draw for a device."""

    numbers: torch.Tensor
    own: torch.Generator | None = None
    of_device: RandomState | None = None

    def restore(self) -> None:
        """The next numbers are once more those that followed."""
        if self.own is not None:
            self.own.set_state(self.numbers)
        elif self.of_device is not None:
            self.of_device.restore()


UNKEPT = GeneratorState(torch.Tensor())
"""Nothing is known of it."""


def autocast_now() -> Autocast | None:
    """Autocast as it is; None where it is off everywhere, which costs one question."""
    if not _is_any_autocast():
        return None
    return tuple((kind, torch.get_autocast_dtype(kind)) for kind in _kinds() if torch.is_autocast_enabled(kind))


@contextmanager
def autocasting(wanted: Autocast | None) -> Iterator[None]:
    """Autocast as it was, and off for every other kind of device; no cast is kept for later calls."""
    if wanted is None and not _is_any_autocast():
        yield
        return
    dtypes: dict[str, torch.dtype | None] = {**dict.fromkeys(dict(autocast_now() or ())), **dict(wanted or ())}
    with ExitStack() as stack:
        for kind, dtype in dtypes.items():
            stack.enter_context(torch.autocast(kind, dtype=dtype, enabled=dtype is not None, cache_enabled=False))
        yield


@contextmanager
def as_called(
    generator: GeneratorState | None, autocast: Autocast | None, *, with_gradients: bool = True
) -> Iterator[None]:
    """With the autocast of a call, and with the generator that it drew from as it was, if it did."""
    if generator is not None:
        generator.restore()
    with torch.set_grad_enabled(with_gradients), autocasting(autocast):
        yield


def generator_state(tensor: torch.Tensor | None, given: torch.Generator | None) -> GeneratorState:
    """The state of the generator that a call draws from: the one it is given, or that of its tensor's device."""
    if given is not None:
        return GeneratorState(given.get_state(), own=given)
    return _state_of(_CPU if tensor is None or tensor.is_cpu else tensor.device)


@contextmanager
def generators_kept(devices: Iterable[torch.device], states: Iterable[GeneratorState | None]) -> Iterator[None]:
    """The generators of these devices, and those of these states, stand afterwards where they stood before."""
    given = {one.own for one in states if one is not None} - {None}
    before = [_state_of(device) for device in {_CPU, *devices}]
    before += [generator_state(None, generator) for generator in given]
    try:
        yield
    finally:
        for one in before:
            one.restore()


def _state_of(device: torch.device) -> GeneratorState:
    # the name of a device takes longer than the rest, and what is on the device of no memory has no generator
    state = state_of("cpu" if device is _CPU or device.type == "meta" else str(device))
    return GeneratorState(state.cpu, of_device=state)


@cache
def _kinds() -> tuple[Any, ...]:
    return tuple(torch._C._autocast_supported_devices())
