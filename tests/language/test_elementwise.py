"""Whether an operation is elementwise, by experiment: one element is moved, and the result is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
import torch
from each import each
from operation_rows import NAMES, OPERATIONS, SHAPE, SIGNED, reals, resolved

from gradcli.language.catalogue.rows import Row
from gradcli.language.catalogue.signature import signatures_of

ELEMENTWISE = [row for row in OPERATIONS if row.elementwise]
MIXING = [row for row in OPERATIONS if not row.elementwise]

INTEGERS = torch.tensor([[5, 3, 7], [6, 1, 2], [4, 9, 8]])
TRUTHS = torch.tensor([[True, False, True], [False, False, True], [True, True, False]])
COMPLEX = torch.complex(reals(SHAPE), reals(SHAPE, -0.3))

WILD = torch.tensor([[torch.nan, 1.0, torch.inf], [-torch.inf, 2.0, torch.nan], [torch.inf, -torch.inf, 3.0]])
DEGREES: dict[str, object] = {"x": reals(SHAPE), "n": INTEGERS - 1}
VALUES: dict[str, object] = {
    "number": 0.5,
    "int": 1,
    "ints": [1],
    "sizes": [1],
    "float": 0.5,
    "str": "mean",
    "bool": True,
    "tensors": [reals(SHAPE), reals(SHAPE)],
    "dim": 0,
    "dim0": 0,
    "axis0": 0,
    "n": 2,
    "source": 0,
}
"""A value for each required argument, by its name or else by its kind."""

INTEGRAL = {
    *("bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor"),
    *("gcd", "lcm"),
}
LOGICAL = {"condition", "mask"}

ARGUMENTS: dict[str, dict[str, object]] = {
    **{name: {"input": SIGNED} for name in ["ceil", "floor", "trunc", "sgn", "sign_", "signbit", "angle"]},
    **{name: {"input": 90 * reals(SHAPE) - 50} for name in ["bool", "byte", "char", "int", "long", "short"]},
    **{name: {"input": WILD} for name in ["isfinite", "isinf", "isnan", "isneginf", "isposinf"]},
    **{name: {"input": TRUTHS, "other": TRUTHS.T} for name in ["logical_and", "logical_or", "logical_xor"]},
    **{
        f"special.{kind}": DEGREES
        for kind in (
            *(f"{shift}chebyshev_polynomial_{letter}" for shift in ("", "shifted_") for letter in "tuvw"),
            *("hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p"),
        )
    },
    "acosh": {"input": 1 + reals(SHAPE)},
    "bool": {"input": 2 * (INTEGERS % 2)},
    "clamp": {"input": reals(SHAPE), "min": reals(SHAPE, 0), "max": reals(SHAPE, 0.4)},
    "div": {"input": reals(SHAPE), "other": reals(SHAPE)},
    "conj": {"input": COMPLEX},
    "dropout1d": {"input": reals((1, 9, 1))},
    "dropout2d": {"input": reals((1, 9, 1, 1))},
    "dropout3d": {"input": reals((1, 9, 1, 1, 1))},
    "feature_alpha_dropout": {"input": reals((1, 9, 1, 1, 1)), "training": True},
    "fill_": {"input": reals(SHAPE), "value": torch.tensor(0.5)},
    "float_power": {"input": reals(SHAPE), "exponent": reals(SHAPE)},
    "imag": {"input": COMPLEX},
    "heaviside_": {"input": SIGNED, "values": reals(SHAPE)},
    "isreal": {"input": COMPLEX.real + 1j * torch.eye(3)},
    "logical_not": {"input": TRUTHS},
    "logit": {"input": reals(SHAPE)},
    "masked_fill": {"input": reals(SHAPE), "mask": TRUTHS, "value": torch.tensor(9.0)},
    "mvlgamma": {"input": 2 + reals(SHAPE), "p": 2},
    "randint_like": {"input": reals(SHAPE), "high": 9},
    "random_": {"input": reals(SHAPE), "from": 1, "to": 9},
    "round": {"input": reals(SHAPE), "decimals": 1},
    "type": {"input": reals(SHAPE), "dtype": torch.float32},
    "special.zeta": {"input": 2 + reals(SHAPE), "other": 1 + reals(SHAPE)},
    "to": {"input": reals(SHAPE), "dtype": torch.float32},
}
"""Arguments for what cannot be called with numbers between 0.2 and 0.8."""

for _row in ELEMENTWISE:
    if _row.name.endswith("_") and _row.name[:-1] in ARGUMENTS:
        ARGUMENTS.setdefault(_row.name, ARGUMENTS[_row.name[:-1]])

ROWS_OF_INDICES = torch.tensor([0, 2])
PLACES = torch.tensor([[0, 2, 1], [1, 1, 0], [2, 0, 2]])
PLACED: dict[str, dict[str, object]] = {
    "addbmm": {"input": reals(SHAPE), "batch1": reals((2, 3, 3)), "batch2": reals((2, 3, 3), 0.1)},
    "addmv": {"input": reals((3,)), "mat": reals(SHAPE), "vec": reals((3,))},
    "addr": {"input": reals(SHAPE), "vec1": reals((3,)), "vec2": reals((3,))},
    "baddbmm": {name: reals((2, 3, 3)) for name in ("input", "batch1", "batch2")},
    "index_add": {"input": reals(SHAPE), "dim": 0, "index": ROWS_OF_INDICES, "source": reals((2, 3))},
    "index_copy": {"input": reals(SHAPE), "dim": 0, "index": ROWS_OF_INDICES, "source": reals((2, 3))},
    "index_fill": {"input": reals(SHAPE), "dim": 0, "index": ROWS_OF_INDICES, "value": torch.tensor(9.0)},
    "index_put": {"input": reals(SHAPE), "indices": [ROWS_OF_INDICES], "values": reals((2, 3))},
    "index_reduce": {
        "input": reals(SHAPE),
        "dim": 0,
        "index": ROWS_OF_INDICES,
        "source": reals((2, 3)),
        "reduce": "prod",
    },
    "put": {"input": reals(SHAPE), "index": ROWS_OF_INDICES, "source": reals((2,))},
    "scatter": {"input": reals(SHAPE), "dim": 0, "index": PLACES, "src": reals(SHAPE, 0.1)},
    "scatter_add": {"input": reals(SHAPE), "dim": 0, "index": PLACES, "src": reals(SHAPE, 0.1)},
    "scatter_reduce": {
        "input": reals(SHAPE),
        "dim": 0,
        "index": PLACES,
        "src": reals(SHAPE, 0.1),
        "reduce": "sum",
    },
}
"""Operations that also exist in place."""

ARGUMENTS |= {
    **{f"{name}{tail}": arguments for tail in ("", "_") for name, arguments in PLACED.items()},
    "batch_norm": {"input": reals(SHAPE), "running_mean": None, "running_var": None, "training": True},
    "avg_pool1d": {"input": reals((1, 3, 4)), "kernel_size": [3], "stride": [1], "padding": [1]},
    "binomial": {"count": torch.full(SHAPE, 20.0), "prob": 0.4 * TRUTHS},
    "group_norm": {"input": reals((1, 4, 2)), "num_groups": 2},
    "instance_norm": {"input": reals((1, 3, 3))},
    "isin": {"elements": INTEGERS, "test_elements": INTEGERS.T},
    "gather": {"input": reals(SHAPE), "dim": 0, "index": PLACES},
    "layer_norm": {"input": reals(SHAPE), "normalized_shape": [3]},
    "linalg.cholesky": {"input": reals(SHAPE) + 3 * torch.eye(3)},
    "local_response_norm": {"input": reals((1, 3, 3)), "size": 2},
    "max_pool1d": {"input": reals((1, 3, 4)), "kernel_size": 3, "stride": 1, "padding": 1},
    "permute": {"input": reals(SHAPE), "dims": [1, 0]},
    "rms_norm": {"input": reals(SHAPE), "normalized_shape": [3]},
    "slice_scatter": {"input": reals(SHAPE), "src": reals((2, 3)), "dim": 0, "start": 1},
    "take": {"input": reals(SHAPE), "index": PLACES},
    "tensor": {"obj": reals(SHAPE)},
    "take_along_dim": {"input": reals(SHAPE), "indices": PLACES, "dim": 0},
}


def arguments_for(row: Row) -> dict[str, object]:
    """Values for the required arguments of the first overload, tensors all of one shape."""
    if row.name in ARGUMENTS:
        return ARGUMENTS[row.name]
    integral = row.name in INTEGRAL or row.name.removesuffix("_") in INTEGRAL
    arguments: dict[str, object] = {}
    for parameter in signatures_of(row)[0].parameters:
        if parameter.kind == "tensor" and parameter.required:
            arguments[parameter.name] = TRUTHS if parameter.name in LOGICAL else INTEGERS if integral else reals(SHAPE)
        elif parameter.required:
            arguments[parameter.name] = VALUES.get(parameter.name, VALUES[parameter.kind])
    return arguments


def copied(arguments: dict[str, object]) -> dict[str, object]:
    return {name: value.clone() if isinstance(value, torch.Tensor) else value for name, value in arguments.items()}


def called(row: Row, arguments: dict[str, object]) -> list[torch.Tensor]:
    """The tensors that a call with these keywords answers; methods take their tensor by position, as people type it."""
    torch.default_generator.manual_seed(0)  # `torch.manual_seed` takes a millisecond: it notes the stack of its caller
    given = copied(arguments)
    positional = [given.pop(next(iter(given)))] if row.torch.startswith("torch.Tensor.") else []
    places = [p.name for p in signatures_of(row)[0].positional]
    if "from" in given:  # a keyword of Python: nobody can name it
        positional += [given.pop(name) for name in places[1:] if name in given]
    answer = resolved(row.torch)(*positional, **given)
    answers = answer if isinstance(answer, tuple | list) else (answer,)
    return [value for value in answers if isinstance(value, torch.Tensor)]


def moved(tensor: torch.Tensor, index: int) -> torch.Tensor:
    """The tensor with another value in one place, within the same domain."""
    flat = tensor.clone().reshape(-1)
    if tensor.dtype is torch.bool:
        flat[index] = ~flat[index]
    elif not tensor.is_complex() and not (tensor >= 0).all():
        flat[index] = torch.inf if flat[index] == 1 else 1 if not flat[index].isfinite() else -flat[index] + 0.3
    elif tensor.is_complex():
        flat[index] = flat[index].real.clone() if flat[index].imag else flat[index] + 1j
    elif tensor.is_floating_point():
        flat[index] = 1 - flat[index] if 0 < flat[index] < 1 else flat[index] + 0.3
    else:
        flat[index] = (flat[index] + 1) % 3
    return flat.reshape(tensor.shape)


def touched(row: Row, arguments: dict[str, object]) -> Iterator[tuple[str, int, set[int]]]:
    """For each tensor argument and element: which elements of the answers change with it, NaN being a number here."""
    before = called(row, arguments)
    for name, value in arguments.items():
        if not isinstance(value, torch.Tensor) or value.ndim == 0:
            continue
        for index in range(value.numel()):
            after = called(row, {**arguments, name: moved(value, index)})
            yield name, index, {place for a, b in zip(before, after, strict=True) for place in differing(a, b)}


def differing(one: torch.Tensor, other: torch.Tensor) -> list[int]:
    assert one.shape == other.shape
    places: list[int] = (one.nan_to_num() != other.nan_to_num()).reshape(-1).nonzero().reshape(-1).tolist()
    return places


@cache
def touched_by_row(row: Row) -> list[tuple[str, int, set[int]]]:
    return list(touched(row, arguments_for(row)))


@each("row", ELEMENTWISE, ids=lambda row: row.name)
def test_an_element_of_a_elementwise_result_depends_on_its_own_place_alone(row: Row) -> None:
    arguments = arguments_for(row)
    count = max(value.numel() for value in arguments.values() if isinstance(value, torch.Tensor))
    answers = called(row, arguments)
    assert answers
    assert [answer.numel() for answer in answers] == [count] * len(answers)
    assert [place for place in touched_by_row(row) if place[2] - {place[1]}] == []


DRAWN = {"cauchy_", "exponential_", "geometric_", "log_normal_", "normal_", "random_", "uniform_"}
CONSTANT = {"fill_", "full_like", "ones_like", "rand_like", "randint_like", "randn_like", "zero_", "zeros_like"}


def test_the_experiment_moves_every_elementwise_result_but_those_that_ignore_their_tensor() -> None:
    still = {row.name for row in ELEMENTWISE if not any(place[2] for place in touched_by_row(row))}
    assert still == DRAWN | CONSTANT


@pytest.mark.parametrize("name", ["cumsum", "flip", "msort", "matrix_exp", "logcumsumexp", "fliplr", "inverse"])
def test_the_experiment_would_notice_a_row_that_is_not_elementwise(name: str) -> None:
    arguments = {**arguments_for(NAMES[name])}
    assert [place for place in touched(NAMES[name], arguments) if place[2] - {place[1]}] != []


RELUCTANT = (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError)
"""What PyTorch raises where two 3 by 3 matrices are no sensible arguments."""

NOT_ELEMENTWISE_BECAUSE = {
    "tensor": "it makes a tensor of anything, numbers included",
    **dict.fromkeys(
        ["chunk", "expand_as", "lp_pool1d", "reshape_as", "squeeze", "squeeze_", "tile", "view_as"],
        "it keeps the shape only where there is nothing to do",
    ),
}


def mixing(row: Row) -> bool | None:
    """Whether some element reaches another place; None where the answers have another shape, or there are none."""
    arguments = arguments_for(row)
    shapes = {value.shape for value in arguments.values() if isinstance(value, torch.Tensor)}
    try:
        answers = called(row, arguments)
    except RELUCTANT:
        return None
    if shapes.isdisjoint(answer.shape for answer in answers):
        return None
    return any(place[2] - {place[1]} for place in touched(row, arguments))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_row_that_keeps_the_shape_and_is_not_elementwise_mixes_elements() -> None:
    seen = {row.name: mixing(row) for row in MIXING}
    assert {name for name, mixes in seen.items() if mixes is False} == set(NOT_ELEMENTWISE_BECAUSE)
    assert sum(mixes is True for mixes in seen.values()) > 100
