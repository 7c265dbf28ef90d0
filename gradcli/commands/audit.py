"""`audit`: a function over a whole dtype."""

import re
from typing import Annotated

from gradcli.commands.command import Caller, Command, Inquiry
from gradcli.commands.option_values import bounds
from gradcli.commands.parameters import WHERE_AND_HOW, Argument, Option, Param
from gradcli.commands.shared import SHOWING, SharedOptions, names_in
from gradcli.exceptions import BoundError, UsageError, did_you_mean
from gradcli.inspections.options import AuditOptions, RunningOptions
from gradcli.language.curve import read_curves

MOST_ORDER = 2
MAX_JOBS = 256
KINDS = ("nan", "overflow", "dead", "flushed", "wrong-sign", "not-zero", "unproven", "error", "any")
WAYS = ("contiguous", "strided", "single", "forward")
ENGINES = ("local", "dask")


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
    ways: Annotated[
        str,
        Option(
            "--ways",
            "WAY[,WAY...]",
            f"How PyTorch is asked: {', '.join(WAYS)}.",
            default="all four",
            completes="some " + " or ".join(WAYS),
        ),
    ] = ",".join(WAYS),
    max_ulp: Annotated[
        float | None, Option("--max-ulp", "ULPS", "Exit code 1 where an answer is farther off.", default="none")
    ] = None,
    fail_on: Annotated[
        str | None,
        Option(
            "--fail-on",
            "KIND[,KIND...]",
            f"Exit code 1 where one is: {', '.join(KINDS)}.",
            default="none",
            completes="some " + " or ".join(KINDS),
        ),
    ] = None,
    plot: Annotated[
        bool | None,
        Option(
            "--plot/--no-plot",
            help="Draw the largest error over the exponents.",
            default="on a terminal",
            in_python=False,
        ),
    ] = None,
    resume: Annotated[
        str | None,
        Option(
            "--resume",
            "FILE",
            "Keep each finished chunk in FILE, and count none that is there.",
            default="none",
            completes="file",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        Option("--jobs -j", "N", "Processes that work at the same time.", default="as many as cores, for what is long"),
    ] = None,
    engine: Annotated[
        str,
        Option(
            "--engine",
            "ENGINE",
            "Who counts: processes here (local), or the workers of a cluster (dask).",
            completes="local or dask",
        ),
    ] = "local",
    scheduler: Annotated[
        str | None, Option("--scheduler", "ADDRESS", "The scheduler of --engine dask, tcp://HOST:PORT.", default="none")
    ] = None,
) -> Inquiry:
    """A function's value and derivatives at every number of a dtype, against a truth with a proven bound.

    The largest errors in ULPs, and what is wrong in kind: nan, an infinity, a zero or a sign that the truth has not. By PyTorch's vector code (contiguous), its scalar code (strided), tensors of one element (single), in reverse and in forward mode. Needs python-flint: pip install 'gradcli[audit]'.
    """
    if max_ulp is not None and not max_ulp >= 0:
        raise UsageError(f"--max-ulp {max_ulp:g} is out of bounds", hint="No answer is off by less than 0 ULP.")
    low, high = (None, None) if between is None else bounds(between)
    degrees = _orders(orders)
    running = RunningOptions(_jobs(jobs, engine), _scheduler(engine, scheduler), resume)
    options = AuditOptions(degrees, low, high, max_ulp, _ways(ways, degrees), _kinds(fail_on), running)
    curves = {curve.name: curve for curve in read_curves(functions, param or ())}  # what is named twice is asked once
    return Inquiry((tuple(curves.values()), options), plot=plot)


def _orders(words: str) -> tuple[int, ...]:
    found = []
    for word in words.split(","):
        if not word.strip().isdigit() or int(word) > MOST_ORDER:
            raise UsageError(
                f"--order takes 0, 1, 2 or several of them, not '{words}'", hint="For example --order 0,1."
            )
        found.append(int(word))
    return tuple(dict.fromkeys(found))


def _ways(words: str, orders: tuple[int, ...]) -> tuple[str, ...]:
    found = names_in(words)
    for word in found:
        if word not in WAYS:
            raise UsageError(
                f"--ways takes no '{word}'", hint=did_you_mean(word, WAYS) or f"There are {', '.join(WAYS)}."
            )
    if not found or (found == ("forward",) and orders != (1,)):
        raise UsageError(
            f"--ways {words or chr(39) * 2} has none for --order {','.join(map(str, orders))}",
            hint="Forward mode gives the first derivative; every other way all of them.",
        )
    return found


def _kinds(words: str | None) -> tuple[str, ...]:
    found = tuple(word.replace(" ", "-") for word in names_in(words))
    for word in found:
        if word not in KINDS:
            raise UsageError(
                f"--fail-on: there is no kind '{word}'",
                hint=did_you_mean(word, KINDS) or f"There are {', '.join(KINDS)}.",
            )
    return tuple(dict.fromkeys(KINDS[:-1] if "any" in found else found))


def _jobs(count: int | None, engine: str) -> int | None:
    if count is not None and not 1 <= count <= MAX_JOBS:
        raise BoundError(f"--jobs {count} is out of bounds", hint=f"Choose 1 to {MAX_JOBS}.")
    if count is not None and engine == "dask":
        raise UsageError("--jobs is for --engine local", hint="Dask's workers are started by themselves.")
    return count


def _scheduler(engine: str, address: str | None) -> str | None:
    """Where the scheduler of an engine is; None for this machine."""
    if engine not in ENGINES:
        raise UsageError(
            f"unknown engine '{engine}'", hint=did_you_mean(engine, ENGINES) or "There are 'dask' and 'local'."
        )
    if (engine == "dask") != (address is not None):
        hint = "For example --engine dask --scheduler tcp://10.0.0.1:8786."
        raise UsageError("--engine dask and --scheduler ADDRESS belong together", hint=hint)
    if address is not None and not re.fullmatch(r"[a-z]+://.+:\d+", address):
        raise UsageError(f"--scheduler takes tcp://HOST:PORT, not '{address}'", hint="'dask scheduler' prints it.")
    return address


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
                "float16 (half), bfloat16 (bf16) or float32 (float).",
                panel=WHERE_AND_HOW,
                completes="dtype",
            ),
        )
    },
    is_bad=lambda result: result.passes is False,
    dtypes=("float16", "bfloat16", "float32"),
)
