"""A program: for people the text as it is, so that it can go into a file or an interpreter."""

from __future__ import annotations

from gradcli.render.blocks import Block, Column, Listing, Table
from gradcli.results import ProgramResult


def blocks(result: ProgramResult) -> tuple[Block, ...]:
    """The program alone."""
    return (Listing(result.program),)


def table(result: ProgramResult) -> Table:
    """A row a line."""
    return Table((Column("line", result.program.splitlines()),))
