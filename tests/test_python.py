"""From Python: the inspections as functions, and how their results show themselves."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

import gradcli
from gradcli.exceptions import GradcliError
from gradcli.results import Failure, GradResult


def test_importing_gradcli_does_not_import_torch():
    code = "import sys, gradcli; gradcli.grad; print('torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


def test_grad_returns_the_result_and_prints_nothing(capsys: pytest.CaptureFixture[str]):
    result = gradcli.grad("x**2 + 3*y", x=1, y=2)
    assert isinstance(result, GradResult)
    assert {name: gradient.values.item() for name, gradient in result.gradients.items()} == {"x": 2.0, "y": 3.0}
    assert math.isclose(result.norm.item(), math.sqrt(13), rel_tol=1e-6)
    assert capsys.readouterr() == ("", "")


def test_points_may_be_numbers_words_or_arrays():
    by_number, by_word, by_array = gradcli.grad("exp", 0, 1), gradcli.grad("exp", "0", "1"), gradcli.grad("exp", [0, 1])
    assert by_number.output.values.tolist() == by_word.output.values.tolist() == by_array.output.values.tolist()


def test_an_array_keeps_its_dtype_and_a_list_takes_the_default():
    result = gradcli.grad("sum(x * w)", x=np.array([1.0, 2.0]), w=[3, 4])
    assert {name: value.dtype for name, value in result.inputs.items()} == {"x": "float64", "w": "float32"}


def test_integer_lists_are_class_indices_where_a_loss_wants_them():
    result = gradcli.loss("cross_entropy", [[2.0, 1.0, 0.1]], [0])
    expected = -math.log(math.exp(2) / (math.exp(2) + math.exp(1) + math.exp(0.1)))
    assert result.inputs["target"].dtype == "int64"
    assert math.isclose(result.loss.values.item(), expected, rel_tol=1e-6)


def test_an_array_of_truth_values_stays_a_mask():
    result = gradcli.grad("sum(where(m, x, 0))", x=[1.0, 2.0], m=np.array([True, False]))
    assert result.gradients["x"].values.tolist() == [1.0, 0.0]


def test_an_exception_of_pytorchs_comes_back_as_data():
    result = gradcli.grad("x @ y", x=[[1, 2, 3]], y=[[1, 2, 3]])
    assert isinstance(result, Failure)
    assert "cannot be multiplied" in result.message


def test_a_mistake_in_the_call_raises():
    with pytest.raises(GradcliError, match="unknown function 'sigmod'"):
        gradcli.grad("sigmod", 1)


def test_a_softmax_of_nothing_is_refused():
    with pytest.raises(GradcliError, match="softmax is given no value"):
        gradcli.softmax()


def test_an_unknown_option_of_softmax_raises_with_the_nearest_name():
    with pytest.raises(GradcliError) as caught:
        gradcli.softmax(2, 1, temprature=2)
    assert caught.value.hint == "Did you mean 'temperature'?"


def test_a_result_prints_as_its_table_and_shows_as_markdown_in_a_notebook():
    result = gradcli.grad("relu", -1, 2)
    assert "gradient" in str(result).splitlines()[2]
    assert "| x | value | gradient |" in result._repr_markdown_()


def test_retain_demo_needs_no_arguments():
    scenarios = {scenario.name: [call.ok for call in scenario.calls] for scenario in gradcli.retain_demo().scenarios}
    assert scenarios["twice"] == [True, False]
    assert scenarios["nothing-saved"] == [True, True]


def test_there_is_no_attribute_beside_the_inspections():
    with pytest.raises(AttributeError, match="no attribute 'gradient'"):
        _ = gradcli.gradient
