"""`batch`, `schema` and `watch`: the commands that only the command line has. Here they are declared."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from gradcli.commands import NAMES
from gradcli.commands.command import parameters_of
from gradcli.commands.parameters import Argument, Option, Parameter

HELP_OPTIONS = ("-h", "--help", "--help-all")
"""What every command has besides its own options."""


@dataclass(frozen=True)
class OwnCommand:
    """declaration: its signature and docstring are the help. takes_program: every word after a program is the program's."""

    declaration: Callable[..., None]
    examples: tuple[str, ...]
    takes_program: bool = False
    takes_expressions = False

    @property
    def help(self) -> str | None:
        return self.declaration.__doc__

    @property
    def on_command_line(self) -> Mapping[str, Parameter]:
        return parameters_of(self.declaration)


def batch(
    source: Annotated[
        str, Argument("[FILE|-]", "Requests, one a line.", default="standard input", completes="file")
    ] = "-",
    jobs: Annotated[int, Option("--jobs -j", "N", "Processes that work at the same time.")] = 1,
    timeout: Annotated[
        float | None,
        Option("--timeout", "SECONDS", "For each request that has no limit of its own.", default="none"),
    ] = None,
) -> None:
    """One request a line in, one JSON result a line out, in order, in one process.

    A request is a command line, split as a shell would split it, or a JSON array of its words; the leading word gradcli may be left out. Its answer is what the command prints with --json, which is implied. Blank lines and lines that begin with # are skipped.

    A request that fails is answered with an error object, and the next one follows. The exit code is 0 if every request by itself would have ended with 0, else 1.
    """


def schema(
    kind: Annotated[str | None, Argument("[KIND]", "The kind of result.", default=False, completes="schema")] = None,
) -> None:
    """The JSON Schema of a result; without a kind, the list of kinds."""


def watch(
    words: Annotated[
        list[str] | None, Argument("PROGRAM [ARGS]...", "As behind python.", default=False, completes="program")
    ] = None,
    module: Annotated[
        str | None, Option("--module -m", "MODULE", "Run a module, as python -m does.", default=False)
    ] = None,
    goes_on: Annotated[bool, Option("--continue", help="Go on after an error; each is told once.")] = False,
    every: Annotated[int, Option("--every", "N", "Look at every N-th step alone.")] = 1,
    from_step: Annotated[int, Option("--from-step", "N", "The first step that is looked at.")] = 1,
    patience: Annotated[
        int, Option("--patience", "N", "Steps in a row with a gradient of zeros that make a dead parameter.")
    ] = 5,
    params: Annotated[
        str | None,
        Option("--params", "PATTERNS", "Look at these gradients alone: 'model.encoder.*'.", default="all"),
    ] = None,
    follow: Annotated[
        str | None, Option("--follow", "PACKAGES", "Installed packages to look into as your own.", default="none")
    ] = None,
    memory: Annotated[
        str | None,
        Option(
            "--memory", "BYTES", "The most that is kept of a step to run it again: 500MB, 2GiB.", default="no bound"
        ),
    ] = None,
    save: Annotated[
        str | None,
        Option(
            "--save", "DIR", "Write the tensors of what is found into this folder.", default="none", completes="folder"
        ),
    ] = None,
    norms: Annotated[
        int | None,
        Option(
            "--norms",
            "[N]",
            "The gradient norm of each parameter every N steps, 10 if no number follows; -o norms.csv writes them.",
            default="none",
        ),
    ] = None,
    fail_on: Annotated[
        str | None,
        Option(
            "--fail-on",
            "CODES",
            "Findings that turn the exit code to 1 besides errors.",
            default="none",
            completes="some finding",
        ),
    ] = None,
    out: Annotated[
        list[str] | None,
        Option("--out -o", "FILE", "Write the report here too: .json .md .html.", default=False, completes="file"),
    ] = None,
    json: Annotated[bool, Option("--json", help="The report as one line of JSON.")] = False,
) -> None:
    """Run a Python program as it is, and say where a NaN or an infinity in its training was born.

    File, line, operation, element and cause; the program is stopped before a parameter is changed, with exit code 1. The report goes to standard error; standard output is the program's alone.

    The options stand before the program: every word after it is the program's.
    """


OWN = {
    "batch": OwnCommand(
        batch,
        (
            "gradcli batch requests.txt --jobs 4",
            "echo 'grad sigmoid 0 1 10' | gradcli batch | jq -c .gradients.x.values",
            """echo '["check", "gelu", "0"]' | gradcli batch --timeout 10""",
        ),
    ),
    "schema": OwnCommand(
        schema,
        ("gradcli schema", "gradcli schema grad", "gradcli schema error > error.schema.json"),
    ),
    "watch": OwnCommand(
        watch,
        (
            "gradcli watch train.py --epochs 3",
            "gradcli watch --continue -o report.html train.py",
            "gradcli watch --every 100 -m my_package.train --epochs 3",
        ),
        takes_program=True,
    ),
}


def is_command(name: str) -> bool:
    """Whether a word is the name of a command."""
    return name in OWN or name in NAMES
