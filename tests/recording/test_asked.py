"""PyTorch's functions that are written in Python tell a log as they tell every other mode."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode, handle_torch_function

import gradcli
from gradcli.recording.program.asked import _TELLING


class Heard(TorchFunctionMode):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(func.__name__)
        return func(*args, **(kwargs or {}))


class Named(Tensor):
    """A type that hears of its own calls."""

    names: list[str]

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        with torch._C.DisableTorchFunctionSubclass():
            cls.names.append(func.__name__)
            return func(*args, **(kwargs or {}))


def loss(x: Tensor) -> Tensor:
    return functional.mse_loss(functional.relu(x), torch.zeros(2))


def test_a_log_hears_each_call_once_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.overrides, "_get_overloaded_args", None)  # which nobody asks for a log alone
    x = torch.ones(2, requires_grad=True)
    with gradcli.watch(goes_on=True) as block:
        (loss(x) / torch.zeros(())).backward()
    (found,) = block.findings
    assert (found.code, found.operation) == ("inf-forward", "div")


def test_a_mode_above_a_log_and_one_below_hear_what_they_hear_without_it() -> None:
    x = torch.ones(2, requires_grad=True)
    with Heard() as alone:
        loss(x).backward()
    with Heard() as below, gradcli.watch() as block, Heard() as above:
        loss(x).backward()
    assert above.names == alone.names
    assert {"relu", "mse_loss", "backward"} <= set(above.names)
    assert [name for name in below.names if name in above.names] == above.names
    assert block.findings == []


def test_a_type_of_its_own_hears_of_the_function_that_was_called() -> None:
    x = torch.ones(2).as_subclass(Named)
    Named.names = []
    plain = loss(x)
    told, Named.names = Named.names, []
    with gradcli.watch():
        assert torch.equal(loss(x), plain)
    assert [name for name in Named.names if name in told] == told
    assert "relu" in told


def test_what_an_operator_refuses_is_refused_as_without_a_watch() -> None:
    with pytest.raises(TypeError) as plain:
        object() - torch.ones(2)  # type: ignore[operator]
    with gradcli.watch(), pytest.raises(TypeError) as watched:
        object() - torch.ones(2)  # type: ignore[operator]
    assert str(watched.value) == str(plain.value)


def test_what_tells_another_log_tells_it_on_after_a_watch_inside_of_its_own() -> None:
    with gradcli.watch():
        outer = [module.handle_torch_function for module in _TELLING]  # type: ignore[attr-defined]
        with gradcli.watch():
            pass
        assert [module.handle_torch_function for module in _TELLING] == outer  # type: ignore[attr-defined]


def test_pytorch_is_left_as_it_was() -> None:
    with gradcli.watch():
        assert all(module.handle_torch_function is not handle_torch_function for module in _TELLING)  # type: ignore[attr-defined]
    assert all(module.handle_torch_function is handle_torch_function for module in _TELLING)  # type: ignore[attr-defined]
