"""An answer of `batch` is the one that the command gives by itself."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from command_line import captured

from gradcli.cli.batch.answering import answer
from gradcli.cli.option_coercion import MOST_KEPT

REQUESTS = [
    "grad sigmoid 0 1 10",
    "grad 'x**2 * sin(x)' 1 2",
    "grad 'x**2 * sin(x)' 1 2 -t float64",
    "grad sigmoid -5 -1e-3 -inf 0",
    "grad 'sum((x @ w - 1)**2)' x='[1,2]' w='[3,4]'",
    "grad 'x[0] * x[1]**2' x=3,2 --hessian --jacobian",
    "grad tanh 1 2 --order 3 --precision 3",
    "grad tanh 1 2 --vjp '[1, 2]' --jvp 1,1 --via backward",
    "grad 'sum(randn(3) * x)' 1 2 3 --seed 7",
    "grad 'sum(rand(3) * x)' 1 2 3",
    "grad 'sqrt(x)' 0 4 -1 --fail-on error",
    "grad '3 * x' x=1 y=2",
    "grad 'α * x' x=1 α=2",
    "grad 'y = x * 1; y.mul_(2); sum(y)' x=1,2",
    "grad 'x * 1' x:float16=1e4",
    "softmax 2 1 0.1",
    "softmax 2 1 0.1 --temperature 0.5 --log --index 1",
    "loss mse '[2.5, 0, 2]' '[3, -0.5, 2]'",
    "loss cross_entropy '[[2, 1, 0.1]]' '[0]'",
    "loss mse 'x * w + b' 1 x=1 w=2 b=0 --wrt w,b --lr 0.1 --steps 3",
    "activate relu,gelu -2 -1 0 1 2",
    "activate sigmoid --range -1:1:3 --plot",
    "trace 'where(x > 0, sqrt(x), 0 * x)' x=0,1",
    "trace 'exp(x)' 1 --format csv",
    "check sigmoid -2 0 2 -t float32",
    "retain-demo 'sum(exp(a))' a=1,2 --calls 3 --retain 1",
    "functions gelu",
    "functions --category loss",
    # and those that fail
    "grad sigmod 0",
    "grad 'sin(' 0",
    "grad 'sqrt(sum(x, dim=3))' 1 2",
    "grad sigmoid 0 1 --vjp none",
    "grad sigmoid 0 --dvice cpu",
    "grad sigmoid 0 --device",
    "grad sigmoid 0 --device mars",
    "grad sigmoid 0 -f yaml",
    "grad sigmoid 0 --precision x",
    "grad sigmoid 0 --order 99",
    "grad",
    "grda sigmoid 0",
    "--json grad sigmoid 0",
    "grad sigmoid x=@nowhere.npy",
    "check nonsense",
]


def by_itself(request: str) -> tuple[int, str]:
    """The exit code and the JSON of a command line with --json, behind the command's name where it has one."""
    name, *words = shlex.split(request)
    code, out, _ = captured([name, "--json", *words] if not name.startswith("-") else [name, *words])
    return code, out


@pytest.mark.parametrize("request_", REQUESTS)
def test_an_answer_has_the_bytes_and_the_exit_code_of_the_command_by_itself(request_: str) -> None:
    code, out = by_itself(request_)
    assert out.count("\n") == 1
    assert answer(request_.encode()) == (code, out.encode())
    assert answer(request_.encode()) == (code, out.encode())  # also from what is kept of the first time


def test_the_answers_come_in_order_whatever_came_before(run: Any) -> None:
    alone = [by_itself(request)[1] for request in REQUESTS]
    _, forwards, _ = run(["batch"], stdin="\n".join(REQUESTS))
    _, backwards, _ = run(["batch"], stdin="\n".join(reversed(REQUESTS)))
    assert forwards == "".join(alone)
    assert backwards == "".join(reversed(alone))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("grad 'sum(x * rand(3))' 1 2 3", "grad 'sum(x * rand(3))' 1 2 3 --seed 5"),
        ("grad 'x * ones(1)' 1", "grad 'x * ones(1)' 1 -t float64"),
        ("grad 'pi * x' 1", "grad 'pi * x' 1 pi=2"),
        ("grad 'x * e' 1", "grad 'x * e' x=1 e=2"),
        ("grad 'cat([x, x])' 1", "grad 'cat([x, x])' 1 --max-elements 1"),
        ("grad 'x * 2' 1", "grad 'x * 2' x:float64=1"),
        ("grad 'x.sum()' 1 2", "grad 'x.sum()' x='[[1,2],[3,4]]' --via backward"),
        ("loss mse 1 2", "loss mse 1 2 --wrt target"),
    ],
)
def test_a_request_leaves_nothing_behind_for_another(before: str, after: str) -> None:
    first, second = answer(before.encode()), answer(after.encode())
    assert first.line != second.line
    assert answer(before.encode()) == first
    assert answer(after.encode()) == second


def test_a_name_hides_a_prefix_only_where_it_is_bound() -> None:
    bound, open_ = b"grad 'sum(linalg.T)' linalg='[[1,2],[3,4]]'", b"grad 'sum(linalg.T)' 1"
    assert [answer(line).code for line in (open_, bound, open_, bound)] == [2, 0, 2, 0]


def test_the_environment_counts_when_the_request_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    dtypes = []
    for dtype in ("float32", "float64", "float32"):
        monkeypatch.setenv("GRADCLI_DTYPE", dtype)
        dtypes.append(json.loads(answer(b"grad tanh 1").line)["dtype"])
    assert dtypes == ["float32", "float64", "float32"]


def test_more_sets_of_options_than_are_remembered_are_answered_all_the_same() -> None:
    seeds = [json.loads(answer(b"grad tanh 1 --seed %d" % seed).line)["seed"] for seed in range(2 * MOST_KEPT + 3)]
    assert seeds == list(range(2 * MOST_KEPT + 3))


def test_more_expressions_than_are_remembered_are_answered_all_the_same() -> None:
    numbers = [*range(700), *range(0, 700, 7)]  # some of them again, after others have taken their places
    documents = [json.loads(answer(f"grad 'x * {number}' 3".encode()).line) for number in numbers]
    assert [document["gradients"]["x"]["values"] for document in documents] == [[number] for number in numbers]


def test_an_options_list_is_not_shared_between_requests() -> None:
    one = answer(b"activate leaky_relu 1 --param negative_slope=0.2")
    assert answer(b"activate leaky_relu 1 --param negative_slope=0.2") == one
    assert answer(b"activate leaky_relu 1 --param negative_slope=0.3") != one
