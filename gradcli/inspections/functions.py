"""`functions`: the catalogue as its users see it. Needs no PyTorch."""

from __future__ import annotations

from gradcli.exceptions import UsageError, did_you_mean, listed
from gradcli.language import catalogue
from gradcli.language.catalogue.modules import MODULES, Module, find_module
from gradcli.language.catalogue.rows import Activation, Loss, Row
from gradcli.language.catalogue.signature import parse_signature
from gradcli.language.names import without_prefix
from gradcli.results import FunctionEntry, FunctionsResult


def functions(
    name: str | None = None, category: str | None = None, search: str | None = None, all_of_them: bool = False
) -> FunctionsResult:
    """One row by name, or the rows of a category that contain a text.  Raises UsageError with the nearest name.

    name: a category's does as well. all_of_them: whether the whole catalogue was asked for.
    """
    rows = (*catalogue.all_rows(), *MODULES)
    if name is not None:
        if category is not None or name not in {row.category for row in rows}:
            return FunctionsResult(name, (entry(_row(name)),))
        category = name
    if category is not None:
        known = sorted({row.category for row in rows})
        if category not in known:
            hint = did_you_mean(category, known) or f"Choose {listed(known, most=30)}."
            raise UsageError(f"unknown category '{category}'", hint=hint)
        rows = tuple(row for row in rows if row.category == category)
    entries = tuple(map(entry, rows))
    if search is not None:
        entries = tuple(e for e in entries if _mentions(e, search.lower()))
    return FunctionsResult(None, entries, asked=all_of_them or category is not None or search is not None)


def entry(row: Row) -> FunctionEntry:
    """What is known about a row."""
    common = {
        "name": row.name,
        "category": row.category,
        "torch": row.torch,
        "signatures": row.signatures,
        "aliases": row.aliases,
    }
    if isinstance(row, Activation):
        return FunctionEntry(
            **common,  # type: ignore[arg-type]
            formula=row.formula,
            derivative=row.derivative,
            range=row.range,
            kinks=row.kinks,
            flat=row.flat,
            saturation=row.saturation,
            largest_slope=row.largest_slope,
            parameters=dict(row.parameters),
            paper=row.paper,
            example=f"gradcli activate {row.name}",
        )
    if isinstance(row, Loss):
        values = " ".join(f"{name}='{value}'" for name, value in row.example)
        return FunctionEntry(
            **common,  # type: ignore[arg-type]
            formula=row.formula,
            derivative=row.derivative,
            kinks=None if row.kinks is None else (row.kinks,),
            parameters=dict(row.parameters),
            reductions=row.reductions,
            arguments=tuple(argument.name for argument in row.arguments),
            domain=row.domain,
            paper=row.paper,
            example=f"gradcli loss {row.name} {values}",
        )
    if isinstance(row, Module):
        made_with = ", ".join(p.name for p in parse_signature(row.signatures[0]).parameters if p.required)
        tensors = ", ".join(["x", "t", "v", "w"][: row.inputs])
        return FunctionEntry(**common, example=f"gradcli grad '{row.name}({made_with})({tensors})'")  # type: ignore[arg-type]
    return FunctionEntry(**common)  # type: ignore[arg-type]


def _row(name: str) -> Row:
    bare = without_prefix(name)
    row = catalogue.find(bare) or find_module(bare)
    if row is not None:
        return row
    names = {*catalogue.function_names(), *catalogue.method_names()}
    hint = did_you_mean(bare, names) or f"Try: gradcli functions --search {bare}"
    raise UsageError(f"unknown function '{name}'", hint=hint)


def _mentions(entry: FunctionEntry, text: str) -> bool:
    fields = (entry.name, entry.torch, entry.category, *entry.aliases, entry.formula or "", entry.paper or "")
    return any(text in field.lower() for field in fields)
