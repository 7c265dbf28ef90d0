"""Where PyTorch's gradient is by convention not the derivative of what is computed: what it is then held against.

Each is a row with its reason, which the answer prints. What a row explains is compared all the same: a wrong gradient
beside it is one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.language import catalogue
from gradcli.language.properties import cuts_graph
from gradcli.language.rewrite.nodes import with_nodes
from gradcli.language.syntax import (
    Attribute,
    Call,
    DtypeName,
    Literal,
    Name,
    Node,
    Program,
    Unary,
)
from gradcli.numerics.capture import TorchError
from gradcli.numerics.symmetric import OF_SYMMETRIC, is_symmetric

_DTYPES = {"half": torch.float16, "bfloat16": torch.bfloat16, "float": torch.float32}
"""Methods that round, by what they round to."""

_EPS = {torch.float64: torch.float64}
"""The dtype in which rms_norm computes, and whose eps it takes; float32 for all that are not here."""

ON_PURPOSE: dict[str, str] = {
    name: f"{name} hides a part of the function from the gradient, on purpose"
    for name in (
        *("detach", "detach_", "gumbel_softmax", "fake_quantize_per_tensor_affine", ".data"),
        "autograd.grad without create_graph=True",
    )
}
"""What makes the gradient one of another function; the reason is the verdict's."""

SYMMETRIC = (
    "{name} reads one triangle of a symmetric matrix, and its gradient is shared between both: they move together"
)
NOT_SYMMETRIC = "{name} is given a matrix that is not symmetric, and shares its gradient between both triangles"
HERMITIAN = (
    "linalg.pinv with hermitian=True reads one triangle, and its gradient is that of any matrix: each entry moves"
)
STRAIGHT = "{name} rounds, and its gradient passes straight through: it is compared without, to half of those digits"
OWN_EPS = "rms_norm takes its eps from the dtype: {eps:.3g} in {dtype}"
PADDING = "embedding with padding_idx={row} leaves that row without a gradient, on purpose"
FREQUENCY = "{name} with scale_grad_by_freq divides a row's gradient by how often it is used, on purpose"
RESCALED = "{name} with max_norm shortens long rows in place, and its gradient is that of the rows as they are then"
EMBEDDED = "embedding changes the gradient of its weight, on purpose, and the weight is no input alone"
FREE_VECTORS = "the vectors that {name} gives for equal values are free to turn: no slope is defined"


@dataclass(frozen=True)
class Conventions:
    """What holds for a bound expression in its dtype.

    program: what the gradient is one of, for values that nothing rounds. digits: the coarsest dtype it passes through.
    factors: by input what its gradient is multiplied by. symmetric: whether the triangles of a matrix move together.
    exemption: why nothing can be compared at all. free: why there is no slope where there is no reference either.
    reasons: what the answer says.
    """

    program: Program
    digits: torch.dtype
    factors: dict[str, np.ndarray] = field(default_factory=dict)
    symmetric: bool = False
    exemption: str | None = None
    free: str | None = None
    reasons: tuple[str, ...] = ()


def conventions(bound: BoundExpression) -> Conventions:
    """What holds for a bound expression."""
    return _Reader(bound).read()


class _Reader:
    """Looks at each node, and at its operands in one evaluation if a convention asks for them."""

    def __init__(self, bound: BoundExpression) -> None:
        self.bound = bound
        floating = [leaf.dtype for leaf in bound.leaves.values() if leaf.is_floating_point()]
        self.dtype = max(floating, key=lambda dtype: torch.finfo(dtype).eps, default=torch.float64)
        self.found = Conventions(bound.program, self.dtype)

    def read(self) -> Conventions:
        program = self.bound.program
        nodes = program.nodes
        calls = [node for node in nodes if isinstance(node, Call)]
        asked = {id(call): _VALUES[call.function.name] for call in calls if call.function.name in _VALUES}
        for node in nodes:
            self._cut(node)
        rewritten = with_nodes(program, self._changed)  # which adds what it found
        self.found = replace(self.found, program=rewritten)
        if asked:
            self._observe(asked)
        return replace(self.found, reasons=tuple(dict.fromkeys(self.found.reasons)))

    def _says(self, reason: str, **changes: object) -> None:
        self.found = replace(self.found, reasons=(*self.found.reasons, reason), **changes)  # type: ignore[arg-type]

    def _cut(self, node: Node) -> None:
        name = node.function.name if isinstance(node, Call) else f".{node.name}" if isinstance(node, Attribute) else ""
        if isinstance(node, Call) and cuts_graph(node):
            name = f"{name} without create_graph=True"
        if name in ON_PURPOSE:
            self.found = replace(self.found, exemption=ON_PURPOSE[name])

    def _changed(self, node: Node) -> Node:
        """The node without its rounding, and with the eps of its own dtype."""
        if not isinstance(node, Call):
            return node
        target = _target(node)
        if target is not None:
            double = catalogue.find_method("double")
            assert double is not None
            if torch.finfo(target).eps > torch.finfo(self.found.digits).eps:
                self._says(STRAIGHT.format(name=node.function.name), digits=target)
            return Call(double, "double", _operand(node), (), (), node.span)
        if node.function.name == "linalg.pinv" and _option(node, "hermitian", 3):
            self._says(HERMITIAN)
            return replace(node, keywords=tuple(pair for pair in node.keywords if pair[0] != "hermitian"))
        if node.function.name == "rms_norm" and _option(node, "eps", 3) is None:
            eps = torch.finfo(_EPS.get(self.dtype, torch.float32)).eps
            self._says(OWN_EPS.format(eps=eps, dtype=str(self.dtype).removeprefix("torch.")))
            kept = tuple(pair for pair in node.keywords if pair[0] != "eps")
            return replace(node, arguments=node.arguments[:3], keywords=(*kept, ("eps", Literal(eps, node.span))))
        return node

    def _observe(self, asked: dict[int, _Rule]) -> None:
        def note(node: object, value: object, operands: list[object]) -> None:
            if isinstance(node, Call) and id(node) in asked:
                asked[id(node)](self, node, value, operands)

        with torch.no_grad(), suppress(TorchError):  # a dtype that the function lacks
            self.bound.evaluate(observe=note)

    def _of_symmetric(self, node: Call, value: object, operands: list[object]) -> None:
        name, matrix = node.function.name, operands[0]
        if not isinstance(matrix, torch.Tensor):
            return
        if not is_symmetric(matrix):
            self.found = replace(self.found, exemption=NOT_SYMMETRIC.format(name=name))
        elif not self.found.symmetric:
            self._says(SYMMETRIC.format(name=name), symmetric=True)
        self._of_vectors(node, value, operands)

    def _of_vectors(self, node: Call, value: object, _: list[object]) -> None:
        parts = [part for part in value if isinstance(part, torch.Tensor)] if isinstance(value, tuple) else []
        values = next((part for part in parts if part.ndim == max(p.ndim for p in parts) - 1), None)
        if values is None or values.shape[-1] < 2:
            return
        itself = torch.eye(values.shape[-1], dtype=torch.bool, device=values.device)
        gaps = (values.unsqueeze(-1) - values.unsqueeze(-2)).abs().masked_fill(itself, torch.inf)
        if bool((gaps <= torch.finfo(values.dtype).eps ** 0.5 * values.abs().max()).any()):
            self.found = replace(self.found, free=FREE_VECTORS.format(name=node.function.name))

    def _of_embedding(self, node: Call, _: object, operands: list[object]) -> None:
        bags = node.function.name == "embedding_bag"  # a padding of bags is left out of their values, too
        padding, by_frequency = (
            None if bags else _option(node, "padding_idx", 2),
            _option(node, "scale_grad_by_freq", 5),
        )
        if _option(node, "max_norm", 3) is not None:
            self.found = replace(self.found, exemption=RESCALED.format(name=node.function.name))
            return
        places, weight = operands[:2]
        if (padding is None and not by_frequency) or not isinstance(weight, torch.Tensor):
            return
        name = next((name for name, leaf in self.bound.leaves.items() if leaf is weight), None)
        uses = sum(isinstance(n, Name) and n.name == name for n in self.bound.program.nodes)
        if name is None or uses != 1:
            self.found = replace(self.found, exemption=EMBEDDED)
            return
        factors = np.ones(tuple(weight.shape))
        if by_frequency:
            used = torch.bincount(torch.as_tensor(places).reshape(-1), minlength=len(weight)).numpy()
            factors /= np.maximum(used, 1)[:, None]
            self._says(FREQUENCY.format(name=node.function.name))
        if padding is not None:
            factors[int(padding)] = 0
            self._says(PADDING.format(row=padding))
        self.found = replace(self.found, factors={**self.found.factors, name: factors})


_Rule = Callable[[_Reader, Call, object, list[object]], None]
_VALUES: dict[str, _Rule] = {
    **dict.fromkeys(OF_SYMMETRIC, _Reader._of_symmetric),
    **dict.fromkeys(("linalg.svd", "svd", "linalg.eig"), _Reader._of_vectors),
    **dict.fromkeys(("embedding", "embedding_bag"), _Reader._of_embedding),
}
"""Conventions that hang on the values that a function is given."""


def _target(node: Call) -> torch.dtype | None:
    """What a conversion rounds to; None for anything else, and where that hangs on another tensor."""
    if node.function.name in _DTYPES:
        return _DTYPES[node.function.name]
    if node.function.name not in ("to", "type"):
        return None
    given = [*node.arguments, *(value for _, value in node.keywords)]
    names = [getattr(torch, part.name) for part in given if isinstance(part, DtypeName)]
    return next((dtype for dtype in names if dtype.is_floating_point), None)


def _operand(node: Call) -> Node:
    """The tensor that is converted, however it was given."""
    given = (node.receiver, *node.arguments, *(value for _, value in node.keywords))
    return next(value for value in given if value is not None and not isinstance(value, DtypeName))


def _option(node: Call, name: str, place: int) -> int | float | None:
    """What a call is given for an option that is written as a number or a truth value."""
    arguments = node.arguments if node.receiver is None else (node.receiver, *node.arguments)
    written = dict(node.keywords).get(name, arguments[place] if len(arguments) > place else None)
    match written:
        case Literal(value=int() | float() as value):
            return value
        case Unary(operator="neg", operand=Literal(value=int() | float() as value)):
            return -value
        case _:
            return None
