"""No expression takes more memory or time than the bounds allow, whatever number stands in it."""

from __future__ import annotations

import json
import math
import subprocess
from typing import Any

import pytest
import torch
from bombs import BOMBS
from command_line import clean_environment

from gradcli.exceptions import BoundError
from gradcli.language.parser import parse
from gradcli.numerics import bounds
from gradcli.numerics.evaluate import Context, evaluate
from tools import warm

MANY = ", ".join(["h"] * 300)
BOMBS += [f"h = ones(2**20); cat([{MANY}]) * x[0]", f"h = ones(2**20); [{MANY}] * x[0]"]

AS_A_VALUE = [text for text in BOMBS if "x" not in text.replace("* x[0]", "").replace("* x", "").replace("max", "")]

IN_LITTLE_MEMORY = """
import json, resource, sys, time, io, contextlib, warnings
from gradcli.cli import main
import gradcli.inspections.grad, torch
torch.set_num_threads(2)
resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
answers = []
for argv in json.load(sys.stdin):
    out, err, before, start = io.StringIO(), io.StringIO(), peak(), time.process_time()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(argv)
    answers.append([argv, code, out.getvalue()[:400], time.process_time() - start, peak() - before])
print(json.dumps(answers))
"""


def bare(text: str) -> str:
    """A bomb without the input that makes it differentiable."""
    return text.replace(" * x[0]", "").replace(" * x", "")


@pytest.fixture(scope="module")
def answers() -> list[Any]:
    requests = [["grad", text, "x=1,2", "--json"] for text in BOMBS]
    requests += [["grad", "sigmoid", bare(text), "--json"] for text in AS_A_VALUE]
    requests += [["grad", "x * y", "y=1", f"x={bare(text)}", "--json"] for text in AS_A_VALUE]
    requests += [
        ["activate", "sigmoid", "ones(10**12)", "--json"],
        ["activate", "sigmoid", "--range", "0:1:1000001", "--json"],
        ["activate", "sigmoid", "ones(2**20)", "--depth", "100", "--max-elements", "2000000", "--json"],
        ["softmax", "ones(10**12)", "--json"],
        ["softmax", "ones(10**5)", "--json"],
        ["loss", "mse", "ones(10**12)", "1", "--json"],
        ["loss", "mse", "w * x", "1", "x=1", "w=ones(10**6)", "--lr", "0.1", "--steps", "10000", "--json"],
        ["loss", "huber", "1", "2", "--param", "delta=ones(10**12)", "--json"],
        ["grad", "sigmoid", "1", "--vjp", "ones(10**12)", "--json"],
        ["grad", "sigmoid", "1", "--jvp", "ones(10**12)", "--json"],
        ["grad", "x * ones(2**20)", "1", "--jacobian", "--json"],
        ["grad", "sigmoid", "ones(10**5)", "--jacobian", "--json"],
        ["grad", "sum(x**2)", "ones(10**5)", "--hessian", "--json"],
        ["retain-demo", "sum(exp(a))", "a=ones(2**22)", "--calls", "100", "--retain", "all", "--json"],
    ]
    words, given = [*warm.python(), IN_LITTLE_MEMORY], json.dumps(requests)
    ran = subprocess.run(words, input=given, capture_output=True, text=True, env=clean_environment(), check=False)
    assert ran.returncode == 0, ran.stderr
    return list(json.loads(ran.stdout))


def test_a_bomb_is_refused_as_too_large(answers: list[Any]) -> None:
    survivors = [(argv, code, out) for argv, code, out, _, _ in answers if code != 2 or '"too-large"' not in out]
    assert survivors == []
    assert len(answers) > 150


def test_a_bomb_takes_no_time(answers: list[Any]) -> None:
    assert [(argv, seconds) for argv, _, _, seconds, _ in answers[1:] if seconds > 10] == []


def test_a_bomb_takes_no_memory(answers: list[Any]) -> None:
    assert [(argv, megabytes) for argv, _, _, _, megabytes in answers if megabytes > 100] == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9**9**9", math.inf),
        ("10**10**10", math.inf),
        ("-(10**10**10)", -math.inf),
        ("2**-10000", 0.0),
        ("1/0", math.inf),
    ],
)
def test_an_integer_power_without_end_is_infinite_at_once(text: str, value: float) -> None:
    assert float(evaluate(parse(text), {}, Context(torch.float64))) == value


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("ones({n})", 1),
        ("eye({n})", 0),
        ("linspace(0, 1, {n})", 1),
        ("arange({n})", 1),
        ("tensor([1.0]).repeat({n})", 1),
        ("repeat_interleave(tensor([1.0]), {n})", 1),
        ("one_hot(tensor([0]).long(), {n})", 1),
        ("normal(0.0, 1.0, [{n}])", 1),
        ("cat([ones(500), ones({n} - 500)])", 1),
        ("pad(ones(1), [{n} - 1, 0])", 1),
    ],
)
def test_the_bound_is_exact(text: str, elements: int) -> None:
    most = Context(max_elements=1000 if elements else 10**6)
    assert evaluate(parse(text.format(n=1000)), {}, most).numel() == most.max_elements
    with pytest.raises(BoundError, match=r"would make a tensor of 1,\d\d\d"):
        evaluate(parse(text.format(n=1001)), {}, most)


def test_a_bound_that_is_raised_lets_more_through(run: Any) -> None:
    words = ["grad", "sum(ones(2000) * x)", "1", "--json"]
    assert run([*words, "--max-elements", "1999"])[0] == 2
    assert run([*words, "--max-elements", "2000"])[0] == 0


def test_the_place_of_the_bomb_is_shown(run: Any) -> None:
    code, _, err = run(["grad", "x + ones(10**12)", "1"])
    assert code == 2
    assert "  x + ones(10**12)\n      ^^^^^^^^^^^^" in err


LARGE_AND_USUAL = (
    "x * y + 1",
    "sum((x - y)**2)",
    "softmax(x, dim=0)",
    "sigmoid(x)",
    "where(x > 0, x, y)",
    "x.mean() + y.std()",
    "mse_loss(x, y)",
    "cross_entropy(m, t)",
    "cat([x, y])",
    "stack((x, y)).sum(dim=0)",
    "m @ m.T[:, :3]",
    "m.reshape(-1).cumsum(0)",
    "m.view(1000, 1000)[0]",
    "m[:, 1:].flatten()",
    "x[t]",
    "x[x > 0]",
    "m.max(dim=1).values",
    "sort(x)[0]",
    "linspace(0, 1, 10**6) * x",
    "arange(10**6) * x",
    "ones(1000, 1000) * x[0]",
    "rand(10**6) * x",
    "eye(1000) * x[0]",
    "layer_norm(m, [1000])",
    "h = x * 1; h += y; h",
)


@pytest.mark.parametrize("text", LARGE_AND_USUAL)
def test_a_usual_call_on_a_million_numbers_is_bounded_by_arithmetic(text: str, monkeypatch: Any) -> None:
    """The meta device costs a second or two when it is first used: only what is unusual may ask it."""

    def asked(*_: object) -> float:
        raise AssertionError("the meta device was asked")

    monkeypatch.setattr(bounds, "_measured", asked)
    x = torch.ones(10**6)
    variables = {"x": x, "y": x * 2, "m": x.reshape(1000, 1000), "t": torch.arange(1000)}
    assert evaluate(parse(text, bound=list(variables)), variables, Context()).numel() > 0


def test_two_tensors_of_the_size_of_the_bound_may_meet() -> None:
    x = torch.ones(1000)
    for text in ("x * x", "x > x", "where(x > 0, x, x)", "maximum(x, x)", "mse_loss(x, x, reduction='none')"):
        assert evaluate(parse(text), {"x": x}, Context(max_elements=1000)).numel() == 1000
    with pytest.raises(BoundError):
        evaluate(parse("x * x[:2, None]"), {"x": x}, Context(max_elements=1000))


def test_pieces_are_bounded_and_few_pieces_are_not() -> None:
    x = torch.ones(200_001)
    with pytest.raises(BoundError, match="would make 200,001 tensors"):
        evaluate(parse("split(x, 1)[0]"), {"x": x}, Context())
    for text in ("split(x, 1000)[0]", "chunk(x, 10)[0]", "tensor_split(x, [1, 2])[0]", "chunk(x[:5], 10**12)[0]"):
        assert evaluate(parse(text), {"x": x}, Context()).numel() > 0


def test_a_large_literal_is_a_number_and_no_tensor() -> None:
    assert (
        float(
            evaluate(
                parse("x * 0xffffffffffffffffffffffffffffffff"), {"x": torch.ones((), dtype=torch.float64)}, Context()
            )
        )
        == 2.0**128
    )


@pytest.mark.parametrize(
    "name", [f"{kind}chebyshev_polynomial_{letter}" for kind in ("", "shifted_") for letter in "tuvw"]
)
def test_a_polynomial_of_a_high_degree_is_computed_where_pytorch_takes_a_closed_form(name: str, run: Any) -> None:
    for points in ("0.3,0.7", "0,1", "1,0.5", "2,-3"):  # inside, at the ends, and where it overflows at once
        code, _, err = run(["retain-demo", f"sum(x * special.{name}(x.detach(), 2**62))", f"x={points}"])
        assert code == 0, (points, err)
