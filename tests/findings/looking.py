"""What gradcli finds for a command line, and where."""

from __future__ import annotations

import shlex
import warnings
from typing import Any, NamedTuple

import torch
from command_line import captured
from orjson import loads

from gradcli.diagnose.bound_expression import ComputeOptions, Selection, bind
from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings import of_tape
from gradcli.diagnose.rerun import Rerun
from gradcli.language.parser import parse
from gradcli.language.properties import changes_in_place
from gradcli.language.request import read
from gradcli.numerics.evaluate import evaluate
from gradcli.numerics.literals import Context
from gradcli.recording.from_expression import ExpressionRecorder
from gradcli.recording.recorder import record_backward
from gradcli.recording.tape import Tape
from gradcli.results.findings import Finding


class Place(NamedTuple):
    """Where a finding stands: PyTorch's operation, the input, its element, and the text under the caret."""

    operation: str | None
    variable: str | None
    index: list[int] | None
    text: str | None


def findings(line: str) -> list[dict[str, Any]]:
    """Every finding of a command line, which may end as it likes."""
    _, out, err = captured([*shlex.split(line), "--json"])
    answer = loads(out)
    assert "findings" in answer, (line, out, err)
    return answer["findings"]


def found(line: str, code: str) -> list[dict[str, Any]]:
    """The findings of one code."""
    return [finding for finding in findings(line) if finding["code"] == code]


def place(finding: dict[str, Any], line: str) -> Place:
    """Where it stands in the command line's expression."""
    expression = shlex.split(line)[1]
    span = finding["span"]
    text = None if span is None else expression[span[0] : span[1]]
    return Place(finding["operation"], finding["variable"], finding["index"], text)


def tape_of(text: str, **inputs: object) -> Tape:
    """The tape of an expression that is differentiated by its floating inputs: tensors, or what makes one."""
    tensors = {name: one if isinstance(one, torch.Tensor) else torch.tensor(one) for name, one in inputs.items()}
    wanted = {name: one.requires_grad_() for name, one in tensors.items() if one.is_floating_point()}
    program = parse(text, bound=list(tensors))
    recorder = ExpressionRecorder(program, changes_in_place(program))
    output = evaluate(program, tensors, Context(), recorder)
    return record_backward(recorder, output, wanted, torch.ones_like(output))


def on_tape(text: str, **inputs: object) -> list[Finding]:
    """What the rules find on the tape of an expression, which takes milliseconds: no fix is looked for."""
    return of_tape(Evidence(recorded=tape_of(text, **inputs)))


def on_tape_of(words: str) -> list[Finding]:
    """The same of an expression and its inputs as they are typed; `--wrt x` may stand behind them."""
    text, *inputs = shlex.split(words)
    selection = Selection((inputs.pop(), inputs.pop())[:1]) if "--wrt" in inputs else Selection()
    rerun = Rerun(bind(read(text, inputs, command="grad"), ComputeOptions(), selection))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own
        return of_tape(Evidence(recorded=rerun.tape()))
