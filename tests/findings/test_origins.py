"""What the origins of a finding are told by: their causes, the constants in a text, formulas with numbers put in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from each import each
from looking import tape_of

from gradcli.diagnose.origins import forward, reasons
from gradcli.diagnose.origins.constants import beyond_dtype
from gradcli.diagnose.origins.origin import Kind, Origin, cause_of, depends_on
from gradcli.diagnose.origins.parts import at, formula
from gradcli.diagnose.origins.true_value import rounded_to_zero
from gradcli.model.place import Place, Source
from gradcli.numerics.literals import Context
from gradcli.recording.operation import Constant, Operation
from gradcli.recording.recorder import Recorder
from gradcli.recording.tape import Step

INF, NAN = math.inf, math.nan


def written(text: str) -> Place:
    return Place(Source(text), 0, len(text))


@dataclass(eq=False, kw_only=True)
class Given(Operation):
    """An operation of which everything is given: its constants, the variable that it is assigned to, its value."""

    numbers: Sequence[Constant] = ()
    variable: str | None = None
    result: object = None

    @property
    def assigned(self) -> str | None:
        return self.variable

    def constants(self, _arguments: Sequence[object]) -> Sequence[Constant]:
        return self.numbers

    def apply(self, _arguments: Sequence[object], _context: Context) -> object:
        return self.result


def step_of(operation: Operation, value: object, *arguments: object, text: str = "f(x)") -> Step:
    recorder = Recorder(in_place=False)
    recorder.add(operation, written(text), value, arguments=arguments)
    return recorder.steps[0]


def test_steps_that_compute_the_same_have_one_cause_where_that_is_asked_for() -> None:
    tape = tape_of("log(x) + log(x)", x=0.0)
    _, one, other, _ = tape.steps
    forward, again = (Origin("forward", step, (), -INF) for step in (one, other))
    assert cause_of(tape, forward) != cause_of(tape, again)
    assert cause_of(tape, forward, alike=True) == cause_of(tape, again, alike=True)
    assert cause_of(tape, Origin("underflow", one, (), 0.0)) == cause_of(tape, Origin("underflow", other, (), 0.0))
    assert cause_of(tape, Origin("underflow", one, (), 0.0)) != cause_of(tape, forward)
    assert cause_of(tape, forward) != cause_of(tape, Origin("forward", one, (), NAN))  # log(0) and log(-1)


def test_given_numbers_are_told_apart_by_nan_and_by_where_they_stand() -> None:
    tape = tape_of("x * y", x=1.0, y=2.0)
    step = tape.steps[0]

    def given(number: float, text: str | None = None, kind: Kind = "given") -> object:
        constant = None if text is None else Constant(number, place_of[text], is_typed=True)
        return cause_of(tape, Origin(kind, step, (), number, constant=constant))

    place_of = {text: written(text) for text in ("inf", "2*inf")}
    assert given(INF) == given(-INF) != given(NAN)
    assert given(INF, "inf") == given(-INF, "inf") != given(INF, "2*inf")


def test_a_value_depends_on_what_went_into_it_and_on_itself() -> None:
    tape = tape_of("exp(x) + log(y)", x=1.0, y=1.0)
    x, exp, y, log, total = tape.steps
    assert all(depends_on(tape, total, step) for step in tape.steps)
    assert depends_on(tape, exp, exp)
    assert depends_on(tape, log, y)
    assert not any(depends_on(tape, *pair) for pair in [(exp, y), (log, exp), (x, exp), (exp, total)])


@each(
    "number, text, name, dtype, is_beyond",
    [
        (1e39, "1e39", "mul", torch.float32, True),
        (1e39, "[1e39, 2]", "mul", torch.float32, True),
        (1e39, "largest", "mul", torch.float32, True),  # the name of a number
        (1e39, "1e39", "mul", torch.float64, False),
        (1e39, "1e39", "pow", torch.float32, False),  # an exponent need not fit
        (1e39, "1e39", "mul", torch.int64, False),
        (INF, "1e400", "mul", torch.float32, True),  # finite on paper
        (INF, "inf", "mul", torch.float32, False),
        (INF, "[inf, 2]", "mul", torch.float32, False),  # the digits are another number's
        (-INF, "float('-inf')", "mul", torch.float32, False),
    ],
)
def test_a_number_is_finite_on_paper_and_does_not_fit(
    number: float, text: str, name: str, dtype: torch.dtype, is_beyond: bool
) -> None:
    constant = Constant(number, written(text), is_typed=True)
    step = step_of(Given(name=name, numbers=[constant]), torch.zeros(1, dtype=dtype))
    assert beyond_dtype(step) == (constant if is_beyond else None)


@each(
    "name, position, values, text",
    [
        ("exp", 0, [-2.0], "exp(-2)"),
        ("log", 0, [-2.0], "1/(-2)"),
        ("log", 0, [2.0], "1/2"),
        ("log", 1, [2.0], None),
        ("sin", 0, [2.0], None),
        ("sqrt", 0, [None], None),
        ("div", 0, [1.0, -2.0], "1/(-2)"),
        ("div", 1, [1.0, 0.0], "-1/0**2"),
        ("mul", 0, [1.0, -2.0], "-2"),
        ("pow", 0, [0.0, 0.5], "0.5*0**(0.5 - 1)"),
        ("pow", 1, [-2.0, 3.0], "(-2)**3*log(-2)"),
        ("logit", 0, [0.0, 1e-6], "1/(0*(1 - 0))"),  # its second argument is no part of the derivative
    ],
)
def test_a_derivative_is_written_with_its_numbers(
    name: str, position: int, values: list[float | None], text: str | None
) -> None:
    assert formula(step_of(Operation(name=name), torch.zeros(1)), position, values) == text


def test_an_element_of_an_infix_operation_has_brackets_and_a_variable_its_name() -> None:
    value = torch.zeros(2)
    assert at(step_of(Operation(name="sub", infix=True), value, text="1 - x"), (0,)).text == "(1 - x)"
    assert at(step_of(Operation(name="sub", infix=True), value, text="1 - x"), ()).text == "1 - x"
    assert at(step_of(Operation(name="log"), value), (0,)).text == "f(x)"
    assert at(step_of(Given(name="log", variable="h"), value), (0,)).text == "h"


def test_what_has_another_shape_in_float64_says_nothing_of_an_element() -> None:
    """Such as `x.view(torch.int16)`: as float64 the same tensor has twice as many."""
    half = torch.zeros(2)
    operation = Given(name="view", result=torch.ones(4, dtype=torch.float64))
    assert rounded_to_zero(step_of(operation, half, half), half == 0) is None
    assert reasons.of_value(step_of(operation, torch.tensor([INF, INF]), half), (0,), INF) is None


HIDDEN = "masked_fill(x, m, -inf)"


@each(
    "text, blamed",
    [
        (f"sum({HIDDEN})", f"sum({HIDDEN})"),
        ("max(masked_fill(x, m, inf))", "masked_fill(x, m, inf)"),  # infinity is blamed where it is written
        (f"2 * {HIDDEN}", HIDDEN),  # one number of each
        (f"{HIDDEN}[1]", HIDDEN),  # it only cuts out a part
        (f"{HIDDEN}[i]", f"{HIDDEN}[i]"),
        ("logsumexp(masked_fill(x, x > 0, -inf), 0)", "masked_fill(x, x > 0, -inf)"),  # it is right to take it
        (f"cross_entropy({HIDDEN}, t)", f"cross_entropy({HIDDEN}, t)"),  # it is not, for a target
        (f"h = sum({HIDDEN}); 2 * h", f"sum({HIDDEN})"),
    ],
)
def test_an_infinity_that_was_put_in_place_is_blamed_where_it_is_taken(text: str, blamed: str) -> None:
    tape = tape_of(text, x=[1.0, 2.0], m=[False, True], i=[1], t=1)
    origin, *others = forward.placed(tape)
    assert origin.step.text == blamed
    assert others == []
