"""Writes gradcli/schemas/*.json from the records that commands answer with.

Run `python -m tools.schema_generator` after a record has changed; a test compares.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from gradcli import commands, results
from gradcli.exceptions import Span
from gradcli.results import Failure, Gradient, Input, ProgramResult, Setting, Tensor, WatchResult
from gradcli.results.shown import keys_of
from tools.schema_descriptions import FIELDS, HEADER, TITLES

SCHEMAS = Path(__file__).parents[1] / "gradcli" / "schemas"
ROOTS = (
    *(getattr(results, commands.load(name).result) for name in commands.NAMES),
    ProgramResult,
    WatchResult,
    Failure,
)
Schema = dict[str, Any]

NON_FINITE = {"enum": ["NaN", "Infinity", "-Infinity"]}
VALUES: Schema = {
    "description": "A number, or a list of the next dimension's entries. A complex number is [real, imaginary].",
    "anyOf": [{"$ref": "#/$defs/number"}, {"type": "boolean"}, {"type": "array", "items": {"$ref": "#/$defs/values"}}],
}
NUMBER: Schema = {
    "description": "A number; those that JSON does not have are strings.",
    "anyOf": [{"type": "number"}, NON_FINITE],
}
SPAN: Schema = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2}
PLAIN: dict[object, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
}


def hints_of(record: type) -> dict[str, Any]:
    """The types of a record's fields, also of one whose module is imported without NumPy."""
    return get_type_hints(record, localns={"Tensor": Tensor})


class Writer:
    """One schema: the root, and a definition for each record that it mentions."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}

    def document(self, root: type) -> Schema:
        kind = root.kind  # type: ignore[attr-defined]
        properties: dict[str, Schema] = {"schema": described({"const": f"gradcli/{kind}/1"}, HEADER["schema"])}
        if root is Failure:
            properties["error"] = described(self.schema_of(Failure), HEADER["error"])
        else:
            properties["gradcli"] = described(PLAIN[str], HEADER["gradcli"])
            if "setting" in hints_of(root):
                properties |= self.properties(Setting)
            properties |= self.properties(root)
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"urn:gradcli:{kind}:1",
            "title": TITLES[kind],
            "description": sentence(root),
            **closed(properties),
            "$defs": dict(sorted(self.definitions.items())),
        }

    def properties(self, record: type) -> dict[str, Schema]:
        names = [key for key in keys_of(record) if key != "setting"]
        hints = hints_of(record)
        for name in names:
            if isinstance(said := getattr(record, name, None), property):  # it is put into words when it is shown
                hints[name] = get_type_hints(said.fget)["return"]
        return {
            name: described(self.schema_of(hints[name], name), FIELDS[f"{record.__name__}.{name}"]) for name in names
        }

    def schema_of(self, hint: Any, name: str = "") -> Schema:
        if hint in PLAIN:
            return PLAIN[hint]
        if hint is float:
            return self.defined("number", NUMBER)
        if hint is np.ndarray:
            return self.defined("number", NUMBER) if name == "norm" else self.values()
        if hint == Span:
            return SPAN
        if isinstance(hint, type) and is_dataclass(hint):
            return self.record(hint)
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin is tuple:
            return {"type": "array", "items": self.schema_of(arguments[0], name)}
        if origin is Mapping:
            return {"type": "object", "additionalProperties": self.schema_of(arguments[1], name)}
        if origin in (Union, types.UnionType):
            choices = [self.schema_of(argument, name) for argument in arguments]
            if all(choice.keys() == {"type"} for choice in choices):
                return {"type": [choice["type"] for choice in choices]}
            return {"anyOf": choices}
        raise TypeError(f"no schema for {hint}")

    def record(self, record: type) -> Schema:
        if record.__name__ not in self.definitions:
            self.definitions[record.__name__] = {}  # a place for it, should it contain itself
            properties = self.tensor(record) if issubclass(record, Tensor) else self.properties(record)
            self.definitions[record.__name__] = {"description": sentence(record), **closed(properties)}
        return {"$ref": f"#/$defs/{record.__name__}"}

    def tensor(self, record: type) -> dict[str, Schema]:
        def of(owner: type, name: str, schema: Schema) -> dict[str, Schema]:
            return {name: described(schema, FIELDS[f"{owner.__name__}.{name}"])}

        sizes = {"type": "array", "items": {"type": "integer", "minimum": 0}}
        properties = of(Tensor, "shape", sizes) | of(Tensor, "dtype", PLAIN[str])
        if record is Input:
            properties |= of(Input, "requires_grad", PLAIN[bool])
        properties |= of(Tensor, "values", self.values())
        if record is Gradient:
            properties |= of(Gradient, "norm", self.defined("number", NUMBER))
            properties |= of(Gradient, "direction", {"anyOf": [self.values(), PLAIN[type(None)]]})
        return properties

    def values(self) -> Schema:
        self.defined("number", NUMBER)
        return self.defined("values", VALUES)

    def defined(self, name: str, schema: Schema) -> Schema:
        self.definitions[name] = schema
        return {"$ref": f"#/$defs/{name}"}


def described(schema: Schema, description: str) -> Schema:
    return {"description": description, **schema}


def closed(properties: dict[str, Schema]) -> Schema:
    """All of these keys and no other: keys never disappear."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def sentence(record: type) -> str:
    return (record.__doc__ or "").split("\n")[0]


def schemas() -> dict[str, str]:
    """The text of every schema by kind."""
    return {
        root.kind: json.dumps(Writer().document(root), indent=2, ensure_ascii=False) + "\n"  # type: ignore[attr-defined]
        for root in ROOTS
    }


if __name__ == "__main__":
    for kind, text in schemas().items():
        (SCHEMAS / f"{kind}.json").write_text(text, encoding="utf-8")
