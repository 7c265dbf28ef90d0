"""From the steps of a tape to the parts of a sentence: places, elements, derivatives written out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from gradcli.diagnose.origins.elements import Index, element_at
from gradcli.recording.tape import Step
from gradcli.results.parts import At, Phrase, phrase
from gradcli.results.phrasing import number

LONGEST = 48
"""Characters of an expression in a sentence: the caret shows the rest."""

_FORMULAS = {
    "sqrt": "1/(2*sqrt({:alone}))",
    "log": "1/{}",
    "log2": "1/({}*log(2))",
    "log10": "1/({}*log(10))",
    "log1p": "1/(1 + {})",
    "rsqrt": "-1/(2*{}**1.5)",
    "reciprocal": "-1/{}**2",
    "exp": "exp({:alone})",
    "exp2": "log(2)*2**{}",
    "expm1": "exp({:alone})",
    "acos": "-1/sqrt(1 - {}**2)",
    "asin": "1/sqrt(1 - {}**2)",
    "atanh": "1/(1 - {}**2)",
    "acosh": "1/sqrt({}**2 - 1)",
    "tan": "1/cos({:alone})**2",
    "sinh": "cosh({:alone})",
    "cosh": "sinh({:alone})",
    "logit": "1/({0}*(1 - {0}))",
}
"""Derivatives of functions of one argument, with a place for its number: `alone` where it has its brackets already."""

_BINARY = {
    ("div", 0): "1/{1}",
    ("div", 1): "-{0}/{1}**2",
    ("mul", 0): "{1:alone}",
    ("mul", 1): "{0:alone}",
    ("hypot", 0): "{0}/hypot({0}, {1})",
    ("hypot", 1): "{1}/hypot({0}, {1})",
    ("xlogy", 0): "log({1:alone})",
    ("xlogy", 1): "{0}/{1}",
    ("logaddexp", 0): "exp({0} - logaddexp({0}, {1}))",
    ("logaddexp", 1): "exp({1} - logaddexp({0}, {1}))",
}
_POWER = {0: "{1}*{0}**({1} - 1)", 1: "{0}**{1}*log({0:alone})"}


def name(step: Step) -> str:
    """The expression, shortened in the middle if it is long."""
    return in_one_line(step.text)


def in_one_line(text: str) -> str:
    """A text without line breaks, shortened in the middle if it is long."""
    return shortened(" ".join(text.split()))


def shortened(text: str, most: int = LONGEST) -> str:
    """The beginning and the end of a long text."""
    half = (most - 1) // 2
    return text if len(text) <= most else f"{text[:half].rstrip()}…{text[-half:].lstrip()}"


def texts_of(step: Step) -> list[str]:
    """The arguments of a step as the user wrote them."""
    return [shortened(place.text) for place in step.operation.places]


def at(step: Step, index: Index, value: float | None = None) -> At:
    """`x[0]`, `log(x)[0]`, or `(1 - x)[0]`, with its value where it is known; a variable by its name."""
    if step.operation.assigned is not None:
        return At(step.operation.assigned, index, value)
    text = name(step)
    return At(f"({text})" if index and step.operation.infix else text, index, value)


def number_at(step: Step, index: Index) -> At:
    """The same with the value that the element has, where it is a real number."""
    return at(step, index, element_at(step.value, index))


def variable_of(step: Step | None) -> str | None:
    """The input's name, if the step is one."""
    return None if step is None else step.variable


def more(count: int) -> Phrase | None:
    """` (and 3 more)` for the elements that are not named."""
    return phrase(" (and {others} more)", others=count - 1) if count > 1 else None


def formula(step: Step, position: int, values: Sequence[float | None]) -> str | None:
    """The derivative of an operation with the numbers put in: `1/(2*sqrt(0))`; None where there is no short one.

    values: the elements of the arguments, None for what is no number.
    """
    operation = step.name
    template = _FORMULAS.get(operation) if position == 0 else None
    if operation == "pow":
        template = _POWER.get(position)
    elif len(values) == 2:
        template = _BINARY.get((operation, position), template)
    try:
        return None if template is None else template.format(*map(_Number, values))
    except _NotKnownError:
        return None


class _NotKnownError(Exception):
    """An argument that a formula is about is no number."""


@dataclass(frozen=True)
class _Number:
    """An argument in a formula; a negative one needs brackets."""

    value: float | None

    def __format__(self, spec: str) -> str:
        if self.value is None:
            raise _NotKnownError
        text = number(self.value)
        return f"({text})" if text.startswith("-") and spec != "alone" else text


def dtype_of(tensor: torch.Tensor | None) -> str:
    """`float16`."""
    return "" if tensor is None else str(tensor.dtype).removeprefix("torch.")
