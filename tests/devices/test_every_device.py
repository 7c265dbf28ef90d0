"""On every device the same answers as on the CPU: the same numbers, findings and fixes, and random numbers to repeat.

No machine of the tests has an accelerator: a device that refuses what CUDA refuses stands in for one, see stand_in.py.
"""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from each import each
from processes import in_own_process, needs_stand_in

pytestmark = needs_stand_in

WITH_FINDINGS = {
    "trace relu 0 1": "kink",
    "trace hardtanh -1 0 1": "kink",
    "trace 'clamp(x, -1, 1)' x=-1,0.5,2": "kink",
    "trace 'clamp(x, -1, 1)' x=-2,2": "dead",
    "trace 'maximum(x, y)' x=1,2 y=1,3": "kink",
    "trace 'max(x)' x=1,1": "kink",
    "trace 'norm(x)' x=0,0": None,
    "trace 'prelu(x, w)' x=0,1 w=0.25": None,
    "trace softshrink 0.5 -0.5": "dead",
    "trace 'relu(sqrt(x) - sqrt(y) + 1)' x=0,1 y=0,1": "inf-backward",
    "trace 'log(exp(x) + 1)' x=100": "inf-forward",
    "trace 'atanh(tanh(x))' x=20": "inf-forward",
    "trace 'sqrt(x)*0' x=0": "nan-backward",
    "trace 'where(x > 0, log(x), 0)' x=0,1": "masked-branch",
    "trace 'cos(x)' x=0": "dead",
    "trace sigmoid 200": "saturated",
    "trace 'log(softmax(x, 0))' x=0,200": "underflow-forward",
    "trace 'norm(x) * norm(y)' x=1e-30,1e-30 y=1,2": "underflow-forward",
    "trace 'mean((w*x - y)**2)' w=1 x=1,nan y=1,2 --frozen x,y": "nan-input",
    "trace 'x * w' x=1,inf w=1,2": "inf-input",
    "trace '1e10 * x' x:float16=1,2": "inf-input",
    "trace 'x + 1' x:float16=1e15": "inf-input",
    "trace 'binary_cross_entropy(sigmoid(x), t)' x=200 t=0 --frozen t": None,
    "grad 'floor(x)' 1.5": "flat",
}
"""Command lines, each with the code of a finding that belongs to it, where there is one."""

OTHERS = """
trace 'y = x*1; y.mul_(2); y[0] = 3; y' x=1,2
trace 'sum(randn(3)*x)' x=1,2,3
trace 'x[t]' x=1,2,3 t:int64=0,2
grad 'x**2 * sin(x)' 0 1 10 --order 2
grad 'sum((x @ w - 1)**2)' x='[1,2]' w='[3,4]' --hessian
grad 'x*y' x=1,2 y=3,4 --jacobian
grad 'x*y' x=1,2 y=3,4 --jvp x=1,2 --jvp y=1,0
grad 'x*y' x=1,2 y=3,4 --vjp 1,2
grad 'bernoulli(sigmoid(x)) + x' x=1,2,3
grad 'one_hot(t, 3)*x' t:int64=0,2 x=1
grad 'arange(3)*x + [1, 2, 3]' x=2
grad sigmoid 'randn(3)'
grad 'x*2' x=1,2 --vjp none
softmax 2 1 0.1
check sigmoid 1 2
check relu 0 1
check 'cross_entropy(x, t)' x='[[1,2],[3,4]]' t:int64=0,1
check 'dropout(x, 0.5)' x=1,2,3,4
check 'log(1 - sigmoid(x))' 40
retain-demo
activate relu,tanh -1 0 1
activate gelu --order 2 --range -3:3:5 0.5
activate sigmoid --depth 10
loss cross_entropy '[[2,1,0.1]]' '[0]'
loss l1 1,2 1,4
loss mse 'x*w + b' 1 x=1 w=2 b=0 --wrt w,b --lr 0.1 --steps 5
"""
LINES = [*WITH_FINDINGS, *OTHERS.strip().splitlines()]


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """For each line the answer on the CPU and that on the stand-in, from a process of its own."""
    ran = in_own_process(
        "from answers import answer; answer()", given=json.dumps([shlex.split(line) for line in LINES])
    )
    return dict(zip(LINES, json.loads(ran), strict=True))


@each("line", LINES)
def test_the_answer_is_that_of_the_cpu(answers: dict[str, Any], line: str) -> None:
    on_cpu, on_device = answers[line]
    assert on_cpu[0] in (0, 1), on_cpu
    assert on_device == on_cpu


@each("line, code", [pair for pair in WITH_FINDINGS.items() if pair[1]])
def test_the_finding_is_there_at_all(answers: dict[str, Any], line: str, code: str) -> None:
    _, document, _ = answers[line][1]
    assert code in [finding["code"] for finding in document["findings"]]


def test_the_stand_in_refuses_a_tensor_of_the_cpu_and_takes_a_number() -> None:
    program = """
import torch, stand_in
stand_in.plug_in()
x = torch.tensor([1.0, 2.0], device="standin")
print((x * torch.tensor(3.0)).tolist(), x.device)
for refused in (lambda: x * torch.ones(2), lambda: torch.ones(2).add_(x), x.numpy,
                lambda: torch.rand(2, device="standin", generator=torch.Generator())):
    try:
        refused()
    except (RuntimeError, TypeError) as error:
        print(str(error)[:40])
"""
    assert in_own_process(program).splitlines() == [
        "[3.0, 6.0] standin:0",
        *["Expected all tensors to be on the same d"] * 2,
        "can't convert standin:0 device type tens",
        "Expected a 'standin' device type for gen",
    ]
