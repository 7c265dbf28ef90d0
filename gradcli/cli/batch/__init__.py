"""Many requests in one process: lines are read, each is answered with one line of JSON, in order."""

from gradcli.cli.batch.running import run

__all__ = ["run"]
