"""From Python: the inspections as functions, and how their results show themselves."""

from __future__ import annotations

import ast
import doctest
import math
import re
import subprocess
import sys
import traceback
from pathlib import Path

import numpy as np
import pytest
import torch

import gradcli
from gradcli import api
from gradcli.api.wording import sentence
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


def test_dir_has_the_commands_and_imports_nothing():
    code = "import sys, gradcli; assert 'torch' not in sys.modules and 'numpy' not in sys.modules; print(*dir(gradcli))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == sorted(gradcli.__all__)


@pytest.mark.parametrize("name", sorted({*api.__all__} - {"GradcliError", "load", "watch"}))
def test_the_example_of_a_docstring_is_true(name: str):
    function = getattr(gradcli, name)
    example = doctest.DocTestParser().get_doctest(function.__doc__, {}, name, None, 0)
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0


def test_errors_is_the_command():
    assert "second-backward" in [entry.id for entry in gradcli.errors().entries]
    assert [entry.id for entry in gradcli.errors("second-backward").entries] == ["second-backward"]


def test_options_have_the_names_of_the_command_line():
    assert len(gradcli.loss("mse", "x * w", 1, x=1, w=2, lr=0.1, steps=3).descent) == 4
    assert gradcli.grad("x**2", range="-1:1:3").output.values.tolist() == [1.0, 0.0, 1.0]
    assert gradcli.grad("x * y", range=["x=0:1:3", "y=0:1:2"]).output.shape == (2, 3)


def test_a_tensor_is_taken_by_value():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    result = gradcli.grad("sum(x * w)", x=x * 2, w=[x[0], 5.0])
    assert result.gradients["w"].values.tolist() == [2.0, 4.0]
    assert result.gradients["x"].values.tolist() == [1.0, 5.0]
    assert x.grad is None


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64", "complex64"])
def test_a_tensor_keeps_its_dtype(dtype: str):
    x = torch.ones(2, dtype=getattr(torch, dtype), requires_grad=True)
    assert gradcli.grad("abs(x)", x=x).inputs["x"].dtype == dtype


def test_an_integer_tensor_takes_the_default_dtype_as_a_list_does():
    assert gradcli.grad("x * 2", x=torch.tensor([1, 2])).inputs["x"].dtype == "float32"


@pytest.mark.parametrize("value", [object(), [[1, 2], [3]], {"a": 1}, [object()], None])
def test_what_is_no_array_of_numbers_is_refused(value: object):
    with pytest.raises(GradcliError, match="x is no array of numbers"):
        gradcli.grad("x * 2", x=value)


def test_a_mistake_is_one_exception_with_its_place_and_hint():
    with pytest.raises(GradcliError) as caught:
        gradcli.grad("x * sigmod(x)", 1)
    assert str(caught.value) == "unknown function 'sigmod'"
    assert caught.value.__notes__ == ["  x * sigmod(x)\n      ^^^^^^\nDid you mean 'sigmoid'?"]
    shown = traceback.format_exception(caught.value)
    assert sum("Traceback" in line for line in shown) == 1
    assert {frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)} <= {
        __file__,
        api.__file__,
        str(Path(api.__file__).with_name("calls.py")),
    }


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("--wrt names 'z', which is no input", "wrt= names 'z', which is no input"),
        ("gradient descent needs --lr and --steps", "gradient descent needs lr= and steps="),
        ("--order 9 is out of bounds", "order=9 is out of bounds"),
        ("Choose nearer ends, or --dtype float64.", 'Choose nearer ends, or dtype="float64".'),
        ("use --hessian.", "use hessian=True."),
        ("--order goes with --via grad", 'order= goes with via="grad"'),
        ("Take --frozen w,b away, or leave it", 'Take frozen="w,b" away, or leave it'),
        ("--vjp V or --jvp U", "vjp=V or jvp=U"),
        ("shape: --vjp ones(2, 3).", 'shape: vjp="ones(2, 3)".'),
        ("for each: --jvp x=1 --jvp y=2.", 'for each: jvp=["x=1", "y=2"].'),
        ("raise the bound with --max-elements.", "raise the bound with max_elements=."),
        ("'gradcli errors' lists them; --search TEXT looks", "gradcli.errors() lists them; search=TEXT looks"),
        ("Try: gradcli grad 'x * y' x=1,2 y=2. 'z' is not", "Try: gradcli.grad(\"x * y\", x=[1, 2], y=2). 'z' is not"),
        ("use 'gradcli grad --vjp none'.", 'use gradcli.grad(..., vjp="none").'),
        ("more with --timeout, or -f", "more with --timeout, or -f"),
        ("x--y and a - b", "x--y and a - b"),
    ],
)
def test_a_message_names_keywords_and_not_options(said: str, meant: str):
    assert sentence(said) == meant


def test_a_word_of_a_sentence_is_never_taken_for_the_value_of_an_option():
    """Every text of the code that names an option: what becomes its value is no word of a sentence."""
    values = {"backward", "float32", "float64", "grad", "all", "mean", "module", "loss", "none", "dask", "local"}
    folder = Path(gradcli.__file__).parent
    rooms = ("commands", "diagnose", "inspections", "language", "numerics", "recording", "sources")
    for path in (file for room in rooms for file in (folder / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value:
                taken = re.findall(r'\w+="([a-z]{2,})"', sentence(node.value)) if " --" in f" {node.value}" else []
                assert set(taken) <= values, (path.name, node.value)


def test_what_pytorch_raises_comes_with_a_hint_in_the_words_of_python():
    result = gradcli.grad("x.detach() * 2", x=1)
    assert isinstance(result, Failure)
    assert "--" not in (result.hint or "")


def test_a_softmax_of_nothing_is_refused():
    with pytest.raises(GradcliError, match="softmax is given no value"):
        gradcli.softmax()


def test_an_unknown_option_of_softmax_raises_with_the_nearest_name():
    with pytest.raises(GradcliError) as caught:
        gradcli.softmax(2, 1, temprature=2)
    assert caught.value.hint == "Did you mean 'temperature'?"


def test_retain_demo_needs_no_arguments():
    scenarios = {scenario.name: [call.ok for call in scenario.calls] for scenario in gradcli.retain_demo().scenarios}
    assert scenarios["twice"] == [True, False]
    assert scenarios["nothing-saved"] == [True, True]


def test_there_is_no_attribute_beside_the_inspections():
    with pytest.raises(AttributeError, match="no attribute 'gradient'"):
        _ = gradcli.gradient
