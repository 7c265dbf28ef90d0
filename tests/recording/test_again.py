"""A step of a program again: its tape has the gradients of the program, and nothing of the program is touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import torch
from each import each
from logs import USER, again, weights
from logs import logged as log_on
from torch import Tensor
from torch.utils.checkpoint import CheckpointFunction

from gradcli.recording.program.again import Repeated, run_again
from gradcli.recording.program.entries import GoneError
from gradcli.recording.program.logged import logged


def repeated(
    compute: Callable[[], Tensor | Sequence[Tensor]],
    cotangents: Sequence[Tensor | None] = (),
    names: Mapping[int, str] | None = None,
) -> Repeated:
    """A computation and the backward pass from what it gives."""
    value, entries = logged(USER, compute)
    roots = [value] if isinstance(value, Tensor) else value
    return run_again(entries, roots, cotangents, names or {}, USER)


def called(found: Repeated) -> list[str]:
    return [step.name for step in found.tape.steps]


def given() -> tuple[Tensor, Tensor]:
    return torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([0.5, -1.0], requires_grad=True)


ONES = torch.ones(2)


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient * 2


class Refusing(Doubled):
    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        raise RuntimeError("not today")


def became_leaf(x: Tensor, y: Tensor) -> Tensor:
    made = (x.detach() * 3).requires_grad_()
    return (x * y).sum() + (made * made).sum()


def changed_without_gradients(x: Tensor, y: Tensor) -> Tensor:
    with torch.no_grad():
        mask = (x > 1).float().mul_(3)
    return (x * mask * y).sum()


@torch.enable_grad()
def penalty(a: Tensor, b: Tensor) -> Tensor:
    (slope,) = torch.autograd.grad((a * b).pow(3).sum(), a, create_graph=True)
    return (slope.norm() - 1).square()


@torch.enable_grad()
def penalty_by_names(a: Tensor, b: Tensor) -> Tensor:
    slopes = torch.autograd.grad(outputs=[(a * b).exp().sum(), a @ b], inputs=[a, b], create_graph=True)
    return (slopes[0] * slopes[1]).sum()


def changed_after_its_use(x: Tensor, y: Tensor) -> Tensor:
    made, other = x * y, y * 2
    total = made.sum() + (x * other).detach().sum() * y.sum()
    made.add_(1)
    with torch.no_grad():
        other.zero_()
    return total


def closed_over(x: Tensor, y: Tensor) -> Tensor:
    outside = x * 2
    return CheckpointFunction.apply(lambda a: (a.exp() * outside).sum(), True, y)


def target_changed_in_place(x: Tensor, y: Tensor) -> Tensor:
    with torch.no_grad():
        target = (y * 0).log_()
    return (x * target).sum()


def asked_for_what_has_one(x: Tensor, y: Tensor) -> Tensor:
    made = x * 2
    made.requires_grad_()
    detached = made.detach()
    del made
    return (detached * x * y).sum()


@torch.enable_grad()
def penalty_of_one_of_several(a: Tensor, b: Tensor) -> Tensor:
    """Of what sends nothing, and of the first of what is taken apart alone."""
    sent = (
        torch.stack([a.exp(), b * 5]).unbind()[0].sum()
        + Silent.apply(a * 3, b * b).sum()
        + (b * 7 * a).sum()
        + Stopping.apply(a).sum()
    )
    (slope,) = torch.autograd.grad(sent, a, create_graph=True)
    return (slope * slope * b).sum()


@torch.enable_grad()
def penalty_of_what_is_not_told(a: Tensor, b: Tensor) -> Tensor:
    (slope,) = torch.autograd.grad(Doubled.apply(a.exp() * b), a, ONES, create_graph=True)
    return (slope * slope).sum()


def attribute_set(x: Tensor, y: Tensor) -> Tensor:
    made = x.detach() * 3
    other = made * y
    made.requires_grad = True
    return (made * other * x).sum()


def became_a_leaf_without_gradients(x: Tensor, y: Tensor) -> Tensor:
    made = torch.zeros(2)
    made.add_(3)
    with torch.no_grad():
        made.requires_grad_()
    return (made * x * y).sum()


class Stopping(Doubled):
    """A function that sends nothing."""

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> None:
        return None


class Silent(torch.autograd.Function):
    """A function that sends a gradient to its first operand alone."""

    @staticmethod
    def forward(ctx: Any, first: Tensor, second: Tensor) -> Tensor:
        return first * 2

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient * 2, None


PROGRAMS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "plain": lambda x, y: (x.exp() * y).sum(),
    "same tensor twice": lambda x, y: (x * x * y).sum(),
    "argument by name": lambda x, y: torch.add(x, y, alpha=3).square().sum(),
    "argument in a list": lambda x, y: torch.cat([x, y]).square().sum(),
    "one of several results": lambda x, y: torch.stack([x, y]).max(dim=0).values.sum(),
    "changed in place": lambda x, y: (x * y).mul_(x).add_(1).square().sum(),
    "written into": lambda x, y: torch.zeros(2).index_put_((torch.tensor([0, 1]),), x * y).square().sum(),
    "custom function": lambda x, y: (Doubled.apply(x) * y).square().sum(),
    "became a leaf": became_leaf,
    "became a leaf by its attribute": attribute_set,
    "became a leaf without gradients": became_a_leaf_without_gradients,
    "changed without gradients": changed_without_gradients,
    "drawn": lambda x, y: (torch.dropout(x, 0.5, True) * torch.rand(2) * y * torch.rand_like(x)).sum(),
    "checkpoint": lambda x, y: CheckpointFunction.apply(lambda a, b: (a.exp() * b * y).sum(), True, x * 3, y),
    "checkpoint of a draw": lambda x, y: CheckpointFunction.apply(lambda a: (torch.rand(2) * a * y).sum(), True, x),
    "vmap": lambda x, y: torch.func.vmap(lambda a: (a * y).exp().sum())(torch.stack([x, x * 2, y])).sum(),
    "vmap of what draws": lambda x, y: torch.func.vmap(
        lambda a: (torch.dropout(a, 0.5, True) * y).sum(), randomness="different"
    )(torch.stack([x, x * 2])).sum(),
    "gradient": lambda x, y: CheckpointFunction.apply(penalty, True, x * 1, y),
    "gradient by names": lambda x, y: CheckpointFunction.apply(penalty_by_names, True, x * 1, y),
    "gradient of one of several": lambda x, y: CheckpointFunction.apply(penalty_of_one_of_several, True, x * 1, y * 1),
    "gradient of a custom function": lambda x, y: CheckpointFunction.apply(
        penalty_of_what_is_not_told, True, x * 1, y * 1
    ),
    "custom function in a checkpoint": lambda x, y: CheckpointFunction.apply(
        lambda a, b: (Doubled.apply(a.exp()) * b).sum(), True, x * 1, y
    ),
    "changed after its use": changed_after_its_use,
    "target changed in place": target_changed_in_place,
    "asked for what has one": asked_for_what_has_one,
    "asked for what has one, and used": lambda x, y: ((x * 2).requires_grad_() * y).sum(),
    "result that a checkpoint closes over": closed_over,
    "frozen": lambda x, y: ((x.detach() * 2).requires_grad_(False) * x * y).sum(),
    "autocast": lambda x, y: under_autocast(x, y),
}  # fmt: skip


def under_autocast(x: Tensor, y: Tensor) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        return (torch.outer(x * 0.3, y) @ x).float().sum()  # which bfloat16 rounds


@each("name", PROGRAMS)
def test_the_gradients_are_the_programs_and_nothing_else_changes(name: str) -> None:
    x, y = given()
    torch.manual_seed(3)
    value, entries = logged(USER, lambda: PROGRAMS[name](x, y))
    value.backward(retain_graph=True)
    expected = {"x": x.grad, "y": y.grad}
    x.grad, y.grad, state = torch.full((2,), 7.0), None, torch.get_rng_state()
    found = run_again(entries, [value], [None], {id(x): "x", id(y): "y"}, USER)
    assert found.differs is None
    assert torch.equal(found.tape.output, value)
    assert all(step.values for step in found.tape.steps)
    torch.testing.assert_close({name: found.tape.gradients[name] for name in expected}, expected)
    assert (x.grad.tolist(), y.grad) == ([7.0, 7.0], None)
    assert torch.equal(torch.get_rng_state(), state)


def test_each_root_has_its_own_cotangent_also_beside_one_that_nothing_is_known_of() -> None:
    (x, _), unused = given(), torch.ones(2, requires_grad=True)
    threes = torch.tensor([3.0, 5.0])
    found = repeated(lambda: [x.exp().sum(), x * x], [None, threes], {id(x): "x"})
    torch.testing.assert_close(found.tape.gradients["x"], (x.exp() + 2 * x * threes).detach())
    found = repeated(lambda: [unused, x * x], [ONES * 7, threes], {id(x): "x"})
    torch.testing.assert_close(found.tape.gradients["x"], (2 * x * threes).detach())
    found = repeated(lambda: [x * x], (), {id(x): "x"})
    torch.testing.assert_close(found.tape.gradients["x"], (2 * x).detach())
    assert repeated(lambda: unused).tape.steps == []


def test_a_tensor_that_is_differentiated_by_later_is_one_leaf_from_there_on() -> None:
    kept, zeros = torch.ones(2), torch.zeros(2)

    def computed() -> Tensor:
        made = torch.ones(2) * 3
        made.requires_grad_()
        return (made * made).sum()

    def of_nothing() -> Tensor:
        made = torch.zeros(2)
        made.requires_grad_()
        return (made.exp() * made).sum()

    def frozen() -> Tensor:
        return (torch.ones(4) * 3).requires_grad_(False)

    def set_as_an_attribute() -> Tensor:
        made = torch.ones(2) * 3
        other = made * 2
        made.requires_grad = True
        return (made * made + other * made).sum()  # 2 * 3 + 6

    def changed_and_set() -> Tensor:
        made = torch.zeros(2)
        made.add_(3)
        made.requires_grad = True
        return (made * made).sum()

    def without_gradients() -> Tensor:
        made = torch.ones(2) * 3
        with torch.no_grad():
            made.requires_grad_()
        return (made * made).sum()

    def target() -> Tensor:
        with torch.no_grad():
            made = zeros.log().requires_grad_()
        return made.exp().sum()

    def of_an_input() -> Tensor:
        kept.requires_grad_()
        return (kept * kept).sum()

    for compute, names, gradients in (
        (computed, ["ones", "mul", "leaf", "mul", "sum"], [6.0] * 2),
        (of_nothing, ["zeros", "leaf", "exp", "mul", "sum"], [1.0] * 2),
        (set_as_an_attribute, ["ones", "mul", "mul", "leaf", "mul", "mul", "add", "sum"], [12.0] * 2),
        (changed_and_set, ["zeros", "add_", "leaf", "mul", "sum"], [6.0] * 2),
        (without_gradients, ["ones", "mul", "leaf", "mul", "sum"], [6.0] * 2),
        (target, ["leaf", "log", "leaf", "exp", "sum"], [0.0] * 2),
        (of_an_input, ["leaf", "mul", "sum"], [2.0] * 2),
        (lambda: (frozen() * weights()).sum(), ["ones", "mul", "leaf", "mul", "sum"], [3.0] * 4),
        (lambda: torch.zeros(2, requires_grad=True).exp().sum(), ["leaf", "exp", "sum"], [1.0] * 2),
    ):
        found = repeated(compute)
        assert called(found) == names
        assert [one.tolist() for one in found.tape.gradients.values()] == [gradients]
        assert found.leaves.keys() == found.tape.gradients.keys()


def test_a_backward_pass_that_raises_leaves_the_values() -> None:
    x, y = given()
    found = repeated(lambda: (Refusing.apply(x) * y).sum())
    assert found.tape.output.item() == -3.0
    assert found.tape.gradients == {}
    assert called(found) == ["leaf", "Refusing", "leaf", "mul", "sum"]
    assert torch._C._len_torch_function_stack() == 0


def test_what_a_function_of_the_user_uses_by_itself_is_a_leaf_of_the_program() -> None:
    x, hidden = given()
    hidden.grad = ONES * 7

    def uses(tensor: Tensor) -> Tensor:
        return tensor * hidden

    with log_on() as log:
        log.rest()
        value = uses(x)
        log.wake()
        log.add(uses, (x,), {}, value)
        root = value.sum()
        log.rest()
        found = run_again(log.calls.recorded(), [root], [None], {id(x): "x", id(hidden): "hidden"}, USER)
    assert found.tape.gradients["x"].tolist() == [0.5, -1.0]
    assert found.tape.gradients["hidden"].tolist() == [1.0, 2.0]
    assert found.leaves["hidden"] is hidden
    assert hidden.grad.tolist() == [7.0, 7.0]


def test_a_tensor_of_an_earlier_step_is_changed_in_place_on_a_copy() -> None:
    x, y = given()
    earlier = x * 2
    found = repeated(lambda: (earlier.mul_(3) * y).sum(), (), {id(earlier): "earlier"})
    assert found.tape.gradients["earlier"].tolist() == [1.5, -3.0]
    assert earlier.tolist() == [6.0, 12.0]
    assert found.differs is None


def test_a_tensor_of_an_earlier_step_is_changed_without_gradients_after_it_was_with_them() -> None:
    x, y = given()
    earlier = x * 2

    def computed() -> Tensor:
        loss = (earlier.mul_(3) + y).sum()
        with torch.no_grad():
            earlier.zero_()
        return loss

    assert repeated(computed, (), {id(earlier): "earlier"}).tape.gradients["earlier"].tolist() == [3.0, 3.0]


@pytest.mark.parametrize("changed", ["the mask", "a row of the mask", "a buffer"])
def test_what_was_made_of_something_gone_and_changed_since_is_not_taken_for_what_it_was(changed: str) -> None:
    x, _ = given()
    with log_on() as log:
        hidden = x * 3
        mask = (hidden > 4).float()
        buffer = torch.zeros(2)
        first = hidden.square().sum()
        first.backward()
        log.calls.drop_behind([first])
        del hidden, first
        if changed == "a buffer":
            mask = buffer.copy_(mask)
        elif changed == "the mask":
            mask.mul_(2)
        else:
            mask[0].mul_(2)
        loss = (x * mask).sum()
        del mask
        with pytest.raises(GoneError):
            again(log, loss)


def test_a_result_without_gradients_that_is_changed_and_was_not_kept_is_gone() -> None:
    x, _ = given()
    with log_on(budget=0) as log:
        with torch.no_grad():
            made = x * 3
        made.add_(1)
        loss = (x * made).sum()
        with pytest.raises(GoneError):
            again(log, loss)


def test_the_first_step_that_gives_something_else_is_told() -> None:
    x, y = given()
    count = iter(range(9))

    def other(tensor: Tensor) -> Tensor:
        return tensor * (1 + next(count))

    with log_on() as log:
        log.rest()
        value = other(x)
        log.wake()
        log.add(other, (x,), {}, value)
        differs = again(log, (value * y).exp().sum()).differs
    assert differs is not None
    assert differs.name == "other"


def test_leaves_of_one_name_are_told_apart() -> None:
    x, y = given()
    names = dict.fromkeys((id(x), id(y)), "same")

    def computed() -> Tensor:
        third = x * y
        return (
            third * weights()[:2]
            + weights()[:2]
        ).sum()  # fmt: skip

    found = repeated(computed, (), names)
    assert len(found.leaves) == 2 + 2
    assert len({leaf.variable for leaf in found.tape.leaves}) == 4


def test_an_input_is_called_by_what_is_written_where_it_is_used() -> None:
    x, _ = given()
    space: dict[str, Any] = {}
    exec(compile("def made(x): return x.exp()", "<nowhere>", "exec"), space)
    (leaf,) = repeated(lambda: space["made"](x).sum()).leaves
    assert leaf == "input"
    (leaf,) = repeated(lambda: x.exp().sum()).leaves
    assert leaf == "x"
    mask = torch.tensor([2, 3])
    steps = repeated(lambda: (x * (1 & mask)).sum()).tape.steps
    assert [step.text for step in steps if step.is_leaf] == ["mask", "x"]


def test_a_change_in_place_reads_what_it_changes_and_what_it_is_given() -> None:
    x, y = given()
    buffer = torch.ones(2)
    found = repeated(lambda: buffer.mul_(x).add_(y).sum())
    steps = {step.variable or step.name: step for step in found.tape.steps}
    assert steps["mul_"].operands == (steps["buffer"].index, steps["x"].index)
    assert steps["add_"].operands == (steps["mul_"].index, steps["y"].index)
    assert found.tape.gradients["x"].tolist() == [1.0, 1.0]


def test_rows_of_a_batch_that_are_changed_in_place_start_from_what_they_were() -> None:
    x, _ = given()
    batch, outside = torch.ones(2, 2), torch.ones(2, 2)
    rows, view = outside[1], outside[0]
    expected = torch.tensor([[6.0, 6.0], [5.0, 5.0]])
    with log_on() as log:
        row = batch[0]
        row.mul_(2)
        row.mul_(3)
        batch[1].add_(4)
        view.add_(1)
        loss = (x * batch).sum() + (x * view).sum() + (x * rows).sum()
        rows.mul_(7)
        found = again(log, loss)
    assert found.differs is None
    (gradient,) = found.tape.gradients.values()
    assert torch.equal(gradient, expected.sum(dim=0) + 2 + 1)


def test_a_function_that_gives_nothing_the_second_time_is_no_step() -> None:
    x, y = given()
    gives = iter([True])

    def once(tensor: Tensor) -> Tensor | None:
        return tensor * 2 if next(gives, False) else None

    with log_on() as log:
        log.rest()
        value = once(x)
        log.wake()
        assert value is not None
        log.add(once, (x,), {}, value)
        names = called(again(log, (value * y).sum()))
    assert names[-3:] == ["leaf", "mul", "sum"]
    assert "once" not in names


def test_what_is_made_of_nothing_is_called_again_where_a_gradient_flows_through_it() -> None:
    hidden, _ = given()

    def uses() -> Tensor:
        return hidden * 2

    with log_on() as log:
        log.rest()
        value = uses()
        log.wake()
        log.add(uses, (), {}, value)
        root = value.square().sum()
        log.rest()
        found = run_again(log.calls.recorded(), [root], [None], {id(hidden): "hidden"}, USER)
    assert found.tape.gradients["hidden"].tolist() == [8.0, 16.0]


@pytest.mark.parametrize("by_name", [False, True])
def test_a_gradient_that_the_log_is_told_of_has_its_steps(by_name: bool) -> None:
    x, y = given()
    earlier = x * 2
    with log_on() as log:
        root = (earlier.mul_(y) ** 3).sum()
        args, kwargs = ((), {"outputs": root, "inputs": y}) if by_name else ((root, y), {})
        slopes = torch.autograd.grad(*args, **kwargs, create_graph=True)
        log.add(torch.autograd.grad, args, {**kwargs, "create_graph": True}, slopes)
        loss = slopes[0].square().sum()
        log.rest()
        found = run_again(log.calls.recorded(), [loss], [None], {id(y): "y"}, USER)
    assert found.differs is None
    assert [step.operation.title for step in found.tape.steps if str(step.operation.title).startswith("the der")] == [
        "the derivative of (earlier.mul_(y) ** 3).sum()",
        "the derivative of earlier.mul_(y) ** 3",
        "the derivative of earlier.mul_(y)",
    ]
    (expected,) = torch.autograd.grad(loss, y)
    torch.testing.assert_close(found.tape.gradients["y"], expected)
