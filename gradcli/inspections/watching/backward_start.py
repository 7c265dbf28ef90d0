"""A call that starts a backward pass: what it differentiates, and whether what goes in and comes out is finite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor

from gradcli.inspections.watching.sizes import all_finite
from gradcli.numerics import graph
from gradcli.recording.recorder import is_accumulator

_PARAMETERS: Mapping[Any, tuple[str, ...]] = {
    torch.Tensor.backward: ("roots", "cotangents", "retain_graph", "create_graph", "inputs"),
    torch.autograd.backward: ("roots", "cotangents", "retain_graph", "create_graph", "grad_variables", "inputs"),
    torch.autograd.grad: ("roots", "inputs", "cotangents", "retain_graph", "create_graph"),
}
"""The parameters of the functions that start a backward pass, in their order."""
_WORDS = {
    "self": "roots", "tensors": "roots", "outputs": "roots",
    "gradient": "cotangents", "grad_tensors": "cotangents", "grad_outputs": "cotangents",
}  # fmt: skip
_SAYS_NOTHING = frozenset(map(id, (None, False))).issuperset
"""Whether all values of these ids are what the parameters are by themselves."""

STARTS_BACKWARD = tuple(_PARAMETERS)


@dataclass(slots=True)
class BackwardStart:
    """One call of `loss.backward()`, `torch.autograd.backward` or `torch.autograd.grad`.

    makes_graph: whether its gradients can be differentiated in turn. keeps_graph: whether nothing is freed.
    inputs: what it is differentiated by, where the call says so.
    changed: in the place of a call, a parameter whose gradient the program has changed since.
    """

    roots: tuple[torch.Tensor, ...]
    cotangents: tuple[torch.Tensor | None, ...]
    keeps_graph: bool
    makes_graph: bool
    accumulates: bool
    inputs: tuple[torch.Tensor, ...] = ()
    changed: torch.Tensor | None = None

    @classmethod
    def of(cls, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> BackwardStart:
        """The call of a function with its arguments."""
        if function is torch.Tensor.backward and len(args) == 1 and _SAYS_NOTHING(map(id, kwargs.values())):
            return cls((args[0],), (None,), keeps_graph=False, makes_graph=False, accumulates=True)  # nearly always
        given = dict(zip(_PARAMETERS[function], args, strict=False))
        for word, value in kwargs.items():
            given[_WORDS.get(word, word)] = value
        makes_graph = bool(given.get("create_graph"))
        return cls(
            roots=_tensors(given.get("roots")),
            cotangents=_several(given.get("cotangents")),
            keeps_graph=bool(given.get("retain_graph")) or makes_graph,
            makes_graph=makes_graph,
            accumulates=function is not torch.autograd.grad,
            inputs=_tensors(given.get("inputs")),
        )

    @classmethod
    def of_value(cls, value: torch.Tensor | None) -> BackwardStart:
        """In the place of a call: a value that nobody has differentiated."""
        return cls(_tensors(value), (), keeps_graph=True, makes_graph=False, accumulates=False)

    @classmethod
    def of_changed(cls, parameter: torch.Tensor) -> BackwardStart:
        """In the place of a call: a gradient, which the program has changed since the last one."""
        return replace(cls.of_value(parameter.grad), changed=parameter)

    def of_roots(self, roots: Iterable[torch.Tensor]) -> BackwardStart:
        """The same call of other roots, with cotangents of ones."""
        return replace(self, roots=tuple(roots), cotangents=())

    @property
    def is_finite(self) -> bool:
        """Whether everything that is differentiated is finite."""
        return all(map(all_finite, self.roots))

    @property
    def has_numbers(self) -> bool:
        """Whether all that is differentiated has."""
        return all(map(has_numbers, self.roots))

    @property
    def is_waited_for(self) -> bool:
        """Whether a question about what is differentiated waits for a GPU, so that it is asked with the gradients'."""
        return not all(root.is_cpu for root in self.roots)

    def inputs_of(self, gradients: Sequence[torch.Tensor | None]) -> list[torch.Tensor]:
        """The inputs of `torch.autograd.grad` that these gradients are of, without those that have none."""
        return [one for one, gradient in zip(self.inputs, gradients, strict=False) if gradient is not None]

    def leaves(self) -> list[torch.Tensor]:
        """The tensors at the ends of the graph, where gradients arrive."""
        nodes = {node: None for root in self.roots for node in graph.nodes(root)}
        return [node.variable for node in nodes if is_accumulator(node)]  # type: ignore[attr-defined]

    def reached(self, tensors: Iterable[torch.Tensor]) -> list[torch.Tensor]:
        """Those that a gradient may arrive at: leaves of the graph; any, where a function of its own is in it."""
        nodes = [node for root in self.roots for node in graph.nodes(root)]
        if any(isinstance(node, torch.autograd.function.BackwardCFunction) for node in nodes):
            return list(tensors)
        leaves = {id(node.variable) for node in nodes if is_accumulator(node)}  # type: ignore[attr-defined]
        return [one for one in tensors if id(one) in leaves]


def has_numbers(tensor: torch.Tensor) -> bool:
    """Whether it has elements: one of the device meta, or of a fake mode, has a shape alone."""
    return not (tensor.is_meta or (type(tensor) is not torch.Tensor and isinstance(tensor, FakeTensor)))


def _tensors(value: Any) -> tuple[torch.Tensor, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, torch.Tensor) else tuple(one for one in value if isinstance(one, torch.Tensor))


def _several(value: Any) -> tuple[Any, ...]:
    if value is None or isinstance(value, torch.Tensor):
        return (value,)
    return tuple(value)
