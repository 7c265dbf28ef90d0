"""The sentences of findings: places, numbers, derivatives written out."""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch

from gradcli.diagnose.findings.elements import Index
from gradcli.language import syntax
from gradcli.recording.tape import LEAF, Step
from gradcli.results.check import MANY_ULPS

LONGEST = 48
"""Characters of an expression in a sentence: the caret shows the rest."""

_FORMULAS = {
    "sqrt": "1/(2*sqrt({}))",
    "log": "1/{}",
    "log2": "1/({}*log(2))",
    "log10": "1/({}*log(10))",
    "log1p": "1/(1 + {})",
    "rsqrt": "-1/(2*{}**1.5)",
    "reciprocal": "-1/{}**2",
    "exp": "exp({})",
    "exp2": "log(2)*2**{}",
    "expm1": "exp({})",
    "acos": "-1/sqrt(1 - {}**2)",
    "asin": "1/sqrt(1 - {}**2)",
    "atanh": "1/(1 - {}**2)",
    "acosh": "1/sqrt({}**2 - 1)",
    "tan": "1/cos({})**2",
    "sinh": "cosh({})",
    "cosh": "sinh({})",
    "logit": "1/({0}*(1 - {0}))",
}
"""Derivatives of functions of one argument, to be shown with a number in them."""

_BINARY = {
    ("div", 0): "1/{1}",
    ("div", 1): "-{0}/{1}**2",
    ("mul", 0): "{1}",
    ("mul", 1): "{0}",
    ("hypot", 0): "{0}/hypot({0}, {1})",
    ("hypot", 1): "{1}/hypot({0}, {1})",
    ("xlogy", 0): "log({1})",
    ("xlogy", 1): "{0}/{1}",
    ("logaddexp", 0): "exp({0} - logaddexp({0}, {1}))",
    ("logaddexp", 1): "exp({1} - logaddexp({0}, {1}))",
}
_POWER = {0: "{1}*{0}**({1} - 1)", 1: "{0}**{1}*log({0})"}


def number(value: float) -> str:
    """A number as the user reads it; there is no zero with a sign."""
    return f"{value + 0.0:.6g}"


def distinct(one: float, other: float) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to tell them apart."""
    for digits in range(6, 18):
        texts = f"{one + 0.0:.{digits}g}", f"{other + 0.0:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def name(step: Step) -> str:
    """The expression, shortened in the middle if it is long."""
    return shortened(" ".join(step.text.split()))


def shortened(text: str, most: int = LONGEST) -> str:
    """The beginning and the end of a long text."""
    half = (most - 1) // 2
    return text if len(text) <= most else f"{text[:half].rstrip()}…{text[-half:].lstrip()}"


def texts_of(step: Step) -> list[str]:
    """The arguments of a step as the user wrote them."""
    if not isinstance(step.node, syntax.Node):
        return []
    start = step.node.span[0]
    return [shortened(step.text[child.span[0] - start : child.span[1] - start]) for child in syntax.children(step.node)]


def place(step: Step, index: Index) -> str:
    """`x[0]`, `log(x)[0]`, or `(1 - x)[0]`."""
    text = name(step)
    if not index:
        return text
    is_call = isinstance(step.node, syntax.Name | syntax.Call | syntax.Index | syntax.Attribute)
    return f"{text if is_call else f'({text})'}[{', '.join(map(str, index))}]"


def variable_of(step: Step | None) -> str | None:
    """The input's name, if the step is one."""
    return step.text if step is not None and step.operation == LEAF else None


def more(count: int) -> str:
    """` (and 3 more)` for the elements that are not named."""
    return f" (and {count - 1} more)" if count > 1 else ""


def where_the_value_is(dtype: str, computed: float, true: float, *, exact: bool) -> str:
    """`float32 gives 111231 where the value is 0`; what is not exact is float64's."""
    given, right = distinct(computed, true)
    return (
        f"{dtype} gives {given} where the value is {right}"
        if exact
        else f"{dtype} gives {given}, float64 gives {right}"
    )


def where_the_derivative_is(dtype: str, computed: float, true: float, ulps: float | None, others: int) -> str:
    """`float32 gives 4.54e-05 where the derivative is 4.53e-05 (and at 2 more), 5,736 ULP off`.

    true: of the reference. ulps: None where the distance says nothing. others: how many elements are like it.
    """
    given, right = distinct(computed, true)
    also = f" (and at {others} more)" if others else ""
    text = f"{dtype} gives {given} where the derivative is {right}{also}"
    if true == 0:
        return f"{text}: what is left is rounding"
    if computed == 0 or ulps is None:
        return text
    return f"{text}, {ulps:,.0f} ULP off" if ulps <= MANY_ULPS else f"{text}, more than a million ULP off"


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def formula(step: Step, position: int, values: Sequence[float | None]) -> str | None:
    """The derivative of an operation with the numbers put in: `1/(2*sqrt(0))`; None where there is no short one.

    values: the elements of the arguments, None for what is no number.
    """
    operation = step.operation
    template = _FORMULAS.get(operation) if position == 0 else None
    if operation == "pow" and len(values) == 2:
        template = _POWER.get(position)
    elif len(values) == 2:
        template = _BINARY.get((operation, position), template)
    if template is None:
        return None
    used = [value for place, value in enumerate(values) if f"{{{place}}}" in template or "{}" in template]
    if None in used:
        return None
    text = template.format(*("" if value is None else _in_formula(value) for value in values))
    return re.sub(r"\(\(([^()]*)\)\)", r"(\1)", text)


def _in_formula(value: float) -> str:
    text = number(value)
    return f"({text})" if text.startswith("-") else text


def dtype_of(tensor: torch.Tensor | None) -> str:
    """`float16`."""
    return "" if tensor is None else str(tensor.dtype).removeprefix("torch.")
