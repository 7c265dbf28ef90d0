"""One side of a comparison, an expression or a function of a file, run at inputs that both sides share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from numpy.typing import NDArray

from gradcli.diagnose.bound_expression import ComputeOptions, Selection
from gradcli.exceptions import GradcliError
from gradcli.inspections.running import Run, without_own_dtypes
from gradcli.language.in_file import FunctionRequest
from gradcli.language.properties import is_elementwise
from gradcli.language.request import Request
from gradcli.numerics import autodiff
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.capture import TorchError, exact
from gradcli.results import Failure

Leaves = Mapping[str, torch.Tensor]

MAX_ELEMENTWISE, MAX_JOINT = 500, 32
"""Elements that have a reference: of elementwise expressions, and of others, where each costs an evaluation."""


@dataclass(frozen=True)
class Outcome:
    """One run: the value, and the gradient of the sum of its elements by each input, None where no path leads there."""

    value: torch.Tensor
    gradients: Gradients


@dataclass(frozen=True)
class Truth:
    """The value and the slopes of an expression at 50 digits; arrays of mpf and of Slope."""

    value: NDArray[Any]
    slopes: Mapping[str, NDArray[Any]]


class ExpressionSide:
    """An expression.  Raises what binding its values raises."""

    def __init__(self, request: Request, compute: ComputeOptions, selection: Selection) -> None:
        self.text = request.program.text
        self._run = Run(without_own_dtypes(request), replace(compute, dtype="float64"), selection)
        self.bound = self._run.start()
        self.setting, self.leaves, self.wrt = self.bound.setting, self.bound.leaves, self.bound.wrt

    def run(self, shared: Leaves, dtype: str) -> Outcome:
        """What it gives at these inputs, the others rounded to the dtype.  Raises TorchError."""
        bound = self.bound.at_dtype(dtype)
        leaves = {**bound.leaves, **_differentiated(shared, self.wrt)}
        bound = bound.at_leaves(leaves, bound.context.dtype)
        return outcome(bound.evaluate(), {name: leaves[name] for name in self.wrt})

    def truth(self, shared: Leaves) -> Truth | None:
        """At 50 digits; None where an operation has no rule, and for too many elements."""
        from gradcli.numerics import reference  # mpmath takes a while to import

        leaves, program = {**self.bound.leaves, **shared}, self.bound.program
        with torch.no_grad():
            shape = self.bound.evaluate({name: leaf.double() for name, leaf in shared.items()}).shape
        elementwise = is_elementwise(program) and all(leaves[name].shape == shape for name in self.wrt)
        if sum(leaf.numel() for leaf in leaves.values()) > (MAX_ELEMENTWISE if elementwise else MAX_JOINT):
            return None
        values = {name: exact(leaf) for name, leaf in leaves.items()}
        try:
            return Truth(
                reference.value(program, values),
                reference.slopes(program, values, self.wrt, elementwise=elementwise),
            )
        except reference.NoReference:
            return None

    def failure(self, raised: TorchError) -> Failure:
        """What PyTorch raised, at its place in the expression."""
        return self._run.failure(raised)


class FunctionSide:
    """A function or a module of a file, or one that a caller in Python gives; it is loaded for each dtype."""

    def __init__(self, request: FunctionRequest, compute: ComputeOptions, selection: Selection) -> None:
        from gradcli.inspections.in_file.call import Call  # for files alone

        def call(dtype: str) -> Call:
            return Call.of(request, replace(compute, dtype=dtype), selection, widened=dtype == "float64")

        self.text, self._call = request.subject, call
        self._known = {"float64": call("float64")}
        wide = self._known["float64"]
        # a module's parameters are its own, whatever the other side calls its inputs
        self.leaves = {name: leaf for name, leaf in wide.leaves.items() if name in wide.arguments}
        self.setting, self.wrt = wide.setting, tuple(name for name in wide.wrt if name in wide.arguments)
        self.is_by_place = bool(request.points)
        self._own_name: dict[str, str] = {}

    def call_its_input(self, name: str) -> None:
        """From now on the one input, which was given by its place, has the name that the other side calls it by."""
        ((own, leaf),) = self.leaves.items()
        self.leaves, self.wrt, self._own_name = {name: leaf}, (name,) if self.wrt else (), {name: own}

    def run(self, shared: Leaves, dtype: str) -> Outcome:
        """What it gives at these inputs.  Raises TorchError, and UsageError for what the user's code raises."""
        if dtype not in self._known:
            self._known[dtype] = self._call(dtype)
        leaves = _differentiated(shared, self.wrt)
        output = self._known[dtype].with_leaves({self._own_name.get(name, name): leaf for name, leaf in leaves.items()})
        return outcome(output, {name: leaf for name, leaf in leaves.items() if name in self.wrt})

    def truth(self, _: Leaves) -> Truth | None:
        """None: there is no syntax to evaluate at 50 digits."""
        return None

    def failure(self, raised: TorchError) -> Failure:
        """What PyTorch raised in the backward pass."""
        return self._known["float64"].failure(raised)


Side = ExpressionSide | FunctionSide


def side_of(request: Request | FunctionRequest, compute: ComputeOptions, selection: Selection) -> Side:
    """The side that a request describes, with its inputs in float64.  Raises GradcliError, TorchError."""
    if isinstance(request, FunctionRequest):
        return FunctionSide(request, compute, selection)
    return ExpressionSide(request, compute, selection)


def outcomes_of(sides: Sequence[Side], leaves: Leaves, dtype: str) -> list[Outcome] | str:
    """What each side gives at these inputs; what PyTorch or the user's code said instead, where one gives nothing."""
    try:
        return [side.run(leaves, dtype) for side in sides]
    except TorchError as raised:
        return str(raised.error).strip()
    except GradcliError as raised:
        return raised.message


def outcome(output: torch.Tensor, leaves: Leaves) -> Outcome:
    """The value and its gradients; all of them None where the output is in no graph.  Raises TorchError."""
    if not leaves or not output.requires_grad:
        return Outcome(output.detach(), dict.fromkeys(leaves))
    found = autodiff.gradients(output, dict(leaves), cotangent=torch.ones_like(output))
    return Outcome(output.detach(), found)


def _differentiated(leaves: Leaves, wrt: tuple[str, ...]) -> dict[str, torch.Tensor]:
    """Leaves of a run's own, with a gradient where one is asked for."""
    return {name: leaf.detach().clone().requires_grad_(name in wrt) for name, leaf in leaves.items()}
