"""What the options that every computing command has add up to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING

import typer

from gradcli import time_limit
from gradcli.cli import progress
from gradcli.cli.device_loss import with_words_of_cpu
from gradcli.cli.screen import check_format, show, view_of
from gradcli.errors import BoundError, UsageError, did_you_mean, listed
from gradcli.language.dtypes import check_device, floating
from gradcli.results import ErrorsResult, Failure, FunctionsResult, Result

if TYPE_CHECKING:
    from gradcli.diagnose.bound_expression import ComputeOptions, Selection
    from gradcli.sinks.files import Target

MAX_PRECISION = 17
MAX_SEED = 2**63 - 1
MAX_TIMEOUT = 1_000_000
"""Seconds; eleven days."""
ANSWERED = "gradcli.answered"
"""In a context's meta: the answer is printed also where files are written, as every line of a batch has one."""


@dataclass(frozen=True)
class Common:
    """What the common options say, checked against the words alone."""

    device: str = "cpu"
    dtype: str = "float32"
    seed: int = 0
    max_elements: int | None = None
    timeout: float | None = None
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
    answered: bool = False

    @classmethod
    def of(cls, context: typer.Context) -> Common:
        """The common options among a command's parameters.  Raises UsageError for what cannot be."""
        known = {field.name for field in fields(cls)}
        given = {name.removesuffix("_"): value for name, value in context.params.items()}
        chosen = {name: value for name, value in given.items() if name in known}
        common = cls(**chosen, command=context.info_name or "", answered=context.meta.get(ANSWERED, False))
        common.check()
        time_limit.begin(common.timeout)
        progress.start()
        return common

    def check(self) -> None:
        """Raises GradcliError for values out of bounds and unknown names."""
        check_format(self.format)
        check_device(self.device.lower())
        floating(self.dtype)
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
        if self.wrt is not None and not _names(self.wrt):
            raise UsageError("--wrt names no input", hint="Write --wrt x or --wrt x,y.")
        if self.emit not in (None, "torch"):
            hint = did_you_mean(self.emit, ["torch"]) or "Write --emit torch."
            raise UsageError(f"--emit writes torch, not '{self.emit}'", hint=hint)
        if self.fail_on is not None:
            _check_codes(_names(self.fail_on))
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

    def compute(self) -> ComputeOptions:
        """Where and how to compute; imports PyTorch."""
        from gradcli.diagnose.bound_expression import ComputeOptions
        from gradcli.numerics.bounds import DEFAULT_MAX_ELEMENTS

        return ComputeOptions(
            self.device.lower(), floating(self.dtype), self.seed, self.max_elements or DEFAULT_MAX_ELEMENTS
        )

    def selection(self) -> Selection:
        """Which inputs to differentiate; imports PyTorch."""
        from gradcli.diagnose.bound_expression import Selection

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

        result = with_words_of_cpu(result)
        if self.targets and not isinstance(result, Failure):
            self._write(result, plot=plot is True, drawing=drawing)
            if not self.answered:
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


def _check_codes(codes: Sequence[str]) -> None:
    """Raises UsageError for what is no code of a finding, nor a severity."""
    from gradcli.diagnose.findings.table import CODES  # few ask for it

    for code in codes:
        if code not in (*CODES, "error", "warning"):
            hint = did_you_mean(code, [*CODES, "error", "warning"]) or f"There are {listed(CODES, most=30)}."
            raise UsageError(f"--fail-on: there is no finding '{code}'", hint=hint)


def check_timeout(seconds: float | None) -> None:
    """Raises BoundError."""
    if seconds is not None and not 0 < seconds <= MAX_TIMEOUT:
        raise BoundError(
            f"--timeout {seconds:g} is out of bounds", hint=f"Choose seconds: more than 0, at most {MAX_TIMEOUT:,}."
        )


def check_via(word: str) -> str:
    """`grad` or `backward`; raises UsageError."""
    if word in ("grad", "backward"):
        return word
    raise UsageError(f"--via takes grad or backward, not '{word}'", hint=did_you_mean(word, ["grad", "backward"]))


def _names(words: str | None) -> tuple[str, ...]:
    """The names in `w,b`; none in an absent or empty list."""
    return tuple(name.strip() for name in (words or "").split(",") if name.strip())
