"""Several devices, and several processes."""

from __future__ import annotations

from functools import partial

from gradcli.language.catalogue.errors.row import AutogradError

_row = partial(AutogradError, family="devices and processes")

ROWS = (
    _row(
        id="ddp-unused-parameters",
        title="DistributedDataParallel waits for a gradient that does not come",
        type="RuntimeError",
        program="""\
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
used, unused = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1)
net = torch.nn.Sequential(used, unused)
net.forward = used.forward
net = DistributedDataParallel(net)
net(torch.ones(1)).sum().backward()
net(torch.ones(1)).sum().backward()
""",
        cause="The processes add up the gradients of all parameters, and one that the loss does not depend on has none to add.",
        fix="Remove parameters that are not used, or pass find_unused_parameters=True.",
        repaired="""\
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
used, unused = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1)
net = torch.nn.Sequential(used, unused)
net.forward = used.forward
net = DistributedDataParallel(net, find_unused_parameters=True)
net(torch.ones(1)).sum().backward()
net(torch.ones(1)).sum().backward()
used.weight.grad
""",
        patterns=(r"Expected to have finished reduction in the prior iteration",),
    ),
    _row(
        id="device-assert",
        title="a kernel on the device stops at a wrong value",
        type="AcceleratorError",
        needs="a CUDA device, which its process loses",
        program="""\
table = torch.nn.Embedding(3, 2, device="cuda")
index = torch.tensor([3], device="cuda")
table(index).sum().backward()
torch.cuda.synchronize()
""",
        cause="A kernel found an index, a class or a probability that is out of bounds, and cannot say which. "
        "PyTorch hears of it later, and no call of the process reaches the device any more.",
        fix="Run the same lines on the CPU, which names the value, and start a new process.",
        repaired="""\
table = torch.nn.Embedding(3, 2)
index = torch.tensor([2])
table(index).sum().backward()
table.weight.grad
""",
        patterns=(r"device-side assert triggered", r"Assertion [`'].*[`'] failed"),
    ),
    _row(
        id="device-mixture",
        title="tensors of two devices in one operation",
        type="RuntimeError",
        program="""\
x = torch.ones(2, requires_grad=True)
weight = torch.ones(2, device="meta")
x * weight
""",
        cause="An operation runs on one device, and PyTorch does not move tensors by itself. "
        "The device meta stands here for any other one.",
        fix="Create the tensor on the device of the other: device=x.device, or .to(x.device).",
        repaired="""\
x = torch.ones(2, requires_grad=True)
weight = torch.ones(2, device=x.device)
(x * weight).sum().backward()
x.grad
""",
        patterns=(
            r"Expected all tensors to be on the same device|is not on the expected device",
            r"expected device \S+ but got device",
            r"Input type \(.*cuda.*\) and weight type \((?!.*cuda).*\) should be the same",
            r"Input type \((?!.*cuda.*\) and).*\) and weight type \(.*cuda.*\) should be the same",
        ),
    ),
    _row(
        id="numpy-of-device",
        title="NumPy is given a tensor of another device",
        type="TypeError",
        program="""\
x = torch.ones(2, device="meta")
x.numpy()
""",
        cause="NumPy reads the memory of the CPU, and that of another device is not there. "
        "The device meta stands here for any other one.",
        fix="Copy the tensor with .cpu() before.",
        repaired="""\
x = torch.ones(2)
torch.from_numpy(x.cpu().numpy())
""",
        patterns=(r"can't convert \S+ device type tensor to numpy",),
    ),
)
