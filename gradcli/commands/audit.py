"""`audit`: a function over a whole dtype."""

from typing import Annotated

from gradcli.commands.command import Caller, Command, Inquiry
from gradcli.commands.parameters import WHERE_AND_HOW, Argument, Option, Param
from gradcli.commands.shared import SHOWING, SharedOptions
from gradcli.exceptions import UsageError
from gradcli.inspections.options import AuditOptions
from gradcli.language.curve import read_curves

MOST_ORDER = 2


def audit(
    shared: SharedOptions,
    caller: Caller,
    functions: Annotated[
        str,
        Argument("FUNCTION[,FUNCTION...]", "Functions or expressions of one variable.", completes="some function"),
    ],
    param: Param = None,
    orders: Annotated[
        str, Option("--order", "N[,N...]", "0 for values, 1 for derivatives, 2 for second ones.")
    ] = "0,1",
    between: Annotated[
        str | None,
        Option("--range", "LOW:HIGH", "Only the numbers between two.", default="all of the dtype", python="range"),
    ] = None,
    max_ulp: Annotated[
        float | None, Option("--max-ulp", "ULPS", "Exit code 1 where an answer is farther off.", default="none")
    ] = None,
) -> Inquiry:
    """A function's value and derivatives at every number of a dtype, against a truth with a proven bound.

    The largest errors in ULPs, and what is wrong in kind: nan, an infinity, a zero or a sign that the truth has not. By PyTorch's vector code (contiguous), its scalar code (strided), tensors of one element (single), in reverse and in forward mode. Needs python-flint: pip install 'gradcli[audit]'.
    """
    if max_ulp is not None and not max_ulp >= 0:
        raise UsageError(f"--max-ulp {max_ulp:g} is out of bounds", hint="No answer is off by less than 0 ULP.")
    low, high = _between(between)
    options = AuditOptions(_orders(orders), low, high, max_ulp)
    return Inquiry((read_curves(functions, param or ()), options))


def _orders(words: str) -> tuple[int, ...]:
    found = []
    for word in words.split(","):
        if not word.strip().isdigit() or int(word) > MOST_ORDER:
            raise UsageError(
                f"--order takes 0, 1, 2 or several of them, not '{words}'", hint="For example --order 0,1."
            )
        found.append(int(word))
    return tuple(dict.fromkeys(found))


def _between(word: str | None) -> tuple[float | None, float | None]:
    if word is None:
        return None, None
    low, colon, high = word.partition(":")
    try:
        if colon:
            return float(low), float(high)
    except ValueError:
        pass
    raise UsageError(f"--range takes LOW:HIGH, not '{word}'", hint="For example --range -8:8.")


COMMAND = Command(
    audit,
    examples=(
        "gradcli audit gelu --dtype float16",
        "gradcli audit sigmoid,tanh --dtype bfloat16 --max-ulp 4",
        "gradcli audit 'x * sigmoid(x)' --dtype float32 --range -4:-3.5",
    ),
    inspection="gradcli.inspections.audit:audit",
    result="AuditResult",
    shared=("device", "dtype", "seed", "max_elements", "timeout", *SHOWING),
    has_tensors=False,
    changed={
        "dtype": (
            "bfloat16",
            Option(
                "--dtype -t",
                "DTYPE",
                "float16 (half), bfloat16 (bf16) or float32 (float), a range of it.",
                panel=WHERE_AND_HOW,
                completes="dtype",
            ),
        )
    },
    is_bad=lambda result: result.passes is False,
)
