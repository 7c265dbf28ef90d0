"""`retain-demo`: backward more than once."""

from typing import Annotated

from gradcli.commands import option_values
from gradcli.commands.command import Caller, Command, Inquiry
from gradcli.commands.parameters import Argument, Option, Words
from gradcli.commands.shared import COMPUTING, SELECTING, SHOWING, SharedOptions
from gradcli.exceptions import UsageError
from gradcli.inspections.options import RetainOptions
from gradcli.language.request import is_binding, read


def retain_demo(
    shared: SharedOptions,
    caller: Caller,
    subject: Annotated[
        str | None,
        Argument("[SUBJECT]", "Your own graph instead of the scenarios.", default=False, completes="function"),
    ] = None,
    words: Words = None,
    calls: Annotated[int | None, Option("--calls", "N", "How often to call backward.", default="2")] = None,
    retain: Annotated[
        str | None,
        Option(
            "--retain",
            "CALLS",
            "Calls with retain_graph=True: none, all, or 1,2.",
            default="none",
            completes="none or all",
        ),
    ] = None,
    via: Annotated[
        str | None, Option("--via", "WAY", "grad or backward.", default="grad", completes="grad or backward")
    ] = None,
    raises: Annotated[
        bool, Option("--raise", help="Let PyTorch's error escape, with its traceback.", in_python=False)
    ] = False,
) -> Inquiry:
    """The "backward through the graph a second time" error, on demand, and why it did or did not happen."""
    if subject is None and any(option is not None for option in (calls, retain, via)):
        raise UsageError(
            "--calls, --retain and --via go with a graph of your own",
            hint="For example: gradcli retain-demo 'sum(exp(a))' a=1,2 --calls 3",
        )
    if subject is not None and is_binding(subject):
        raise UsageError(
            f"'{subject}' gives a value, but there is no expression",
            hint=f"Try: gradcli retain-demo 'sum(exp(a))' {subject}",
        )
    request = None
    if subject is not None:
        numbers = caller.values(words or (), shared.max_elements)
        request = read(subject, words or (), command="retain-demo", sources=numbers)
    way = option_values.via("grad" if via is None else via)
    retained = option_values.retained("none" if retain is None else retain)
    options = RetainOptions(2 if calls is None else calls, retained, way)
    return Inquiry((request, options), raises=raises)


COMMAND = Command(
    retain_demo,
    examples=(
        "gradcli retain-demo",
        "gradcli retain-demo 'sum(a + 1)' a=1,2 --calls 3",
        "gradcli retain-demo 'sum(exp(a))' a=1,2 --calls 3 --retain 1,2",
    ),
    inspection="gradcli.inspections.retain_demo:retain_demo",
    program="gradcli.inspections.emission.programs:retain_demo_program",
    reproduction="gradcli.inspections.retain_demo:reproduce",
    result="RetainDemoResult",
    shared=(*SELECTING, *COMPUTING, *SHOWING, "emit"),
)
