"""The pytest plugin, found by its entry point: a fixture, reports without gradcli's own lines, nothing while unused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from suites import suite_run

SQUARE = """
import sys

import torch


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * x


POINTS = torch.tensor([-1.0, 0.5, 2.0])


def test_passes(assert_gradient):
    assert assert_gradient(torch.tanh, POINTS).summary[0].agree == 3


def test_pytest_rewrites_what_it_imports_for_the_plugin_alone(assert_gradient):
    assert_gradient(torch.tanh, POINTS)
    loaders = {name: type(module.__loader__).__name__ for name, module in sys.modules.items() if "gradcli" in name}
    assert loaders["gradcli.api.asserting"] == "SourceFileLoader"
    rewritten = {name for name, loader in loaders.items() if loader == "AssertionRewritingHook"}
    assert rewritten == {"gradcli", "gradcli.commands", "gradcli.pytest_plugin", "gradcli.version"}


def test_fails(assert_gradient):
    assert_gradient(Square.apply, POINTS)


def test_fails_in_float32(assert_gradient):
    assert_gradient(lambda x: x * torch.ones(2), POINTS, dtype="float32", tolerance=1e-3, order=1)
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest says of the tests above, two of which pass."""
    folder = tmp_path_factory.mktemp("suite")
    (folder / "test_square.py").write_text(SQUARE)
    code, _, printed = suite_run(folder, "-q", "test_square.py")
    assert code == 1, printed
    assert "2 passed" in printed
    return printed


def test_a_failure_shows_the_line_of_the_test_and_the_message(report: str) -> None:
    failure = report.partition("test_fails_in_float32")[0]
    assert ">       assert_gradient(Square.apply, POINTS)" in failure
    assert "E       AssertionError: the gradient of Square is wrong by 3 of 3 elements of x in float64" in failure
    assert "E       all of them are 1/2 times what they should be" in failure
    assert "Captured gradient call" in failure
    assert "PyTorch's gradient is wrong at 3 of 3 points in float64." in failure


def test_what_the_function_raises_is_shown_at_its_own_line(report: str) -> None:
    failure = report.partition("test_fails_in_float32")[2]
    assert "RuntimeError" in failure
    assert "gradcli called lambda x: x * torch.ones(2) with its inputs in float32" in failure


def test_no_line_of_gradclis_own_is_shown(report: str) -> None:
    assert "gradcli/" not in report
    assert "__tracebackhide__" not in report


def test_a_suite_that_does_not_use_it_imports_the_plugin_alone(tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text("def test_nothing(): pass\n")
    code, modules, printed = suite_run(tmp_path, "-q", "test_nothing.py")
    assert code == 0, printed
    assert modules == ["gradcli", "gradcli.commands", "gradcli.pytest_plugin", "gradcli.version"]


def test_the_plugin_brings_in_neither_pytorch_nor_numpy() -> None:
    program = "import sys, gradcli.pytest_plugin; assert not {'torch', 'numpy', 'rich'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", program], check=True)
