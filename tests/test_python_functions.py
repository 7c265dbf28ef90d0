"""From Python: functions and modules as subjects."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

import gradcli
from gradcli.exceptions import GradcliError
from gradcli.results import Failure
from tools.planted import own_function


def scaled(x, rate=2.0):
    return x * rate


class Gated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(2, 1)

    def forward(self, x, scale=1.0):
        return scale * torch.sigmoid(self.gate(x)).sum()


@pytest.mark.parametrize(
    ("function", "expression"),
    [
        (torch.sigmoid, "sigmoid(x)"),
        (torch.relu, "relu(x)"),
        (F.relu, "relu(x)"),
        (F.softplus, "softplus(x)"),
        (torch.special.expit, "special.expit(x)"),
        (torch.exp, "exp(x)"),
    ],
)
def test_a_function_of_pytorchs_is_the_one_of_the_catalogue(function: Callable[..., Any], expression: str):
    given, named = gradcli.grad(function, 1, 2), gradcli.grad(expression, 1, 2)
    assert given.expression == named.expression
    assert given.gradients["x"].values.tolist() == named.gradients["x"].values.tolist()


def test_functions_of_pytorchs_stand_where_a_name_does():
    assert [curve.name for curve in gradcli.activate([torch.tanh, "relu"], 0, 1).functions] == ["tanh", "relu"]
    assert gradcli.loss(F.mse_loss, [1.0], [3.0]).loss.values.item() == 4
    assert gradcli.retain_demo(torch.exp, 1).scenarios[0].expression == "exp(x)"


def test_a_function_of_several_tensors_takes_them_by_their_places():
    by_place = gradcli.grad(F.mse_loss, [1.0, 3.0], [0.0, 0.0])
    assert by_place.gradients["input"].values.tolist() == [1.0, 3.0]
    assert gradcli.grad(torch.pow, 2.0, 3.0).output.values.item() == 8


def test_a_lambda_is_called_by_its_text():
    result = gradcli.grad(lambda x: x**2 + 1, 3)
    assert result.expression == "lambda x: x**2 + 1"
    assert (result.output.values.item(), result.gradients["x"].values.item()) == (10, 6)


def test_numbers_for_the_only_parameter_are_points():
    result = gradcli.grad(lambda x: x**2, 0, 1, 10)
    assert result.gradients["x"].values.tolist() == [0.0, 2.0, 20.0]
    assert result.method.elementwise


def test_numbers_for_several_parameters_stand_in_their_order():
    result = gradcli.grad(lambda a, b: a * b**2, 2, 3)
    assert {name: gradient.values.item() for name, gradient in result.gradients.items()} == {"a": 9, "b": 12}


def test_a_parameter_with_a_number_as_its_default_takes_a_number():
    assert gradcli.grad(scaled, 3).gradients["x"].values.item() == 2
    result = gradcli.grad(scaled, 3, rate=5)
    assert [*result.gradients] == ["x"]
    assert result.gradients["x"].values.item() == 5


def test_trace_and_check_take_functions():
    traced = gradcli.trace(lambda x: torch.sqrt(x) * 0, 0.0)
    assert [finding.code for finding in traced.findings] == ["nan-backward"]
    assert traced.findings[0].place.file.endswith("test_python_functions.py")
    assert [row.verdict for row in gradcli.check(torch.sin, 1, dtype="float64").rows] == ["agree"]
    assert [row.verdict for row in gradcli.check(lambda x: torch.sin(x), 1).rows] == ["agree"]


def test_check_accuses_a_function_outside_of_the_slopes_of_a_kink_and_one_that_ignores_what_arrives():
    right = own_function(torch.relu, lambda g, x: g * (x > 0))
    steep = own_function(torch.relu, lambda g, x: g * (x > 0) + 2 * g * (x == 0))
    deaf = own_function(lambda x: (x**2).sum(), lambda g, x: 2 * x)
    assert [row.verdict for row in gradcli.check(right, 0, 1).rows] == ["kink", "agree"]
    assert [row.verdict for row in gradcli.check(steep, 0, 1).rows] == ["disagree", "agree"]
    assert {row.verdict for row in gradcli.check(deaf, [1.0, 2.0]).rows} == {"disagree"}
    assert {row.reason for row in gradcli.check(deaf, [1.0, 2.0]).rows} == {None}
    one_of_two = own_function(lambda x: x.flip(0), lambda g, x: g)
    assert [row.reason for row in gradcli.check(one_of_two, [1.0, 2.0]).rows] == ["of output[0]", "of output[0]"]
    cut = gradcli.check(lambda x, y: (x * y.detach()).sum(), 1.0, 2.0)
    assert [row.reason for row in cut.rows] == [None, "no path leads from the output to it"]


def test_check_refuses_a_function_that_is_another_one_in_each_call():
    calls = []
    with pytest.raises(GradcliError, match="gives another value in each call: 3, 4"):
        gradcli.check(lambda x: calls.append(1) or x * (len(calls) - 1), 1.0)


def test_a_module_is_differentiated_by_its_parameters_and_left_as_it_was():
    module = Gated().double()
    state = {name: value.clone() for name, value in module.state_dict().items()}
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    result = gradcli.grad(module, [1, 2], via="backward")
    assert {*result.gradients} == {"x", "gate.weight", "gate.bias"}
    assert result.setting.dtype == "float64"
    assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in module.parameters())


def test_a_module_takes_the_dtype_that_is_asked_for():
    assert gradcli.grad(Gated().double(), [1, 2], dtype="float32").output.dtype == "float32"


def test_an_integer_tensor_stays_one_for_a_function():
    assert [*gradcli.grad(nn.Embedding(3, 2), torch.tensor([0, 2])).gradients] == ["weight"]


def test_the_next_random_number_is_what_it_would_have_been():
    torch.manual_seed(5)
    expected = torch.rand(2)
    torch.manual_seed(5)
    gradcli.grad("sum(rand(3) * x)", x=1)
    gradcli.grad(lambda x: x * torch.rand(1), 1)
    assert torch.equal(torch.rand(2), expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: gradcli.activate(lambda x: x, 0, 1),
            "activate takes a text or a function of PyTorch's, not lambda x: x",
        ),
        (lambda: gradcli.grad(3, 1), "grad takes a text or a function of PyTorch's, not int"),
        (lambda: gradcli.grad(lambda a, b: a * b, 1, 2, 3), "takes 2 values by their places, and 3 are given"),
        (lambda: gradcli.grad(lambda a, b: a * b, 1), "'b' of lambda a, b: a \\* b has no value"),
        (lambda: gradcli.grad(scaled, 1, x=2), "'x' of scaled is given twice"),
        (lambda: gradcli.grad(scaled, 1, rat=2), "scaled has no parameter 'rat'"),
        (lambda: gradcli.grad(lambda x: x @ torch.ones(7), [1, 2]), "raises at line .* RuntimeError"),
        (lambda: gradcli.grad(lambda x: x.detach(), 1), "no gradient leads from"),
        (lambda: gradcli.grad(scaled, range="0:1:3"), "range= goes over an expression"),
    ],
)
def test_a_mistake_with_a_function_is_one_of_ours(call: Callable[[], object], message: str):
    with pytest.raises(GradcliError, match=message):
        call()


def test_what_pytorch_raises_in_the_backward_pass_comes_back():
    def overwritten(x):
        y = torch.exp(x)
        z = y * y
        y.add_(1)
        return z

    result = gradcli.grad(overwritten, 1)
    assert isinstance(result, Failure)
    assert result.id == "in-place-saved-tensor"


def test_a_function_beside_its_formula_gives_the_same():
    def softplus(x):
        return torch.log1p(torch.exp(x))

    result = gradcli.grad(softplus, 0.5)
    assert math.isclose(result.gradients["x"].values.item(), 1 / (1 + math.exp(-0.5)), rel_tol=1e-6)


def test_numbers_are_taken_where_text_is_and_text_where_numbers_are():
    assert gradcli.audit("relu", range=(1, 2), order=1) == gradcli.audit("relu", range="1:2", order="1")
    assert gradcli.audit("relu", range=(1, 2), order=[0, 1], jobs="1", max_ulp="1").passes is True
    assert str(gradcli.grad("x**3", 2.0, order="2")) == str(gradcli.grad("x**3", 2.0, order=np.int64(2)))
    assert str(gradcli.activate("tanh", range=(-1, 1, 3))) == str(gradcli.activate("tanh", range="-1:1:3"))
    ranges = {"x": (0, 1), "y": "0:1"}
    assert gradcli.compare("x * y", "y * x", range=ranges, dtype="float16").equal


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gradcli.grad("x**2", 1, order=1.5), "order= takes a whole number, not '1.5'"),
        (lambda: gradcli.grad("x**2", 1, order="two"), "order= takes a whole number, not 'two'"),
        (lambda: gradcli.audit("relu", max_ulp="few"), "max_ulp= takes a number, not 'few'"),
        (lambda: gradcli.audit("relu", jobs=math.inf), "jobs= takes a whole number, not 'inf'"),
        (lambda: gradcli.grad("x**2", 1, wrt=3), "wrt= names '3', which is no input"),
        (lambda: gradcli.loss("mse", 1, 2, reduction=3), "mse has no reduction '3'"),
        (lambda: gradcli.audit("relu", dtype=3), "unknown dtype '3'"),
    ],
)
def test_a_value_that_an_option_cannot_have_is_a_mistake_of_the_call(call: Callable[[], object], message: str):
    with pytest.raises(GradcliError, match=re.escape(message)):
        call()
