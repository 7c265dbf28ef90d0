"""`with gradcli.watch()`: the same in Python, for a block of code."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import torch
from each import each
from torch import Tensor, nn

import gradcli
from gradcli.recording.program.log import Log


def train(broken_at: int | None) -> list[torch.Tensor]:
    torch.manual_seed(0)
    weight = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    kept = []
    for step in range(6):
        x = torch.ones(3) * (0.0 if step == broken_at else 1.0)
        loss = torch.sqrt((weight * x).square()).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        kept.append(weight.detach().clone())
    return kept


def test_a_block_is_left_at_the_first_error() -> None:
    ended = False
    with gradcli.watch() as watched:
        train(2)
        ended = True
    (found,) = watched.findings
    assert not ended
    assert (found.operation, found.step, watched.stopped) == ("sqrt", 3, "after backward")
    assert found.place is not None
    assert found.place.function == "train"


def test_a_block_that_is_sound_ends_as_it_would() -> None:
    with gradcli.watch() as watched:
        kept = train(None)
    assert watched.findings == []
    assert watched.steps == 6
    assert all(map(torch.equal, kept, train(None)))


def test_a_block_that_goes_on_is_told_of_at_its_end() -> None:
    with gradcli.watch(goes_on=True) as watched:
        assert len(train(2)) == 6
    assert watched.findings[0].operation == "sqrt"


def test_the_gradients_of_one_model_are_looked_at_alone() -> None:
    """A critic whose gradients are not finite is not what the block is about."""
    torch.manual_seed(0)
    model, critic = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
    with torch.no_grad():
        critic.weight.zero_()

    def step() -> None:
        x = torch.ones(3, 2)
        (model(x).square().mean() + (critic.weight * x).square().sum().sqrt()).backward()

    with gradcli.watch(model) as watched:
        step()
    assert watched.findings == []
    with gradcli.watch(critic) as watched:
        step()
    assert [finding.operation for finding in watched.findings] == ["sqrt"]


def test_nothing_is_left_on_behind_a_block() -> None:
    before = torch.autograd.Function.__dict__["apply"], torch.compile, torch.amp.GradScaler.scale, torch.func.vmap
    with gradcli.watch():
        assert torch._C._len_torch_function_stack() == 1
    after = torch.autograd.Function.__dict__["apply"], torch.compile, torch.amp.GradScaler.scale, torch.func.vmap
    assert before == after
    assert torch._C._len_torch_function_stack() == 0


def test_forward_passes_without_backward_do_not_grow_the_log() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Tanh())
    with gradcli.watch() as watched:
        for _ in range(3000):
            net(torch.ones(2, 4))
        assert len(watched.log.calls.entries) < 600


def test_what_a_custom_function_draws_is_drawn_again() -> None:
    """PyTorch's own samples of Dirichlet and of Beta are those of a custom function."""
    concentration = torch.ones(3, requires_grad=True)
    with gradcli.watch() as watched:
        drawn = torch.distributions.Dirichlet(concentration).rsample()
        (drawn - drawn.detach()).sqrt().sum().backward()
    (found,) = watched.findings
    assert (found.operation, found.agrees) == ("sqrt", True)


def test_a_transform_runs_without_the_log_in_a_block_alone() -> None:
    names = ("vmap", "grad", "grad_and_value", "jacrev", "jacfwd", "hessian")
    plain = {name: getattr(torch.func, name) for name in names}
    with gradcli.watch():
        assert [name for name in names if getattr(torch.func, name) is plain[name]] == []
    assert {name: getattr(torch.func, name) for name in names} == plain


@each(
    "leave",
    [
        np.asarray,
        lambda features: features.numpy(),
        lambda features: features.tolist(),
        lambda features: [one.item() for one in features],
        lambda features: [float(one) for one in features],
        lambda features: [int(one) for one in features],
    ],
)
def test_parameters_whose_features_leave_pytorch_are_cut_off(leave: Callable[[Tensor], object]) -> None:
    first, last = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    optimizer = torch.optim.SGD([first, last], lr=0.1)
    with gradcli.watch() as watched:
        for _ in range(2):
            loss = (last * torch.as_tensor(leave((first * 2).detach()))).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    (found,) = watched.findings
    assert (found.code, found.operation, found.spoils) == ("disconnected", "detach", ("first",))


def by_an_attribute(tensor: Tensor) -> None:
    tensor.requires_grad = True


def without_gradients(tensor: Tensor) -> None:
    with torch.no_grad():
        tensor.requires_grad_()


@each("become", [Tensor.requires_grad_, by_an_attribute, without_gradients])
def test_a_tensor_that_is_changed_and_becomes_a_leaf_is_one(become: Callable[[Tensor], object]) -> None:
    with gradcli.watch() as watched:
        made = torch.ones(3)
        made.sub_(1)
        become(made)
        made.sqrt().sum().backward()
    (found,) = watched.findings
    assert (found.code, found.operation, found.spoils) == ("inf-backward", "sqrt", ("made",))


def test_a_log_is_told_of_the_program_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What gradcli asks of tensors between the operations would cost more than they do."""
    told = []
    listen = Log.__torch_function__

    def noted(self: Log, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        told.append(func.__name__)
        return listen(self, func, types, args, kwargs)

    monkeypatch.setattr(Log, "__torch_function__", noted)
    network = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = torch.optim.AdamW(network.parameters())
    with gradcli.watch():
        for _ in range(4):
            told.clear()
            optimizer.zero_grad()
            loss = network(torch.ones(2, 3)).mean()
            loss.backward()
            optimizer.step()
    assert told == ["ones", "linear", "tanh", "linear", "mean", "backward"]


def test_a_block_that_catches_its_end_before_a_step_is_left_at_the_next_backward_pass() -> None:
    weight = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    went_on = False
    with gradcli.watch() as watched:
        for _ in range(2):
            optimizer.zero_grad()
            weight.sum().backward()
            if weight.grad is not None:
                weight.grad *= float("inf") * 0
            with suppress(BaseException):
                optimizer.step()
        went_on = True
    assert not went_on
    assert (watched.steps, watched.stopped) == (1, "after backward")
