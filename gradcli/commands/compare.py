"""`compare`: whether two expressions are the same."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from gradcli.commands.command import Caller, Command, Inquiry
from gradcli.commands.option_values import bounds
from gradcli.commands.parameters import Argument, Option, Words
from gradcli.commands.shared import COMPUTING, SELECTING, SHOWING, SharedOptions, every_dtype
from gradcli.exceptions import UsageError, listed
from gradcli.language.curve import interesting_points
from gradcli.language.dtypes import FLOATING, floating
from gradcli.language.in_file import is_in_file, read_subject
from gradcli.language.parser import parse
from gradcli.language.request import is_binding
from gradcli.language.subject import subject_text
from gradcli.results.compare import CompareRange


def compare(
    shared: SharedOptions,
    caller: Caller,
    first: Annotated[
        str,
        Argument(
            "A",
            "A function, an expression, or FILE.py:NAME.",
            default=False,
            takes_functions=True,
            completes="function",
        ),
    ],
    second: Annotated[
        str,
        Argument(
            "B",
            "What should be the same, with the same open names.",
            default=False,
            takes_functions=True,
            completes="function",
        ),
    ],
    words: Words = None,
    between: Annotated[
        list[str] | None,
        Option(
            "--range",
            "[NAME=]LOW:HIGH",
            "Compare at many numbers between two, instead of points. May be repeated.",
            default="none",
            python="range",
        ),
    ] = None,
    dtypes: Annotated[
        list[str] | None, Option("", help="Compare in this dtype only, or these.", default="all four", python="dtype")
    ] = None,
) -> Inquiry:
    """Are two expressions the same, in value and gradient? Where not, which is closer to the truth, in each dtype."""
    ranges = _ranges(between or (), words or ())
    points = words or () if ranges else words or interesting_points(first) or interesting_points(second)
    points = [*points, *_anywhere(ranges)]
    names = [word.partition("=")[0].partition(":")[0] for word in points if is_binding(word)]
    given = {side: _open_names(side, names, caller) for side in (first, second)}
    _check_same(first, second, given[first], given[second])
    numbers = caller.values(words or (), shared.max_elements)
    requests = []
    for side in (first, second):
        # a constant has no name that points could go to
        own = [word for word in points if is_binding(word)] if given[side] == () else points
        requests.append(read_subject(side, own, command="compare", sources=numbers, functions=caller.functions))
    chosen = tuple(map(floating, dtypes or (FLOATING if shared.dtype is None else (shared.dtype,))))
    return Inquiry((*requests, chosen, ranges))


def _ranges(options: Sequence[str], words: Sequence[str]) -> dict[str, CompareRange]:
    """The ranges by name; that of the one open name has the name ''. Raises UsageError."""
    found: dict[str, CompareRange] = {}
    for option in options:
        name, equals, stretch = option.rpartition("=")
        if equals and not name.strip().isidentifier():
            raise UsageError(f"--range takes NAME=LOW:HIGH, not '{option}'", hint="For example --range x=-8:8.")
        between = CompareRange(*bounds(stretch))
        if name.strip() in found:
            what = f"'{name.strip()}' is given twice" if name else "two ranges have no name"
            raise UsageError(what, hint="Write --range x=-8:8 --range y=0:1.")
        found[name.strip()] = between
    for word in words:
        name = word.partition("=")[0].partition(":")[0].strip()
        if is_binding(word) and name in found:
            raise UsageError(f"'{name}' has a value and a range", hint="Give each name one of them.")
        if not is_binding(word) and "" in found:
            raise UsageError(f"the point '{word}' stands beside --range", hint="Give points or a range.")
    return found


def _anywhere(ranges: Mapping[str, CompareRange]) -> list[str]:
    """Words for the inputs that run through ranges, which are bound before their numbers are there."""
    return [word for name in ranges for word in ([f"{name}=1,1"] if name else ["1", "1"])]


def _open_names(side: str, names: Sequence[str], caller: Caller) -> tuple[str, ...] | None:
    """The names of a side that have no value; None for a function of a file, which says so when it is called."""
    if side in caller.functions or is_in_file(side):
        return None
    program = parse(subject_text(side, names), bound=names)
    return tuple(name for name in program.free_names if name not in names)


def _check_same(first: str, second: str, mine: tuple[str, ...] | None, theirs: tuple[str, ...] | None) -> None:
    """Raises UsageError for sides that call what is open by different names."""
    if mine and theirs and {*mine} != {*theirs}:
        raise UsageError(
            f"the sides have different open names: {listed(mine)} in {first}, {listed(theirs)} in {second}",
            hint="Use the same names on both sides, or give each a value: "
            + " ".join(f"{name}=1" for name in dict.fromkeys((*mine, *theirs))),
        )


COMMAND = Command(
    compare,
    examples=(
        "gradcli compare 'log(softmax(x, dim=0))' 'log_softmax(x, dim=0)' x=100,0",
        "gradcli compare silu 'x * sigmoid(x)'",
        "gradcli compare model.py:loss 'mean((x - y)**2)' x=1,2 y=1,3",
    ),
    inspection="gradcli.inspections.compare:compare",
    result="CompareResult",
    shared=(*SELECTING, *COMPUTING, *SHOWING),
    has_tensors=False,
    changed={"dtype": every_dtype("Compare in")},
    is_bad=lambda result: not result.equal,
)
