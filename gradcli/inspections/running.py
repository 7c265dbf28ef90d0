"""What the inspections share: values are bound, cotangents are read, and what PyTorch raises is explained."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import torch

from gradcli.diagnose.bound_expression import BoundExpression, ComputeOptions, Selection, bind
from gradcli.diagnose.explain.failure import explain
from gradcli.diagnose.values import tensor_of
from gradcli.language.dtypes import FLOATING
from gradcli.language.properties import is_random
from gradcli.language.request import Request, Value
from gradcli.numerics import autodiff
from gradcli.numerics.capture import TorchError
from gradcli.results import Failure


@dataclass
class Run:
    """One request on its way to an answer; what is known when PyTorch raises tells the place and a hint.

    by_default: the inputs that are differentiated where the user chose none; None for every floating one.
    """

    request: Request
    compute: ComputeOptions
    selection: Selection
    by_default: Collection[str] | None = None
    bound: BoundExpression | None = None
    shape: list[int] | None = None

    def start(self) -> BoundExpression:
        """The request with its values as tensors."""
        self.bound = bind(self.request, self.compute, self.selection, by_default=self.by_default)
        return self.bound

    def output(self) -> torch.Tensor:
        """The value of the expression."""
        bound = self.bound or self.start()
        output = bound.evaluate()
        self.shape = list(output.shape)
        return output

    def failure(self, raised: TorchError) -> Failure:
        """What PyTorch raised, with its place in the expression and what helps."""
        from gradcli.diagnose.explain.locate import located  # only needed once something went wrong

        found = raised if self.bound is None else located(raised, self.bound)
        names = self.request.names
        text = self.request.program.text
        return explain(found, text, frozen=self.selection.frozen, output=self.shape, inputs=names)


def cotangent_of(
    bound: BoundExpression, output: torch.Tensor, vjp: Value | None, *, none: bool = False
) -> tuple[torch.Tensor | None, str | None]:
    """The cotangent, and what the answer calls it.  vjp: None for ones. none: pass none at all."""
    if none:
        return None, None
    if vjp is None:
        return autodiff.ones(output), "ones"
    if vjp.program is not None and is_random(vjp.program):
        bound.setting = replace(bound.setting, draws=True)
    return tensor_of(vjp, bound.context).detach().to(output.dtype), "given"


def without_own_dtypes(request: Request) -> Request:
    """The request with the numbers of files in float64 too, which holds those of every dtype."""

    def without(value: Value) -> Value:
        return replace(value, dtype=None) if value.dtype in FLOATING else value

    bindings = tuple(replace(binding, value=without(binding.value)) for binding in request.bindings)
    return replace(request, points=tuple(map(without, request.points)), bindings=bindings)
