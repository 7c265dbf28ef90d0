"""`model.py:loss` as a subject of trace, grad and check: a function or a module of a file of the user's."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
import torch
from command_line import answered, captured, failed

MODEL = """
    import torch
    from torch import nn

    print("loaded")
    RATE = 3


    def loss(x, w, eps=0.0):
        h = x * w
        length = torch.sqrt((h**2).sum() + eps)
        return length.mean()


    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(2, 1)

        def forward(self, x):
            return torch.tanh(self.head(x)).sum()


    ready = Net()


    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, gradient):
            return 3 * gradient


    def wrong(x):
        return Doubled.apply(x).sum()


    def overwritten(x):
        y = torch.exp(x)
        z = (y * y).sum()
        y.add_(1)
        return z


    def broken(x):
        return x @ torch.ones(7)


    def cut(x):
        return x.detach() * 2


    def swish(x):
        return x * torch.sigmoid(x)


    def mixed(x, w):
        return torch.softmax(x, 0) * w


    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.tensor([1.0, 2.0]))
            self.rate = nn.Parameter(torch.tensor(3.0))

        def forward(self, weight, rate=2.0):
            return (self.weight * weight**2 * rate * self.rate).sum()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "model.py").write_text(dedent(MODEL).lstrip("\n"))
    (tmp_path / "bad.py").write_text('x = 1\nraise ValueError("no data")\n')
    (tmp_path / "syntax.py").write_text("def f(:\n")
    before = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)


def _module(folder: Path) -> Any:
    spec = importlib.util.spec_from_file_location("own_copy", folder / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_function_has_the_value_and_the_gradients_that_pytorch_gives(folder: Path) -> None:
    answer = answered(["grad", "model.py:loss", "x=1,2", "w=3,4"])
    x, w = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([3.0, 4.0], requires_grad=True)
    output = _module(folder).loss(x, w)
    output.backward()
    assert x.grad is not None
    assert w.grad is not None
    assert np.float32(answer["output"]["values"]) == output.item()
    assert np.float32(answer["gradients"]["x"]["values"]).tolist() == x.grad.tolist()
    assert np.float32(answer["gradients"]["w"]["values"]).tolist() == w.grad.tolist()
    assert (answer["expression"], answer["findings"]) == ("model.py:loss", [])


def test_the_parameters_of_a_module_are_leaves_by_their_names(folder: Path) -> None:
    answer = answered(["grad", "model.py:Net", "x=1,2", "--seed", "3"])
    torch.manual_seed(3)
    module = _module(folder)  # the file draws numbers for a module of its own
    net = module.Net()
    net(torch.tensor([1.0, 2.0])).backward()
    assert {*answer["gradients"]} == {"x", "head.weight", "head.bias"}
    found = np.float32(answer["gradients"]["head.weight"]["values"])
    assert found.tolist() == net.head.weight.grad.tolist()


def test_the_seed_is_told_where_the_file_or_the_function_draws(folder: Path) -> None:
    (folder / "drawing.py").write_text("import torch\ndef f(x): return torch.dropout(x, 0.5, True).sum()\n")
    (folder / "plain.py").write_text("import torch\ndef f(x): return torch.exp(x).sum()\n")
    for file, told in (("drawing.py:f", 1), ("plain.py:f", 0), ("model.py:Net", 1)):
        for command in ("grad", "trace", "check"):
            out = captured([command, file, "x=1,2", "--seed", "3"])[1]
            assert out.count("seed 3") == told, (command, file)


def test_a_module_that_the_file_has_made_is_taken_as_it_is() -> None:
    assert {*answered(["grad", "model.py:ready", "x=1,2"])["inputs"]} == {"x", "head.weight", "head.bias"}


def test_a_finding_is_told_at_its_place_in_the_file() -> None:
    (found,) = answered(["grad", "model.py:loss", "x=0,0", "w=1,1"])["findings"]
    place = found["place"]
    assert (found["code"], found["operation"]) == ("inf-backward", "sqrt")
    assert (place["file"], place["line"], place["column"], place["function"]) == ("model.py", 10, 14, "loss")
    assert place["text"] == "torch.sqrt((h**2).sum() + eps)"
    _, out, _ = captured(["grad", "model.py:loss", "x=0,0", "w=1,1"])
    assert "--> model.py:10:14, in loss" in out


def test_the_steps_of_a_trace_are_called_as_the_file_has_them() -> None:
    steps = answered(["trace", "model.py:loss", "x=1,2", "w=3,4"])["steps"]
    assert [step["expression"] for step in steps] == [
        "x", "w", "x * w", "h**2", "(h**2).sum()", "(h**2).sum() + eps", "torch.sqrt((h**2).sum() + eps)",
        "length.mean()",
    ]  # fmt: skip
    assert steps[2]["value"]["values"] == [3, 8]
    names = [step["expression"] for step in answered(["trace", "model.py:Net", "x=1,2"])["steps"]]
    assert names[:3] == ["x", "head.weight", "head.bias"]


def test_a_plain_number_stays_one_where_the_parameter_has_one_by_default() -> None:
    answer = answered(["grad", "model.py:loss", "x=0,0", "w=1,1", "eps=1"])
    assert (answer["output"]["values"], {*answer["inputs"]}) == (1, {"x", "w"})


def test_check_holds_reverse_mode_against_finite_differences() -> None:
    answer = answered(["check", "model.py:Net", "x=1,2"])
    assert answer["summary"][0]["agree"] == 5
    assert answer["without_reference"] == "Net"
    assert all(row["reference"] is None for row in answer["rows"])
    code, out, _ = captured(["check", "model.py:wrong", "x=1,2"])
    assert code == 1
    assert "disagree" in out


def test_inputs_may_be_files_and_chosen_or_frozen(folder: Path) -> None:
    np.save(folder / "x.npy", np.array([1.0, 2.0], dtype=np.float32))
    answer = answered(["grad", "model.py:loss", "x=@x.npy", "w=3,4", "--wrt", "w"])
    assert {*answer["gradients"]} == {"w"}
    assert {*answered(["grad", "model.py:Net", "x=1,2", "--frozen", "head.bias"])["gradients"]} == {"x", "head.weight"}


def test_what_the_file_prints_is_no_part_of_the_answer() -> None:
    code, out, err = captured(["grad", "model.py:loss", "x=1", "w=2", "--json"])
    assert (code, out[0], err) == (0, "{", "loaded\n")


def test_an_edited_file_is_read_anew(folder: Path) -> None:
    answered(["trace", "model.py:loss", "x=1", "w=2"])
    (folder / "model.py").write_text("def loss(x, w):\n    return (x + w).sum()\n")
    assert answered(["trace", "model.py:loss", "x=1", "w=2"])["steps"][2]["expression"] == "x + w"


def test_an_error_of_the_backward_pass_is_told_as_that_of_an_expression_is() -> None:
    error = failed(["grad", "model.py:overwritten", "x=1,2"], 1)
    assert "modified by an inplace operation" in error["message"]
    assert (error["code"], error["expression"]) == ("autograd", "model.py:overwritten")
    assert error["id"] is not None
    assert error["hint"] is not None


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("modle.py:loss x=1", "there is no file 'modle.py'", "Did you mean 'model.py'?"),
        ("model.py:lss x=1", "model.py has no 'lss'", "Did you mean 'loss'?"),
        ("model.py:RATE x=1", "RATE of model.py is an int, and cannot be called", "Name a function"),
        ("model.py:loss x=1", "'w' of model.py:loss has no value", "w=1,2"),
        ("model.py:loss x=1 w=1 q=3", "model.py:loss has no parameter 'q'", "It has"),
        ("model.py:loss 1", "'1' has no name that it belongs to", "x=1"),
        ("model.py:loss x=1 x=2", "'x' is given twice", "once"),
        ("bad.py:f", "bad.py raises at line 2, in <module>: ValueError: no data", 'raise ValueError("no data")'),
        ("syntax.py:f", "syntax.py raises at line 1: SyntaxError: invalid syntax", ""),
        ("model.py:broken x=1,2", "model.py:broken raises at line 48, in broken: RuntimeError", "torch.ones(7)"),
        ("model.py:cut x=1", "no gradient leads from model.py:cut to an input", "detach"),
        ("model.py:loss x=1 w=1 --wrt z", "--wrt names 'z', which is no input", "'x'"),
        ("model.py:loss x=1 w=1 --emit torch", "--emit writes expressions as programs", "model.py is one already"),
        ("model.py:mixed x=1,2 w=1,2 --order 2", "--order needs an elementwise function", "--hessian"),
        ("model.py:mixed x=1,2 w=1,2 --hessian", "--hessian needs a scalar output, this one has the shape [2]", "mean"),
        ("model.py:swish --range x=-1:1:3", "--range goes over an expression", "linspace"),
        ("model.py:wrong x=1,2 --jvp 1,1", "You must implement the jvp function", "Doubled.apply"),
        ("model.py:loss x=1 w=1 --jvp y=1", "--jvp names 'y', which is not differentiated", "--wrt"),
    ],
)
def test_a_mistake_is_told_with_what_helps(words: str, message: str, hint: str) -> None:
    error = failed(["grad", *words.split()], 2)
    assert message in error["message"]
    assert hint in (error["hint"] or "")


def test_other_commands_say_which_ones_take_a_file() -> None:
    error = failed(["activate", "model.py:swish", "1"], 2)
    assert error["message"] == (
        "'model.py:swish' is a function of a file: grad, trace and check take one, with values by name"
    )


def test_check_of_a_file_has_no_narrower_dtype() -> None:
    assert "in float64" in failed(["check", "model.py:swish", "x=1", "--dtype", "float32"], 2)["message"]
    assert answered(["check", "model.py:swish", "x=1", "--dtype", "float64"])["summary"][0]["agree"] == 1


def test_the_jacobian_is_the_one_that_pytorch_gives(folder: Path) -> None:
    found = answered(["grad", "model.py:mixed", "x=1,2", "w=3,4", "--jacobian"])["jacobians"]
    x, w = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])
    expected = torch.autograd.functional.jacobian(_module(folder).mixed, (x, w))
    for name, matrix in zip("xw", expected, strict=True):
        assert np.allclose(found[name]["values"], matrix, rtol=1e-6)


def test_the_hessian_is_the_one_that_pytorch_gives(folder: Path) -> None:
    found = answered(["grad", "model.py:loss", "x=1,2", "w=3,4", "--hessian"])["hessians"]
    x, w = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])
    expected = torch.autograd.functional.hessian(_module(folder).loss, (x, w))
    for one, row in zip("xw", expected, strict=True):
        for other, block in zip("xw", row, strict=True):
            assert np.allclose(found[one][other]["values"], block, rtol=1e-5, atol=1e-6)


def test_a_tangent_may_be_of_an_input_or_of_a_parameter_of_the_module(folder: Path) -> None:
    words = ["grad", "model.py:Net", "x=1,2", "--seed", "3", "--jvp"]
    answer = answered([*words, "head.weight=[[1,0]]"])
    slope = answer["gradients"]["head.weight"]["values"][0][0]
    assert np.isclose(answer["tangent"]["values"], slope, rtol=1e-6)
    along = answered([*words, "x=1,0", "--jvp", "head.bias=2"])
    gradients = along["gradients"]
    expected = gradients["x"]["values"][0] + 2 * gradients["head.bias"]["values"][0]
    assert np.isclose(along["tangent"]["values"], expected, rtol=1e-6)


def test_a_parameter_of_the_name_of_an_argument_is_an_input_beside_it(folder: Path) -> None:
    words = ["grad", "model.py:Scaled", "weight=5,7", "rate=1"]
    gradients = {name: one["values"] for name, one in answered(words)["gradients"].items()}
    assert gradients == {"weight": [30, 84], "self.weight": [75, 147], "self.rate": 123}
    chosen = answered([*words, "--wrt", "self.weight", "--jvp", "self.weight=1,0"])
    assert (set(chosen["gradients"]), chosen["tangent"]["values"]) == ({"self.weight"}, 75)
    assert [one["agree"] for one in answered(["check", *words[1:]])["summary"]] == [5]
    without = answered(["grad", "model.py:Scaled", "weight=5,7"])["gradients"]
    assert set(without) == {"weight", "self.weight", "rate"}


def test_higher_orders_are_those_of_an_elementwise_function() -> None:
    answer = answered(["grad", "model.py:swish", "x=1,2", "--order", "3"])
    expected = answered(["grad", "x * sigmoid(x)", "x=1,2", "--order", "3"])
    assert answer["derivatives"] == expected["derivatives"]
    assert answer["method"] == expected["method"]


def test_a_single_number_made_of_a_single_number_has_higher_orders_too() -> None:
    answer = answered(["grad", "model.py:wrong", "x=2", "--order", "2"])
    assert answer["derivatives"][1]["gradients"]["x"]["values"] == 0


def test_a_curve_is_drawn_through_the_points_that_were_given() -> None:
    code, out, _ = captured(["grad", "model.py:swish", "x=linspace(-3, 3, 9)", "--plot"])
    assert code == 0
    assert "model.py:swish  over x" in out


def test_without_a_cotangent_pytorch_refuses_what_is_no_scalar() -> None:
    assert failed(["grad", "model.py:swish", "x=1,2", "--vjp", "none"], 1)["id"] == "non-scalar-output"


def test_the_ways_to_an_input_add_up_to_its_gradient() -> None:
    answer = answered(["trace", "model.py:swish", "x=1,2", "--path", "x"])
    total = np.sum([path["gradient"]["values"] for path in answer["paths"]], axis=0)
    assert len(answer["paths"]) == 2
    assert np.allclose(total, answer["gradients"]["x"]["values"], rtol=1e-6)
    assert "'z', which is not differentiated" in failed(["trace", "model.py:swish", "x=1", "--path", "z"], 2)["message"]
