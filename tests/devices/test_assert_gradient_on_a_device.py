"""`gradcli.assert_gradient` on the device that stands in for others."""

from __future__ import annotations

from processes import in_own_process, needs_stand_in

PROGRAM = """
import gradcli, torch
from torch import nn
from tools.planted import own_function

stand_in.plug_in()
x = torch.tensor([-1.5, 0.5, 2.0], device="standin")
generator = torch.get_device_module("standin")
before = generator.get_rng_state()
print(gradcli.assert_gradient(nn.Linear(3, 2).to("standin"), x).setting.device)
print(gradcli.assert_gradient(lambda x: x * torch.rand(3, device="standin"), x).setting.draws)
print(torch.equal(before, generator.get_rng_state()))
try:
    gradcli.assert_gradient(own_function(lambda x: x * x, lambda g, x: g * x), x)
except AssertionError as error:
    print(str(error).splitlines()[-1])
"""


@needs_stand_in
def test_tensors_of_a_device_stay_there_and_its_generator_as_it_was() -> None:
    told = in_own_process(PROGRAM).splitlines()
    assert told == ["standin:0", "True", "True", "all of them are 1/2 times what they should be"]
