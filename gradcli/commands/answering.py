"""From a call to its answer: what the command line, `batch` and the Python functions have in common."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gradcli.commands.command import Inquiry, Invocation
from gradcli.gc_paused import gc_paused
from gradcli.time_limit import not_counted

if TYPE_CHECKING:
    from gradcli.results import Failure, Result


def inspected(invocation: Invocation, inquiry: Inquiry) -> Result | Failure:
    """The answer of the inspection, or the program that does the same."""
    command = invocation.command
    target = command.program if invocation.options.emit else command.inspection
    found: Result | Failure = _call(target, invocation, *inquiry.arguments)
    return found


def drawn(invocation: Invocation, inquiry: Inquiry, result: Result) -> Result | None:
    """The answer that a plot of this result is drawn from; None where it is the result itself."""
    command = invocation.command
    if not command.drawing or invocation.options.emit:
        return None
    found: Result = _call(command.drawing, invocation, inquiry.subject, result, *inquiry.arguments)
    return found


def reproduce(invocation: Invocation, inquiry: Inquiry) -> None:
    """Do what is asked, and let an exception of PyTorch's out."""
    _call(invocation.command.reproduction, invocation, *inquiry.arguments)


def _call(target: str, invocation: Invocation, *arguments: object) -> Any:
    """Call a function by its name, with the compute options and the selection that the command has as last arguments."""
    module, _, name = target.partition(":")
    options, shared = invocation.options, invocation.command.shared
    with gc_paused(), not_counted():  # PyTorch may be imported here, which belongs to no computation
        function = getattr(import_module(module), name)
        compute = [options.compute()] if "device" in shared else []
        selection = [options.selection()] if "wrt" in shared else []
    return function(*arguments, *compute, *selection)
