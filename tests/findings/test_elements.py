"""Elements of tensors, by which a finding says where it is."""

from __future__ import annotations

import warnings

import torch
from each import each

from gradcli.diagnose.origins.elements import aligned, element_at, has_nan, inside, largest, nan_arrives, non_finite

INF, NAN = torch.inf, torch.nan


def quantized(number: float) -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch will give them up
        return torch.quantize_per_tensor(torch.tensor([number]), 0.1, 0, torch.qint8)


def test_floating_and_complex_numbers_can_be_other_than_finite() -> None:
    assert non_finite(torch.tensor([1.0, INF, -INF, NAN])).tolist() == [False, True, True, True]
    assert non_finite(torch.tensor([complex(1, 2), complex(INF, 0), complex(0, NAN)])).tolist() == [False, True, True]
    for whole in (torch.tensor([1, 2]), torch.tensor([True]), quantized(1.0)):  # PyTorch does not ask quantized numbers
        assert not non_finite(whole).any()


def test_nothing_holds_no_nan_and_is_of_no_size() -> None:
    assert not has_nan(None)
    assert largest(None) == largest(torch.zeros(0)) == 0
    assert largest(torch.tensor([1.0, -3.0])) == 3
    assert largest(torch.tensor([1.0, NAN])) == INF


@each(
    "tensor, index, number",
    [
        (torch.tensor([1.0, 2.0]), (1,), 2.0),
        (torch.tensor([[1, 2], [3, 4]]), (1, 0), 3.0),
        (torch.tensor([1.0, 2.0]), (2,), None),
        (torch.tensor([1.0, 2.0]), (0, 0), None),
        (torch.tensor([1.0, 2.0]), (), None),
        (torch.tensor(5.0), (), 5.0),
        (torch.tensor(5.0), (3,), 5.0),  # it is stretched to whatever has such an element
        (torch.tensor([1j]), (0,), None),
        (5.0, (), None),
        (None, (), None),
    ],
)
def test_an_element_is_a_real_number_or_nothing(tensor: object, index: tuple[int, ...], number: float | None) -> None:
    assert element_at(tensor, index) == number


@each(
    "index, shape, own",
    [
        ((2,), (3,), (2,)),
        ((1, 2), (3,), (2,)),
        ((1, 2), (2, 1), (1, 0)),
        ((1, 2), (), ()),
        ((2,), (1, 3), None),
        ((), (1,), None),
        ((1, 2), (2,), None),
    ],
)
def test_a_stretched_tensor_has_its_own_element(
    index: tuple[int, ...], shape: tuple[int, ...], own: tuple[int, ...] | None
) -> None:
    assert inside(index, shape) == own


@each(
    "elementwise, focus, shape, expected",
    [
        (True, [False, True], (2,), [False, True]),
        (True, [[False, True], [False, False]], (2,), [False, True]),
        (True, [[False, True], [False, False]], (2, 1), [[True], [False]]),
        (True, [[False, True], [False, False]], (), True),
        (False, [False, True], (2,), [True, True]),
        (True, [False, True], (1, 2), [[True, True]]),  # it has more dimensions than what was made of it
        (True, [False, True], (3,), [True, True, True]),
    ],
)
def test_elements_come_of_those_at_the_same_place_or_of_all(
    elementwise: bool, focus: object, shape: tuple[int, ...], expected: object
) -> None:
    assert aligned(elementwise, torch.tensor(focus), torch.zeros(shape)).tolist() == expected


@each(
    "arguments, expected",
    [
        ([torch.tensor([NAN, 1.0]), 2.0], [True, False]),
        ([torch.tensor(NAN)], [True, True]),
        ([torch.tensor([0.0, INF])], [False, False]),
        ([torch.tensor([NAN] * 3)], [False, False]),
        ([torch.tensor([[NAN, NAN]])], [False, False]),
    ],
)
def test_nan_arrives_from_what_is_stretched_to_the_value(arguments: list[object], expected: list[bool]) -> None:
    assert nan_arrives(arguments, torch.zeros(2, dtype=torch.bool)).tolist() == expected
