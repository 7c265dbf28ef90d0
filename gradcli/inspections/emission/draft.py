"""A program in the making: inputs, expression, backward pass, under a heading with the versions."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Sequence

import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.values import tensor_of
from gradcli.inspections.emission import literals
from gradcli.inspections.emission.body import (
    input_lines,
    moved_names,
    observed,
    starting_lines,
    statement_lines,
)
from gradcli.inspections.emission.expression import Writer
from gradcli.inspections.emission.gate import checked, quoted
from gradcli.inspections.emission.naming import free_name, names_for, taken_names
from gradcli.language.properties import is_random
from gradcli.language.request import Request, Value
from gradcli.language.syntax import Node
from gradcli.numerics import autodiff
from gradcli.numerics.capture import TorchError
from gradcli.numerics.randomness import source_of_state
from gradcli.results import ProgramResult
from gradcli.version import __version__


class ProgramDraft:
    """A program in the making: the names it uses, and the lines of its forward pass.

    names: the user's names that are called otherwise here.
    leaves: the variable that holds each input, which is not the user's name where the program assigns that anew.
    wrt: the same for what is differentiated. unused: the inputs without a path to the output.
    """

    def __init__(self, request: Request, bound: BoundExpression, *, spread: bool = False) -> None:
        """spread: whether each sub-expression has a variable of its own."""
        self.request, self.bound = request, bound
        self.names = names_for(request)
        self.steps: dict[str, str] = {}
        self._fresh: dict[str, str] = {}
        writer = Writer(bound.context, self.names, self._name_step if spread else None)
        self.output = self.fresh("y", "output", "result")
        moved = moved_names(request, bound)
        plain = {name: self.variable(name) for name in request.names}
        self.leaves = {n: self.fresh(f"{v}_input", f"{v}_leaf") if n in moved else v for n, v in plain.items()}
        self.wrt = {name: self.leaves[name] for name in bound.wrt}
        self.value = observed(bound, writer)
        self.unused = self._unused()
        self.forward = [*starting_lines(bound, self.names, self.leaves)]
        for line in statement_lines(writer, request.program, self.output):
            self.forward.append(line)  # one by one: _name_step puts lines of its own in between

    @property
    def inputs(self) -> str:
        """`[x, w]`, what is differentiated."""
        return f"[{', '.join(self.wrt.values())}]"

    @property
    def again(self) -> list[str]:
        """The forward pass once more, with the same random numbers."""
        return [self._state_source[1].format(self.state), *self.forward] if self.random else self.forward

    @property
    def random(self) -> bool:
        return is_random(self.request.program)

    @property
    def state(self) -> str:
        """The variable that holds the state of the random numbers before the forward pass."""
        return self.fresh("random_state")

    def kept_state(self) -> list[str]:
        return [f"{self.state} = {self._state_source[0]}"] if self.random else []

    @property
    def _state_source(self) -> tuple[str, str]:
        return source_of_state(self.bound.context.device)

    def cotangent(self, given: Value | None, *, none: bool = False) -> str | None:
        """The cotangent's source: None where none is passed, or where PyTorch makes the 1 of a scalar itself."""
        if none or (given is None and self.value is not None and self.value.ndim == 0 and not self.value.is_complex()):
            return None
        if given is None:
            return f"torch.ones_like({self.output})"
        return literals.tensor(tensor_of(given, self.bound.context).detach(), self.bound.context.dtype)

    def _unused(self) -> frozenset[str]:
        if self.value is None:
            return frozenset()
        ones = torch.ones_like(self.value)
        try:
            found = autodiff.gradients(self.value, self.bound.differentiated, cotangent=ones)
        except TorchError:
            return frozenset()
        return frozenset(name for name, gradient in found.items() if gradient is None)

    def variable(self, name: str) -> str:
        """What the user's name is called here."""
        return self.names.get(name, name)

    def fresh(self, *wanted: str) -> str:
        """The first of these names that nothing else has; the same one each time that it is asked for."""
        if wanted[0] not in self._fresh:
            taken = {*taken_names(self.request), *self.names.values(), *self._fresh.values()}
            self._fresh[wanted[0]] = free_name(taken, *wanted)
        return self._fresh[wanted[0]]

    def _name_step(self, node: Node, source: str, value: object) -> str | None:
        """A variable for every differentiable sub-expression, so that its gradient can be kept."""
        if not isinstance(value, torch.Tensor) or value.grad_fn is None:
            return None
        if source.isidentifier():
            return None
        name = self.fresh(f"t{len(self.steps) + 1}")
        self.steps[name] = self.request.program.text[slice(*node.span)]
        self.forward.append(f"{name} = {source}")
        return name

    def program(self, *parts: Iterable[str], helpers: Sequence[str] = ()) -> ProgramResult:
        """The lines under a heading with the versions, behind the settings that they depend on."""
        bound, request = self.bound, self.request
        heading = [
            request.program.text.replace("\n", "; "),
            f"written by gradcli {__version__}, torch {torch.__version__}, Python {platform.python_version()}",
        ]
        lines = [
            "import torch",
            "",
            *(line for helper in helpers for line in ["", *helper.rstrip().split("\n"), ""]),
            *([""] if helpers else []),
            *_settings(request, bound),
            *input_lines(request, bound, self.leaves),
        ]
        lines += [line for part in parts for line in part]
        return ProgramResult(bound.setting, request.program.text, "torch", checked(heading, lines))


def _settings(request: Request, bound: BoundExpression) -> Iterator[str]:
    context = bound.context
    if context.device != "cpu":
        yield f"torch.set_default_device({context.device!r})"
    if context.dtype is not torch.float32:
        yield f"torch.set_default_dtype({literals.dtype_source(context.dtype)})"
    values = [*request.points, *(binding.value for binding in request.bindings)]
    programs = [value.program for value in values if value.program is not None]
    if any(map(is_random, [request.program, *programs])):
        yield f"torch.manual_seed({bound.setting.seed})"


def differentiated(draft: ProgramDraft, cotangent: str | None, *, via: str) -> Iterator[str]:
    """The backward pass, and a line that prints each gradient."""
    y, unused = draft.output, draft.unused
    if via == "backward":
        yield f"{y}.backward({cotangent or ''})"
        gradients = [f"{variable}.grad" for variable in draft.wrt.values()]
    else:
        gradients = gradient_names(draft)
        targets = f"({gradients[0]},)" if len(gradients) == 1 else ", ".join(gradients) or "gradients"
        passed = f", {cotangent}" if cotangent else ""
        allowed = ", allow_unused=True" if unused else ""
        yield f"{targets} = torch.autograd.grad({y}, {draft.inputs}{passed}{allowed})"
    for name, gradient in zip(draft.wrt, gradients, strict=True):
        yield f"print({quoted(f'gradient of {name}:')}, {gradient}{'' if name in unused else '.tolist()'})"


def gradient_names(draft: ProgramDraft) -> list[str]:
    """The variables that hold the gradients."""
    return [draft.fresh(f"gradient_{draft.variable(name)}") for name in draft.wrt]


def printed(draft: ProgramDraft) -> str:
    """The line that prints the output."""
    return f'print("value:", {draft.output}.tolist())'
