"""`assert_gradient` as an assertion: what is wrong as a message of at most a screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

from gradcli.api.showing import with_notes
from gradcli.api.subjects import described
from gradcli.exceptions import GradcliError, UsageError
from gradcli.language.dtypes import floating
from gradcli.results.phrasing import distinct, few, number

if TYPE_CHECKING:
    from types import TracebackType

    import torch

    from gradcli.inspections.assert_gradient import Tested
    from gradcli.inspections.callables.blocks import WrongDerivative
    from gradcli.inspections.callables.checked import Output
    from gradcli.inspections.callables.given import Inputs
    from gradcli.results import CheckResult

_WIDTH = 100
MOST_LINES = 12
"""Derivatives that a message lists."""


def assert_gradient(
    function: Callable[..., Any],
    inputs: torch.Tensor | Sequence[object] | Mapping[str, object],
    *,
    dtype: str | torch.dtype | None = None,
    tolerance: float | None = None,
    order: int = 1,
) -> CheckResult:
    """Raise an AssertionError unless the gradient of a function or a module is right at these inputs.

    Each derivative of each output is held against finite differences with an error bar, and so is that of forward mode
    where a function has a `jvp`. At a kink, any slope between those of the two sides is right.

    function: a function of tensors, a module, the `apply` of a `torch.autograd.Function`.
    inputs: a tensor, a sequence of arguments, or a mapping from names to arguments. Differentiated are those that
        require a gradient, all floating ones where none of them does, and the parameters of a module.
    dtype: in which the gradient is taken, float64 if None; inputs and parameters are converted.
    tolerance: how far off a derivative may be, as a share of what it should be: 1e-3 is a thousandth. Ten error bars
        come on top. If None, half of the digits of the dtype have to be right (1.5e-8 in float64, 3.5e-4 in float32,
        0.03 in float16, 0.09 in bfloat16), and what rounding does to the formula is accepted.
    order: 2 holds the derivatives of the gradient against its differences.

    Returns the result.  Raises GradcliError for a mistake in the call; what the function raises comes through.

    >>> import gradcli, torch
    >>> gradcli.assert_gradient(torch.tanh, torch.tensor([0.0, 2.0])).summary[0].agree
    2
    """
    __tracebackhide__ = True
    found = tested(function, inputs, dtype, tolerance, order)
    if (message := objection(found)) is not None:
        raise AssertionError(message)
    return found.result


def tested(
    function: Callable[..., Any],
    inputs: Inputs,
    dtype: str | torch.dtype | None,
    tolerance: float | None,
    order: int,
) -> Tested:
    """What is known of the gradient.  Raises GradcliError for a mistake in the call."""
    __tracebackhide__ = True
    from gradcli.inspections import assert_gradient

    text = described(function)
    try:
        return assert_gradient.tested(
            function,
            inputs,
            text=text,
            dtype=_dtype(dtype),
            tolerance=_tolerance(tolerance),
            order=_order(order),
        )
    except GradcliError as error:
        raise with_notes(error).with_traceback(None) from None
    except Exception as error:  # the function's own, which comes through
        error.add_note(f"gradcli called {text} with its inputs in {dtype or 'float64'}; dtype= takes another one.")
        error.__traceback__ = _outside(error)
        raise


def objection(found: Tested) -> str | None:
    """What speaks against the gradient, in at most a screen; None if nothing does."""
    text = found.result.expression
    if found.unsteady is not None:
        return f"whether the gradient of {text} is right cannot be known\n\n{_unsteady(found.unsteady)}"
    if found.wrong:
        dtype = found.result.setting.dtype
        return "\n\n".join([f"{_title(found)} in {dtype}", _table(found.wrong), *_remarks(found)])
    if found.unknown:
        by = f"whether the gradient of {text} by {few(found.unknown)} is right cannot be known"
        return f"{by}\n\n{_not_known(found.not_finite)}"
    return None


def _title(found: Tested) -> str:
    by_leaf = Counter(leaf for leaf, _ in {(one.element.leaf, one.element.index) for one in found.wrong})
    among = Counter(row.variable for row in found.result.rows)
    where = [
        f"{by_leaf[leaf]} of {among[leaf]} elements of {leaf}" if among[leaf] > 1 else leaf
        for leaf in among
        if by_leaf[leaf]
    ]
    mode = "gradient" if any(one.mode == "reverse" for one in found.wrong) else "forward mode"
    return f"the {mode} of {found.result.expression} is wrong by {few(where)}"


def _table(wrong: Sequence[WrongDerivative]) -> str:
    """The first wrong derivatives, and how many more there are."""
    shown = _first_of_each(wrong)
    several = len({one.mode for one in wrong}) > 1
    lines = [
        {
            "by": str(one.element),
            "of": one.of,
            "mode": one.mode if several else "",
            "value": number(one.value),
            "PyTorch": "none" if one.computed is None else distinct(one.computed, one.slope)[0],
            "should be": _right(one),
            "± error": f"{one.error:.1g}",
        }
        for one in shown
    ]
    names = [name for name in lines[0] if any(line[name] for line in lines)]
    widths = {name: max(len(name), *(len(line[name]) for line in lines)) for name in names}
    texts = ("by", "of", "mode")
    rows = [
        "  ".join(line[name].ljust(widths[name]) if name in texts else line[name].rjust(widths[name]) for name in names)
        for line in [dict(zip(names, names, strict=True)), *lines]
    ]
    if len(shown) < len(wrong):
        left = Counter(one.element.leaf for one in wrong) - Counter(one.element.leaf for one in shown)
        rows.append(f"and {sum(left.values()):,} more by {few([*left])}")
    return "\n".join(rows)


def _first_of_each(wrong: Sequence[WrongDerivative]) -> list[WrongDerivative]:
    """The first of every leaf, and others as far as there is room; in their order."""
    first = {one.element.leaf: place for place, one in reversed([*enumerate(wrong)])}
    places = [*sorted(first.values()), *(place for place in range(len(wrong)) if place not in first.values())]
    return [wrong[place] for place in sorted(places[:MOST_LINES])]


def _right(one: WrongDerivative) -> str:
    if one.between is not None:
        return " to ".join(map(number, one.between))
    if one.is_vague:
        return "a number"
    return number(one.slope) if one.computed is None else distinct(one.computed, one.slope)[1]


def _remarks(found: Tested) -> Iterator[str]:
    if found.cause is not None:
        yield "\n".join(fill(line, _WIDTH, break_on_hyphens=False) for line in found.cause.splitlines())
    if found.result.setting.draws:
        yield "It draws random numbers: each call drew the same ones."


def _unsteady(output: Output) -> str:
    return (
        f"{output.name} is {number(output.value)}, and {number(output.again)} when it is called again with the same "
        "inputs and the same random numbers"
    )


def _not_known(output: Output | None) -> str:
    if output is not None:
        return f"{output.name} is {number(output.value)} at these inputs"
    return "finite differences say nothing at any element: beside the inputs the function is not finite, or too noisy"


def _dtype(dtype: str | torch.dtype | None) -> torch.dtype:
    import torch

    found: torch.dtype = getattr(torch, floating("float64" if dtype is None else str(dtype)))
    return found


def _tolerance(tolerance: float | None) -> float | None:
    if tolerance is not None and (not isinstance(tolerance, int | float) or not 0 <= tolerance < float("inf")):
        raise UsageError(
            f"a tolerance of {tolerance!r} is no share of a derivative", hint="Give a number, such as 1e-3."
        )
    return tolerance


def _order(order: int) -> int:
    if order not in (1, 2):
        raise UsageError(f"there is no order {order!r}", hint="1 is the gradient, 2 the derivatives of the gradient.")
    return order


def _outside(error: BaseException) -> TracebackType | None:
    """The traceback from the caller's own code on: gradcli's frames say nothing about it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__name__", "").partition(".")[0] == "gradcli":
        trace = trace.tb_next
    return trace
