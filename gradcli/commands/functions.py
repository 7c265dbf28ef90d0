"""`functions`: the catalogue."""

from typing import Annotated

from gradcli.commands.command import Caller, Command, Inquiry
from gradcli.commands.parameters import Argument, Option
from gradcli.commands.shared import SharedOptions


def functions(
    shared: SharedOptions,
    caller: Caller,
    name: Annotated[
        str | None, Argument("[NAME]", "A function, or a category.", default=False, completes="function")
    ] = None,
    category: Annotated[
        str | None,
        Option("--category", "NAME", "activation, loss, elementwise, ...", default=False, completes="category"),
    ] = None,
    search: Annotated[str | None, Option("--search", "TEXT", "Rows that mention a text.", default=False)] = None,
) -> Inquiry:
    """The catalogue: formula, derivative, range, kinks, parameters, paper."""
    return Inquiry((name, category, search, shared.all_rows))


COMMAND = Command(
    functions,
    examples=(
        "gradcli functions gelu",
        "gradcli functions --category loss",
        "gradcli functions --search Hendrycks",
    ),
    inspection="gradcli.inspections.functions:functions",
    result="FunctionsResult",
    shared=("format", "json", "out", "max_rows", "all_rows"),
    has_tensors=False,
    is_looked_up=True,
    changed={
        "max_rows": (None, Option("--max-rows", "N", "Rows of the list.", default="all", in_python=False)),
        "all_rows": (False, Option("--all", help="Every function with its formula or call.", in_python=False)),
    },
)
