"""`schema`: the JSON Schemas."""

from __future__ import annotations

from typing import Annotated

import typer

from gradcli.cli.app import CONTEXT, app
from gradcli.cli.argv import PlainCommand


@app.command(cls=PlainCommand, context_settings=CONTEXT, epilog="Try: gradcli schema grad")
def schema(
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="The kind of result.", show_default=False)
    ] = None,
) -> int:
    """The JSON Schema of a result; without a kind, the list of kinds."""
    from gradcli.render.schema import kinds, schema_text

    print("\n".join(kinds()) if kind is None else schema_text(kind).rstrip("\n"))
    return 0
