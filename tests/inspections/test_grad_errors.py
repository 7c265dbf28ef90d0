"""`grad`: what PyTorch raises or warns of, and complex numbers, in an answer."""

from __future__ import annotations

import math
from typing import Any

import pytest
from command_line import answered, captured, failed, numbers


def gradient(result: Any, name: str = "x") -> list[float]:
    return numbers(result["gradients"][name]["values"])


@pytest.mark.parametrize(
    ("argv", "code", "message", "hint", "place"),
    [
        (["heaviside(x, 0.5)", "1"], "autograd", "derivative for aten::heaviside is not implemented", "detach()", None),
        (["y = exp(x); y += 1; sum(y)", "1"], "autograd", "modified by an inplace operation", "y = y + 1", None),
        (["x += 1; x", "x=1"], "pytorch", "a leaf Variable that requires grad", "x = x + 1; x", "x"),
        (["a @ b", "a=ones(2, 3)", "b=ones(2, 3)"], "pytorch", "mat1 and mat2 shapes", "Try 'a @ b.T'", "a @ b"),
        (["linalg.inv(x)", "x=[[1, 2], [2, 4]]"], "pytorch", "singular", "linalg.pinv", "linalg.inv(x)"),
        (["x[5]", "1"], "pytorch", "out of bounds", None, "x[5]"),
        (["abs(x) * 1j", "1"], "autograd", "grad can be", "real", None),
    ],
)
def test_what_pytorch_raises_is_an_answer_with_a_way_out(
    argv: list[str], code: str, message: str, hint: str | None, place: str | None
) -> None:
    options = ["--vjp", "none"] if "1j" in argv[0] else []
    error = failed(["grad", *argv, *options], 1)
    assert error["code"] == code
    assert message in error["message"]
    assert hint is None or hint in (error["hint"] or "")
    if place is not None:
        start, end = error["span"]
        assert error["expression"][start:end] == place


def test_a_product_with_the_transposed_matrix_is_suggested_only_where_it_fits() -> None:
    error = failed(["grad", "a @ b", "a=ones(2, 3)", "b=ones(4, 5)"], 1)
    assert "Try" not in (error["hint"] or "")
    suggested = failed(["grad", "a @ b", "a=ones(2, 3)", "b=ones(4, 3)"], 1)["hint"].partition("'")[2].partition("'")[0]
    assert answered(["grad", suggested, "a=ones(2, 3)", "b=ones(4, 3)"])["output"]["shape"] == [2, 4]


def test_the_errors_words_are_those_of_the_same_program_in_pytorch() -> None:
    import torch

    x = torch.tensor([1.0], requires_grad=True)
    y = torch.exp(x)
    y += 1
    with pytest.raises(RuntimeError) as raised:
        torch.autograd.grad(y.sum(), x)
    assert failed(["grad", "y = exp(x); y += 1; sum(y)", "1"], 1)["message"] == str(raised.value)


def test_warnings_are_told_once_and_not_in_the_answer() -> None:
    code, out, err = captured(["loss", "mse", "w * x", "1", "x=1", "w=1,2", "--lr", "0.1", "--steps", "5", "--json"])
    assert code == 0
    assert err.count("PyTorch warns") == 1
    assert "warn" not in out.lower()


def test_complex_inputs_are_differentiated_as_pytorch_does() -> None:
    result = answered(["grad", "sum(abs(z)**2)", "z:complex64=[1 + 2j]"])
    assert result["inputs"]["z"]["dtype"] == "complex64"
    assert result["gradients"]["z"]["norm"] == pytest.approx(2 * math.sqrt(5), rel=1e-6)


@pytest.mark.parametrize(
    "argv",
    [
        ["(x*1j).copy_(x>0)", "x=-1"],
        ["h = cos_(x*1j); h -= 1_000; sum(h)", "x=65504"],
        ["exp(x*1j*1000).real", "x=1e5"],
    ],
)
def test_complex_numbers_on_the_way_have_no_reference_and_no_accident(argv: list[str]) -> None:
    code, out, err = captured(["grad", *argv])
    assert (code, "bug" in out + err) == (0, False)


def test_a_kronecker_product_of_two_numbers_is_their_product() -> None:
    assert answered(["check", "kron(x, 2 * x)", "x=3", "--dtype", "float64"])["rows"][0]["reference"] == 12
    assert answered(["trace", "sqrt(kron(x>0, x))", "x=-1"])["output"]["values"] == 0


@pytest.mark.parametrize(
    "argv",
    [["sum(polar(y, -x))", "x=1e-320", "y=-1,0,2", "--wrt", "x"], ["fill_(x*1j, -1)", "x=nan", "-t", "float16"]],
)
def test_a_trace_of_complex_numbers_ends_in_no_accident(argv: list[str]) -> None:
    code, out, err = captured(["trace", *argv])
    assert (code, "bug" in out + err) == (0, False)
