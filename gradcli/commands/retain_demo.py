"""`retain-demo`: backward more than once."""

from collections.abc import Sequence
from typing import Annotated

from gradcli.commands import option_values
from gradcli.commands.command import Caller, Command, Inquiry
from gradcli.commands.parameters import Argument, Option, Words
from gradcli.commands.shared import COMPUTING, SELECTING, SHOWING, SharedOptions
from gradcli.exceptions import UnknownNameError, UsageError, did_you_mean
from gradcli.inspections.options import RetainOptions
from gradcli.inspections.retaining.scenarios import BY_NAME
from gradcli.language.request import Request, is_binding, read


def retain_demo(
    shared: SharedOptions,
    caller: Caller,
    subject: Annotated[
        str | None,
        Argument("[SUBJECT]", "Your own graph, or a scenario alone.", default=False, completes="scenario or function"),
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
    scenario = subject if subject in BY_NAME and not words else None
    if scenario is not None:
        subject = None
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
    request = None if subject is None else _request(subject, words or (), shared, caller)
    way = option_values.via("grad" if via is None else via)
    retained = option_values.retained("none" if retain is None else retain)
    options = RetainOptions(2 if calls is None else calls, retained, way, scenario)
    return Inquiry((request, options), raises=raises)


def _request(subject: str, words: Sequence[str], shared: SharedOptions, caller: Caller) -> Request:
    """The user's own graph.  Raises UsageError where a scenario was meant."""
    numbers = caller.values(words, shared.max_elements)
    try:
        return read(subject, words, command="retain-demo", sources=numbers)
    except UnknownNameError as error:
        if words or (meant := did_you_mean(subject, BY_NAME)) is None:
            raise
        raise UsageError(f"there is no scenario '{subject}', and no such function", hint=meant) from error


COMMAND = Command(
    retain_demo,
    examples=(
        "gradcli retain-demo",
        "gradcli retain-demo twice",
        "gradcli retain-demo 'sum(exp(a))' a=1,2 --calls 3 --retain 1,2",
    ),
    inspection="gradcli.inspections.retain_demo:retain_demo",
    program="gradcli.inspections.emission.programs:retain_demo_program",
    reproduction="gradcli.inspections.retain_demo:reproduce",
    result="RetainDemoResult",
    shared=(*SELECTING, *COMPUTING, *SHOWING, "emit"),
)
