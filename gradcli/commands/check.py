"""`check`: whether a gradient is right."""

from typing import Annotated

from gradcli.commands.command import Caller, Command, Inquiry
from gradcli.commands.parameters import Option, Subject, Words
from gradcli.commands.shared import COMPUTING, SELECTING, SHOWING, SharedOptions, every_dtype
from gradcli.exceptions import UsageError
from gradcli.language.curve import interesting_points
from gradcli.language.dtypes import FLOATING, floating
from gradcli.language.in_file import is_in_file, read_subject


def check(
    shared: SharedOptions,
    caller: Caller,
    subject: Subject,
    words: Words = None,
    dtypes: Annotated[
        list[str] | None, Option("", help="Check this dtype only, or these.", default="all four", python="dtype")
    ] = None,
) -> Inquiry:
    """Is PyTorch's gradient right here? Reverse and forward mode, finite differences and 50 digits side by side."""
    is_function = subject in caller.functions or is_in_file(subject)
    points = words or (() if is_function else interesting_points(subject))
    numbers = caller.values(words or (), shared.max_elements)
    request = read_subject(subject, points, command="check", sources=numbers, functions=caller.functions)
    chosen = tuple(map(floating, dtypes or (FLOATING if shared.dtype is None else (shared.dtype,))))
    if is_function and chosen not in (FLOATING, ("float64",)):
        raise UsageError(
            f"check takes {subject} in float64: the finite differences of a narrower dtype are rounding",
            hint="Leave --dtype out.",
        )
    return Inquiry((request, chosen))


COMMAND = Command(
    check,
    examples=(
        "gradcli check gelu -5 0 5",
        "gradcli check 'norm(x - y)' x=1,2 y=1,3",
        "gradcli check model.py:loss x='randn(3)'",
    ),
    inspection="gradcli.inspections.check:check",
    result="CheckResult",
    shared=(*SELECTING, *COMPUTING, *SHOWING, "fail_on"),
    has_tensors=False,
    changed={"dtype": every_dtype("Check")},
    is_bad=lambda result: any(row.verdict == "disagree" for row in result.rows),
)
