"""A result as strict JSON: the record itself, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any

import numpy as np
import orjson

from gradcli.exceptions import GradcliError
from gradcli.render.numbers import PIECE, json_array, json_float, json_pieces
from gradcli.render.text import encodable
from gradcli.render.view import Answer, View
from gradcli.results import Failure, Gradient, Input, Setting, Tensor
from gradcli.results.shown import keys_of
from gradcli.version import __version__

SCHEMA_VERSION = 1

_ARRAYS = (np.ndarray, np.generic)

Aside = list[tuple[np.ndarray, str]]
"""Large arrays with their dtypes, in the order of their places."""

_ASIDE = b"\0"

_ELEMENTS = frozenset({"loss", "lowest", "highest", "torch", "value", "reverse", "forward"})
"""The fields whose floats are elements of a tensor and have the digits of its dtype; other floats are float64."""


def render(answer: Answer, view: View) -> Iterator[str]:
    """One object, and a line break at its end; large arrays part by part, so that the text need not be held whole."""
    aside: Aside = []
    around = iter(_document(answer, aside).split(_ASIDE))
    yield next(around).decode()
    for values, dtype in aside:
        yield from (piece.decode() for piece in json_pieces(values, dtype))
        yield next(around).decode()
    yield "\n"


def to_json(answer: Answer) -> bytes:
    """One object on one line; its keys are those of the schema `answer.kind`, always all of them."""
    return "".join(render(answer, View())).rstrip("\n").encode()


def _document(answer: Answer, aside: Aside) -> bytes:
    """The object, with a zero byte, which JSON does not have, for each array that is put aside."""
    if isinstance(answer, GradcliError):
        return _error(_mistake(answer))
    if isinstance(answer, Failure):
        return _error(_plain(answer, None, aside))
    setting: Setting | None = getattr(answer, "setting", None)
    header = {"schema": f"gradcli/{answer.kind}/{SCHEMA_VERSION}", "gradcli": __version__}
    dtype = None if setting is None else setting.dtype
    if setting is not None:
        header |= _plain(setting, dtype, aside)
    record: type = type(answer)
    names = [key for key in keys_of(record) if key != "setting"]
    return orjson.dumps(header | {name: _plain(getattr(answer, name), dtype, aside) for name in names})


def _error(error: object) -> bytes:
    return orjson.dumps({"schema": f"gradcli/{Failure.kind}/{SCHEMA_VERSION}", "error": error})


def _mistake(error: GradcliError) -> dict[str, object]:
    return {
        "code": error.code,
        "type": type(error).__name__,
        "message": encodable(error.message),
        "hint": None if error.hint is None else encodable(error.hint),
        "expression": None if error.expression is None else encodable(error.expression),
        "span": None if error.span is None else list(error.span),
        "id": None,
    }


def _plain(value: Any, dtype: str | None, aside: Aside) -> Any:
    """What orjson can write, with arrays already written or put aside; `dtype` is that of the result."""
    if value is None or isinstance(value, int):  # also True and False
        return value
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, float):
        return json_float(float(value), None)
    if isinstance(value, _ARRAYS):
        return orjson.Fragment(json_array(np.asarray(value)))
    if isinstance(value, Mapping):
        return {encodable(key): _plain(item, dtype, aside) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item, dtype, aside) for item in value]
    if isinstance(value, Tensor):
        return _tensor(value, aside)
    if is_dataclass(value):
        return _record(value, dtype, aside)
    raise TypeError(f"a result holds a {type(value).__name__}")


def _record(record: Any, dtype: str | None, aside: Aside) -> dict[str, object]:
    """The fields in order; a record with a dtype of its own knows better than the result."""
    own = getattr(record, "dtype", None) or dtype
    items = ((key, getattr(record, key)) for key in keys_of(record.__class__))
    return {
        name: json_float(item, own) if name in _ELEMENTS and isinstance(item, float) else _plain(item, own, aside)
        for name, item in items
    }


def _tensor(tensor: Tensor, aside: Aside) -> dict[str, object]:
    """Shape, dtype and values; what an input or a gradient has besides."""
    written: dict[str, object] = {"shape": list(tensor.shape), "dtype": tensor.dtype}
    if isinstance(tensor, Input):
        written["requires_grad"] = tensor.requires_grad
    written["values"] = _array(tensor.values, tensor.dtype, aside)
    if isinstance(tensor, Gradient):
        written["norm"] = orjson.Fragment(json_array(tensor.norm))
        direction = tensor.direction
        written["direction"] = None if direction is None else _array(direction, tensor.dtype, aside)
    return written


def _array(values: np.ndarray, dtype: str, aside: Aside) -> orjson.Fragment:
    if values.size <= PIECE:
        return orjson.Fragment(json_array(values, dtype))
    aside.append((values, dtype))
    return orjson.Fragment(_ASIDE)
