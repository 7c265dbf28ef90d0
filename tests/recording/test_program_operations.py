"""What the calls of a program are: named as in an expression, and applied again with what they were given."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from each import each
from logs import USER, again, logged
from torch.nn import functional

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings import of_tape
from gradcli.language.parser import parse
from gradcli.model.place import Place, Source
from gradcli.numerics.evaluate import evaluate
from gradcli.numerics.literals import Context
from gradcli.recording.from_expression import ExpressionRecorder
from gradcli.recording.program.again import run_again
from gradcli.recording.program.logged import logged as log_of
from gradcli.recording.program.operations import CallOperation, name_of
from gradcli.recording.program.written import Written
from gradcli.recording.tape import Step

TEXTS = (
    "x[0]",
    "-x",
    "abs(x)",
    "x + 2",
    "2 + x",
    "x - 2",
    "2 - x",
    "x * 2",
    "x / 2",
    "2 / x",
    "x ** 2",
    "2 ** x",
    "x @ x",
    "x // 2",
    "7 // x",
    "x % 2",
    "7 % x",
    "x * (x > 1)",
    "x * (x == 1)",
    "x * ~(x > 1)",
    "x * (n & 1)",
    "x * (n | 1)",
    "x * (n ^ 1)",
    "x * (n << 1)",
    "x * (n >> 1)",
    "x * (1 << n)",
    "x * (9 >> n)",
    "x * (1 & n)",
    "x * (1 | n)",
    "x * (1 ^ n)",
    "x.divide(2)",
    "x.true_divide(2)",
    "torch.multiply(x, 2)",
    "torch.subtract(x, 2)",
    "torch.negative(x)",
    "torch.absolute(x)",
    "x.arccos()",
    "torch.arcsin(x)",
    "torch.arctan(x)",
    "x.arctanh()",
    "torch.clip(x, 0.5)",
    "torch.fix(x)",
    "torch.concat([x, x])",
    "torch.special.expit(x)",
    "torch.special.ndtr(x)",
    "torch.special.gammaln(x)",
    "torch.special.logsumexp(x, 0)",
    "torch.linalg.vector_norm(x)",
    "torch.linalg.det(x)",
    "torch.det(x)",
    "torch.fft.fft(x)",
    "x.unfold(0, 1, 1)",
    "x.T",
)
"""Of a matrix x, and whole numbers n: Python as well as expressions."""


def given() -> dict[str, torch.Tensor]:
    return {"x": torch.tensor([[0.25, 0.5], [0.75, 0.9]], requires_grad=True), "n": torch.tensor([[1, 2], [3, 4]])}


def of_program(text: str, **inputs: Any) -> list[Step]:
    """The operations of a text that Python runs."""
    with logged() as log:
        found = again(log, eval(text, {"torch": torch, **inputs}).abs().sum())
    assert found.differs is None
    return [step for step in found.tape.steps if not step.is_leaf][:-2]


def of_expression(text: str, **inputs: torch.Tensor) -> list[Step]:
    program = parse(text, bound=list(inputs))
    recorder = ExpressionRecorder(program, in_place=False)
    evaluate(program, inputs, Context(), recorder)
    return [step for step in recorder.steps if not step.is_leaf]


@each("text", TEXTS)
def test_an_operation_is_called_as_in_an_expression(text: str) -> None:
    ours, theirs = of_program(text, **given()), of_expression(text, **given())
    assert [step.name for step in ours] == [step.name for step in theirs]
    assert [step.operation.elementwise for step in ours] == [step.operation.elementwise for step in theirs]
    rows = [(own.operation.row, other.operation.row) for own, other in zip(ours, theirs, strict=True)]
    assert all(other is None or own is other for own, other in rows)


@each("text", TEXTS)
def test_an_operation_is_applied_again_to_its_arguments(text: str) -> None:
    for step in of_program(text, **given()):
        value = step.operation.apply(step.arguments, Context())
        assert isinstance(value, torch.Tensor)
        assert step.value is not None
        assert torch.equal(value, step.value)


def test_an_operator_from_the_right_is_the_operation_of_its_operands() -> None:
    """Python asks the right operand where it is of a class of its own, and the left one does not know it."""
    x = given()["x"]
    (step,) = of_program("x.__rmatmul__(y)", x=x, y=torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert step.name == "matmul"
    value = step.operation.apply(step.arguments, Context())
    assert isinstance(value, torch.Tensor)
    assert torch.equal(value, torch.tensor([[1.0, 2.0], [3.0, 4.0]]) @ x)


@each(
    "operator, name",
    [
        (operator.iand, "bitwise_and_"),
        (operator.ior, "bitwise_or_"),
        (operator.ixor, "bitwise_xor_"),
        (operator.ilshift, "bitwise_left_shift_"),
        (operator.irshift, "bitwise_right_shift_"),
    ],
)
def test_an_operator_in_place_has_pytorchs_name(operator: Callable[..., torch.Tensor], name: str) -> None:
    text = "x * change(m, n).clone()"
    steps = of_program(text, **given(), m=torch.tensor([[5, 6], [7, 8]]), change=operator)
    assert name in [step.name for step in steps]
    assert hasattr(torch.Tensor, name)


def codes(text: str) -> list[tuple[str, str | None]]:
    """What the rules find in a program of an x with the elements 1 and 3: codes and operations."""
    x = torch.tensor([1.0, 3.0], requires_grad=True)
    with logged() as log:
        tape = again(log, eval(text, {"torch": torch, "x": x, "inf": math.inf}).sum()).tape
    return [(one.code, one.operation) for one in of_tape(Evidence(recorded=tape))]


@each(
    "text",
    [
        "torch.where(x > 2, x, torch.tensor(inf))",
        "torch.where(x > 2, x, torch.as_tensor(inf))",
        "torch.where(x > 2, x, x.new_tensor(inf))",
        "torch.where(x > 2, x, torch.fill(x, inf))",
    ],
)
def test_an_infinity_that_a_program_puts_in_place_is_meant(text: str) -> None:
    assert [code for code, _ in codes(text)] in ([], ["dead"])
    assert "inf-input" in [code for code, _ in codes("x * inf")]


def test_a_direction_without_a_length_is_told_by_its_reason() -> None:
    v, g = torch.zeros(1, 2, requires_grad=True), torch.ones(1, 1)
    with logged() as log:
        tape = again(log, torch._weight_norm(v, g, 0).sum()).tape
    (found,) = (one for one in of_tape(Evidence(recorded=tape)) if one.code == "nan-forward")
    assert "is nan (and 1 more): it divides by the norm, which is 0" in found.message


@each("name", ["relu_", "hardtanh_", "threshold_"])
def test_a_function_that_stops_elements_in_place_is_told(name: str) -> None:
    bounds = {"relu_": "", "hardtanh_": "", "threshold_": ", 0, 0"}[name]
    assert codes(f"torch.nn.functional.{name}(x - 1.5{bounds})") == [("dead", name)]


def test_a_function_of_a_module_is_the_call_that_is_written() -> None:
    x = given()["x"]
    with logged() as log:
        loss = torch.linalg.det(x) + torch.special.expit(x).sum() + torch.fft.fft(x).abs().sum()
        steps = {step.name: step.operation for step in again(log, loss).tape.steps}
    for name in ("linalg.det", "sigmoid", "fft.fft"):
        assert steps[name].title is None, "it needs none: its place shows it"
        assert [place.text for place in steps[name].places] == ["x"]


def norm(x: torch.Tensor) -> torch.Tensor:
    return x * 3


def test_a_function_of_the_user_is_not_pytorchs_of_that_name() -> None:
    x = given()["x"]
    with logged() as log:
        log.rest()
        value = norm(x)
        log.wake()
        log.add(norm, (x,), {}, value)  # as a function that was transformed or compiled
        (step,) = (step for step in again(log, value.sum()).tape.steps if step.name == "norm")
    assert step.operation.row is None


def library(text: str) -> Callable[..., torch.Tensor]:
    """A function of an installed package."""
    space: dict[str, Any] = {"torch": torch}
    exec(compile(text, f"{torch.__path__[0]}/library.py", "exec"), space)
    return space["made"]  # type: ignore[no-any-return]


def operations(compute: Callable[[torch.Tensor], torch.Tensor]) -> dict[str, list[CallOperation]]:
    """Those of a program, by their names."""
    found: dict[str, list[CallOperation]] = {}
    x = given()["x"]
    value, entries = log_of(USER, lambda: compute(x).sum())
    for step in run_again(entries, [value], [None], {}, USER).tape.steps:
        if isinstance(step.operation, CallOperation):
            found.setdefault(step.name, []).append(step.operation)
    return found


def test_what_a_library_calls_is_told_by_what_the_program_reads() -> None:
    made = library("def made(x, n=1):\n    return (x * (n + 1)).softmax(0)\n")

    def helper(value: torch.Tensor) -> torch.Tensor:
        return value.exp()

    def computed(x: torch.Tensor) -> torch.Tensor:
        hidden = made(x)
        other, rate = hidden, 3
        first = helper(hidden) + other * 2 + hidden * 3 + other * 4 + other * rate
        unnamed = made(x)
        again = unnamed
        return first + again + made(x, 3).log() + made(
            x, 4).log()  # fmt: skip

    found = operations(computed)
    titles = [one.title for one in found["softmax"]]
    assert titles[:3] == ["hidden", "again", "made(x, 3)"], "by its variable first"
    assert str(titles[3]).startswith("softmax in made("), "what has several lines is no name"
    assert {one.assigned for one in found["softmax"]} == {None}
    products = [one for one in found["mul"] if one.inside]
    assert [one.title for one in products] == [
        "mul in made(x)",
        "mul in made(x)",
        "mul in made(x, 3)",
        *titles[4:],
        str(titles[3]).replace("softmax", "mul"),
    ]
    for one in products:
        assert [constant.is_typed for constant in one.constants((0.5, 3))] == [False, False], "of the library"
    typed = [one for one in found["mul"] if not one.inside]
    assert [[constant.is_typed for constant in one.constants((None, 3))] for one in typed] == [
        *[[True]] * 3,
        [False],
    ]
    assert found["exp"][0].title is None


def test_what_a_library_yields_is_told_by_the_name_that_the_loop_gives_it() -> None:
    rows = library("def made(x):\n    for number in range(2):\n        yield x * (number + 2)\n")
    made = library("def made(x):\n    return x.softmax(0)\n")

    def helper(value: torch.Tensor) -> torch.Tensor:
        return value.exp()

    def computed(x: torch.Tensor) -> torch.Tensor:
        total = helper(made(x))
        for row in rows(x):
            total = total + row
        return total + functional.log_softmax(total, dim=0)

    found = operations(computed)
    assert [one.title for one in found["mul"]] == ["row", "row"]
    assert [one.title for one in found["softmax"]] == ["softmax in made(x)"], (
        "what a function of its own calls it is its"
    )
    assert [one.keywords for one in found["log_softmax"]] == [("dim",)]
    assert name_of(Holder.made) == "made"


def test_a_call_by_another_name_is_a_call_of_that_function() -> None:
    def computed(x: torch.Tensor) -> torch.Tensor:
        called = functional.threshold(x, 0.1, 0.2)
        wrapped = Tripled.apply(called)
        alias = Tripled.apply
        buffer = torch.zeros(2, 2)
        buffer[0] = wrapped[0]
        return alias(wrapped * 1).mul(2).add(buffer).sum(0, True).exp()

    found = operations(computed)
    assert [(one.title, one.custom) for one in found["Tripled"]] == [
        (None, Tripled),
        ("alias(wrapped * 1)", Tripled),
    ]
    assert [(one.title, one.custom) for one in found["_threshold"]] == [(None, None)]
    assert [one.title for one in found["index_put_"]] == ["buffer"]
    (total,) = (one for one in found["sum"] if "True" in one.written.place.text)
    assert [constant.number for constant in total.constants((None, 0, True))] == [0]
    assert found["_threshold"][0].assigned == "called"


def test_what_is_changed_in_a_statement_is_told_by_the_statement() -> None:
    place = Place(Source("for a in b: pass"), 0, 16)
    operation = CallOperation(
        name="index_put_", function=torch.index_put, written=Written(place, is_statement=True), inside=True
    )
    assert operation.title == "index_put_ in for a in b: pass"
    assert replace(operation, function=Holder.made).custom is None


class Holder:
    @classmethod
    def made(cls) -> None:
        """A function of a class that is none of autograd's."""


class Tripled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x * 3

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        return gradient * 3
