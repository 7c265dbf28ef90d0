"""The steps inside of what the log has as one operation, and the lines of the user's own backward functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from each import each
from logs import USER, logged
from torch import Tensor
from torch.utils.checkpoint import CheckpointFunction

from gradcli.exceptions import ArgumentError
from gradcli.model.place import Place
from gradcli.numerics.literals import Context
from gradcli.recording.program.again import Repeated, run_again
from gradcli.recording.program.inside import StepsInside
from gradcli.recording.program.log import Log
from gradcli.recording.program.own_functions import OwnLines
from gradcli.recording.program.places import Spot, UserCode
from gradcli.recording.program.untold import Untold, _apart
from gradcli.recording.recorder import Recorder

X = torch.tensor([1.0, 2.0], requires_grad=True)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """What torch.compile makes: it knows the function, and tells of no call in it."""

    def run(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    run._torchdynamo_orig_callable = function  # type: ignore[attr-defined]
    return run


def of(compute: Callable[[Log], Tensor], names: dict[int, str] | None = None) -> Repeated:
    with logged() as log:
        untold = Untold(log)
        untold.put_on()
        try:
            root = compute(log)
        finally:
            untold.take_off()
        log.rest()
        return run_again(log.calls.recorded(), [root], [None], {id(X): "x"} | (names or {}), USER)


def shown(found: Repeated) -> list[tuple[str, str]]:
    return [(step.name, step.text) for step in found.tape.steps if not step.is_leaf]


def block(x: Tensor, power: float, scale: Tensor) -> tuple[Tensor, Tensor]:
    scale.requires_grad_()
    with torch.no_grad():
        largest = x.max() if x.dim() else x
    x.isnan()
    if torch.result_type(x, scale) is torch.float32 and largest.item() > 0:
        x = torch.pow(x, exponent=power)
    up = x * scale
    up.mul_(3)
    return up.exp(), up


def test_each_call_of_a_compiled_function_is_a_step() -> None:
    scale = torch.ones(2)

    def compute(log: Log) -> Tensor:
        first, second = _apart(log, compiled(block), None, X, scale=scale, power=2.0)
        return (first + second).sum()

    found = of(compute, {id(scale): "scale"})
    outer = "compiled(block), None, X, scale=scale, power=2.0"
    assert [name for name, _ in shown(found)] == ["pow", "mul", "mul_", "exp", "run", "add", "sum"]
    assert shown(found)[:4] == [
        ("pow", "torch.pow(x, exponent=power)"),
        ("mul", "x * scale"),
        ("mul_", "up.mul_(3)"),
        ("exp", "up.exp()"),
    ]
    steps = {step.name: step for step in found.tape.steps}
    assert found.differs is None
    assert outer in steps["run"].place.text
    assert steps["exp"].index in steps["run"].operands
    assert steps["pow"].index not in steps["run"].operands, "the steps that another one inside reads"
    assert steps["mul_"].operands == (steps["mul"].index,)
    assert steps["exp"].operation.elementwise
    assert not steps["run"].operation.elementwise
    with pytest.raises(ArgumentError, match="cannot be applied again"):
        steps["run"].operation.apply(steps["run"].arguments, Context())
    expected = (X.pow(2) * 3).exp() * 6 * X + 6 * X
    torch.testing.assert_close(found.tape.gradients["x"], expected.detach())


def test_what_a_library_calls_inside_stands_where_the_program_calls_it() -> None:
    found = of(lambda log: _apart(log, compiled(torch.nn.functional.gelu), None, X).sum())
    (step,) = (step for step in found.tape.steps if step.name == "gelu")
    assert step.place.text == "_apart(log, compiled(torch.nn.functional.gelu), None, X)"


def test_a_batch_is_elementwise_where_all_of_it_has_one_shape_and_is_not_changed() -> None:
    rows, scales = torch.ones(3, 2), torch.ones(3)

    def row(a: Tensor, b: Tensor) -> Tensor:
        return (a.exp() * b).sin_().cos().cumsum(0).sum()

    def compute(log: Log) -> Tensor:
        return torch.func.vmap(row)(rows * X, scales).sum()

    found = of(compute)
    steps = {
        step.name: step.operation
        for step in found.tape.steps
        if step.operation.name != "mul" or step.text != "rows * X"
    }
    assert {name: steps[name].elementwise for name in ("exp", "mul", "sin_", "cos", "cumsum", "sum")} == {
        "exp": True,
        "mul": False,  # a scale for each row
        "sin_": False,
        "cos": True,
        "cumsum": False,
        "sum": False,
    }
    assert [step.values[0].shape for step in found.tape.steps if step.name == "exp"] == [(3, 2)]
    with pytest.raises(ArgumentError):
        steps["mul"].apply([rows, scales], Context())
    with pytest.raises(ArgumentError):
        steps["cumsum"].apply([rows, 0], Context())


def test_a_function_of_pytorchs_under_a_transform_is_a_step_inside_of_it() -> None:
    found = of(lambda log: torch.func.vmap(torch.sqrt)(X).sum())
    assert [name for name, _ in shown(found)] == ["sqrt", "vmap", "sum"]


@torch.enable_grad()
def slopes(a: Tensor) -> Tensor:
    root = (a * a).sqrt()
    (slope,) = torch.autograd.grad(root.sum() + a.detach().sum(), a, create_graph=True)
    return slope.exp()


def test_a_gradient_that_is_differentiated_has_a_step_for_each_of_its_nodes() -> None:
    found = of(lambda log: CheckpointFunction.apply(slopes, True, X * 2).sum())
    titles = [step.operation.title for step in found.tape.steps]
    assert [title for title in titles if title and "derivative" in title] == [
        "the derivative of root.sum() + a.detach().sum()",
        "the derivative of root.sum()",
        "the derivative of (a * a).sqrt()",
        "the derivative of a * a",
    ]
    by_title = {step.operation.title or step.name: step for step in found.tape.steps}
    root = by_title["the derivative of (a * a).sqrt()"]
    assert by_title["the derivative of root.sum()"].index in root.operands
    assert by_title["sqrt"].operands[0] in root.operands
    assert root.single
    product = by_title["the derivative of a * a"]
    assert root.index in product.operands
    assert [value.tolist() for value in product.values] == [[0.5, 0.5]] * 2
    assert product.index in by_title["autograd.grad"].operands
    assert found.differs is None


class OfTheFirst(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, first: Tensor, second: Tensor) -> Tensor:
        return first * second

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient, None


@torch.enable_grad()
def slopes_of_the_first(a: Tensor) -> Tensor:
    square = a * a
    root = square.exp().sum() + OfTheFirst.apply(a + 1, square).sum()
    (slope,) = torch.autograd.grad(root, a, create_graph=True)
    return slope.exp()


def test_the_derivative_of_what_is_sent_nothing_does_not_come_from_there() -> None:
    found = of(lambda log: CheckpointFunction.apply(slopes_of_the_first, True, X * 2).sum())
    by_title = {step.operation.title: step for step in found.tape.steps}
    operands = by_title["the derivative of a * a"].operands
    titles = [str(found.tape.steps[number].operation.title) for number in operands]
    assert "the derivative of square.exp()" in titles
    assert not [title for title in titles if "OfTheFirst" in title]
    assert found.differs is None


class Nobody(UserCode):
    def innermost(self, frame: object) -> None:  # type: ignore[override]
        return None


class Copies:
    def stand_in(self, tensor: Tensor, place: Place) -> Tensor:
        return tensor


def test_what_no_code_of_the_user_calls_is_no_step() -> None:
    recorder = Recorder(in_place=False)
    code = test_what_no_code_of_the_user_calls_is_no_step.__code__
    with StepsInside(recorder, Nobody(), Copies(), Spot(code, 0)) as steps:
        assert torch.add(torch.ones(2), other=2).tolist() == [3, 3]
    assert (steps.found, recorder.steps) == ([], [])


class Own(torch.autograd.Function):
    """A function whose backward is given."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, backward: Callable[[Tensor], Tensor]) -> Tensor:
        ctx.backward = backward
        return x * 2

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return ctx.backward(gradient), None


ZERO = torch.zeros(2)


@each(
    "backward, operations",
    [
        (lambda g: g / ZERO, ["div"]),
        (lambda g: torch.div(g, other=ZERO), ["div"]),
        (lambda g: torch.mul(g, other=ZERO / 0), ["div"]),  # the product takes it over
        (lambda g: (g / ZERO).exp(), ["div"]),
        (lambda g: torch.stack((g, g / ZERO)).unbind()[1], ["div"]),
        (lambda g: g * 3, []),
        (lambda g: g * (g.to("meta").ndim + 1), []),
        (lambda g: g.log1p().tan(), []),
        (lambda g: g.masked_fill(g == g, -torch.inf).softmax(0), ["softmax"]),  # a mask is meant
        (lambda g: torch.where(g == g, -torch.inf, g), []),
    ],
)
def test_the_line_of_an_own_backward_that_makes_what_is_not_finite_is_noted(
    backward: Callable[[Tensor], Tensor], operations: list[str]
) -> None:
    for user, expected in ((USER, operations), (Nobody(), [])):
        output = Own.apply(X, backward).sum()
        own = OwnLines(user)
        own.look_at_backward(output)
        output.backward(inputs=[X])
        assert [line.operation for line in own.lines] == expected
        assert all(line.function.endswith("<lambda>") for line in own.lines)
    X.grad = None
