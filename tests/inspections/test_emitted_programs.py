"""`--emit torch`: every program, run where gradcli is not, gives the same bits or the same error to the letter."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from command_line import captured, failed
from emitted import Ran, run_all, value_of
from test_gradient_cases import CASES as REAL_CASES
from test_gradient_cases import words as words_of_case

from gradcli.diagnose.bound_expression import ComputeOptions, Selection
from gradcli.exceptions import BoundError
from gradcli.inspections.emission.programs import grad_program
from gradcli.inspections.options import GradOptions
from gradcli.language.request import Value, read

pytestmark = pytest.mark.usefixtures("no_fixes")

DATA = Path(__file__).parents[1] / "data"
EXPRESSIONS: list[dict[str, Any]] = json.loads((DATA / "expressions.json").read_text())["expressions"]

GRAD = [
    ["sigmoid", "0", "1", "10"],
    ["sigmoid", "linspace(-5, 5, 100)"],
    ["sigmoid", "-inf", "nan", "-0.0", "1e-300", "-t", "float64"],
    ["x**2 * sin(x)", "0", "1", "--order", "3"],
    ["x**2", "1", "2", "--order", "4"],
    ["x * y", "x=1,2", "y=3,4", "--order", "2"],
    ["x**2 + 3*y", "x=1", "y=2"],
    ["x**2 + 3*y", "x=1", "y=2", "--jvp", "x=0.6", "--jvp", "y=0.8"],
    ["sin(x)", "1", "2", "--jvp", "1,0.5", "-t", "float64"],
    ["sum((x @ w - 1)**2)", "x=[1,2]", "w=[3,4]"],
    ["sum((x @ w - 1)**2)", "x=[1,2]", "w=[3,4]", "--hessian"],
    ["softmax(x, dim=0)", "2", "1", "0.1", "--jacobian"],
    ["softmax(x, dim=0)", "2", "1", "0.1", "--vjp", "1,0,0"],
    ["exp(x) * w", "x=1,2", "w=3,4", "--via", "backward"],
    ["exp(x) * w", "x=1,2", "w=3,4", "--wrt", "w"],
    ["exp(x.detach()) + w", "x=1,2", "w=3,4"],
    ["maximum(x, 0) * 2*pi + e - where(x>0, sqrt(x), 0*x)", "1", "-2"],
    ["clamp(x, min=-1, max=sqrt(2))", "-3", "0", "3", "-t", "float16"],
    ["gelu(x, approximate='tanh')", "-1", "0.1", "3", "-t", "bfloat16"],
    ["stack([x, 2*x, x**3]).sum(0)[0]", "1", "2"],
    ["cat([x, [1, 2]])", "1", "2"],
    ["x @ [[1, 2], [3, 4]]", "1", "2"],
    ["x[[0, 2]] + x[-1] + x[::2]", "1", "2", "3"],
    ["x[x > 1].sum() + x[..., None][0, 0]", "1", "2", "3"],
    ["linalg.svd(x).S[0] + x.T[0, 1]", "x=[[1,2],[3,4]]"],
    ["-x**2 + (-x)**2 - -x + 2**-x", "1", "2"],
    ["x - (1 - (x - 2)) / (3 / x)", "1", "2"],
    ["(x > 1) * x + ~(x > 1) * -x", "1", "2"],
    ["x.view(2, 2).sum(dim=1, keepdim=True).expand(2, 3)", "1", "2", "3", "4"],
    ["h = x * w; h[0] = 1; h += [1, 2]; -h**2", "x=1,-2", "w=3,4"],
    ["y = x.clone(); y.mul_(2); y *= y; sum(y)", "1", "2"],
    ["embedding(t, w)", "t=0,2", "w=[[1,2],[3,4],[5,6]]"],
    ["x[t]", "x=1,2,3", "t:int64=0,2"],
    ["x * mask", "x=1,2", "mask:bool=1,0"],
    ["x * randn(2)", "1", "2", "--seed", "7"],
    ["sum(w * rand(3))", "w=randn(3)", "--seed", "3", "-t", "float64"],
    ["x + w", "x=randn(200)", "w:float64=linspace(0, 1, 200)"],
    ["dropout(x, p=0.5)", "ones(100)"],
    ["sum(print_ * torch_)", "print_=1,2", "torch_=3,4"],
    ["abs(z)**2", "z:complex64=[1+2j, 3j]"],
    ["sum(α * x)", "α=1,2", "x=3,4"],
    ["x * y", "x=zeros(0, 3)", "y=2"],
    ["x * 16777217 + 9007199254740993 * x", "1", "-t", "float64"],
    ["x = 2*x; x**2", "3"],
    ["x = 2*x; x**2", "3", "--jacobian", "--order", "2"],
    ["x = 2*x; sum(x**2)", "x=3,4", "--hessian"],
    ["x = 2*x; x**2", "3", "--jvp", "1"],
    ["x = x.clone(); x[0] = 1; sum(x)", "1", "2"],
    ["w += 1; x * w", "x=1,2", "w=3,4", "--frozen", "w"],
    ["sin", *map(str, range(65))],
    ["sin(x)", "randn(3)", "3", "pi/2"],
    ["sin(x)", "linspace(0, 1, 100)", "[1, 2]"],
    ["h = [x, 2*x]; h * 2", "1", "2"],
    ["h = [x[0], x[1]]; h @ x", "1", "2"],
    ["h = (x, 2*x); h + 1", "1", "2"],
    ["y = [x, x]; y += 1; y * x", "1", "2"],
    ["(0.5).view(1, -1) * x", "1", "2"],
    ["real(complex * (1 + 2j))", "complex=1,2"],
    ["rrelu(x, training=True)", "-1", "-2"],
    ["x * y", "x=randn(2)", "y=3", "--jvp", "x=randn(2)"],
    ["x * y", "x=randn(2)", "y=3", "--jvp", "x=randn(2)", "--vjp", "randn(2)"],
    ["sum(x**2)", "x=1,2", "y=2", "--hessian"],
    ["x * 2", "x=1,2", "y=2", "--jvp", "y=1"],
    ["3 * x", "x=1", "y=2", "--jacobian"],
    ["3 * x", "x=1,2", "y=2,3", "--order", "2"],
    ["x[x > 5]", "1", "2", "--jacobian"],
    ["x * 1j", "1", "2", "--jacobian"],
    ["abs", "1", "--order", "3"],
    ["x[torch.tensor([1, 0])] * torch.tensor([1., 0])", "1", "2"],
    ["index_put(x, [torch.tensor([1, 0])], 2 * x)", "1", "2"],
    ["torch.tensor(0.1, dtype=torch.float64) * x + torch.LongTensor([1, 2])", "1", "2"],
    ["where(x > 1, x, float('-inf')) * math.pi", "1", "2"],
    ["nn.CrossEntropyLoss(label_smoothing=0.1)(x, t)", "x=[[1,2],[3,4]]", "t=0,1"],
    ["f = nn.LeakyReLU(0.2); nn.MSELoss(reduction='sum')(f(x), torch.tensor([1, 0]))", "1", "-2"],
    ["nn.Dropout(0.5)(x) + nn.ZeroPad1d(1)(x[:2])", "1", "2", "3", "4"],
    ["nn.Softmax(dim=-1)(x)", "1", "2", "-t", "float64"],
    ["x.unfold(0, 2, 1)", "1", "2", "3"],
    ["x.type(torch.float64) + x.type(torch.HalfTensor)", "1", "2"],
    ["x * (t << 2) + (t >> 1) - (1 << 3 + 1)", "x=1,2", "t:int64=3,4"],
    ["k = k.clone(); k <<= 2; x * k", "x=1,2", "k:int64=3,4"],
    ["torch.dot(*x.unbind(0))", "x=[[1,2],[3,4]]"],
    ["maximum(*x) + cat([*x.unbind(0), x[0]])[:2]", "x=[[1,2],[3,4]]"],
    ["sum(stack([*x, 2 * x[0]])) + x.view(*x.shape).sum()", "x=[[1,2],[3,4]]"],
    ["h = [*x, x[0]]; h * 2", "x=[[1,2],[3,4]]"],
    ["sub(*[x, 2 * x], alpha=3) + add(*[x, [1, 2]])", "1", "2"],
    ["adaptive_avg_pool2d(x, 2) + adaptive_avg_pool2d(x, (None, 2))[:, :2]", "x=randn(1, 4, 4)"],
    ["x.where(x > 1, 0) + round(x, 1)", "1.26", "0.5"],
    ["gradient(x, spacing=2)[0] + rsub(x, 1) + x.narrow_copy(0, 0, 3)", "1", "2", "4"],
    ["x.as_strided((2, 2), (1, 1))", "1", "2", "4"],
    ["linalg.inv_ex(x).inverse + cholesky(x @ x.T) + linalg.solve_ex(x, x).result", "x=[[1,2],[3,4]]"],
    ["u = x**3; sum(grad(u, x)**2)", "1", "2"],
    ["grad(x**3, x)", "1", "2", "--order", "2"],
    ["grad(grad(x**4, x), x) * x", "1", "2"],
    ["u = exp(w * x) * t; sum(grad(u, (x, t))[0]**2)", "x=1,2", "w=3", "t=1,1", "--wrt", "w", "-t", "float64"],
    ["grad(sum(sin(x) * w), [x, w])[1] * x", "x=1,2", "w=3,4"],
    ["torch.autograd.grad(x.pow(3).sum(), x, create_graph=True)[0]", "1", "2"],
    ["torch.autograd.grad(x**3, [x], grad_outputs=torch.ones_like(x), create_graph=True)[0]", "1", "2"],
    ["torch.autograd.grad(sum(x**2), x)[0] * x", "1", "2"],
    ["torch.autograd.grad(sum(x**2), (x, w), create_graph=True, allow_unused=True)[0]", "x=1,2", "w=3"],
    ["sum(grad(x * x.detach(), x)**2) + grad(3 * x.detach(), (x, x))[0] * x", "1", "2"],
    ["h = x**2; sum(grad(h**3, h) * x)", "1", "2"],
    ["sum(grad(x**2 * y, x) * y)", "x=1,2", "y=3,4", "--jvp", "x=1,0"],
    ["sum(grad(x**3, x))", "1", "2", "--hessian"],
    ["sum(grad(x * rand(2), x) * x)", "1", "2"],
    # what PyTorch raises
    ["torch.autograd.grad(x**2, x)[0]", "1", "2"],
    ["torch.autograd.grad(sum(x**2), y)[0]", "x=1,2", "y=3"],
    ["torch.autograd.grad(sum(x**2), (x, y))[0]", "x=1,2", "y=3"],
    ["grad(x**2 * y, x)", "x=1,2", "y=3", "--frozen", "x"],
    ["y = sum(x**3); torch.autograd.grad(y, x)[0].sum() + y", "1", "2"],
    ["sum(grad(3 * x, x))", "1", "2"],
    ["x << 2", "1", "2"],
    ["torch.dot(*x)", "x=[[[1,2]],[[3,4]]]"],
    ["x", "x=1,2", "s=1,2", "--frozen", "x", "--order", "2"],
    ["exp(x).add_(1)", "1", "2"],
    ["heaviside(x, x)", "0"],
    ["x @ w", "x=ones(2, 3)", "w=ones(2, 3)"],
    ["sin(x @ w) + exp(x)", "x=ones(2, 3)", "w=ones(2, 3)"],
    ["exp(x)", "1", "2", "--vjp", "none"],
    ["exp(x)", "1", "2", "--vjp", "1,2,3"],
    ["exp(x)", "1", "2", "--frozen", "x"],
    ["x > 1", "1", "2"],
    ["x += 1; sum(x)", "1", "2"],
    ["linalg.inv(x)", "x=zeros(2, 2)"],
    ["linalg.qr(x, mode='r').R.sum()", "x=[[1,2],[3,4]]"],
    ["nll_loss(log_softmax(x, dim=1), t)", "x=[[1,2]]", "t=5"],
]
TRACE = [
    ["where(x > 0, sqrt(x), 0 * x)", "0", "1"],
    ["log(softmax(x, dim=0))", "100", "0"],
    ["exp(x.detach()) * x", "1", "2"],
    ["h = exp(x); h.add_(1); sum(h)", "1", "2"],
    ["h = x * 2; sum(h * h) / 3", "1", "2", "--vjp", "2"],
    ["sqrt(x) @ w", "x=1,2", "w=1,2,3"],
    ["x = sqrt(x); x * 2", "1", "4"],
    ["x.detach() * 2", "1"],
    ["3", "x=1"],
]
SOFTMAX = [
    ["2", "1", "0.1"],
    ["2", "1", "--index", "1", "--temperature", "0.5"],
    ["[[1,2],[3,4]]", "--dim", "0", "--log"],
]
LOSS = [
    ["mse", "[2.5, 0, 2]", "[3, -0.5, 2]"],
    ["cross_entropy", "[[2, 1, 0.1]]", "[0]"],
    ["mse", "x * w + b", "1", "x=1", "w=2", "b=0", "--wrt", "w,b", "--via", "backward", "--lr", "0.1", "--steps", "5"],
    ["mse", "x * w", "1", "x=1", "w=2", "--lr", "0.1", "--steps", "3"],
    ["mse", "torch.ones(())", "x * w", "x=1", "w=2", "--lr", "0.1", "--steps", "3"],
    ["mse", "x * w + 0 * rand(1)[0]", "1", "x=1", "w=2", "--wrt", "w", "--lr", "0.1", "--steps", "3"],
    ["huber", "1,2", "3,4", "--reduction", "none", "--vjp", "1,2", "--param", "delta=0.5"],
    ["bce_with_logits", "input=0.5,-1", "target=1,0", "pos_weight=3"],
    ["kl_div", "[[-1,-2]]", "[[0.5,0.5]]", "--reduction", "batchmean"],
    ["mse", "x * w", "1", "x=1", "w=2", "--frozen", "w"],
    ["mse", "x * 2", "1", "x=1", "w=2", "--wrt", "x,w", "--lr", "0.1", "--steps", "2"],
    ["l1", "[1, 2]", "[3, 4]", "--reduction", "none", "--vjp", "none"],
]
RETAIN = [
    [],
    ["sum(exp(a))", "a=1,2", "--calls", "3", "--retain", "1"],
    ["sum(exp(a))", "a=1,2", "--retain", "1", "--via", "backward"],
    ["sum(a + 1)", "a=1,2", "--calls", "3"],
    ["exp(a) * b.detach()", "a=1,2", "b=3", "--calls", "2", "--retain", "all"],
]
ALL = (
    [["grad", *words] for words in GRAD]
    + [["trace", *words] for words in TRACE]
    + [["softmax", *words] for words in SOFTMAX]
    + [["loss", *words] for words in LOSS]
    + [["retain-demo", *words] for words in RETAIN]
    + [["grad", *words_of_case(case)] for case in REAL_CASES]
)


@cache
def emitted() -> dict[str, Ran]:
    """Every command's program, run."""
    programs = {json.dumps(argv): program(argv) for argv in ALL}
    return dict(zip(programs, run_all(list(programs.values())), strict=True))


def program(argv: list[str]) -> str:
    code, out, err = captured([*argv, "--emit", "torch"])
    assert code == 0, (argv, err)
    assert err == "" or err.startswith("PyTorch warns: "), (argv, err)
    return out


def asked(argv: list[str]) -> tuple[int, Any]:
    code, out, _ = captured([*argv, "--json"])
    return code, json.loads(out)


def same_bits(found: Any, tensor: Any) -> bool:
    """Whether what a program printed is the tensor of an answer: every element, the sign of zero included."""
    if tensor is None or found is None:
        return tensor is found
    dtype = getattr(torch, tensor["dtype"])
    if dtype.is_complex:
        real, imaginary = torch.tensor(tensor["values"], dtype=torch.float64).movedim(-1, 0)
        return bool((torch.tensor(found, dtype=dtype) == torch.complex(real, imaginary).to(dtype)).all())
    expected = torch.tensor(_numbers(tensor["values"]), dtype=dtype).reshape(tensor["shape"])
    actual = torch.tensor(found, dtype=dtype).reshape(tensor["shape"])
    if not dtype.is_floating_point:
        return bool((expected == actual).all())
    equal = (expected == actual) & (expected.signbit() == actual.signbit())
    return bool((equal | (expected.isnan() & actual.isnan())).all())


def _numbers(values: Any) -> Any:
    return [_numbers(value) for value in values] if isinstance(values, list) else float(values)


def reference_words(row: dict[str, Any]) -> list[str]:
    """The command line of a reference expression, whose inputs are listed flat beside their shapes."""
    values = {name: np.reshape(given["data"], given["shape"]).tolist() for name, given in row["vars"].items()}
    return [row["expr"], *(f"{name}={json.dumps(value)}" for name, value in values.items())]


def named(argv: list[str]) -> str:
    return " ".join(argv)[:60]


def expected_lines(command: str, answer: Any) -> dict[str, Any]:
    """What the program must print, by label, as tensors of the answer."""
    if command == "retain-demo":
        (scenario,) = [s for s in answer["scenarios"] if s["name"] in ("twice", "your graph")]
        returned = [call for call in scenario["calls"] if call["ok"]]
        return {f"call {call['index']}": list(call["gradient"].values()) for call in returned}
    if command == "softmax":
        lines = {"value": answer["probabilities"], "Jacobian by x": answer["jacobian"]}
        return lines | ({} if answer["gradient"] is None else {"gradient of x": answer["gradient"]})
    lines = {f"gradient of {name}": gradient for name, gradient in answer["gradients"].items()}
    if command == "grad":
        lines["value"] = answer["output"]
        if answer["derivatives"]:
            lines = {"value": answer["output"]} | {
                f"derivative {entry['order']} by {name}": gradient
                for entry in answer["derivatives"]
                for name, gradient in entry["gradients"].items()
            }
        lines |= {f"Jacobian by {name}": matrix for name, matrix in (answer["jacobians"] or {}).items()}
        for name, row in (answer["hessians"] or {}).items():
            lines |= {f"Hessian by {name}, {other}": block for other, block in row.items()}
        if answer["tangent"] is not None:
            lines["tangent"] = answer["tangent"]
    return lines


@pytest.mark.parametrize("argv", ALL, ids=named)
def test_a_program_gives_the_bits_of_its_command_or_its_error(argv: list[str]) -> None:
    ran = emitted()[json.dumps(argv)]
    code, answer = asked(argv)
    command = argv[0]
    error = answer["raised"] if command == "trace" else answer.get("error")
    if error is not None:
        assert ran.error == [error["type"], error["message"]]
    else:
        assert (code, ran.error) == (0, None)
    if code == 0 and not (command == "loss" and answer["descent"]):  # a descent has a test of its own
        for label, tensor in expected_lines(command, answer).items():
            found = ran.value(label)
            pairs = [(found, tensor)] if not isinstance(tensor, list) else list(zip(found, tensor, strict=True))
            assert all(same_bits(one, other) for one, other in pairs), (label, found, tensor)


@pytest.mark.parametrize("argv", [["loss", *words] for words in LOSS if "--steps" in words], ids=named)
def test_a_descent_takes_the_same_steps(argv: list[str]) -> None:
    ran = emitted()[json.dumps(argv)]
    _, answer = asked(argv)
    steps = [line.split() for line in ran.out.splitlines() if line.startswith("step ")]
    losses = [np.float32(line[-1]) for line in steps]
    assert losses == [np.float32(step["loss"]) for step in answer["descent"]]
    for name in answer["descent"][0]["gradients"]:
        printed = [line.rpartition(": ")[2] for line in ran.out.splitlines() if line.startswith(f"gradient of {name}:")]
        expected = [step["gradients"][name] for step in answer["descent"]]
        assert all(same_bits(value_of(one), other) for one, other in zip(printed, expected, strict=True))


@pytest.mark.parametrize("argv", [["trace", *words] for words in TRACE[:3]], ids=named)
def test_a_trace_program_prints_every_step_with_the_gradient_that_reached_it(argv: list[str]) -> None:
    ran = emitted()[json.dumps(argv)]
    _, answer = asked(argv)
    found = 0
    for step in answer["steps"]:
        line = next((line for line in ran.out.splitlines() if line.startswith(f"{step['expression']}: ")), None)
        if line is not None and step["operation"] != "leaf":
            value, _, gradient = line.removeprefix(f"{step['expression']}: ").partition(" gradient ")
            assert same_bits(value_of(value), step["value"]), line
            assert same_bits(value_of(gradient), step["gradient"]), line
            found += 1
    assert found == sum(step["gradient"] is not None and step["operation"] != "leaf" for step in answer["steps"])


@pytest.mark.parametrize("start", range(0, len(EXPRESSIONS), 100))
def test_programs_of_the_reference_expressions_give_the_same_bits(start: int) -> None:
    rows = EXPRESSIONS[start : start + 100]
    argvs = [["grad", *reference_words(row)] for row in rows]
    for argv, ran in zip(argvs, run_all([program(argv) for argv in argvs]), strict=True):
        code, answer = asked(argv)
        assert (code, ran.error) == (0, None)
        for label, tensor in expected_lines("grad", answer).items():
            assert same_bits(ran.value(label), tensor), (argv, label)


def test_the_program_of_a_mistake_is_that_mistake() -> None:
    assert failed(["grad", "sigmod", "1", "--emit", "torch"], 2)["hint"] == "Did you mean 'sigmoid'?"
    assert failed(["grad", "x", "x=ones(2) @ ones(3)", "--emit", "torch"], 1)["type"] == "RuntimeError"
    assert "writes torch, not 'jax'" in failed(["grad", "sigmoid", "1", "--emit", "jax"], 2)["message"]


@pytest.mark.parametrize(("count", "fits"), [(1_000, True), (1_001, False)])
def test_numbers_from_elsewhere_are_written_up_to_a_bound(count: int, fits: bool) -> None:
    values = np.linspace(0, 1, count)
    request = read("sum(x)", ["@values"], command="grad", sources={"@values": Value("@values", numbers=values)})
    if fits:
        result = grad_program(request, GradOptions(), ComputeOptions(), Selection())
        (ran,) = run_all([result.program])
        assert ran.value("gradient of x") == [1.0] * count
    else:
        with pytest.raises(BoundError, match="x has 1,001 numbers, too many to write into a program"):
            grad_program(request, GradOptions(), ComputeOptions(), Selection())


@pytest.mark.parametrize(
    "argv",
    [
        ["grad", "exp(x)", "1", "2", "--hessian"],
        ["grad", "softmax(x, dim=0)", "1", "2", "--order", "2"],
        ["grad", "x**2", "1", "--order", "2", "--via", "backward"],
        ["grad", "x * y", "x=1", "y=2", "--jvp", "1"],
        ["grad", "x * y", "x=1", "y=2", "--frozen", "y", "--jvp", "y=1"],
        ["loss", "mse", "1,2", "3,4", "--lr", "0.1", "--steps", "0"],
        ["loss", "mse", "1,2", "3,4", "--lr", "0.1", "--steps", "2", "--reduction", "none"],
        ["softmax", "1", "2", "--index", "7"],
        ["softmax", "zeros(0)"],
    ],
    ids=named,
)
def test_what_a_command_refuses_is_not_written_either(argv: list[str]) -> None:
    assert failed([*argv, "--emit", "torch"], 2) == failed(argv, 2)


def test_a_program_is_short_and_says_with_what_it_was_written() -> None:
    text = program(["grad", "x * sigmoid(x)", "0", "1"])
    assert len(text.splitlines()) <= 12
    assert text.startswith("# x * sigmoid(x)\n# written by gradcli ")
    assert torch.__version__ in text.splitlines()[1]


def test_a_program_runs_as_a_file_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(program(["retain-demo"]))
    done = subprocess.run([sys.executable, "-I", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    _, answer = asked(["retain-demo"])
    assert done.stderr.splitlines()[-1] == f"RuntimeError: {answer['error']['message']}"


def test_a_program_is_json_too() -> None:
    _, answer = asked(["grad", "sigmoid", "0", "--emit", "torch"])
    assert answer["schema"] == "gradcli/program/1"
    assert answer["program"] == program(["grad", "sigmoid", "0"])
