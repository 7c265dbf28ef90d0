"""The derivative of one operation, apart from everything else: by closed form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from each import each

from gradcli.diagnose.origins.local import (
    applied,
    argument_position,
    differentiated,
    local_derivative,
    slope_by_node,
    slope_of,
)
from gradcli.language.parser import parse
from gradcli.language.properties import changes_in_place
from gradcli.model.place import Place, Source
from gradcli.numerics.evaluate import evaluate
from gradcli.numerics.literals import Context
from gradcli.recording.from_expression import ExpressionRecorder
from gradcli.recording.operation import Operation
from gradcli.recording.recorder import Recorder
from gradcli.recording.tape import Step, Tape

CONTEXT = Context()
X = [1.0, 2.0, 3.0]
T = torch.tensor(X)


def recorded(text: str, **inputs: object) -> Tape:
    """The tape of an expression without a backward pass, which would free the graph."""
    tensors = {name: one if isinstance(one, torch.Tensor) else torch.tensor(one) for name, one in inputs.items()}
    for one in tensors.values():
        one.requires_grad_(one.is_floating_point() or one.is_complex())
    program = parse(text, bound=list(tensors))
    recorder = ExpressionRecorder(program, changes_in_place(program))
    evaluate(program, tensors, CONTEXT, recorder)
    return recorder.unfinished()


def last(text: str, **inputs: object) -> tuple[Tape, Step]:
    """The same, and its last step."""
    tape = recorded(text, **inputs)
    return tape, tape.steps[-1]


def numbers(tensor: torch.Tensor | None) -> Any:
    return None if tensor is None else tensor.tolist()


class Gives(Operation):
    """An operation that gives the same whatever it is given."""

    result: object = None

    def apply(self, _arguments: Sequence[object], _context: Context) -> object:
        return self.result


def step_of(operation: Operation, value: object, *arguments: object) -> Step:
    recorder = Recorder(in_place=False)
    recorder.add(operation, Place(Source("f(x)"), 0, 4), value, arguments=arguments)
    return recorder.steps[0]


@each(
    "text, inputs, position, stretched, slope",
    [
        ("x**3", {"x": X}, 0, False, [3.0, 12.0, 27.0]),
        ("x * 2", {"x": X}, 1, False, None),  # no tensor
        ("x * n", {"x": X, "n": [1, 2, 3]}, 1, False, None),  # whole numbers
        ("x > 2", {"x": X}, 0, False, None),  # nothing to differentiate
        ("x * y", {"x": 2.0, "y": X}, 0, False, 6.0),
        ("x * y", {"x": 2.0, "y": X}, 0, True, [1.0, 2.0, 3.0]),
        ("x * y", {"x": X, "y": 2.0}, 0, True, [2.0, 2.0, 2.0]),
        ("sum(x)", {"x": X}, 0, True, None),  # it has more elements than the value
        ("z * w", {"z": torch.tensor(1j), "w": torch.tensor(1 + 2j)}, 0, False, 1 - 2j),  # PyTorch's: conj(w)
    ],
)
def test_the_derivative_by_an_argument(
    text: str, inputs: dict[str, object], position: int, stretched: bool, slope: object
) -> None:
    _, step = last(text, **inputs)
    assert numbers(local_derivative(step, position, CONTEXT, stretched=stretched)) == slope


def test_the_derivative_of_the_first_of_several_values() -> None:
    """Of the variance of n numbers that is 2*(x - mean)/(n - 1)."""
    step = recorded("var_mean(x)[0]", x=X).steps[1]
    assert numbers(local_derivative(step, 0, CONTEXT, stretched=True)) == [-1.0, 0.0, 1.0]


def test_an_operation_that_gives_no_tensor_has_no_derivative() -> None:
    for result in (None, [T], 3, (3,)):
        operation = Gives(name="f")
        operation.result = result
        step = step_of(operation, T, T)
        assert applied(step, {}, CONTEXT) is None
        assert local_derivative(step, 0, CONTEXT) is None


@each(
    "text, inputs, slope",
    [
        ("x**3", {"x": X}, [3.0, 12.0, 27.0]),
        ("relu(x - 2)", {"x": X}, [0.0, 0.0, 1.0]),
        ("n * x", {"x": X, "n": [4, 5, 6]}, [4.0, 5.0, 6.0]),  # whole numbers are not differentiated
        ("z * 2", {"z": torch.tensor([1j])}, [2.0]),
    ],
)
def test_the_slope_is_the_same_by_the_node_and_computed_anew(
    text: str, inputs: dict[str, object], slope: list[float]
) -> None:
    tape, step = last(text, **inputs)
    assert numbers(slope_of(tape, step, CONTEXT)) == slope
    assert numbers(slope_by_node(step)) == slope


@each(
    "text, inputs, by_node, anew",
    [
        ("float_power(x, 2)", {"x": torch.tensor(X).double()}, [2.0, 4.0, 6.0], [2.0, 4.0, 6.0]),
        ("float_power(x, 2)", {"x": X}, None, [2.0, 4.0, 6.0]),  # two nodes: it becomes float64 first
        ("x @ x", {"x": X}, None, None),
        ("x > 2", {"x": X}, None, None),
        ("linalg.svdvals(x)", {"x": [[2.0]]}, None, None),  # its node has several outputs
    ],
)
def test_no_slope_is_told_where_a_node_does_not_know_it(
    text: str, inputs: dict[str, object], by_node: object, anew: object
) -> None:
    tape, step = last(text, **inputs)
    assert (numbers(slope_by_node(step)), numbers(slope_of(tape, step, CONTEXT))) == (by_node, anew)


def test_the_slope_is_by_what_is_differentiated() -> None:
    """Of 3**x that is 3**x * log(3), though 3 is the first argument."""
    inputs = {"t": torch.tensor(3), "x": 2.0}
    tape, step = last("float_power(t, x)", **inputs)
    assert differentiated(tape, step) == {1}
    slope = slope_of(tape, step, CONTEXT)
    assert slope is not None
    assert slope.item() == pytest.approx(9 * torch.tensor(3.0).log().item())


def test_an_operation_in_place_is_applied_to_a_copy_of_what_it_was_given() -> None:
    _, step = last("y = x * 1; y.mul_(y)", x=X)
    assert numbers(local_derivative(step, 0, CONTEXT)) == X  # the other y is another argument
    for _ in range(2):
        assert numbers(applied(step, {}, CONTEXT)) == [1.0, 4.0, 9.0]


def test_an_operation_that_changes_a_list_of_tensors_is_applied_to_the_list() -> None:
    operation = Gives(name="_foreach_add_")
    operation.result = T
    assert applied(step_of(operation, T, [T]), {}, CONTEXT) is T
    assert applied(step_of(operation, T), {}, CONTEXT) is T


@each(
    "text, inputs, name, position",
    [
        ("x / y", {"x": X, "y": X}, "y", 1),  # which of two that are equal
        ("x / x", {"x": X}, "x", 0),
        ("z / z", {"z": torch.tensor([1j])}, "z", 0),
        ("where(m, x, x)", {"x": X, "m": [True, False, True]}, "x", 1),
        ("stack([x, x])", {"x": X}, "x", None),  # a list is no tensor
        ("2 * x", {"x": X}, "x", 1),
    ],
)
def test_the_argument_is_found_that_is_the_value_of_a_step(
    text: str, inputs: dict[str, object], name: str, position: int | None
) -> None:
    tape, step = last(text, **inputs)
    assert argument_position(step, tape.leaf(name)) == position


def test_what_has_several_values_or_none_is_no_argument() -> None:
    tape = recorded("v = var_mean(x); v[0] * x", x=X)
    assert argument_position(tape.steps[-1], tape.steps[1]) is None
    assert argument_position(tape.steps[-1], None) is None


@each(
    "argument, value, is_argument",
    [
        (T.clone(), T, True),  # a copy
        (torch.tensor([1.0, torch.nan]), torch.tensor([1.0, torch.nan]), True),
        (torch.tensor([1j, complex(torch.nan, 2)]), torch.tensor([1j, complex(torch.nan, 2)]), True),
        (T.double(), T, False),
        (T + 1, T, False),
        (torch.tensor(2.0), torch.full((3,), 2.0), False),
        (2.0, torch.tensor(2.0), False),
    ],
)
def test_a_copy_of_a_value_is_taken_for_it(argument: object, value: torch.Tensor, is_argument: bool) -> None:
    source = step_of(Gives(name="g"), value)
    found = argument_position(step_of(Gives(name="f"), value, argument), source)
    assert found == (0 if is_argument else None)
