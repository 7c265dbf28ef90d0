"""The options that several commands have: one field each, with its name, type, default and help."""

from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Annotated

from gradcli.commands.parameters import DERIVATIVES, OUTPUT, WHERE_AND_HOW, Option, Parameter, parameter_of
from gradcli.exceptions import BoundError, UsageError, did_you_mean, listed
from gradcli.language.dtypes import FLOATING, check_device, floating
from gradcli.render import FORMATS

if TYPE_CHECKING:
    from gradcli.diagnose.bound_expression import ComputeOptions, Selection

MAX_PRECISION = 17
MAX_SEED = 2**63 - 1
MAX_TIMEOUT = 1_000_000
"""Seconds; eleven days."""


@dataclass(frozen=True)
class SharedOptions:
    """What a call of a command says by the shared options; the defaults of those that the command does not have."""

    tree: Annotated[
        bool,
        Option("--tree", help="The steps as a tree, the output at its root, instead of a table.", in_python=False),
    ] = False
    via: Annotated[
        str,
        Option(
            "--via",
            "WAY",
            "grad (torch.autograd.grad) or backward (Tensor.backward).",
            panel=DERIVATIVES,
            completes="grad or backward",
        ),
    ] = "grad"
    wrt: Annotated[
        str | None,
        Option(
            "--wrt",
            "NAMES",
            "Differentiate with respect to these names only.",
            default="every floating input",
            panel=DERIVATIVES,
        ),
    ] = None
    frozen: Annotated[
        str | None,
        Option("--frozen", "NAMES", "These inputs get requires_grad=False.", default="none", panel=DERIVATIVES),
    ] = None
    device: Annotated[
        str,
        Option(
            "--device -d",
            "DEVICE",
            "cpu, cuda, cuda:1, mps, xpu or auto.",
            panel=WHERE_AND_HOW,
            variable="GRADCLI_DEVICE",
            completes="device",
        ),
    ] = "cpu"
    dtype: Annotated[
        str | None,
        Option(
            "--dtype -t",
            "DTYPE",
            "float16 (half), bfloat16 (bf16), float32 (float), float64 (double).",
            panel=WHERE_AND_HOW,
            variable="GRADCLI_DTYPE",
            completes="dtype",
        ),
    ] = "float32"
    seed: Annotated[int, Option("--seed", "N", "For rand, randn, ... in expressions.", panel=WHERE_AND_HOW)] = 0
    max_elements: Annotated[
        int | None,
        Option("--max-elements", "N", "Largest tensor that is made or read.", default="2^28", panel=WHERE_AND_HOW),
    ] = None
    timeout: Annotated[
        float | None,
        Option(
            "--timeout",
            "SECONDS",
            "End a computation that takes longer; exit code 1.",
            default="none",
            panel=WHERE_AND_HOW,
            in_python=False,
        ),
    ] = None
    format: Annotated[
        str,
        Option(
            "--format -f",
            "FORMAT",
            "table, json, ndjson, csv or markdown.",
            panel=OUTPUT,
            variable="GRADCLI_FORMAT",
            completes="format",
            in_python=False,
        ),
    ] = "table"
    json: Annotated[bool, Option("--json", help="Short for --format json.", panel=OUTPUT, in_python=False)] = False
    out: Annotated[
        list[str] | None,
        Option(
            "--out -o",
            "FILE",
            "Write FILE instead; its ending picks the format: .json .csv .npy .npz .pt .svg ... May be repeated.",
            completes="file",
            default=False,
            panel=OUTPUT,
            in_python=False,
        ),
    ] = None
    precision: Annotated[
        int,
        Option(
            "--precision -p",
            "DIGITS",
            "Significant digits in tables; JSON and CSV are exact.",
            panel=OUTPUT,
            in_python=False,
        ),
    ] = 6
    max_rows: Annotated[int | None, Option("--max-rows", "N", "Rows of a table.", panel=OUTPUT, in_python=False)] = 20
    all_rows: Annotated[bool, Option("--all", help="Every row of every table.", panel=OUTPUT, in_python=False)] = False
    emit: Annotated[
        str | None,
        Option(
            "--emit",
            "torch",
            "Print the PyTorch program that does the same, instead of doing it.",
            completes="torch",
            default=False,
            panel=OUTPUT,
            in_python=False,
        ),
    ] = None
    fail_on: Annotated[
        str | None,
        Option(
            "--fail-on",
            "CODES",
            "Findings that turn the exit code to 1: error, warning, or codes.",
            completes="some severity",
            default="none",
            panel=OUTPUT,
            in_python=False,
        ),
    ] = None

    def check(self, dtypes: Sequence[str] = FLOATING) -> None:
        """Raises GradcliError for values out of bounds and unknown names. dtypes: those that the command computes in."""
        if self.format not in FORMATS:
            hint = did_you_mean(self.format, FORMATS) or f"Choose {listed(FORMATS)}."
            raise UsageError(f"unknown format '{self.format}'", hint=hint)
        check_device(self.device.lower())
        if self.dtype is not None:
            floating(self.dtype, dtypes)
        if not 1 <= self.precision <= MAX_PRECISION:
            raise BoundError(f"--precision {self.precision} is out of bounds", hint=f"Choose 1 to {MAX_PRECISION}.")
        if self.max_rows is not None and self.max_rows < 1:
            raise BoundError(f"--max-rows {self.max_rows} is out of bounds", hint="Choose 1 or more.")
        if not 0 <= self.seed <= MAX_SEED:
            raise BoundError(f"--seed {self.seed} is out of bounds", hint=f"Choose 0 to {MAX_SEED}.")
        if self.max_elements is not None and self.max_elements < 1:
            raise BoundError(f"--max-elements {self.max_elements} is out of bounds", hint="Choose 1 or more.")
        check_timeout(self.timeout)
        if self.tree and self.output_format not in ("table", "markdown"):
            raise UsageError(
                f"--tree draws a tree, which {self.output_format} has no place for",
                hint="Leave --tree out, or choose --format table or markdown.",
            )
        if self.wrt is not None and not names_in(self.wrt):
            raise UsageError("--wrt names no input", hint="Write --wrt x or --wrt x,y.")
        if self.emit not in (None, "torch"):
            hint = did_you_mean(self.emit, ["torch"]) or "Write --emit torch."
            raise UsageError(f"--emit writes torch, not '{self.emit}'", hint=hint)
        check_codes(names_in(self.fail_on))

    @property
    def rows(self) -> int | None:
        """The rows of a table that are shown, None for all."""
        return None if self.all_rows else self.max_rows

    @property
    def output_format(self) -> str:
        return "json" if self.json else self.format

    def compute(self) -> "ComputeOptions":
        """Where and how to compute; imports PyTorch."""
        from gradcli.diagnose.bound_expression import ComputeOptions
        from gradcli.numerics.bounds import DEFAULT_MAX_ELEMENTS

        dtype = floating(self.dtype or "float32")
        return ComputeOptions(self.device.lower(), dtype, self.seed, self.max_elements or DEFAULT_MAX_ELEMENTS)

    def selection(self) -> "Selection":
        """Which inputs to differentiate; imports PyTorch."""
        from gradcli.diagnose.bound_expression import Selection

        return Selection(None if self.wrt is None else names_in(self.wrt), names_in(self.frozen))


def every_dtype(verb: str) -> tuple[None, Option]:
    """The option of a command that looks at every floating dtype unless one is given."""
    return None, Option(
        "--dtype -t",
        "DTYPE",
        f"{verb} this dtype only.",
        default="all four",
        panel=WHERE_AND_HOW,
        in_python=False,
        completes="dtype",
    )


COMPUTING = ("device", "dtype", "seed", "max_elements", "timeout")
SELECTING = ("wrt", "frozen")
SHOWING = ("format", "json", "out", "precision", "max_rows", "all_rows")


@cache
def shared_options() -> dict[str, Parameter]:
    """Every shared option by its name."""
    found = (parameter_of(f.name, f.type, None if f.default is MISSING else f.default) for f in fields(SharedOptions))
    return {parameter.name: parameter for parameter in found if parameter is not None}


def check_timeout(seconds: float | None) -> None:
    """Raises BoundError."""
    if seconds is not None and not 0 < seconds <= MAX_TIMEOUT:
        raise BoundError(
            f"--timeout {seconds:g} is out of bounds", hint=f"Choose seconds: more than 0, at most {MAX_TIMEOUT:,}."
        )


def names_in(words: str | None) -> tuple[str, ...]:
    """The names in `w,b`; none in an absent or empty list."""
    return tuple(name.strip() for name in (words or "").split(",") if name.strip())


def check_codes(names: tuple[str, ...]) -> None:
    """Raises UsageError for the name of no finding."""
    if not names:
        return
    from gradcli.diagnose.findings.table import CODES  # few ask for it

    for name in names:
        if name not in (*CODES, "error", "warning"):
            hint = did_you_mean(name, [*CODES, "error", "warning"]) or f"There are {listed(CODES, most=30)}."
            raise UsageError(f"--fail-on: there is no finding '{name}'", hint=hint)
