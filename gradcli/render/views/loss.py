"""A loss, what each element contributes, its gradients, and the way down."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain

import numpy as np

from gradcli.render.blocks import Block, Column, Facts, Heading, Note, Plot, Scalar, Series, Table
from gradcli.render.numbers import shortest_float
from gradcli.render.views.findings import finding_blocks, sample_notes
from gradcli.render.views.grad import gradient_facts
from gradcli.render.views.setting import footer, place, way_back
from gradcli.render.views.tensors import (
    broadcast,
    column,
    column_or_dashes,
    float_column,
    index_column,
    joined,
    labels,
    long_table,
    reordered,
    scalar,
)
from gradcli.results import Gradient, Input, LossResult, Tensor
from gradcli.results.phrasing import listed

_LONG = 20
"""Elements that are shown in their order; more of them with the worst first."""
_MOST_SORTED = 1_000_000
_WORST_AND_BEST = 6
"""Rows of a long table of elements."""
_ROWS_OF_AN_INPUT = 2
_ELEMENTS_SHOWN = 8
"""Parameters of gradient descent with more elements than these are shown by the norm of their gradient."""
_MANY_TIMES = 1000
"""A loss that changes by more than this is drawn by its powers of ten."""
_PARAMETERS_DRAWN = 6
_ELEMENTS_WRITTEN = 256
"""Parameters of gradient descent with more elements than these are left out of the table; JSON has them."""


def blocks(result: LossResult) -> tuple[Block, ...]:
    """The answer for people."""
    return (
        Heading(result.expression, place(result.setting, result.inputs)),
        *_loss(result),
        *(_walk(result) if result.descent else ()),
        *_elements(result),
        *_inside(result),
        *gradient_facts(result.norm, result.gradients),
        *footer(result.setting, *way_back(result.method)),
        *sample_notes(result.sample),
        *finding_blocks(result.findings, result.expression),
    )


def table(result: LossResult) -> Table:
    """A row a step of gradient descent; without it a row an element."""
    if result.descent:
        return _descent(result, _ELEMENTS_WRITTEN, None)
    if (elements := _element_table(result)) is not None:
        return elements
    tensors = {name: (tensor, result.gradients.get(name)) for name, tensor in result.inputs.items()}
    parts = {} if result.contributions is None else {"contributions": result.contributions}
    return long_table(tensors, {"loss": result.loss} | parts)


def plots(result: LossResult) -> tuple[Plot, ...]:
    """The loss over the steps of gradient descent, and the parameters if they are few numbers."""
    if len(result.descent) < 2:
        return ()
    steps = np.array([step.step for step in result.descent], dtype=np.float64)
    values = np.array([step.loss for step in result.descent], dtype=np.float64)
    seen = values[np.isfinite(values) & (values > 0)]
    powers = bool(seen.size and not (values < 0).any() and seen.max() > _MANY_TIMES * seen.min())
    name = "loss, by powers of ten" if powers else "loss"
    loss = Plot(steps, (Series(name, values),), (), "the loss over the steps", "step", "loss", logarithmic=powers)
    walked = tuple(_walked(result))
    return (loss, _parameters(steps, walked)) if 0 < len(walked) <= _PARAMETERS_DRAWN else (loss,)


def _parameters(steps: np.ndarray, walked: tuple[Series, ...]) -> Plot:
    """The way of each parameter; their sizes by powers of ten where they run away."""
    title, name = "the parameters over the steps", "parameter"
    sizes = np.abs(np.concatenate([series.y for series in walked]))
    sizes = sizes[np.isfinite(sizes)]
    if not sizes.size or sizes.max() <= _MANY_TIMES * max(1.0, *(abs(series.y[0]) for series in walked)):
        return Plot(steps, walked, title=title, x_name="step", y_name=name, colors_before=1)
    sized = tuple(Series(f"|{series.name}|", np.abs(series.y)) for series in walked)
    return Plot(steps, sized, (), title, "step", f"|{name}|", logarithmic=True, colors_before=1)


def _walked(result: LossResult) -> Iterator[Series]:
    """Each number among the parameters, step by step."""
    for name, tensor in result.descent[0].parameters.items():
        if tensor.values.size > _PARAMETERS_DRAWN or tensor.values.dtype.kind == "c":
            continue
        for place_of, label in enumerate(labels(name, tensor.shape)):
            walk = [step.parameters[name].values.reshape(-1)[place_of] for step in result.descent]
            yield Series(label, np.array(walk, dtype=np.float64))


def _loss(result: LossResult) -> Iterator[Block]:
    """The loss and its reduction; what else was given stands in the heading."""
    pairs: list[tuple[str, str | Scalar]] = [("loss", scalar(result.loss))] if result.loss.values.ndim == 0 else []
    yield Facts((*pairs, ("reduction", result.reduction)))
    if result.loss.values.ndim and result.contributions is None:
        yield Table((index_column(result.loss.shape), column("loss", result.loss)))


def _elements(result: LossResult) -> Iterator[Table]:
    """One table where everything has the contributions' shape, else contributions and gradients apart."""
    parts = result.contributions
    if (together := _elements_of_one_shape(result)) is not None and parts is not None:
        yield _worst_first(together, parts)
        return
    rest = result.inputs
    if parts is not None:
        fitting = {
            name: t for name, t in result.inputs.items() if t.shape == parts.shape and name not in result.gradients
        }
        columns = [column(name, tensor) for name, tensor in fitting.items()]
        yield _worst_first(Table((index_column(parts.shape), *columns, column("contribution", parts))), parts)
        rest = {name: tensor for name, tensor in result.inputs.items() if name not in fitting}
    yield from _inputs(rest, result.gradients)


def _elements_of_one_shape(result: LossResult) -> Table | None:
    """A row a contribution, with the inputs and gradients that belong to it."""
    parts = result.contributions
    if parts is None or any(not _fits(result.inputs[name], parts) for name in result.gradients):
        return None
    columns = [index_column(parts.shape)] if parts.values.size > 1 else []
    for name, tensor in result.inputs.items():
        stretched = tensor if _fits(tensor, parts) else broadcast(tensor, parts.shape)
        if stretched is None:
            return None
        columns.append(column(name, stretched))
    columns.append(column("contribution", parts))
    columns += [
        column_or_dashes(f"d/d{name}", gradient, parts.values.size) for name, gradient in result.gradients.items()
    ]
    return Table(tuple(columns))


def _fits(tensor: Tensor, parts: Tensor) -> bool:
    return tensor.shape == parts.shape or tensor.values.size == parts.values.size == 1


def _worst_first(table: Table, parts: Tensor) -> Table:
    """A long table by what its elements contribute."""
    size = parts.values.size
    if not _LONG < size <= _MOST_SORTED:
        return table
    values = np.abs(parts.values) if parts.values.dtype.kind == "c" else parts.values
    order = np.argsort(-np.where(np.isnan(values), np.inf, values).reshape(-1), kind="stable")
    return replace(reordered(table, order), title=f"{size:,} elements, the worst first", shortened_to=_WORST_AND_BEST)


def _inputs(inputs: Mapping[str, Input], gradients: Mapping[str, Gradient | None]) -> Iterator[Table]:
    """One table for all scalars, one for each other tensor, each beside its gradient where it has one."""
    scalars = [name for name, tensor in inputs.items() if not tensor.shape]
    if scalars:
        yield Table(tuple(chain.from_iterable(_beside_gradient(name, inputs[name], gradients) for name in scalars)))
    for name, tensor in inputs.items():
        if tensor.shape:
            columns = (index_column(tensor.shape), *_beside_gradient(name, tensor, gradients))
            yield Table(columns, shortened_to=_ROWS_OF_AN_INPUT)


def _beside_gradient(name: str, tensor: Tensor, gradients: Mapping[str, Gradient | None]) -> Iterator[Column]:
    yield column(name, tensor)
    if name in gradients:
        yield column_or_dashes(f"d/d{name}", gradients[name], tensor.values.size)


def _element_table(result: LossResult) -> Table | None:
    """For programs: a row a contribution, with the inputs and gradients that belong to it."""
    parts = result.contributions
    if parts is None or any(result.inputs[name].shape != parts.shape for name in result.gradients):
        return None
    columns = [index_column(parts.shape)] if parts.shape else []
    for name, tensor in result.inputs.items():
        stretched = broadcast(tensor, parts.shape)
        if stretched is None:
            return None
        columns.append(column(name, stretched))
    columns.append(column("contribution", parts))
    for name, gradient in result.gradients.items():
        label = "gradient" if len(result.gradients) == 1 else f"d/d{name}"
        columns.append(column_or_dashes(label, gradient, parts.values.size))
    return Table(tuple(columns))


def _inside(result: LossResult) -> Iterator[Table]:
    inside = result.inside
    if inside is None:
        return
    columns = (
        index_column(inside.probabilities.shape),
        column(inside.name, inside.probabilities),
        column("target", inside.target),
        column(f"{inside.name} - target", inside.difference, signed=True),
    )
    yield Table(columns, f"the {inside.name} inside", shortened_to=_ROWS_OF_AN_INPUT)


def _walk(result: LossResult) -> Iterator[Block]:
    """Where gradient descent led, and step by step."""
    yield _outcome(result)
    still = [name for name in result.gradients if name not in result.descent[0].parameters]
    if still:
        moved = ",".join(result.gradients)
        yield Note(f"{listed(still)} stays as it is, as data does; --wrt {moved} moves it too.")
    yield _descent(result, _ELEMENTS_SHOWN, "gradient descent")


def _descent(result: LossResult, most: int, title: str | None) -> Table:
    steps = result.descent
    columns = [
        Column("step", np.array([step.step for step in steps])),
        float_column("loss", [step.loss for step in steps], result.setting.dtype),
    ]
    for name, tensor in steps[0].parameters.items():
        if tensor.values.size > most:
            columns.append(_over_steps(f"|d/d{name}|", [_norm(step.gradients[name]) for step in steps], 0))
            continue
        for place_of, label in enumerate(labels(name, tensor.shape)):
            columns.append(_over_steps(label, [step.parameters[name] for step in steps], place_of))
            columns.append(_over_steps(f"d/d{label}", [step.gradients[name] for step in steps], place_of))
    return Table(tuple(columns), title)


def _outcome(result: LossResult) -> Note:
    """Where the descent led."""
    losses = [step.loss for step in result.descent]
    lost = next((step.step for step in result.descent if not math.isfinite(step.loss)), None)
    if lost is not None:
        return Note(f"The loss is not finite any more from step {lost} on: try a smaller --lr.", "warning")
    first, last = (shortest_float(loss, result.setting.dtype) for loss in (losses[0], losses[-1]))
    if last > first:
        return Note(f"The loss rose from {first:.6g} to {last:.6g}: try a smaller --lr.", "warning")
    return Note(f"The loss went from {first:.6g} to {last:.6g} in {len(losses) - 1} steps.", "good")


def _over_steps(name: str, tensors: list[Tensor | None], element: int) -> Column:
    picked = [None if t is None else Tensor(t.dtype, t.values.reshape(-1)[element : element + 1]) for t in tensors]
    return joined(name, [(tensor, 1) for tensor in picked])


def _norm(gradient: Tensor | None) -> Tensor | None:
    norm = getattr(gradient, "norm", None)
    return None if norm is None else Tensor(str(norm.dtype), norm)
