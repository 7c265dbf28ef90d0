"""`errors`: every autograd error, on demand."""

from typing import Annotated

from gradcli.commands.command import Caller, Command, Inquiry
from gradcli.commands.parameters import Argument, Option
from gradcli.commands.shared import SharedOptions
from gradcli.exceptions import UsageError


def errors(
    shared: SharedOptions,
    caller: Caller,
    ids: Annotated[list[str] | None, Argument("ID", "The errors to raise.", default=False, completes="error")] = None,
    run: Annotated[bool | None, Option("--all", help="Raise them all; exit code 1 if one is not as expected.")] = None,
    search: Annotated[
        str | None, Option("--search", "TEXT", "Errors that mention a word, or have that message.", default=False)
    ] = None,
) -> Inquiry:
    """Every autograd error on demand: the program, PyTorch's message, the cause, a fix that was run."""
    if ids and run:
        raise UsageError("--all raises every error", hint="Leave the ids out, or --all.")
    return Inquiry((ids or (),) if shared.emit else (ids or (), search, run))


COMMAND = Command(
    errors,
    examples=(
        "gradcli errors",
        "gradcli errors second-backward",
        "gradcli errors --search 'does not require grad'",
    ),
    inspection="gradcli.inspections.errors:errors",
    program="gradcli.inspections.errors:program",
    result="ErrorsResult",
    shared=("timeout", "emit", "format", "json", "out", "max_rows"),
    has_tensors=False,
    is_looked_up=True,
    changed={"max_rows": (None, Option("--max-rows", "N", "Rows of a table.", default="all", in_python=False))},
    is_bad=lambda result: result.failures > 0,
)
