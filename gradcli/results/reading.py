"""A result from its JSON: the record that was written, field by field, by the types of its fields.

What is not written is not there: the parts of a finding's sentence, and what only its words tell.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from gradcli import results
from gradcli.results.parts import Phrase
from gradcli.results.tensors import Setting, Tensor

_IN_NUMPY = {"bfloat16": "float32", "complex32": "complex64"}
"""The dtype that holds the same values in NumPy."""


def result_of(document: Mapping[str, Any]) -> Any:
    """The record that a document was written from.  Raises KeyError, TypeError, ValueError for any other document."""
    program, kind, _version = str(document["schema"]).split("/")
    if program != "gradcli":
        raise ValueError(f"no schema of ours: {document['schema']}")
    name = "Failure" if kind == "error" else f"{kind.title().replace('-', '')}Result"
    if name not in results.__all__:
        raise ValueError(f"no kind of result: {kind}")
    record: type = getattr(results, name)
    return _record(document["error"] if kind == "error" else document, record)


def _record(document: Mapping[str, Any], record: type) -> Any:
    types_, values = _types(record), {}
    for field in fields(record):
        key = field.metadata.get("key", field.name)
        if types_[field.name] is Setting:
            values[field.name] = _record(document, Setting)
        elif key is not None:
            values[field.name] = _value(document[key], types_[field.name])
    return record(**values)


@cache
def _types(record: type) -> dict[str, Any]:
    return get_type_hints(record, localns={"Tensor": Tensor})  # which a module without NumPy does not import


def _value(data: Any, wanted: Any) -> Any:
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin in (Union, types.UnionType):
        if data is None:
            return None
        choices = [one for one in arguments if one is not types.NoneType]
        return _value(data, choices[0]) if len(choices) == 1 else data
    if origin is tuple:
        several = len(arguments) == 2 and arguments[1] is ...
        kinds = [arguments[0]] * len(data) if several else arguments
        return tuple(_value(one, kind) for one, kind in zip(data, kinds, strict=True))
    if origin is Mapping:
        return {key: _value(item, arguments[1]) for key, item in data.items()}
    if wanted is Phrase:
        return Phrase(data.replace("{", "{{").replace("}", "}}"))
    if wanted is np.ndarray:
        return np.asarray(_numbers(data), dtype=np.float64)
    if wanted is float:
        return float(data)
    if isinstance(wanted, type) and issubclass(wanted, Tensor):
        return _tensor(data, wanted)
    return _record(data, wanted) if is_dataclass(wanted) and isinstance(wanted, type) else data


def _tensor(data: Mapping[str, Any], wanted: type[Tensor]) -> Tensor:
    values: dict[str, Any] = {"dtype": data["dtype"], "values": _array(data["values"], data)}
    for field in fields(wanted)[2:]:
        given = data[field.name]
        if field.name == "norm":
            given = np.asarray(_numbers(given), dtype=np.float64)
        elif field.name == "direction":
            given = None if given is None else _array(given, data)
        values[field.name] = given
    return wanted(**values)


def _array(data: Any, tensor: Mapping[str, Any]) -> np.ndarray:
    dtype = np.dtype(_IN_NUMPY.get(tensor["dtype"], tensor["dtype"]))
    if dtype.kind == "c":
        pairs = np.asarray(_numbers(data), dtype=np.float64).reshape(*tensor["shape"], 2)
        return np.asarray(pairs[..., 0] + 1j * pairs[..., 1], dtype=dtype)
    return np.asarray(_numbers(data), dtype=dtype).reshape(tensor["shape"])


def _numbers(data: Any) -> Any:
    """The numbers, with those that JSON writes as texts: NaN and infinities."""
    if isinstance(data, list):
        return [_numbers(one) for one in data]
    return float(data) if isinstance(data, str) else data
