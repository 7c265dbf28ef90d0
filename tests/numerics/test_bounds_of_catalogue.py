"""No call of the catalogue makes a tensor beyond the bound, whatever number one of its arguments becomes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import torch

from gradcli.exceptions import BoundError, GradcliError
from gradcli.language import catalogue
from gradcli.language.catalogue.rows import Row
from gradcli.language.catalogue.signature import Parameter, Signature, signatures_of
from gradcli.language.parser import parse
from gradcli.numerics import bounds
from gradcli.numerics.capture import TorchError
from gradcli.numerics.evaluate import Context, evaluate

MOST = 1000
HUGE = "5000"
TENSORS = {
    "a": torch.tensor([0.3, 0.6]),
    "b": torch.tensor([[3.0, 0.1, 0.2], [0.3, 4.0, 0.4], [0.5, 0.6, 5.0]]),
    "c": torch.linspace(0.1, 0.8, 8).reshape(1, 2, 4),
    "d": torch.linspace(0.1, 0.9, 64).reshape(1, 4, 4, 4),
    "i": torch.tensor([0, 1]),
    "m": torch.tensor([True, False]),
    "z": torch.eye(3, dtype=torch.complex64),
}
CANDIDATES = {
    "tensor": tuple(TENSORS),
    "tensors": ("[a, a]", "[b, b]", "[i]"),
    "int": ("1", "2", "0"),
    "ints": ("[1]", "[2, 2]", "1", "[0, 1]", "[1, 1, 1]"),
    "number": ("1", "0.5"),
    "float": ("0.5", "1"),
    "floats": ("[1.0]",),
    "bool": ("True",),
    "str": ("'mean'", "'i->i'"),
    "dtype": ("float64",),
    "any": ("a", "1"),
}
BLOWN_UP = ("int", "ints", "number", "float", "floats")


def called(row: Row, signature: Signature, given: dict[str, str]) -> str:
    words: list[str] = []
    skipped = False
    for parameter in signature.parameters:
        if parameter.name not in given:
            skipped = True
        elif (parameter.keyword_only or skipped) and not parameter.variadic:
            words.append(f"{parameter.name}={given[parameter.name]}")
        else:
            words.append(given[parameter.name])
    return f"{row.name}({', '.join(words)})" if row.function else f"{words[0]}.{row.name}({', '.join(words[1:])})"


def largest(text: str, most: int) -> int:
    """Elements of the largest tensor that any part of the text gave."""
    sizes = [0]

    def measure(_: object, value: object, *_more: object) -> None:
        values = list(value)[:20] if isinstance(value, list | tuple) else [value]
        sizes.extend(item.numel() for item in values if isinstance(item, torch.Tensor))

    variables = {name: tensor.clone() for name, tensor in TENSORS.items()}
    evaluate(parse(text, bound=list(TENSORS)), variables, Context(max_elements=most), measure)
    return max(sizes)


def works(text: str) -> bool:
    try:
        largest(text, 10**6)
    except GradcliError as error:
        return "tensors, not one" in error.message
    except TorchError:
        return False
    return True


def small_calls(row: Row, signature: Signature, most: int) -> Iterator[dict[str, str]]:
    """Calls that work, with the required arguments only."""
    required = [p for p in signature.parameters if p.required or p.variadic]
    combinations = itertools.product(*(CANDIDATES[p.kind] for p in required))
    given = (
        {p.name: word for p, word in zip(required, words, strict=True)} for words in itertools.islice(combinations, 80)
    )
    return itertools.islice((call for call in given if works(called(row, signature, call))), most)


def exploded(parameter: Parameter) -> tuple[str, ...]:
    if parameter.kind in ("ints", "floats"):
        return (HUGE, f"[{HUGE}]", f"[{HUGE}, 1]", f"[{HUGE}, {HUGE}]")
    return (HUGE, f"-{HUGE}") if parameter.kind == "int" else (HUGE,)


@pytest.mark.filterwarnings("ignore")  # PyTorch's advice about single arguments
def test_no_number_in_any_call_of_the_catalogue_makes_a_tensor_beyond_the_bound() -> None:
    torch.manual_seed(0)
    too_large, rows_tried, calls = [], set(), 0
    for row in catalogue.all_rows():
        for signature in signatures_of(row):
            numbers = [p for p in signature.parameters if p.kind in BLOWN_UP]
            for base in small_calls(row, signature, 1) if numbers else ():
                rows_tried.add(row.name)
                for parameter in numbers:
                    for word in exploded(parameter):
                        text = called(row, signature, {**base, parameter.name: word})
                        calls += 1
                        try:
                            if largest(text, MOST) > MOST:
                                too_large.append(text)
                        except (GradcliError, TorchError):
                            continue
    assert too_large == []
    assert len(rows_tried) > 200
    assert calls > 1000


def test_what_is_counted_without_pytorch_is_counted_right() -> None:
    for text, function in (("one_hot(i)", torch.nn.functional.one_hot), ("bincount(i)", torch.bincount)):
        assert largest(text, MOST) == function(TENSORS["i"]).numel()
    with pytest.raises(BoundError):
        bounds.check_elements(11, "it", most=10)
    bounds.check_elements(10, "it", most=10)
    with pytest.raises(BoundError):
        bounds.check_kept(11, "it", most=10)
    bounds.check_kept(10, "it", most=10)
