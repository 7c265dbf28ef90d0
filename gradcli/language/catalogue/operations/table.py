"""Rows of one category in short: PyTorch's path follows from the name, under `torch.Tensor` for a mere method."""

from __future__ import annotations

from typing import Protocol

from gradcli.language.catalogue.rows import Operation


class MakeRow(Protocol):
    def __call__(
        self,
        name: str,
        *signatures: str,
        torch: str | None = None,
        method: bool = False,
        function: bool = True,
        pointwise: bool = False,
        subject: str | None = None,
        aliases: tuple[str, ...] = (),
    ) -> Operation: ...


def category(category: str) -> MakeRow:
    """A maker of rows that all have this category."""

    def row(
        name: str,
        *signatures: str,
        torch: str | None = None,
        method: bool = False,
        function: bool = True,
        pointwise: bool = False,
        subject: str | None = None,
        aliases: tuple[str, ...] = (),
    ) -> Operation:
        return Operation(
            name=name,
            torch=torch or (f"torch.{name}" if function else f"torch.Tensor.{name.removeprefix('Tensor.')}"),
            category=category,
            signatures=signatures,
            method=method,
            function=function,
            pointwise=pointwise,
            subject=subject,
            aliases=aliases,
        )

    return row
