"""The options that every computing command has, and what they add up to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

import typer

from gradcli.cli.screen import check_format, show, view_of
from gradcli.errors import BoundError, UsageError, did_you_mean, listed
from gradcli.language.devices import check_word
from gradcli.language.dtypes import floating
from gradcli.results import CODES, ErrorsResult, Failure, FunctionsResult, Result

if TYPE_CHECKING:
    from gradcli.inspections.question import Engine, Selection
    from gradcli.sinks.files import Target

MAX_PRECISION = 17
MAX_SEED = 2**63 - 1

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[POINT | NAME=VALUE]...", help="Points for the one open name, or values by name.", show_default=False
    ),
]
Device = Annotated[
    str,
    typer.Option(
        "--device",
        "-d",
        metavar="DEVICE",
        envvar="GRADCLI_DEVICE",
        help="cpu, cuda, cuda:1, mps, xpu or auto.",
        rich_help_panel="Where and how",
    ),
]
Dtype = Annotated[
    str,
    typer.Option(
        "--dtype",
        "-t",
        metavar="DTYPE",
        envvar="GRADCLI_DTYPE",
        help="float16 (half), bfloat16 (bf16), float32 (float), float64 (double).",
        rich_help_panel="Where and how",
    ),
]
Seed = Annotated[
    int,
    typer.Option("--seed", metavar="N", help="For rand, randn, ... in expressions.", rich_help_panel="Where and how"),
]
MaxElements = Annotated[
    int | None,
    typer.Option(
        "--max-elements",
        metavar="N",
        help="Largest tensor an expression may make.",
        show_default="2^28",
        rich_help_panel="Where and how",
    ),
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        envvar="GRADCLI_FORMAT",
        help="table, json, ndjson, csv or markdown.",
        rich_help_panel="Output",
    ),
]
Out = Annotated[
    list[str] | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="Write FILE instead; its ending picks the format: .json .csv .npy .npz .pt .svg ... May be repeated.",
        show_default=False,
        rich_help_panel="Output",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Short for --format json.", rich_help_panel="Output")]
Precision = Annotated[
    int,
    typer.Option(
        "--precision",
        "-p",
        metavar="DIGITS",
        help="Significant digits in tables; JSON and CSV are exact.",
        rich_help_panel="Output",
    ),
]
MaxRows = Annotated[int, typer.Option("--max-rows", metavar="N", help="Rows of a table.", rich_help_panel="Output")]
Wrt = Annotated[
    str | None,
    typer.Option(
        "--wrt",
        metavar="NAMES",
        help="Differentiate with respect to these names only.",
        show_default="every floating input",
        rich_help_panel="Derivatives",
    ),
]
Frozen = Annotated[
    str | None,
    typer.Option(
        "--frozen",
        metavar="NAMES",
        help="These inputs get requires_grad=False.",
        show_default="none",
        rich_help_panel="Derivatives",
    ),
]
FailOn = Annotated[
    str | None,
    typer.Option(
        "--fail-on",
        metavar="CODES",
        help="Findings that turn the exit code to 1: error, warning, or codes.",
        show_default="none",
        rich_help_panel="Output",
    ),
]
Via = Annotated[
    str,
    typer.Option(
        "--via",
        metavar="WAY",
        help="grad (torch.autograd.grad) or backward (Tensor.backward).",
        rich_help_panel="Derivatives",
    ),
]
Emit = Annotated[
    str | None,
    typer.Option(
        "--emit",
        metavar="torch",
        help="Print the PyTorch program that does the same, instead of doing it.",
        show_default=False,
        rich_help_panel="Output",
    ),
]
Param = Annotated[
    list[str] | None,
    typer.Option(
        "--param", metavar="KEY=VALUE", help="A parameter of the function; may be repeated.", show_default=False
    ),
]


@dataclass(frozen=True)
class Common:
    """What the common options say, checked against the words alone."""

    device: str = "cpu"
    dtype: str = "float32"
    seed: int = 0
    max_elements: int | None = None
    format: str = "table"
    json: bool = False
    out: Sequence[str] | None = ()
    command: str = ""
    precision: int = 6
    max_rows: int | None = 20
    wrt: str | None = None
    frozen: str | None = None
    fail_on: str | None = None
    emit: str | None = None
    tree: bool = False

    @classmethod
    def of(cls, context: typer.Context) -> Common:
        """The common options among a command's parameters.  Raises UsageError for what cannot be."""
        known = {field.name for field in fields(cls)}
        given = {name.removesuffix("_"): value for name, value in context.params.items()}
        chosen = {name: value for name, value in given.items() if name in known}
        common = cls(**chosen, command=context.info_name or "")
        common.check()
        return common

    def check(self) -> None:
        """Raises GradcliError for values out of bounds and unknown names."""
        check_format(self.format)
        check_word(self.device.lower())
        floating(self.dtype)
        if not 1 <= self.precision <= MAX_PRECISION:
            raise BoundError(f"--precision {self.precision} is out of bounds", hint=f"Choose 1 to {MAX_PRECISION}.")
        if self.max_rows is not None and self.max_rows < 1:
            raise BoundError(f"--max-rows {self.max_rows} is out of bounds", hint="Choose 1 or more.")
        if not 0 <= self.seed <= MAX_SEED:
            raise BoundError(f"--seed {self.seed} is out of bounds", hint=f"Choose 0 to {MAX_SEED}.")
        if self.max_elements is not None and self.max_elements < 1:
            raise BoundError(f"--max-elements {self.max_elements} is out of bounds", hint="Choose 1 or more.")
        if self.tree and self.output_format not in ("table", "markdown"):
            raise UsageError(
                f"--tree draws a tree, which {self.output_format} has no place for",
                hint="Leave --tree out, or choose --format table or markdown.",
            )
        if self.wrt is not None and not _names(self.wrt):
            raise UsageError("--wrt names no input", hint="Write --wrt x or --wrt x,y.")
        if self.emit not in (None, "torch"):
            hint = did_you_mean(self.emit, ["torch"]) or "Write --emit torch."
            raise UsageError(f"--emit writes torch, not '{self.emit}'", hint=hint)
        for code in _names(self.fail_on):
            if code not in (*CODES, "error", "warning"):
                hint = did_you_mean(code, [*CODES, "error", "warning"]) or f"There are {listed(CODES, most=30)}."
                raise UsageError(f"--fail-on: there is no finding '{code}'", hint=hint)
        assert self.targets is not None  # looked at here: nothing is computed for a file that cannot be written

    @property
    def output_format(self) -> str:
        return "json" if self.json else self.format

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """The files of --out.  Raises GradcliError for those that cannot be written."""
        if not self.out:
            return ()
        from gradcli.sinks.files import targets  # most answers go to the screen

        return targets(self.out, self.command)

    def engine(self) -> Engine:
        """Where and how to compute; imports PyTorch."""
        from gradcli.compute.bounds import DEFAULT_MAX_ELEMENTS
        from gradcli.inspections.question import Engine

        return Engine(self.device.lower(), floating(self.dtype), self.seed, self.max_elements or DEFAULT_MAX_ELEMENTS)

    def selection(self) -> Selection:
        """Which inputs to differentiate; imports PyTorch."""
        from gradcli.inspections.question import Selection

        return Selection(None if self.wrt is None else _names(self.wrt), _names(self.frozen))

    def answer(
        self,
        result: Result | Failure,
        *,
        plot: bool | None = False,
        drawing: Callable[[], Result | Failure] | None = None,
    ) -> int:
        """Print a result, or write it to the files of --out, and return its exit code.

        drawing: gives the answer to plot, if there is a plot.
        """
        import sys

        if self.targets and not isinstance(result, Failure):
            self._write(result, plot=plot is True, drawing=drawing)
            return 1 if self._fails(result) else 0
        view = view_of(
            sys.stdout, format_=self.output_format, precision=self.precision, max_rows=self.max_rows, plot=plot
        )
        view = replace(view, tree=True) if self.tree else view
        drawn = view.plot and view.format in ("table", "markdown")
        if drawn and drawing is not None and not isinstance(result, Failure):
            view = replace(view, drawing=drawing())
        code = show(result, view)
        return 1 if code == 0 and self._fails(result) else code

    def _write(self, result: Result, *, plot: bool, drawing: Callable[[], Result | Failure] | None) -> None:
        from gradcli.cli.files import write_files
        from gradcli.render import View
        from gradcli.sinks import is_picture

        drawn = plot or any(is_picture(target.ending) for target in self.targets)
        view = View(
            format=self.output_format,
            precision=self.precision,
            max_rows=self.max_rows,
            plot=plot,
            drawing=drawing() if drawn and drawing is not None else None,
        )
        write_files(result, view, self.targets)

    def _fails(self, result: Result | Failure) -> bool:
        wanted = set(_names(self.fail_on))
        if isinstance(result, Failure | FunctionsResult | ErrorsResult):
            return False
        return any(finding.code in wanted or finding.severity in wanted for finding in result.findings)


def check_via(word: str) -> str:
    """`grad` or `backward`; raises UsageError."""
    if word in ("grad", "backward"):
        return word
    raise UsageError(f"--via takes grad or backward, not '{word}'", hint=did_you_mean(word, ["grad", "backward"]))


def _names(words: str | None) -> tuple[str, ...]:
    """The names in `w,b`; none in an absent or empty list."""
    return tuple(name.strip() for name in (words or "").split(",") if name.strip())
