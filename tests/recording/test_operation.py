"""What an operation of an expression knows of itself, and which operations a text will make."""

from __future__ import annotations

import math

import pytest
import torch
from each import each
from mpmath import nstr

from gradcli.language.parser import parse
from gradcli.numerics.evaluate import evaluate
from gradcli.numerics.literals import Context
from gradcli.recording.from_expression import ExpressionRecorder, foreseen
from gradcli.recording.tape import Step


def last_step(text: str) -> Step:
    program = parse(text, bound=["x"])
    recorder = ExpressionRecorder(program, in_place=False)
    evaluate(program, {"x": torch.tensor([[4.0, 1.0], [0.0, 9.0]])}, Context(), recorder)
    return recorder.steps[-1]


@pytest.mark.parametrize(
    ("text", "name", "infix", "elementwise"),
    [
        ("x + 1", "add", True, True),
        ("-x", "neg", True, True),
        ("x @ x", "matmul", True, False),
        ("exp(x)", "exp", False, True),
        ("x[0]", "index", False, False),
        ("x.T", "T", False, False),
        ("linalg.det(x)", "linalg.det", False, False),
    ],
)
def test_an_operation_has_pytorchs_name_and_knows_how_it_is_written(
    text: str, name: str, infix: bool, elementwise: bool
) -> None:
    operation = last_step(text).operation
    assert (operation.name, operation.infix, operation.elementwise) == (name, infix, elementwise)


def test_an_operation_knows_its_arguments_by_their_names_and_places() -> None:
    step = last_step("softmax(x * 2, dim=1)")
    assert [place.text for place in step.operation.places] == ["x * 2", "1"]
    assert {name: position for name, (position, _) in step.operation.named(step.arguments).items()} == {
        "input": 0,
        "dim": 1,
    }


def test_an_operation_tells_numbers_of_a_dtype_from_counts() -> None:
    power, product = last_step("matrix_power(x, 2)"), last_step("x * 2")
    assert power.operation.whole(power.arguments) == [2]
    assert product.operation.whole(product.arguments) == []
    assert [(one.number, one.place.text) for one in product.operation.constants(product.arguments)] == [(2, "2")]
    total = last_step("sum(x, dim=1, keepdim=True)")
    assert [one.number for one in total.operation.constants(total.arguments)] == [1], "True is no number"


@each(
    "text, numbers",
    [
        ("y = x * 1; y *= 3; y", [3]),
        ("y = x * 1; y[0] = -pi; y", [-math.pi]),
        ("y = x * 1; y += x; y", []),
        ("y = x * 1; y += -x; y", []),
        ("x * [[1, 2], [3, nan]]", [1, 2, 3, math.nan]),
    ],
)
def test_an_operation_knows_the_numbers_that_it_computes_with(text: str, numbers: list[float]) -> None:
    step = last_step(text)
    assert [one.number for one in step.operation.constants(step.arguments)] == pytest.approx(numbers, nan_ok=True)


def test_a_number_of_a_list_stands_where_it_is_written() -> None:
    for text, places in (("x * [[1, 2], [3, nan]]", ["1", "2", "3", "nan"]), ("l = [1, 2]; x * l", ["l", "l"])):
        step = last_step(text)
        assert [one.place.text for one in step.operation.constants(step.arguments)] == places


def test_an_operation_is_applied_again_in_pytorch_and_to_fifty_digits() -> None:
    step = last_step("sqrt(x)")
    again = step.operation.apply([torch.tensor(16.0)], Context())
    assert isinstance(again, torch.Tensor)
    assert float(again) == 4
    exact = step.operation.exact([torch.tensor([2.0]).numpy()])
    assert exact is not None
    assert nstr(exact[0], 40) == "1.41421356237309504880168872420969807857"


def test_what_a_text_will_do_is_foreseen_with_what_is_computed_on_the_way() -> None:
    operations = foreseen(parse("h = x * 2; h /= 3; log(h) / x + sqrt(x - 1)"))
    assert [(each.operation.name, each.computed) for each in operations] == [
        ("div_", ()),
        ("mul", (False, False)),
        ("log", (True,)),
        ("div", (True, False)),
        ("sub", (False, False)),
        ("sqrt", (True,)),
        ("add", (True, True)),
    ]
