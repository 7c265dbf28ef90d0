"""Which modules of PyTorch are put off, and why."""

from __future__ import annotations

from typing import NamedTuple

VERSIONS = ("2.11.0", "2.13.0", "2.14.1")
"""Of PyTorch, with which the tests compare every answer to that after a plain import."""
META = "torch._meta_registrations"


class PutOff(NamedTuple):
    """Why a module can wait.

    called_later: functions that others take out of it at once and call later.
    is_leaf: it can be executed without those that are not.
    """

    why: str
    called_later: tuple[str, ...] = ()
    is_leaf: bool = False


_QUANTISATION = PutOff("quantisation of whole models, and old names of it", is_leaf=True)

TABLE = {
    "torch.utils.data": PutOff("no expression loads batches", is_leaf=True),
    "torch.distributions": PutOff("no expression has distributions", is_leaf=True),
    "torch.ao": _QUANTISATION,
    "torch.nn.intrinsic": _QUANTISATION,
    "torch.nn.qat": _QUANTISATION,
    "torch.nn.quantizable": _QUANTISATION,
    "torch.nn.quantized": _QUANTISATION,
    "torch.quantization": _QUANTISATION,
    "torch.masked": PutOff("no expression has masked tensors", is_leaf=True),
    "torch.export": PutOff("whole programs as graphs"),
    "torch._higher_order_ops": PutOff("control flow inside of graphs", ("cond", "while_loop")),
    "torch.func": PutOff("vmap and its like, for Jacobians by batches", ("vmap",)),
    META: PutOff("shapes on the meta device that PyTorch knows in Python alone, with _decomp, _prims and _refs"),
    "torch.compiler": PutOff("asked by optimizers and checkpoints whether they are compiled"),
}
"""Modules that are put off, in the order in which PyTorch imports them."""
ALONE = ("torch.utils._device",)
"""Modules that PyTorch imports late and that need none of these."""
