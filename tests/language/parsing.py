"""Parsing in tests: errors, the place that they point at, nodes without places."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from gradcli.exceptions import GradcliError
from gradcli.language.parser import parse
from gradcli.language.syntax import Index, Node, Sequence, Slice


def refused(text: str, **options: Any) -> GradcliError:
    with pytest.raises(GradcliError) as caught:
        parse(text, **options)
    return caught.value


def error_of(text: str) -> GradcliError | None:
    try:
        parse(text)
    except GradcliError as error:
        return error
    return None


def pointed(error: GradcliError) -> str:
    """The text under the caret."""
    assert error.expression is not None
    assert error.span is not None
    return error.expression[slice(*error.span)]


def bare(value: Any) -> Any:
    """A node without its spans."""
    if is_dataclass(value) and hasattr(value, "span"):
        parts = {f.name: bare(getattr(value, f.name)) for f in fields(value) if f.name != "span"}
        return (type(value).__name__, parts)
    return tuple(map(bare, value)) if isinstance(value, tuple) else value


def reread(piece: str, node: Node, known: list[str]) -> Node:
    """A piece of text read by itself: brackets let it span lines, and slices stand only in an index."""
    if isinstance(node, Slice) or (isinstance(node, Sequence) and any(isinstance(i, Slice) for i in node.items)):
        index = parse(f"zz[{piece}]", bound=known).result
        assert isinstance(index, Index)
        return index.index
    return parse(f"({piece})", bound=known).result
