"""The schemas that ship are those of the records."""

from __future__ import annotations

import json
from functools import cache

import pytest
from jsonschema import Draft202012Validator

from gradcli.results.shown import keys_of
from tools.schema_descriptions import FIELDS
from tools.schema_generator import ROOTS, SCHEMAS, schemas

generated = cache(schemas)

KINDS = sorted(root.kind for root in ROOTS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_schema_is_that_of_the_record(kind: str) -> None:
    shipped = (SCHEMAS / f"{kind}.json").read_text(encoding="utf-8")
    assert shipped == generated()[kind], "run: python -m tools.schema_generator"


def test_no_schema_ships_without_a_record() -> None:
    assert {path.stem for path in SCHEMAS.glob("*.json")} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_schema_is_one_and_stands_alone(kind: str) -> None:
    schema = json.loads(generated()[kind])
    Draft202012Validator.check_schema(schema)
    references = {part.split('"')[0] for part in generated()[kind].split('"$ref": "')[1:]}
    assert references == {f"#/$defs/{name}" for name in schema["$defs"]}


def objects(schema: object) -> list[dict[str, object]]:
    if isinstance(schema, list):
        return [found for part in schema for found in objects(part)]
    if not isinstance(schema, dict):
        return []
    here = [schema] if "properties" in schema else []
    return here + [found for part in schema.values() for found in objects(part)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_is_required_and_described(kind: str) -> None:
    for schema in objects(json.loads(generated()[kind])):
        if schema.get("type") != "object":
            continue
        properties = schema["properties"]
        assert isinstance(properties, dict)
        assert schema["required"] == list(properties)
        assert schema["additionalProperties"] is False
        assert all(value["description"] for value in properties.values())


def test_no_description_is_left_of_a_field_that_is_gone() -> None:
    from gradcli import results

    for key in FIELDS:
        record, field = key.split(".")
        known = {*keys_of(getattr(results, record)), *(["shape"] if record == "Tensor" else [])}
        assert field in known, key
