"""Where a gradient is on purpose not the derivative: the reason is given, and a wrong gradient beside it is caught."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from checking import check, rows

from gradcli.numerics.symmetric import is_symmetric
from tools.planted import SPOILS, in_place_of, planted

SYMMETRIC = "x='[[4, 1, 0.5], [1, 3, -1], [0.5, -1, 5]]'"
AT_EQUAL_VALUES = "x='[[2, 0], [0, 2]]'"


@pytest.fixture
def plant() -> Iterator[Callable[[str, Callable[..., object]], None]]:
    """Put a function in the place of the one that a dotted path names."""
    with contextlib.ExitStack() as stack:
        yield lambda path, wrong: stack.enter_context(in_place_of(path, wrong))


def conventions(line: str) -> str:
    return " ".join(check(line)[1]["conventions"])


# --- functions of a symmetric matrix ---

OF_SYMMETRIC = {
    "'linalg.cholesky(x)'": "linalg.cholesky",
    "'linalg.cholesky(x, upper=True)[0]'": "linalg.cholesky",
    "'linalg.eigvalsh(x)[0]'": "linalg.eigvalsh",
    "'linalg.eigh(x)[0][2]**2'": "linalg.eigh",
    "'linalg.eigh(x, UPLO=\"U\")[0][1]'": "linalg.eigh",
    "'linalg.eigh(x)[1][0, 1]**2'": "linalg.eigh",
    "'logdet(linalg.cholesky(2*x))'": "linalg.cholesky",
}


@pytest.mark.parametrize("line", OF_SYMMETRIC)
def test_both_triangles_of_a_symmetric_matrix_share_the_gradient(line: str):
    found = rows(f"{line} {SYMMETRIC} --dtype float64")
    assert {row["verdict"] for row in found} == {"agree"}
    assert OF_SYMMETRIC[line] in conventions(f"{line} {SYMMETRIC} --dtype float64")
    grid = np.array([row["reverse"] for row in found]).reshape(3, 3)
    assert np.allclose(grid, grid.T)


def test_the_shared_gradient_is_that_of_moving_both_entries():
    """Of the smallest eigenvalue of [[4, 1], [1, 3]], by the formula for two by two matrices."""
    found = rows("'linalg.eigvalsh(x)[0]' x='[[4, 1], [1, 3]]' --dtype float64")
    both = -1 / (0.25 + 1) ** 0.5  # d/db of 3.5 - sqrt(0.25 + b**2) at b = 1
    assert [row["reference"] for row in found][1:3] == pytest.approx([both / 2, both / 2])


@pytest.mark.parametrize(
    "line", ["'linalg.inv(x)[0, 1]'", "'linalg.solve(x, [1, 2, 3])[0]'", "'logdet(x)'", "'trace(x @ x)'"]
)
def test_a_function_of_any_matrix_keeps_both_triangles_apart(line: str):
    assert {row["verdict"] for row in rows(f"{line} {SYMMETRIC} --dtype float64")} == {"agree"}
    assert conventions(f"{line} {SYMMETRIC} --dtype float64") == ""


def test_the_gradient_of_a_hermitian_pseudo_inverse_is_that_of_any_matrix():
    line = f"'linalg.pinv(x, hermitian=True)[0, 1]' {SYMMETRIC} --dtype float64"
    assert {row["verdict"] for row in rows(line)} == {"agree"}
    assert "hermitian=True reads one triangle" in conventions(line)


def test_a_matrix_that_is_not_symmetric_has_nothing_to_be_compared_with():
    for row in rows("'linalg.cholesky(x)' x='[[4, 2], [1, 3]]' --dtype float64"):
        assert row["verdict"] in ("agree", "no reference")
        assert row["verdict"] == "agree" or "not symmetric" in row["reason"]


@pytest.mark.parametrize("entry", [5e-16, 1e-15])
def test_symmetric_is_symmetric_to_rounding(entry: float):
    assert is_symmetric(torch.tensor([[1, 0.5], [0.5 + entry, 1]], dtype=torch.float64)) is (entry == 5e-16)


@pytest.mark.parametrize("spoil", ["off by 1e-4", "zero", "sign flipped", "NaN"])
@pytest.mark.parametrize(
    ("path", "function", "line"),
    [
        ("torch.linalg.cholesky", torch.linalg.cholesky, "'linalg.cholesky(x)'"),
        ("torch.linalg.eigvalsh", torch.linalg.eigvalsh, "'linalg.eigvalsh(x)[0]'"),
    ],
)
def test_a_wrong_gradient_of_a_symmetric_matrix_is_caught(plant: Any, path: str, function: Any, line: str, spoil: str):
    plant(path, planted(function, SPOILS[spoil]))
    code, result = check(f"{line} {SYMMETRIC} --dtype float64")
    assert code == 1
    assert "disagree" in {row["verdict"] for row in result["rows"]}


def test_a_gradient_of_one_triangle_alone_is_caught(plant: Any):
    plant("torch.linalg.cholesky", planted(torch.linalg.cholesky, lambda _, right: right.tril() + right.triu(1).mT))
    assert check(f"'linalg.cholesky(x)' {SYMMETRIC} --dtype float64")[0] == 1


# --- vectors of equal values ---


@pytest.mark.parametrize(
    "line", ["'linalg.eigh(x)[1]'", "'linalg.svd(x)[0]'", "'linalg.svd(x).Vh[0, 1]'", "'svd(x)[2]'"]
)
def test_the_vectors_of_equal_values_have_no_slope(line: str):
    for row in rows(f"{line} {AT_EQUAL_VALUES} --dtype float64"):
        assert row["verdict"] == "no reference"
        assert "equal values are free to turn" in row["reason"]


@pytest.mark.parametrize("line", ["'linalg.eigh(x)[1][0, 0]'", "'linalg.svd(x)[0][0, 0]'"])
def test_the_vectors_of_different_values_have_one(plant: Any, line: str):
    at = "x='[[2, 0.5], [0.5, 1]]' --dtype float64"
    assert {row["verdict"] for row in rows(f"{line} {at}")} == {"agree"}
    wrong = planted(lambda x: x * 1.0, lambda _, right: right * 1.01)
    plant("torch.mul", lambda x, y: wrong(x) * y)
    assert check(f"{line.replace('(x)', '(mul(x, 1))')} {at}")[0] == 1


# --- functions that depend on the dtype, and casts ---


@pytest.mark.parametrize("line", ["'rms_norm(x, [2])' 1e-4 2e-4", "'rms_norm(x, [2], None, None)' 1e-3 3e-3"])
def test_a_default_of_the_dtype_is_that_of_the_dtype(line: str):
    assert {row["verdict"] for row in rows(line)} == {"agree"}
    assert "rms_norm takes its eps from the dtype: 1.19e-07 in float32" in conventions(line)
    assert conventions("'rms_norm(x, [2], None, 1e-5)' 1e-4 2e-4") == ""


CASTS = ("x.half()", "x.to(float16).to(float32)", "x.bfloat16()", "(3*x).half().float()", "sin(x.bfloat16()).float()")


@pytest.mark.parametrize("expression", CASTS)
def test_a_cast_passes_the_gradient_straight_through(expression: str):
    found = rows(f"'{expression}' 1 0.1 -2.5 --dtype float32")
    assert {row["verdict"] for row in found} == {"agree"}
    assert "rounds, and its gradient passes straight through" in conventions(f"'{expression}' 1 --dtype float32")


@pytest.mark.parametrize("cast", ["half", "bfloat16"])
@pytest.mark.parametrize("factor", [1.2, -1.0, 0.0])
def test_a_wrong_gradient_beside_a_cast_is_caught(plant: Any, cast: str, factor: float):
    plant("torch.sin", planted(torch.sin, lambda _, right: right * factor))
    for expression in (f"sin(x).{cast}()", f"sin(x.{cast}().float())"):
        code, result = check(f"'{expression}' 1 0.1 -2.5 --dtype float32")
        assert code == 1
        assert {row["verdict"] for row in result["rows"]} == {"disagree"}


def test_a_cast_to_as_many_digits_hides_nothing(plant: Any):
    plant("torch.sin", planted(torch.sin, SPOILS["off by 1e-4"]))
    assert check("'sin(x).double()' 1 --dtype float64")[0] == 1
    assert conventions("'sin(x).float()' 1 --dtype float32") == ""


# --- options that are meant ---

WEIGHT = "w='[[1, 2], [3, 4], [5, 6]]' --dtype float64"


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("padding_idx=0", "padding_idx=0 leaves that row without a gradient"),
        ("padding_idx=-1", "padding_idx=-1 leaves"),
        ("scale_grad_by_freq=True", "scale_grad_by_freq divides"),
        ("padding_idx=1, scale_grad_by_freq=True", "scale_grad_by_freq divides"),
    ],
)
def test_an_option_of_embedding_that_changes_the_gradient_is_meant(option: str, said: str):
    line = f"'embedding(tensor([0, 1, 1, 2], dtype=int64), w, {option})' {WEIGHT}"
    assert {row["verdict"] for row in rows(line)} == {"agree"}
    assert said in conventions(line)


BAG = "embedding_bag(tensor([[0, 1, 1]], dtype=int64), w, {})"


@pytest.mark.parametrize("mode", ["sum", "mean"])
def test_bags_divide_by_frequency_on_purpose(mode: str):
    line = "'" + BAG.format(f'mode="{mode}", scale_grad_by_freq=True') + f"' {WEIGHT}"
    assert {row["verdict"] for row in rows(line)} == {"agree"}
    assert "embedding_bag with scale_grad_by_freq divides" in conventions(line)
    assert conventions("'" + BAG.format(f'mode="{mode}", padding_idx=0') + f"' {WEIGHT}") == ""


@pytest.mark.parametrize("call", [BAG, "embedding(tensor([0, 1], dtype=int64), w.clone(), {})"])
def test_rows_that_max_norm_shortens_are_not_accused(call: str):
    found = {row["verdict"] for row in rows("'" + call.format("max_norm=1.0") + f"' {WEIGHT}")}
    assert found == {"agree", "no reference"}  # the row that no index names has a gradient of 0


@pytest.mark.parametrize("option", ["padding_idx=0", "scale_grad_by_freq=True", "padding_idx=1"])
@pytest.mark.parametrize("wrong", ["off by 1e-4", "zero", "ones"])
def test_a_wrong_gradient_of_embedding_is_caught(plant: Any, option: str, wrong: str):
    spoils = {**SPOILS, "ones": lambda _, right: torch.full_like(right, 3.0)}

    def embedding(places: torch.Tensor, weight: torch.Tensor, **options: Any) -> torch.Tensor:
        own = planted(lambda w: torch.nn.functional.embedding(places, w, **options), spoils[wrong])
        return own(weight)

    plant("torch.nn.functional.embedding", embedding)
    assert check(f"'embedding(tensor([0, 1, 1, 2], dtype=int64), w, {option})' {WEIGHT}")[0] == 1


@pytest.mark.parametrize(
    "line",
    [
        "'cross_entropy(x, [0, -100])' x='[[1, 2], [3, 4]]'",
        "'cross_entropy(x, [0, 1], ignore_index=1)' x='[[1, 2], [3, 4]]'",
        "'angle(complex(x, y))' x=-1 y=0",
        "'y = x.clone(); y.clamp_(0, 1); y' -1 2 0 1",
        "'y = x.clone(); y.relu_(); y' 0 -1 3",
        "'y = x.clone(); y.abs_(); y' 0 -1 3",
    ],
)
def test_what_has_no_reference_and_a_kink_is_not_accused(line: str):
    assert {row["verdict"] for row in rows(f"{line} --dtype float64")} <= {"agree", "kink"}


@pytest.mark.parametrize("wrong", [1.0001, -1e-4])
def test_a_slope_just_outside_of_the_sides_of_a_kink_is_caught_without_a_reference(plant: Any, wrong: float):
    class Clamp(torch.autograd.Function):
        @staticmethod
        def forward(_: Any, x: torch.Tensor) -> torch.Tensor:
            return x.clamp(0, 1)

        @staticmethod
        def backward(_: Any, *incoming: torch.Tensor) -> torch.Tensor:
            return incoming[0] * wrong

    plant("torch.clamp", lambda x, *_: Clamp.apply(x))
    assert check("'fft.fft(clamp(x, 0, 1)).real' 0 0 --dtype float64")[0] == 1
