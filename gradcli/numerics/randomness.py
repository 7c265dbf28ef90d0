"""Random numbers that can be drawn again, from the CPU's generator and from that of the device."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class RandomState:
    """Where the generators stood. device: `cpu`, or `cuda:1`, whose generator is another one than the CPU's."""

    device: str
    cpu: torch.Tensor
    own: torch.Tensor | None = None

    def has_moved(self) -> bool:
        """Whether numbers were drawn since."""
        now = state_of(self.device)
        own = self.own is not None and now.own is not None and not torch.equal(now.own, self.own)
        return own or not torch.equal(now.cpu, self.cpu)

    def restore(self) -> None:
        """The next numbers are once more those that followed."""
        torch.set_rng_state(self.cpu)
        if self.own is not None:
            torch.get_device_module(self.device).set_rng_state(self.own, *_index(self.device))


def state_of(device: str) -> RandomState:
    """The state of the generators that can draw for a device."""
    own = None if device == "cpu" else torch.get_device_module(device).get_rng_state(*_index(device))
    return RandomState(device, torch.get_rng_state(), own)


def seed(number: int, device: str) -> None:
    """Seed the generators that draw for a device.

    torch.manual_seed also notes the seed, with the stack of the caller, for each kind of device that is not there:
    a millisecond, and on some of them a note that is kept for ever.
    """
    if device == "cpu":
        torch.default_generator.manual_seed(number)
    else:
        torch.manual_seed(number)


def source_of_state(device: str) -> tuple[str, str]:
    """How a program writes it: the state that is read, and the line that restores it from `{}`."""
    if device == "cpu":
        return "torch.get_rng_state()", "torch.set_rng_state({})"
    kind, index = torch.device(device).type, "".join(map(repr, _index(device)))
    return f"torch.{kind}.get_rng_state({index})", f"torch.{kind}.set_rng_state({{}}{index and f', {index}'})"


def _index(device: str) -> tuple[str, ...]:
    """The device as these functions take it: that of Apple's is the only one, and takes no name."""
    return () if torch.device(device).type == "mps" else (device,)
