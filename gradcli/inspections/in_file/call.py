"""One call of a function of the user's file, with its leaves: the values that were given, and a module's parameters."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn
from torch.func import functional_call

from gradcli.diagnose.bound_expression import ComputeOptions, Selection
from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.explain.match_error import matching_entry
from gradcli.diagnose.findings import of_tape
from gradcli.diagnose.values import bound_value, default_dtype, points_of, tensor_of
from gradcli.exceptions import UsageError, did_you_mean, listed
from gradcli.inspections.callables.given import parameters_beside, signature_of
from gradcli.inspections.in_file.loading import loaded, raised_in_file, user_code
from gradcli.inspections.in_file.parameters import check_names, from_files, placed_points
from gradcli.language.in_file import FunctionRequest
from gradcli.language.request import Binding, Value
from gradcli.numerics import device, randomness
from gradcli.numerics.autodiff import Gradients, Via, gradients
from gradcli.numerics.capture import TorchError, to_input
from gradcli.numerics.literals import Context
from gradcli.recording.program.again import Repeated, run_again
from gradcli.recording.program.entries import Entry
from gradcli.recording.program.logged import logged
from gradcli.recording.program.places import UserCode
from gradcli.results import Failure, Finding, Input, Setting


@dataclass(frozen=True)
class Call:
    """A function with its arguments.

    positional: the names of the arguments that are given by their places.
    leaves: the tensors by name, a module's parameters by their qualified names. wrt: those that are differentiated.
    seeded: the generators as each call finds them.
    """

    request: FunctionRequest
    function: Callable[..., Any]
    arguments: Mapping[str, Any]
    positional: tuple[str, ...]
    leaves: Mapping[str, torch.Tensor]
    wrt: tuple[str, ...]
    context: Context
    setting: Setting
    seeded: randomness.RandomState

    @classmethod
    def of(
        cls, request: FunctionRequest, compute: ComputeOptions, selection: Selection, *, widened: bool = False
    ) -> Call:
        """The call that a request asks for.  widened: in float64, also of values with a dtype of their own.

        Raises GradcliError.
        """
        where = device.choose(compute.device, device.present() if compute.device != "cpu" else ["cpu"])
        dtype: torch.dtype = getattr(torch, compute.dtype)
        context = Context(dtype, where, compute.max_elements)
        torch.manual_seed(compute.seed)
        seeded = randomness.state_of(where)
        with default_dtype(dtype):
            function = loaded(request)
        if isinstance(function, nn.Module):
            function.to(where, dtype)
        signature = signature_of(function)
        placed = placed_points(request, signature)
        bindings = (*(Binding(name, points[0]) for name, points in placed.items()), *request.bindings)
        bindings = (*bindings, *from_files(request, [one.name for one in bindings], signature))
        check_names(request, [one.name for one in bindings], signature)
        arguments = {one.name: _argument(one, signature, context) for one in bindings}
        arguments |= {name: points_of(points, context) for name, points in placed.items() if len(points) > 1}
        given = {name: value for name, value in arguments.items() if isinstance(value, torch.Tensor)}
        if widened:
            given = {name: value.double() if value.is_floating_point() else value for name, value in given.items()}
            arguments |= given
        leaves = {**given, **{name: leaf for name, (_, leaf) in parameters_beside(function, arguments).items()}}
        wrt = _differentiated(leaves, selection)
        for name, leaf in leaves.items():
            if leaf.is_floating_point() or leaf.is_complex():
                leaf.requires_grad_(name in wrt)
        setting = Setting(torch.__version__, where, compute.dtype, compute.seed, draws=seeded.has_moved())
        return cls(request, function, arguments, tuple(placed), leaves, wrt, context, setting, seeded)

    @property
    def inputs(self) -> dict[str, Input]:
        """The leaves as data."""
        return {name: to_input(leaf) for name, leaf in self.leaves.items()}

    @property
    def differentiated(self) -> dict[str, torch.Tensor]:
        """The leaves whose gradient is asked for."""
        return {name: self.leaves[name] for name in self.wrt}

    def setting_after(self) -> Setting:
        """The setting, once the function was called: it may have drawn numbers."""
        return replace(self.setting, draws=self.setting.draws or self.seeded.has_moved())

    def value(self) -> torch.Tensor:
        """The function's value.  Raises UsageError for what it raises, and for what is no tensor."""
        return self._called(self.function, self.arguments)

    def with_leaves(self, leaves: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The value with other tensors in the place of leaves, such as dual numbers."""
        arguments = {name: leaves.get(name, value) for name, value in self.arguments.items()}
        named = parameters_beside(self.function, self.arguments)
        parameters = {named[name][0]: leaf for name, leaf in leaves.items() if name in named}
        if isinstance(module := self.function, nn.Module) and parameters:

            def call(*positional: Any, **named: Any) -> Any:
                return functional_call(module, parameters, positional, named)

            return self._called(call, arguments)
        return self._called(self.function, arguments)

    def _called(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> torch.Tensor:
        torch.manual_seed(self.setting.seed)
        positional = [arguments[name] for name in self.positional]
        named = {name: value for name, value in arguments.items() if name not in self.positional}
        try:
            with redirect_stdout(sys.stderr), default_dtype(self.context.dtype):
                value = function(*positional, **named)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the user's code raises is told
            raise raised_in_file(error, self.request, self.request.subject) from None
        if not isinstance(value, torch.Tensor):
            raise UsageError(
                f"{self.request.subject} gives {type(value).__name__}, and no tensor",
                hint="Let a function return the one tensor that is to be differentiated.",
            )
        return value

    def logged(self) -> tuple[torch.Tensor, list[Entry], UserCode]:
        """The value, and the calls that it was made by."""
        user = user_code(self.request)
        return *logged(user, self.value), user

    def cotangent(self, output: torch.Tensor, given: Value | None) -> torch.Tensor:
        """What is sent back from the output: ones, or what was given."""
        if given is None:
            return torch.ones_like(output)
        return tensor_of(given, self.context).detach().to(output.dtype)

    def again(
        self, output: torch.Tensor, entries: list[Entry], user: UserCode, cotangent: torch.Tensor | None
    ) -> tuple[Repeated, tuple[Finding, ...]]:
        """The calls once more, which make a tape, and what it shows at places of the file.  Raises UsageError."""
        names = {id(leaf): name for name, leaf in self.leaves.items()}
        try:
            repeated = run_again(entries, [output], [cotangent], names, user)
        except Exception as error:  # noqa: BLE001 - whatever the user's code raises is told
            raise raised_in_file(error, self.request, f"{self.request.subject}, run again,") from None
        findings = of_tape(Evidence(recorded=repeated.tape))
        return repeated, tuple(findings)

    def gradients(self, output: torch.Tensor, cotangent: torch.Tensor | None, via: Via) -> Gradients:
        """The gradient of each differentiated leaf.  Raises TorchError."""
        return gradients(output, self.differentiated, cotangent=cotangent, via=via, retain_graph=True)

    def failure(self, raised: TorchError) -> Failure:
        """What PyTorch raised in the backward pass, with its entry in the catalogue."""
        row = matching_entry(raised.error)
        return Failure(
            code="autograd",
            type=type(raised.error).__name__,
            message=str(raised.error).strip(),
            hint=None if row is None else row.fix,
            expression=self.request.subject,
            id=None if row is None else row.id,
        )


def _argument(binding: Binding, signature: Mapping[str, inspect.Parameter], context: Context) -> Any:
    """The value of a parameter: a tensor, or a plain number where its default is one."""
    tensor = bound_value(binding, context)
    default = signature[binding.name].default if binding.name in signature else None
    if isinstance(default, int | float) and binding.dtype is None and _is_number(binding.value):
        return type(default)(tensor.item())
    return tensor


def _is_number(value: Value) -> bool:
    """Whether it is one number without a dtype of its own, typed or given."""
    return value.is_single or (value.numbers is not None and value.numbers.ndim == 0 and value.dtype is None)


def _differentiated(leaves: Mapping[str, torch.Tensor], selection: Selection) -> tuple[str, ...]:
    """The names of what is differentiated.  Raises UsageError for names that are not there."""
    for option, names in (("--wrt", selection.wrt or ()), ("--frozen", selection.frozen)):
        for name in names:
            if name not in leaves:
                raise UsageError(
                    f"{option} names '{name}', which is no input",
                    hint=did_you_mean(name, leaves) or f"The inputs are {listed(leaves)}.",
                )
    floating = [name for name, leaf in leaves.items() if leaf.is_floating_point() or leaf.is_complex()]
    return tuple(
        name
        for name in (floating if selection.wrt is None else selection.wrt)
        if name in floating and name not in selection.frozen
    )
