"""What all wrong derivatives have in common, where that says what the mistake is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from math import isfinite

import numpy as np
import torch

from gradcli.inspections.callables.blocks import Block, WrongDerivative
from gradcli.inspections.callables.checked import Checked
from gradcli.inspections.callables.derivatives import INCOMING, at_elements, reverse
from gradcli.inspections.callables.function import LeafFunction
from gradcli.inspections.callables.verdicts import DISAGREE, KINK, Truth, verdicts
from gradcli.numerics.capture import TORCH_ERRORS, dtype_name

_ALIKE = 1e-4
"""By how much two ratios may differ, as a share, and still be one."""
_NEARLY = 0.01
"""A ratio that is nearer to 1 is told by how far off it is."""
_DENOMINATOR = 12
"""Of the fractions that are written as such."""


def cause(function: LeafFunction, found: Checked, dtype: torch.dtype) -> str | None:
    """The first that holds; None where nothing does."""
    wrong = found.wrong
    reverse_alone = [one for one in wrong if one.mode == "reverse"]
    if not reverse_alone:
        return "reverse mode is right: the mistake is in jvp" if wrong else None
    of_arrays: tuple[Callable[[], str | None], ...] = (
        lambda: _no_path(reverse_alone),
        lambda: _not_finite(function, reverse_alone, dtype),
        lambda: _ignored_cotangent(function, found, dtype),
        lambda: _swapped(found.blocks, dtype),
        lambda: _transposed(found.blocks, dtype),
        lambda: _same_number(reverse_alone),
        lambda: _same_ratio(reverse_alone, dtype),
        lambda: _one_sign(found.blocks),
        lambda: _of_dtype(function, found, dtype),
    )
    return next((said for rule in of_arrays if (said := rule()) is not None), None)


def _no_path(wrong: Sequence[WrongDerivative]) -> str | None:
    if any(one.computed is not None for one in wrong):
        return None
    names = list(dict.fromkeys(one.element.leaf for one in wrong))
    return f"no path leads from the output back to {' and '.join(names)}: detach(), .data, item(), numpy() or no_grad()"


def _not_finite(function: LeafFunction, wrong: Sequence[WrongDerivative], dtype: torch.dtype) -> str | None:
    if all(one.computed is None or isfinite(one.computed) for one in wrong):
        return None
    from gradcli.inspections.callables.origin import origin  # for what it takes to run the operations again

    return origin(function, dtype)


def _ignored_cotangent(function: LeafFunction, found: Checked, dtype: torch.dtype) -> str | None:
    """Whether half as large a cotangent gives the same gradient in all that is wrong."""
    for name, block in found.blocks.items():
        wrong = block.found["reverse"] == DISAGREE
        which = [int(row) for row in np.flatnonzero(wrong.any(axis=1))]
        with function.isolated():
            half = reverse(function, function.at_dtype(dtype), block.rows, which, incoming=INCOMING / 2)
        here, ignored = block.computed["reverse"][which], at_elements(half[name], block.elements) / 2
        if not ((here == ignored) & (here != 0))[wrong[which]].all():
            return None
    return "the gradient stays the same whatever arrives from above: backward does not multiply by grad_output"


def _swapped(blocks: Mapping[str, Block], dtype: torch.dtype) -> str | None:
    for (one, first), (other, second) in combinations(blocks.items(), 2):
        both_wrong = first.wrong_rows and second.wrong_rows
        if both_wrong and _is(first, second.truth, dtype) and _is(second, first.truth, dtype):
            return f"the gradients of {one} and {other} stand in each other's place"
    return None


def _transposed(blocks: Mapping[str, Block], dtype: torch.dtype) -> str | None:
    for name, block in blocks.items():
        places = {element.index: place for place, element in enumerate(block.elements)}
        turned = [places.get(element.index[::-1]) for element in block.elements]
        is_matrix = len(block.elements[0].index) == 2 and None not in turned
        if is_matrix and block.wrong_rows and _is(block, block.truth.columns(np.array(turned)), dtype):
            return f"the gradient of {name} is transposed"
    return None


def _is(block: Block, truth: Truth, dtype: torch.dtype) -> bool:
    """Whether what PyTorch has for a leaf is what should stand elsewhere."""
    computed = block.computed["reverse"]
    return computed.shape == truth.slope.shape and bool((verdicts(computed, truth, dtype, None) <= KINK).all())


def _same_number(wrong: Sequence[WrongDerivative]) -> str | None:
    """NaN, 0 or an infinity everywhere."""
    numbers = {str(one.computed) for one in wrong}
    text = min(numbers)
    if len(numbers) > 1 or text not in ("nan", "inf", "-inf", "0.0", "-0.0"):
        return None
    return f"the gradient is {float(text) + 0.0:g} where it should not be"


def _same_ratio(wrong: Sequence[WrongDerivative], dtype: torch.dtype) -> str | None:
    """One factor that is missing or too much."""
    smooth = [one for one in wrong if one.between is None and one.slope and one.computed]
    ratios = np.array([(one.computed or 0.0) / one.slope for one in smooth])
    if len(ratios) < min(len(wrong), 2) or len(smooth) < len(wrong) or not np.isfinite(ratios).all():
        return None
    alike = max(_ALIKE, 4 * torch.finfo(dtype).eps)
    if np.ptp(ratios) > alike * abs(ratios[0]):
        return None
    if abs(ratios[0] + 1) < alike:
        return "the sign is wrong"
    if len(ratios) == 1:
        return None
    ratio = float(np.median(ratios))
    if abs(ratio - 1) < _NEARLY:
        return f"all of them are off by {ratio - 1:.2g} of what they should be"
    simple = Fraction(ratio).limit_denominator(_DENOMINATOR)
    text = str(simple) if abs(ratio - simple) < alike * abs(ratio) else f"{ratio:.4g}"
    return f"all of them are {text} times what they should be"


def _one_sign(blocks: Mapping[str, Block]) -> str | None:
    """Right on one side of 0, and wrong on all of the other."""
    for name, block in blocks.items():
        bad = (block.found["reverse"] == DISAGREE).any(axis=0)
        for side, is_there in (("negative", block.values < 0), ("positive", block.values > 0)):
            others = block.values != 0
            if bad.any() and (bad == is_there)[others].all() and not is_there[others].all():
                return f"wrong where {name} is {side}, right elsewhere"
    return None


def _of_dtype(function: LeafFunction, found: Checked, dtype: torch.dtype) -> str | None:
    """Whether float64 has it right."""
    if dtype is torch.float64:
        return None
    rows = next(iter(found.blocks.values())).rows
    with function.isolated():
        try:
            gradients = reverse(function, function.at_dtype(torch.float64, function.at_dtype(dtype)), rows)
        except TORCH_ERRORS:
            return None
    right = all(
        (verdicts(at_elements(gradients[name], block.elements), block.truth, torch.float64, None) != DISAGREE).all()
        for name, block in found.blocks.items()
    )
    return f"float64 has it right: {dtype_name(dtype)} is too narrow for this formula" if right else None
