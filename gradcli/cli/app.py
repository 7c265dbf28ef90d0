"""The application that the commands belong to."""

from __future__ import annotations

from typing import Annotated

import typer

from gradcli.cli.argv import WordGroup
from gradcli.version import __version__

app = typer.Typer(
    cls=WordGroup,
    help="Where gradients come from: values, derivatives and PyTorch's own errors, from the command line.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
    epilog="Try: gradcli grad sigmoid 0 1 10",
)

CONTEXT = {"help_option_names": ["-h", "--help"]}


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"gradcli {__version__}")
        raise typer.Exit


@app.callback()
def gradcli(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Where gradients come from: values, derivatives and PyTorch's own errors, from the command line."""
