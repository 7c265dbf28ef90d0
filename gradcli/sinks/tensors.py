"""The tensors of an answer by name: their way through the answer, as in its JSON.

Every tensor of the record is there: `inputs.x`, `output`, `gradients.x`, `hessians.x.y`, `functions.sigmoid.values`,
`steps.3.gradient`. What is null in the JSON is left out. Records in a list go by their own name, else by their place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from gradcli.exceptions import OutputError
from gradcli.render.view import Answer
from gradcli.results import Failure, NamedTensors, Tensor

_TABLES_HOLD_IT = ".json, .ndjson, .csv and .parquet files hold the answer"
_UNANSWERED = ("inputs",)
"""What an answer was asked with: an archive of nothing else would hold no answer."""


def tensors_of(answer: Answer, ending: str) -> dict[str, Tensor]:
    """Every tensor by its name, in the order of the JSON. Raises OutputError for an answer without any."""
    if isinstance(answer, NamedTensors):
        return dict(answer.tensors)
    found = {} if isinstance(answer, Exception | Failure) else dict(_inside(answer, ""))
    if all(name.split(".")[0] in _UNANSWERED for name in found):
        raise OutputError(
            f"{_kind(answer)} has no tensors here, and a {ending} file holds nothing else", hint=_elsewhere(answer)
        )
    return found


def the_gradient(answer: Answer) -> Tensor:
    """The one gradient of an answer, for a .npy file.

    Raises OutputError where there are several, or matrices of derivatives besides, and where it does not exist.
    """
    found = _derivatives(answer)
    if not found:
        raise OutputError(f"{_kind(answer)} has no gradient for a .npy file", hint=_elsewhere(answer))
    if len(found) > 1:
        shown = ", ".join(name if tensor is not None else f"{name} (null)" for name, tensor in list(found.items())[:8])
        more = f" and {len(found) - 8} more" if len(found) > 8 else ""
        choices = [name.removeprefix("gradients.") for name in found if name.startswith("gradients.")]
        choose = f"Choose one with --wrt {choices[0]}, or write all" if len(choices) == len(found) else "Write all"
        raise OutputError(
            f"a .npy file holds one gradient, and there are {len(found)}: {shown}{more}",
            hint=f"{choose} of them into a .npz file.",
        )
    ((name, tensor),) = found.items()
    if tensor is None:
        raise OutputError(
            f"{name} is null: there is no gradient for a .npy file",
            hint="No path leads from it to the output, which is not a gradient of zero.",
        )
    return tensor


def in_numpy(tensor: Tensor) -> tuple[np.ndarray, str | None]:
    """The values in a dtype that numpy has, and what was changed for it."""
    if tensor.dtype == "bfloat16":
        return tensor.values, "numpy has no bfloat16: written as float32, which holds the same values"
    if tensor.dtype == "complex32":
        return tensor.values, "numpy has no complex32: written as complex64, which holds the same values"
    return tensor.values, None


def _derivatives(answer: Answer) -> dict[str, Tensor | None]:
    """Everything that could be meant by the gradient."""
    found: dict[str, Tensor | None] = {}
    for name, gradient in getattr(answer, "gradients", {}).items():
        found[f"gradients.{name}"] = gradient
    for field in ("jacobians", "hessians", "tangent", "gradient"):
        if isinstance(value := getattr(answer, field, None), Tensor):
            found[field] = value
        elif isinstance(value, Mapping):
            found |= dict(_inside(value, field))
    for label, curve in _labelled(getattr(answer, "functions", ())):
        if hasattr(curve, "derivative") and hasattr(curve, "values"):
            found[f"functions.{label}.derivative"] = curve.derivative
            if curve.second_derivative is not None:
                found[f"functions.{label}.second_derivative"] = curve.second_derivative
    return found


def _inside(value: Any, name: str) -> Iterator[tuple[str, Tensor]]:
    """The tensors in a value, each with the way to it."""
    if isinstance(value, Tensor):
        yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _inside(item, f"{name}.{key}")
    elif isinstance(value, tuple):
        for label, item in _labelled(value):
            yield from _inside(item, f"{name}.{label}")
    elif is_dataclass(value):
        for field in fields(value):
            yield from _inside(getattr(value, field.name), f"{name}.{field.name}" if name else field.name)


def _labelled(records: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    """Each record with its own name, or its place; the second of a name is `name_2`."""
    seen: dict[str, int] = {}
    for place, record in enumerate(records):
        label = getattr(record, "name", None)
        if not isinstance(label, str):
            yield str(place), record
            continue
        seen[label] = seen.get(label, 0) + 1
        yield (label if seen[label] == 1 else f"{label}_{seen[label]}"), record


def _elsewhere(answer: Answer) -> str:
    """Which file would hold the answer."""
    kind = getattr(answer, "kind", "")
    if kind == "softmax":
        return "Choose one probability with --index 0, or write its Jacobian into a .npz file."
    if kind == "program":
        return "Write it to a .py file."
    if kind in ("activate", "trace"):
        return f"A .npz file holds its tensors; {_TABLES_HOLD_IT}."
    return f"{_TABLES_HOLD_IT}."


def _kind(answer: Answer) -> str:
    return f"'{getattr(answer, 'kind', 'an error')}'"
