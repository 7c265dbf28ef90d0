"""What a program calls its tensors: parameters and buffers by their modules, others by their variables."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Mapping
from types import FrameType

import torch
from torch import nn


def names_of_tensors(frames: Iterator[FrameType]) -> dict[int, str]:
    """The names by the ids of the tensors. frames: those of the program, innermost first."""
    spaces = [dict(frame.f_locals) for frame in frames]
    main = vars(sys.modules["__main__"])
    modules = _of_modules([*spaces, main])
    found = {}
    for space in reversed([*spaces, main]):
        found.update({id(value): name for name, value in space.items() if isinstance(value, torch.Tensor)})
    return found | modules


def _of_modules(spaces: list[Mapping[str, object]]) -> dict[int, str]:
    """The parameters and buffers of every module by their qualified names: `model.head.weight`."""
    modules = [one for one in gc.get_objects() if issubclass(type(one), nn.Module)]  # isinstance would ask proxies
    compiled = {id(module): module._modules["_orig_mod"] for module in modules if "_orig_mod" in module._modules}
    inner = {id(child) for module in modules if id(module) not in compiled for child in module.children()}
    roots = [module for module in modules if id(module) not in inner and id(module) not in compiled]
    variables: dict[int, str] = {}
    for space in spaces:
        for name, value in space.items():
            if isinstance(value, nn.Module):
                variables.setdefault(id(value), name)
    for wrapper, module in compiled.items():
        variables.setdefault(id(module), variables.get(wrapper, type(module).__name__))
    found: dict[int, str] = {}
    for root in sorted(roots, key=lambda root: id(root) not in variables):
        prefix = variables.get(id(root), type(root).__name__)
        for name, tensor in (*root.named_parameters(), *root.named_buffers()):
            found.setdefault(id(tensor), f"{prefix}.{name}")
    return found
