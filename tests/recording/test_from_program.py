"""Plain PyTorch code gives a tape on which the rules find what they find in the same computation as an expression."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import programs
import pytest
import torch
from each import each
from logs import USER, logged

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings import of_tape
from gradcli.language.parser import parse
from gradcli.language.properties import changes_in_place
from gradcli.numerics.evaluate import evaluate
from gradcli.numerics.literals import Context
from gradcli.recording.from_expression import ExpressionRecorder
from gradcli.recording.program.again import run_again
from gradcli.recording.program.log import Log
from gradcli.recording.program.places import UserCode
from gradcli.recording.recorder import record_backward
from gradcli.recording.tape import Tape
from gradcli.results.findings import Finding
from gradcli.results.parts import At, Part, Phrase

NAN, INF = float("nan"), float("inf")
Program = Callable[..., torch.Tensor]


@dataclass(frozen=True)
class Case:
    """A program, the same as an expression, its inputs, and the codes and places of what is found: text and line."""

    program: Program
    expression: str
    inputs: dict[str, object]
    found: tuple[tuple[str, str], ...] = ()

    @property
    def tensors(self) -> dict[str, torch.Tensor]:
        made = {name: torch.tensor(value) for name, value in self.inputs.items()}
        return {name: one.requires_grad_() if one.is_floating_point() else one for name, one in made.items()}


CASES = (
    Case(
        programs.logarithm_of_a_negative_number,
        "hidden = log(x); (hidden * w).sum()",
        {"x": [-1.0, 2.0], "w": [1.0, 3.0]},
        (("nan-forward", "torch.log(x)"),),
    ),
    Case(
        programs.one_cause_written_twice,
        "hidden = log(x); (hidden + log(x)).sum()",
        {"x": [-1.0, 2.0]},
        (("nan-forward", "torch.log(x)"),),
    ),
    Case(programs.overflow, "exp(x).sum()", {"x": [1.0, 100.0]}, (("inf-forward", "torch.exp(x)"),)),
    Case(programs.root_of_zero, "x.sqrt().sum()", {"x": [4.0, 0.0]}, (("inf-backward", "x.sqrt()"),)),
    Case(programs.root_times_zero, "(x * x.sqrt()).sum()", {"x": [4.0, 0.0]}, (("nan-backward", "x.sqrt()"),)),
    Case(
        programs.roots_that_meet,
        "(x.sqrt() - (2 * x).sqrt()).sum()",
        {"x": [0.0, 1.0]},
        (("nan-accumulated", "x.sqrt()"),),
    ),
    Case(
        programs.masked_root,
        "root = sqrt(x - 1); where(x > 1, root, zeros_like(x)).sum()",
        {"x": [1.0, 5.0]},
        (("masked-branch", "torch.sqrt(x - 1)"), ("dead", "torch.where(x > 1, root, torch.zeros_like(x))")),
    ),
    Case(
        programs.overwritten_root,
        "root = sqrt(x - 1) * 1.0; root[0] = 1.0; root.sum()",
        {"x": [1.0, 5.0]},
        (("masked-branch", "torch.sqrt(x - 1)"),),
    ),
    Case(
        programs.zero_times_infinity,
        "(m * log(x)).sum()",
        {"x": [0.0, 1.0], "m": [0.0, 2.0]},
        (("nan-forward", "torch.log(x)"),),
    ),
    Case(
        programs.meeting_infinities,
        "up = 1 / x; (up - up.abs()).sum()",
        {"x": [0.0, 2.0]},
        (("nan-forward", "1 / x"),),
    ),
    Case(programs.steep, "sin(1e6 * x).sum()", {"x": [0.0, 1.0]}, (("exploding", "1e6 * x"),)),
    Case(
        programs.far_out,
        "sigmoid(4 * x).sum()",
        {"x": [3.0, -4.0]},
        (("saturated", "torch.sigmoid(4 * x)"), ("vanishing", "torch.sigmoid(4 * x)")),
    ),
    Case(programs.all_dead, "relu(x).sum()", {"x": [-1.0, -2.0]}, (("dead", "functional.relu(x)"),)),
    Case(programs.some_dead, "clamp(x, min=0.0).sum()", {"x": [-1.0, 2.0]}, (("dead", "torch.clamp(x, min=0.0)"),)),
    Case(
        programs.broken_before,
        "(x * w).exp().sum()",
        {"x": [NAN, 1.0], "w": [1.0, 1.0]},
        (("nan-input", "x"),),
    ),
    Case(
        programs.too_small_a_product,
        "1 / (a * b)",
        {"a": 1e-30, "b": 1e-30},
        (("underflow-forward", "a * b"),),
    ),
    Case(programs.on_a_kink, "abs(x).sum()", {"x": [1.0, 0.0]}, (("kink", "torch.abs(x)"),)),
    Case(programs.step_function, "round(x).sum()", {"x": [1.2, 0.3]}, (("flat", "torch.round(x)"),)),
    Case(
        programs.no_probabilities,
        "binary_cross_entropy_with_logits(p, target) + kl_div(p, target, reduction='sum')",
        {"p": [-1.0, -0.5], "target": [-0.5, 1.5]},
        (
            ("nan-forward", 'functional.kl_div(p, target, reduction="sum")'),
            ("domain", 'functional.kl_div(p, target, reduction="sum")'),
            ("domain", "functional.binary_cross_entropy_with_logits(p, target)"),
        ),
    ),
    Case(programs.infinite_constant, "(x * float('inf')).sum()", {"x": [1.0, 2.0]}, (("inf-input", 'float("inf")'),)),
    Case(
        programs.one_line_many_times,
        "h = sqrt(x - 1); h = sqrt(h - 1); h = sqrt(h - 1); sqrt(h - 1).sum()",
        {"x": [4.0, 100.0]},
        (("nan-forward", "torch.sqrt(hidden - 1)"),),
    ),
    Case(
        programs.changed_in_place,
        "h = x + 1; h *= 0.0; log(h).sum()",
        {"x": [1.0, 2.0]},
        (("inf-forward", "torch.log(hidden)"),),
    ),
    Case(
        programs.two_calls_of_one_helper,
        "(rsqrt(x) + rsqrt(y)).sum()",
        {"x": [1.0, -1.0], "y": [-2.0, 4.0]},
        (("nan-forward", "torch.rsqrt(value)"), ("nan-forward", "torch.rsqrt(value)")),
    ),
)

SILENT = (
    Case(
        programs.classifier,
        "cross_entropy(tanh(x @ w), target)",
        {"x": [[1.0, -2.0], [0.5, 0.3]], "w": [[0.1, 0.2], [-0.3, 0.4]], "target": [0, 1]},
    ),
    Case(
        programs.mask_in_use,
        "scores = x.masked_fill(x > 2, float('-inf')); softmax(scores, dim=-1)[0].square()",
        {"x": [1.0, 0.5, 3.0]},
    ),
    Case(
        programs.safe_root,
        "safe = where(x > 0, x, ones_like(x)); where(x > 0, safe.sqrt(), 0.5 * x).sum()",
        {"x": [0.0, 4.0]},
    ),
    Case(programs.weighted_mean, "(x * w.softmax(0)).sum() / 3", {"x": [1.0, 2.0, 4.0], "w": [0.1, 0.2, 0.3]}),
)

every_case = pytest.mark.parametrize("case", [*CASES, *SILENT], ids=lambda case: case.program.__name__)


def of_program(case: Case) -> tuple[Tape, list[Finding]]:
    inputs, user = case.tensors, UserCode()
    log = Log(user, {})
    log.put_on()
    try:
        output = case.program(**inputs)
        entries = log.calls.recorded()
    finally:
        log.take_off()
    names = {id(tensor): name for name, tensor in inputs.items()}
    again = run_again(entries, [output], [torch.ones_like(output)], names, user)
    assert again.differs is None
    tape = again.tape
    return tape, of_tape(Evidence(recorded=tape))


def of_expression(case: Case) -> tuple[Tape, list[Finding]]:
    inputs = case.tensors
    program = parse(case.expression, bound=list(inputs))
    recorder = ExpressionRecorder(program, changes_in_place(program))
    output = evaluate(program, inputs, Context(), recorder)
    wanted = {name: tensor for name, tensor in inputs.items() if tensor.requires_grad}
    tape = record_backward(recorder, output, wanted, torch.ones_like(output))
    return tape, of_tape(Evidence(recorded=tape))


def numbers(part: Part) -> Iterator[float | tuple[int, ...]]:
    """The numbers that a sentence has, and the elements that it names."""
    match part:
        case Phrase():
            for inner in (*(value for _, value in part.parts), part.cause, *part.consequences):
                yield from numbers(inner)
        case At(index=index, value=value):
            yield index
            yield from numbers(value)
        case tuple():
            for inner in part:
                yield from numbers(inner)
        case int() | float():
            yield repr(float(part))


def told(finding: Finding) -> tuple[object, ...]:
    """What a finding says, without the words that were written in the program or the expression."""
    return (
        finding.code,
        finding.severity,
        finding.variable,
        finding.index,
        finding.operation,
        finding.node,
        sorted(map(str, numbers(finding.phrase))),
    )


@every_case
def test_the_same_is_found_as_in_the_expression(case: Case) -> None:
    (tape, found), (expected_tape, expected) = of_program(case), of_expression(case)
    assert list(map(told, found)) == list(map(told, expected))
    assert torch.equal(tape.output.nan_to_num(), expected_tape.output.nan_to_num())
    assert tape.gradients.keys() == expected_tape.gradients.keys()


@every_case
def test_what_is_found_stands_at_its_line(case: Case) -> None:
    tape, found = of_program(case)
    lines = Path(programs.__file__).read_text().splitlines()
    assert sorted((one.code, one.expression) for one in found) == sorted(case.found)
    for one in found:
        place = one.place
        assert place is not None
        assert (Path(place.file).resolve(), place.text) == (Path(programs.__file__), one.expression)
        assert one.step is None or tape.steps[one.step].place.in_file == place
        assert place.function in (case.program.__name__, "_helper")
        assert lines[place.line - 1][place.column - 1 :].startswith(place.text.splitlines()[0])


def test_a_finding_knows_its_step_but_where_it_is_about_a_constant() -> None:
    without = [case.program for case in CASES for one in of_program(case)[1] if one.step is None]
    assert without == [programs.infinite_constant]


@each(
    "cotangents, found",
    [
        ([NAN, 1.0], []),  # what the program gave is not the fault of an operation
        ([INF, -INF], []),
        ([3e38, 3e38], ["the gradients that meet at h are finite, and add up to inf"]),
    ],
)
def test_the_cotangents_of_outputs_meet_at_the_tensor_that_they_share(
    cotangents: list[float], found: list[str]
) -> None:
    weight = torch.tensor(1.0, requires_grad=True)
    with logged() as log:
        h = weight * 2
        log.rest()
        tape = run_again(log.calls.recorded(), [h, h], [torch.tensor(one) for one in cotangents], {}, USER).tape
    assert not torch.isfinite(tape.gradients["weight"])
    assert [one.message for one in of_tape(Evidence(recorded=tape)) if one.severity == "error"] == found


def test_a_cotangent_of_zero_is_no_selection() -> None:
    x = torch.tensor(0.0, requires_grad=True)
    with logged() as log:
        root, other = x.sqrt(), x * 2
        log.rest()
        weights = [torch.tensor(0.0), torch.tensor(1.0)]
        tape = run_again(log.calls.recorded(), [root, other], weights, {}, USER).tape
    assert [one.code for one in of_tape(Evidence(recorded=tape)) if one.severity == "error"] == ["nan-backward"]


def test_rounds_of_a_loop_are_steps_of_their_own() -> None:
    (case,) = (case for case in CASES if case.program is programs.one_line_many_times)
    tape, _ = of_program(case)
    roots = [step for step in tape.steps if step.name == "sqrt"]
    assert len(roots) == 4
    assert len({step.place for step in roots}) == 1
    assert len({tape.twins[step.index] for step in roots}) == 4


def test_inputs_of_one_name_are_told_apart() -> None:
    (case,) = (case for case in CASES if case.program is programs.two_calls_of_one_helper)
    tape, found = of_program(case)
    assert [(leaf.variable, leaf.text) for leaf in tape.leaves] == [("x", "value"), ("y", "value")]
    assert [(one.variable, one.index) for one in found] == [("x", (1,)), ("y", (0,))]
