"""`batch` and `schema`: the commands that ask no inspection, and that only the command line has. Here they are declared."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from gradcli.commands.command import parameters_of
from gradcli.commands.parameters import Argument, Option, Parameter


@dataclass(frozen=True)
class OwnCommand:
    """declaration: its signature and docstring are the help."""

    declaration: Callable[..., None]
    example: str
    takes_expressions = False

    @property
    def help(self) -> str | None:
        return self.declaration.__doc__

    @property
    def on_command_line(self) -> Mapping[str, Parameter]:
        return parameters_of(self.declaration)


def batch(
    source: Annotated[str, Argument("[FILE|-]", "Requests, one a line.", default="standard input")] = "-",
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


def schema(kind: Annotated[str | None, Argument("[KIND]", "The kind of result.", default=False)] = None) -> None:
    """The JSON Schema of a result; without a kind, the list of kinds."""


OWN = {
    "batch": OwnCommand(batch, "echo 'grad sigmoid 0 1 10' | gradcli batch | jq -c .gradients.x.values"),
    "schema": OwnCommand(schema, "gradcli schema grad"),
}
