"""The sentences of findings: their parts as a person reads them. Nothing reads a sentence back."""

from __future__ import annotations

from collections.abc import Sequence
from math import copysign, prod

from gradcli.results.parts import At, Difference, Gradients, Numbers, Part, Phrase, Spoiled

MANY_ULPS = 1_000_000
"""What is further off has no digit right: the number of units says no more."""


def text(part: Part) -> str:
    """A part as words."""
    match part:
        case None:
            return ""
        case str() | int():
            return str(part)
        case float():
            return number(part)
        case tuple():
            return listed([text(one) for one in part])
        case Phrase():
            return _phrase(part)
        case At():
            return _at(part)
        case Difference():
            return _difference(part)
        case Spoiled():
            return _spoiled(part)
        case Gradients():
            return _gradients(part)


def number(value: float) -> str:
    """A number as the user reads it; there is no zero with a sign."""
    return f"{value + 0.0:.6g}"


def ulps(error: float) -> str:
    """An error in units in the last place, as text: `0.33`, `5,736`, `more than a million`."""
    if error > MANY_ULPS:
        return "more than a million"
    return f"{error:,.0f}" if error >= 100 else f"{error:.2g}"


def distinct(one: float, other: float) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to tell them apart."""
    for digits in range(6, 18):
        texts = f"{one + 0.0:.{digits}g}", f"{other + 0.0:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def element(name: str, index: Sequence[int]) -> str:
    """`x[0, 1]`; `x` alone for a scalar."""
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def few(names: Sequence[str], most: int = 3) -> str:
    """`a, b, c and 4 more`."""
    more = len(names) - most
    return listed([*names[:most], *([f"{more} more"] if more > 0 else [])])


def counted(number: int, word: str, ending: str = "s") -> str:
    """`1 step`, `2,000 steps`, `2 passes`."""
    return f"{number:,} {word}{'' if number == 1 else ending}"


def _phrase(phrase: Phrase) -> str:
    """`sqrt(x) at x[0] = -1 is nan: why; what comes of it`."""
    said = phrase.template.format(**{name: text(part) for name, part in phrase.parts})
    if phrase.cause is not None:
        said += f": {text(phrase.cause)}"
    return "; ".join([said, *map(text, phrase.consequences)])


def _at(at: At) -> str:
    place = element(at.text, at.index)
    if at.value is None:
        return place
    sign = " (negative zero)" if at.signed and at.value == 0 and copysign(1, at.value) < 0 else ""
    return f"{place} = {number(at.value)}{sign}"


def _difference(difference: Difference) -> str:
    """`float32 gives 4.54e-05 where the derivative is 4.53e-05 (and at 2 more), 5,736 ULP off`."""
    given, right = distinct(difference.computed, difference.true)
    right = f"where the {difference.of} is {right}" if difference.exact else f"float64 gives {right}"
    said = f"{difference.dtype} gives {given}{' ' if difference.exact else ', '}{right}"
    if difference.others:
        said += f" (and at {difference.others} more)"
    if not difference.exact or difference.of == "value":
        return said
    if difference.true == 0:
        return f"{said}: what is left is rounding"
    ulps = None if difference.computed == 0 else difference.ulps
    if ulps is None:
        return said
    return f"{said}, {ulps:,.0f} ULP off" if ulps <= MANY_ULPS else f"{said}, more than a million ULP off"


def _spoiled(spoiled: Spoiled) -> str:
    """`the output and the gradients of v and w become nan`."""
    subjects = ["the output"] if spoiled.output else []
    if spoiled.inputs:
        subjects.append(f"the gradient{'s' if len(spoiled.inputs) > 1 else ''} of {listed(spoiled.inputs)}")
    return f"{listed(subjects)} {'becomes' if spoiled.output + len(spoiled.inputs) == 1 else 'become'} {spoiled.kind}"


def _gradients(gradients: Gradients) -> str:
    """`[1, 2, ...]`, `[[1, 2], [3, 4]]`, or `x: [1, 2], y: 3`."""
    if len(gradients.inputs) == 1:
        return _numbers(gradients.inputs[0])
    return ", ".join(f"{numbers.name}: {_numbers(numbers)}" for numbers in gradients.inputs)


def _numbers(numbers: Numbers) -> str:
    if numbers.values is None:
        return "-"
    return _nested([number(value) for value in numbers.values], numbers.shape)


def _nested(shown: Sequence[str], shape: Sequence[int]) -> str:
    """`[[1, 2], [3, ...], ...]`: the first numbers of a tensor of this shape, in its rows."""
    if not shape:
        return shown[0]
    size = max(prod(shape[1:]), 1)
    rows = [_nested(shown[start : start + size], shape[1:]) for start in range(0, len(shown), size)]
    return f"[{', '.join([*rows, *(['...'] if 0 < len(rows) < shape[0] else [])])}]"
