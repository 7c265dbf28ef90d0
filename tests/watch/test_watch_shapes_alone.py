"""Programs with tensors that have a shape and no numbers: nothing is to be found, and nothing is disturbed."""

from __future__ import annotations

from pathlib import Path

from watching import both, written

PLANNED = """
    import torch
    from torch import nn
    from torch._subclasses.fake_tensor import FakeTensorMode

    torch.manual_seed(0)
    with FakeTensorMode():
        planned = nn.Linear(1000, 1000)
        planning = torch.optim.SGD(planned.parameters(), lr=0.1)
        planned(torch.randn(7, 1000)).square().mean().backward()
        planning.step()
        print(tuple(planned.weight.grad.shape))
    shapes = nn.Linear(2, 2, device="meta")
    shapes(torch.randn(3, 2, device="meta")).sum().backward()
    net = nn.Linear(4, 4)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    net(torch.randn(3, 4)).square().mean().backward()
    optimizer.step()
    print(net.weight.sum().item())
"""

EXPORTED = """
    import torch
    from torch import nn

    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    net(torch.randn(5, 3)).mean().backward()
    exported = torch.export.export(net, (torch.randn(2, 3),))
    print(len(exported.graph.nodes), exported.module()(torch.ones(2, 3)).sum().item())
"""


def test_a_fake_mode_and_the_device_meta_are_left_alone(tmp_path: Path) -> None:
    without, under = both(tmp_path, written(tmp_path, PLANNED).name, has_torch=True)
    assert (without.code, under.code, under.out) == (0, 0, without.out), under.err
    assert under.err == "3 steps\n"


def test_a_model_is_exported_as_under_python(tmp_path: Path) -> None:
    without, under = both(tmp_path, written(tmp_path, EXPORTED).name, has_torch=True)
    assert (without.code, under.code, under.out) == (0, 0, without.out), under.err
