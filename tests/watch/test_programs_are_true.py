"""The table of programs is right: plain hooks of PyTorch see in each of them what its row says."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from expected import PROGRAMS, ROWS, Row
from expected_silent import SILENT, Silent

from tools import warm

ORACLE = Path(__file__).parent / "oracle.py"
Answer = dict[str, Any]

RAISED = {
    "in-place": "has been modified by an inplace operation",
    "second-backward": "backward through the graph a second time",
}
KINDS = {"masked-branch": "nan-backward", "nan-input": "input"}
"""What the hooks see of a code that says more."""


def answers(rows: Sequence[Row | Silent]) -> list[Answer]:
    jobs = [
        {
            "program": str(row.path),
            "arguments": row.arguments,
            "module": getattr(row, "module", None),
            "stdin": getattr(row, "stdin", ""),
            "go_on": isinstance(row, Silent) or not row.exit_code,
        }
        for row in rows
    ]
    words = [*warm.script(), str(ORACLE)]
    ran = subprocess.run(words, input=json.dumps(jobs), capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def operation(name: str) -> str:
    """The name of a call, or of the node that is its derivative, without what the two write differently."""
    return re.sub(r"Backward\d+$|[._]", "", name).lower()


def differences(row: Row, answer: Answer) -> list[str]:
    """What the hooks saw otherwise than the row says."""
    if "failed" in answer:
        return [answer["failed"]]
    if row.code in RAISED:
        return raised(row, answer)
    if row.code in ("disconnected", "dead", "flat"):
        return unmoved(row, answer)
    if not answer["births"]:
        return ["everything is finite"]
    birth = answer["births"][-1] if row.exit_code else _birth_at(row.step, answer)
    grads = answer["grads"][-1]
    claims = {
        "code": (row.code, birth["kind"] if row.code not in KINDS else row.code, *row.also),
        "step": (row.step, birth["step"]),
        "file": (Path(row.file or row.program).name, birth["line"][0]),
        "line": (row.number(row.line), birth["line"][1]),
        "operation": (operation(row.operation), operation(birth["operation"])),
        "element": (list(row.element or ()), birth["element"] if row.element is not None else []),
    }
    wrong = [f"{what}: {seen[1]}, not {seen[0]}" for what, seen in claims.items() if seen[0] not in seen[1:]]
    if row.code in KINDS and birth["kind"] != KINDS[row.code]:
        wrong.append(f"kind: {birth['kind']}")
    if row.exit_code:
        wrong += named(row, grads, spoiled={"not finite"}, untouched={"finite", "zero"})
    if row.second and row.number(row.second) not in [number for _, number, _ in answer["written"]]:
        wrong.append(f"infinities are written at {answer['written']}")
    return wrong


def _birth_at(step: int, answer: Answer) -> Answer:
    return next(birth for birth in answer["births"] if birth["step"] == step)


def raised(row: Row, answer: Answer) -> list[str]:
    """Anomaly mode names the line of the node; the log holds who changed a tensor."""
    assert row.second
    wrong = [] if RAISED[row.code] in (answer["error"] or "") else [f"raised: {answer['error']}"]
    if answer["error_line"] != [Path(row.program).name, row.number(row.line)]:
        wrong.append(f"line: {answer['error_line']}")
    if answer["step"] != row.step:
        wrong.append(f"step: {answer['step']}")
    changed = [number for _, number, _ in answer["changes"]]
    if row.code == "in-place" and row.is_seen and row.number(row.second) not in changed:
        wrong.append(f"changed in lines {changed}")
    return wrong


def unmoved(row: Row, answer: Answer) -> list[str]:
    """Some parameters get no gradient, or zeros, from a step on to the end; a cut is a call that was seen."""
    wanted = "none" if row.code == "disconnected" else "zero"
    wrong = [f"error: {answer['error']}"] if answer["error"] or answer["births"] else []
    for grads in answer["grads"][row.step - 1 :]:
        wrong += named(row, grads, spoiled={wanted}, untouched={"finite", "zero"})
    before = answer["grads"][row.step - 2] if row.step > 1 else {}
    if before and not named(row, before, spoiled={wanted}, untouched={"finite", "zero"}):
        wrong.append("it is so one step before")
    place = [Path(row.program).name, row.number(row.line), row.operation]
    if row.code == "disconnected" and row.is_seen and place not in answer["cuts"]:
        wrong.append(f"cut at {answer['cuts']}")
    return list(dict.fromkeys(wrong))


def named(row: Row, grads: dict[str, str], *, spoiled: set[str], untouched: set[str]) -> list[str]:
    """Where a parameter's gradient is not in the state that the row says, and where a parameter is left out."""
    wrong = [f"{name}: {grads.get(name)}" for name in row.spoiled.split() if grads.get(name) not in spoiled]
    wrong += [f"{name}: {grads.get(name)}" for name in row.untouched.split() if grads.get(name) not in untouched]
    others = grads.keys() - {*row.spoiled.split(), *row.untouched.split()}
    return wrong + [f"{name} is {grads[name]} and is not named" for name in others if grads[name] in spoiled]


def test_each_program_has_the_trouble_that_its_row_says() -> None:
    wrong = {
        " ".join([row.program, *row.arguments]): found
        for row, answer in zip(ROWS, answers(ROWS), strict=True)
        if (found := differences(row, answer))
    }
    assert not wrong, json.dumps(wrong, indent=1)


def test_silent_programs_have_nothing_but_finite_gradients() -> None:
    wrong = {}
    for row, answer in zip(SILENT, answers(SILENT), strict=True):
        steps = tuple(birth["step"] for birth in answer.get("births", ()))
        ends = answer.get("exit_code"), steps, "failed" in answer
        if ends != (row.exit_code, row.skipped, False):
            wrong[row.program] = str(answer)[-600:]
        elif (row.exit_code == 1) != (answer["error"] is not None):
            wrong[row.program] = answer["error"]
        elif not answer["step"] and row.program != "never_backward.py":
            wrong[row.program] = "nothing is differentiated"
    assert not wrong, json.dumps(wrong, indent=1)


def test_each_program_stands_in_the_table() -> None:
    named = {row.path for row in (*ROWS, *SILENT)} | {PROGRAMS / row.file for row in ROWS if row.file}
    packages = {row.path for row in ROWS if row.module}
    others = {path for path in PROGRAMS.rglob("*.py") if path not in named and not packages & {*path.parents}}
    assert others == set()


TRUE_ANSWER: Answer = {
    "births": [
        {
            "step": 6,
            "kind": "inf-backward",
            "operation": "SqrtBackward0",
            "line": ["siamese_duplicate.py", 0],
            "element": [4],
        }
    ],
    "grads": [
        {
            "tower.0.weight": "not finite",
            "tower.0.bias": "not finite",
            "tower.2.weight": "not finite",
            "tower.2.bias": "not finite",
        }
    ],
}


def test_a_wrong_row_is_seen() -> None:
    (row,) = [row for row in ROWS if row.program == "siamese_duplicate.py"]
    TRUE_ANSWER["births"][0]["line"][1] = row.number(row.line)
    assert differences(row, TRUE_ANSWER) == []
    for changed, wrong in (
        ({"step": 7}, "step"),
        ({"code": "nan-backward"}, "code"),
        ({"line": "pow(2).sum"}, "line"),
        ({"operation": "pow"}, "operation"),
        ({"element": (3,)}, "element"),
        ({"untouched": "tower.0.bias"}, "tower.0.bias"),
        ({"spoiled": "tower.0.weight tower.0.bias tower.2.weight"}, "tower.2.bias"),
    ):
        (found,) = differences(replace(row, **changed), TRUE_ANSWER)
        assert found.startswith(wrong), (changed, found)
