"""The options that every computing command has."""

from __future__ import annotations

from typing import Annotated

import typer

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
        help="Largest tensor that is made or read.",
        show_default="2^28",
        rich_help_panel="Where and how",
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        metavar="SECONDS",
        help="End a computation that takes longer; exit code 1.",
        show_default="none",
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
