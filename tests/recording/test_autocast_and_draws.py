"""What a call depends on besides its arguments: autocast, and generators of random numbers."""

from __future__ import annotations

import pytest
import torch

from gradcli.numerics.randomness import state_of
from gradcli.recording.program import surroundings
from gradcli.recording.program.surroundings import autocast_now, autocasting, generator_state

BFLOAT16 = (("cpu", torch.bfloat16),)


def test_autocast_is_what_it_was_and_afterwards_what_it_is() -> None:
    for outside in (False, True):
        with torch.autocast("cpu", torch.float16, enabled=outside):
            before = autocast_now()
            assert before == ((("cpu", torch.float16),) if outside else None)
            for wanted in (None, BFLOAT16):
                with autocasting(wanted):
                    assert autocast_now() == wanted
                assert autocast_now() == before


@pytest.mark.parametrize("given", [None, torch.Generator()])
def test_a_generator_that_is_restored_draws_the_same_again(given: torch.Generator | None) -> None:
    for tensor in (None, torch.ones(1)):
        state = generator_state(tensor, given)
        drawn = torch.rand(4, generator=given)
        assert not torch.equal(torch.rand(4, generator=given), drawn)
        state.restore()
        assert torch.equal(torch.rand(4, generator=given), drawn)


def test_a_tensor_on_another_device_draws_from_the_generator_of_that(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(surroundings, "state_of", lambda name: (asked.append(name), state_of("cpu"))[1])

    class Elsewhere(torch.Tensor):
        is_cpu = False
        device = torch.device("cuda:1")

    generator_state(torch.ones(1).as_subclass(Elsewhere), None)
    generator_state(torch.ones(1, device="meta"), None)
    generator_state(torch.ones(1), None)
    generator_state(None, None)
    assert asked == ["cuda:1", "cpu", "cpu", "cpu"]
