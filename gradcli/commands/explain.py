"""`explain`: what a finding or an error means."""

from typing import Annotated

from gradcli.commands.command import Caller, Command, Inquiry
from gradcli.commands.parameters import Argument
from gradcli.commands.shared import SharedOptions


def explain(
    shared: SharedOptions,
    caller: Caller,
    codes: Annotated[
        list[str] | None,
        Argument("[CODE | ID]...", "A finding, an error, or a message.", default=False, completes="finding or error"),
    ] = None,
) -> Inquiry:
    """A finding or an error: what it means, what to do, and an example with its output."""
    return Inquiry((codes or (),))


COMMAND = Command(
    explain,
    examples=(
        "gradcli explain nan-backward",
        "gradcli explain second-backward",
        "gradcli explain 'element 0 of tensors does not require grad'",
    ),
    inspection="gradcli.inspections.explain:explain",
    result="ExplainResult",
    shared=("timeout", "format", "json", "out"),
    has_tensors=False,
    is_looked_up=True,
)
