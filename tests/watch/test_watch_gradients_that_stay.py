"""Gradients that an earlier pass left behind: those of a parameter that takes no part in this one, or is added to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from each import each
from torch import Tensor, nn
from watching import found_in, watched, written

import gradcli
from gradcli.inspections.watching import sizes

TWO_MODELS = """
    import torch

    torch.manual_seed(0)
    one, other = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
    adam, sgd = torch.optim.Adam(one.parameters()), torch.optim.SGD(other.parameters(), lr=0.1)
    for step in range(4):
        adam.zero_grad()
        length = torch.sqrt((one(torch.ones(3, 2)) * (step != 1)) ** 2)
        length.sum().backward()
        if step != 1:
            adam.step()
        for _ in range(2):
            sgd.zero_grad()
            other(torch.ones(3, 2)).square().mean().backward()
            sgd.step()
"""

CAUGHT = """
    import torch


    def trained(steps):
        model = torch.nn.Linear(2, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for step in range(steps):
            optimizer.zero_grad()
            loss = torch.sqrt((model(torch.ones(3, 2)) * (step != 2)) ** 2).mean()
            loss.backward()
            optimizer.step()


    for steps in (4, 2, 3):
        try:
            trained(steps)
        except:
            pass
    print("end")
"""

ACCUMULATED = """
    import torch

    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for batch in range(4):
        torch.sqrt((model(torch.ones(3, 2)) * (batch != 1)) ** 2).mean().backward()
    optimizer.zero_grad()
"""

BROKEN_BEFORE = """
    import torch

    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.bias.grad = torch.full((1,), torch.nan)
    model(torch.ones(3, 2)).square().mean().backward()
"""

DEAD_IN_TURN = """
    import torch

    torch.manual_seed(0)
    one, other = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
    adam, sgd = torch.optim.SGD(one.parameters(), lr=0.1), torch.optim.SGD(other.parameters(), lr=0.1)
    for step in range(4):
        adam.zero_grad(set_to_none=False)
        torch.relu(one(torch.ones(3, 2)) - 100).sum().backward()
        adam.step()
        adam.zero_grad(set_to_none=False)
        for _ in range(9):
            sgd.zero_grad(set_to_none=False)
            other(torch.ones(3, 2)).square().mean().backward()
            sgd.step()
"""


def test_what_another_pass_left_behind_is_not_told_anew(tmp_path: Path) -> None:
    ran = found_in(tmp_path, TWO_MODELS, "--continue")
    assert (ran.only["place"]["line"], ran.only["operation"], ran.only["step"]) == (8, "sqrt", 4)
    assert ran.report["steps"] == 12


def test_what_stays_hides_no_later_finding(tmp_path: Path) -> None:
    text = TWO_MODELS.replace("range(2)", "range(9)").replace("(torch.ones(3, 2)).square()", "(torch.ones(3, 2)).log()")
    text = text.replace("other(torch.ones(3, 2)).log()", "(other(torch.ones(3, 2)).square() * (step != 2)).log()")
    places = {one["place"]["line"] for one in found_in(tmp_path, text, "--continue").report["findings"]}
    assert places == {8, 14}


def test_a_program_that_catches_its_end_hears_no_second_finding(tmp_path: Path) -> None:
    ran = found_in(tmp_path, CAUGHT)
    assert (ran.only["place"]["line"], ran.only["operation"], ran.only["step"]) == (9, "sqrt", 3)
    assert (ran.code, ran.out, ran.report["steps"]) == (1, "end\n", 3)


def test_a_gradient_that_is_added_to_is_told_where_it_became_infinite_alone(tmp_path: Path) -> None:
    found = found_in(tmp_path, ACCUMULATED, "--continue").only
    assert (found["place"]["line"], found["operation"], found["step"]) == (6, "sqrt", 2)


def test_a_gradient_that_was_not_finite_before_the_step_is_said_to_be_so(tmp_path: Path) -> None:
    found = found_in(tmp_path, BROKEN_BEFORE).only
    assert (found["message"], found["place"]["line"]) == ("a gradient is not finite", 6)
    assert found["remark"] == "what this step adds to the gradients is finite: they were not before it"


@pytest.mark.parametrize(("patience", "steps"), [(4, [31]), (5, [])])
def test_steps_of_others_do_not_make_a_parameter_dead(tmp_path: Path, patience: int, steps: list[int]) -> None:
    report = found_in(tmp_path, DEAD_IN_TURN, "--patience", str(patience)).report
    assert [one["step"] for one in report["findings"]] == steps


def test_a_gradient_of_a_gradient_is_looked_at_before_the_first_step_too(tmp_path: Path) -> None:
    text = """
        import torch

        net = torch.nn.Linear(1, 1)
        x = torch.zeros(1, 1, requires_grad=True)
        y = net(x) + torch.log(x.detach())
        (slope,) = torch.autograd.grad(y, x, torch.ones(1, 1), create_graph=True)
        print(slope.isfinite().item())
    """
    ran = found_in(tmp_path, text)
    assert (ran.only["place"]["line"], ran.only["operation"], ran.only["step"]) == (5, "log", 1)
    assert ran.report["steps"] == 1
    written(tmp_path, text.replace("log", "exp"))
    assert watched(tmp_path, "train.py").code == 0


class Filled(torch.autograd.Function):
    """Changes what it is given, which PyTorch tells no mode of."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, given: Tensor) -> Tensor:
        given.fill_(torch.nan)
        ctx.mark_dirty(given)
        return given

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> Tensor:
        return gradient


def replaced(parameter: nn.Parameter, gradient: Tensor) -> None:
    parameter.grad = gradient / gradient.norm()


def replaced_without_gradients(parameter: nn.Parameter, gradient: Tensor) -> None:
    with torch.no_grad():
        parameter.grad = gradient / gradient.norm()


def without_gradients(parameter: nn.Parameter, gradient: Tensor) -> None:
    with torch.no_grad():
        parameter.grad /= gradient.norm()


WAYS: dict[str, Callable[[nn.Parameter, Tensor], object]] = {
    "another tensor": replaced,
    "another tensor without gradients": replaced_without_gradients,
    "by .data": lambda _, gradient: gradient.data.div_(gradient.norm()),
    "in place": lambda _, gradient: gradient.div_(gradient.norm()),
    "without gradients": without_gradients,
    "many together": lambda _, gradient: torch._foreach_div_([gradient], 0.0),
    "clipped": lambda parameter, _: nn.utils.clip_grad_norm_([parameter], torch.nan),
    "a custom function": lambda _, gradient: Filled.apply(gradient),
    "a transform": lambda _, gradient: torch.func.vmap(lambda row: row.mul_(torch.nan))(gradient),
}


def stepped(changes: Callable[[nn.Parameter, Tensor], object]) -> None:
    """Three steps; the gradient of the second one is zero, and changed before the optimizer sees it."""
    weight, gradient = nn.Parameter(torch.ones(2)), torch.zeros(2)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for step in range(3):
        gradient.zero_()
        weight.grad = gradient  # the program has it too, and need not ask the parameter for it
        (weight * (step != 1)).sum().backward()
        if step == 1:
            changes(weight, gradient)
        optimizer.step()


@each("way", WAYS)
def test_whatever_changes_a_gradient_is_noticed_before_the_optimizer_steps(way: str) -> None:
    with gradcli.watch() as block:
        stepped(WAYS[way])
    (found,) = block.findings
    assert (found.step, found.severity, block.stopped) == (2, "error", "after backward")
    assert found.place is not None
    assert found.place.function != "stepped"  # which calls the optimizer


def test_gradients_are_looked_at_again_only_where_something_was_called(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    states = sizes._states
    monkeypatch.setattr(sizes, "_states", lambda gradients: (asked.append(gradients), states(gradients))[1])
    with gradcli.watch() as block:
        stepped(lambda *_: None)
        assert len(asked) == 3
        stepped(lambda parameter, _: parameter.grad)
    assert len(asked) == 3 + 4
    assert (block.findings, block.steps) == ([], 6)


HALVED = """
    import torch

    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for step in range(2):
        optimizer.zero_grad()
        (weight * 2).sum().backward()
        with torch.no_grad():
            weight.grad.mul_(0.5)
            weight.grad.div_(1 - step)
            weight.grad.mul_(2)
            weight.mul_(2)
        optimizer.step()
"""


def test_changes_of_a_gradient_are_told_with_the_step_that_meets_it(tmp_path: Path) -> None:
    found = found_in(tmp_path, HALVED).only
    assert (found["step"], found["operation"], found["place"]["line"]) == (2, "mul_", 11)
    assert found["message"] == "the gradient of weight is not finite"
    assert [(one["place"]["line"], one["label"]) for one in found["related"]] == [
        (10, "changed here before"),
        (9, "changed here before"),
        (13, "here it shows"),
    ]
    assert found["label"] == "changed here"
