"""The commands, in the order of the help. Their signatures are their help; each reads its words, asks one inspection,
and shows the answer.
"""

from gradcli.cli.app import app
from gradcli.cli.commands import (
    activate,
    batch,
    check,
    errors,
    functions,
    grad,
    loss,
    retain_demo,
    schema,
    softmax,
    trace,
)  # isort: skip

__all__ = [
    "activate",
    "app",
    "batch",
    "check",
    "errors",
    "functions",
    "grad",
    "loss",
    "retain_demo",
    "schema",
    "softmax",
    "trace",
]
