"""What a program calls its tensors: parameters and buffers by their modules, others by their variables or holders."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

import torch
from torch import nn

from gradcli.recording.program.transforms import item_of

MOST_HELD, DEEPEST = 5000, 3
"""Values in dictionaries, lists and attributes that are looked at for tensors, and how deep."""
_LIBRARIES = frozenset({"torch", "numpy", "builtins", "collections", "threading", "logging", "gradcli"})


def names_of_tensors(frames: Iterator[FrameType]) -> dict[int, str]:
    """The names by the ids of the tensors. frames: those of the program, innermost first."""
    spaces = [dict(frame.f_locals) for frame in frames]
    main = vars(sys.modules["__main__"])
    held = _Held()
    for space in reversed([*spaces, main]):
        for name, value in space.items():
            held.look(value, name, DEEPEST)
    modules = _of_modules([*spaces, main], held.modules)
    found = dict(held.names)
    for space in reversed([*spaces, main]):
        found.update({id(value): name for name, value in space.items() if isinstance(value, torch.Tensor)})
    return found | modules


class _Held:
    """The tensors in dictionaries, lists and attributes, by what the program would write for each. No code runs."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        self.modules: dict[int, str] = {}
        self._seen: dict[int, object] = {}

    def look(self, value: object, text: str, depth: int) -> None:
        if issubclass(type(value), torch.Tensor):
            self.names[id(value)] = text
            return
        if issubclass(type(value), nn.Module):
            self.modules.setdefault(id(value), text)
        if depth == 0 or id(value) in self._seen or len(self._seen) > MOST_HELD:
            return
        parts = _parts(value)
        if parts is None:
            return
        self._seen[id(value)] = value
        for part, written in parts:
            self.look(part, f"{text}{written}", depth - 1)


def _parts(value: Any) -> list[tuple[object, str]] | None:
    """What a value of the program holds, with how each is reached; None where there is nothing to look into."""
    kind: Any = type(value)
    if kind in (list, tuple):
        return [(part, f"[{number}]") for number, part in enumerate([*value][:MOST_HELD])]
    if kind is dict:
        return [(part, item_of(key)) for key, part in [*value.items()] if isinstance(key, str | int)]
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return [(part, f".{name}") for name, part in zip(kind._fields, tuple.__iter__(value), strict=False)]
    if issubclass(kind, type) or (kind.__module__.partition(".")[0] in _LIBRARIES and not issubclass(kind, nn.Module)):
        return None
    held = object.__getattribute__(value, "__dict__") if kind.__dictoffset__ else {}
    return [(part, f".{name}") for name, part in [*held.items()] if not name.startswith("_")]


def _of_modules(spaces: list[Mapping[str, object]], held: Mapping[int, str]) -> dict[int, str]:
    """The parameters and buffers of every module by their qualified names: `model.head.weight`.

    held: modules that no variable has, by what the program would write for each.
    """
    modules = [one for one in gc.get_objects() if issubclass(type(one), nn.Module)]  # isinstance would ask proxies
    compiled = {id(module): module._modules["_orig_mod"] for module in modules if "_orig_mod" in module._modules}
    inner = {id(child) for module in modules if id(module) not in compiled for child in module.children()}
    roots = [module for module in modules if id(module) not in inner and id(module) not in compiled]
    variables: dict[int, str] = {}
    for space in spaces:
        for name, value in space.items():
            if isinstance(value, nn.Module):
                variables.setdefault(id(value), name)
    variables = {**held, **variables}
    for wrapper, module in compiled.items():
        variables.setdefault(id(module), variables.get(wrapper, type(module).__name__))
    found: dict[int, str] = {}
    for root in sorted(roots, key=lambda root: id(root) not in variables):
        prefix = variables.get(id(root), type(root).__name__)
        for name, tensor in (*root.named_parameters(), *root.named_buffers()):
            found.setdefault(id(tensor), f"{prefix}.{name}")
    return found
