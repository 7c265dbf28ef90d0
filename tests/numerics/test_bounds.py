"""No expression takes more memory or time than the bounds allow, whatever number stands in it."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from command_line import in_process_of_its_own

from gradcli.errors import BoundError, GradcliError
from gradcli.language import catalogue
from gradcli.language.catalogue.rows import Row
from gradcli.language.catalogue.signature import Parameter, Signature, signatures_of
from gradcli.language.parser import parse
from gradcli.numerics import bounds
from gradcli.numerics.capture import TorchError
from gradcli.numerics.evaluate import Context, evaluate

BOMBS = """
ones(10**12) * x
ones(10**6, 10**6) * x
zeros([10**12]) * x
full([10**12], 1) * x
full([10**6, 10**6], 1) * x[0]
eye(10**6) * x[0]
rand(10**12) * x
randn(10**6, 10**6) * x
randint(5, [10**12]) * x
randperm(10**12) * x
normal(0.0, 1.0, [10**12]) * x
normal(0, 1, 10**9) * x
arange(10**12) * x
arange(0, 1, 1e-12) * x
arange(0, 1e12) * x
linspace(0, 1, 10**12) * x
logspace(0, 1, 10**12) * x
hann_window(10**12) * x
kaiser_window(10**12) * x
tril_indices(10**9, 3) * x
triu_indices(10**6, 10**6) * x
x.new_zeros(10**12)
x.new_ones([10**12])
x.new_full([10**12], 3)
x.repeat(10**12)
x[:, None].expand(2, 10**12) * 1
broadcast_to(x[:, None], [2, 10**12])
tile(x, [10**12])
repeat_interleave(x, 10**12)
repeat_interleave(tensor([10**12]).long())
x.repeat_interleave(tensor([10**11, 10**11]).long())
outer(arange(0, 100000, 1), arange(0, 100000, 1)) * x[0]
kron(ones(30000, 1), ones(1, 30000)) * x[0]
tensordot(ones(2**15), ones(2**15), 0) * x[0]
einsum('i,j->ij', ones(2**17), ones(2**17)) * x[0]
einsum('i,j,k->ijk', ones(2**11), ones(2**11), ones(2**11)) * x[0]
adaptive_avg_pool3d(ones(1, 1, 1, 1, 1), [1000, 1000, 1000]) * x[0]
interpolate(ones(1, 1, 1, 1, 1), 1000) * x[0]
interpolate(ones(1, 1, 1, 1, 1), scale_factor=1000.0) * x[0]
pad(ones(1, 1, 1), [500, 500, 500, 500, 500, 500]) * x[0]
ones(1, 100000)[zeros(100000).long()] * x[0]
h = ones(1000, 1000); h[zeros(1000000).long(), :] * x[0]
h = ones(1000, 1000); h[None, zeros(1000000).long()] * x[0]
index_select(ones(1, 100000), 0, zeros(100000).long()) * x[0]
ones(10**5, 1) @ ones(1, 10**5) * x[0]
matmul(ones(10**5, 1), ones(1, 10**5)) * x[0]
quantile(ones(10**4, 10**3), linspace(0, 1, 10**6), dim=0) * x[0]
cdist(ones(2**17, 1), ones(2**17, 1)) * x[0]
ones(60000)[:, None] * ones(60000)[None, :] * x[0]
ones(60000)[:, None] > ones(60000)[None, :]
maximum(ones(60000)[:, None], ones(60000)[None, :]) * x[0]
where(ones(60000)[:, None] > 0, ones(60000)[None, :], x[0])
ones(60000)[:, None] @ ones(60000)[None, :] * x[0]
meshgrid(arange(10**5), arange(10**5))[0] * x[0]
cartesian_prod(arange(1000), arange(1000), arange(1000), arange(1000))
combinations(arange(1000), 30)
combinations(arange(10), 10**9)
combinations(arange(0, 3, 1), 25)
block_diag(ones(1, 20000), ones(20000, 1)) * x[0]
diag(ones(10**6)) * x[0]
diag(x, 10**6)
diag_embed(x, 10**9)
diagflat(ones(10**6)) * x[0]
vander(x, 10**12)
linalg.vander(x, N=10**12)
one_hot(tensor([10**12]).long()) * x[0]
one_hot(tensor([0]).long(), 10**12) * x[0]
bincount(tensor([10**12]).long()) * x[0]
bincount(tensor([1]).long(), minlength=10**12) * x[0]
histc(x, 10**12)
multinomial(abs(x), 10**12, True)
pad(x, [10**12, 0])
pad(x, [10**9, 10**9])
interpolate(x[None, None], 10**12)
interpolate(x[None, None], scale_factor=1e12)
adaptive_avg_pool1d(x[None, None], 10**12)
adaptive_max_pool2d(ones(1, 1, 3, 3), 10**6) * x[0]
fft.fft(x, n=10**12)
fft.irfft(x, n=10**12)
fft.fftfreq(10**12) * x[0]
conv1d(x[None, None], ones(1, 1, 1), padding=10**12)
conv_transpose1d(x[None, None], ones(1, 1, 1), stride=10**12)
conv_transpose1d(x[None, None], ones(1, 1, 1), stride=10**9)
unfold(ones(1, 1, 3, 3), 1, padding=10**9) * x[0]
affine_grid(ones(1, 2, 3), [1, 1, 10**6, 10**6]) * x[0]
mvlgamma(x + 10, 10**9)
special.multigammaln(x + 10, 10**12)
special.laguerre_polynomial_l(x, 10**18)
special.laguerre_polynomial_l(x, tensor([1e18]))
special.legendre_polynomial_p(x / 10, 10**18)
special.shifted_chebyshev_polynomial_t(x * 1e-8, 2**62)
special.shifted_chebyshev_polynomial_u(-x * 1e-20, tensor([2.0**62]))
special.shifted_chebyshev_polynomial_v(1e-8, x * 2**62)
special.shifted_chebyshev_polynomial_w(n=2**62, x=x * 1e-8)
special.chebyshev_polynomial_t(x.double() + 2.0**-50, 2**62)
special.chebyshev_polynomial_w(-x.double() - 2.0**-50, 2**62)
x * special.legendre_polynomial_p(0.5, 10**18)
max_pool1d(x[None], 10**12)
max_pool1d(x[None], 2**30, 1, 2**29)
tensor_split(x, 10**12)[0]
tensor_split(x, 10**8)[0]
tensor_split(x, tensor(10**8).long())[0]
hsplit(ones(2**20), 2**20)[0] * x
vsplit(ones(2**20, 1), 2**20)[0] * x
split(ones(2**20), 1)[0] * x
chunk(ones(2**20), 2**20)[0] * x
ones(2**20).unbind()[0] * x
""".strip().splitlines()
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
    out, err, before, start = io.StringIO(), io.StringIO(), peak(), time.monotonic()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(argv)
    answers.append([argv, code, out.getvalue()[:400], time.monotonic() - start, peak() - before])
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
    code, out, err = in_process_of_its_own(python=IN_LITTLE_MEMORY, stdin=json.dumps(requests))
    assert code == 0, err
    return list(json.loads(out))


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


# --- every row of the catalogue with a number to blow up -------------------------------------------------------------

MOST = 1000
HUGE = "5000"
TENSORS = {
    "a": torch.tensor([0.3, 0.6]),
    "b": torch.tensor([[3.0, 0.1, 0.2], [0.3, 4.0, 0.4], [0.5, 0.6, 5.0]]),
    "c": torch.linspace(0.1, 0.8, 8).reshape(1, 2, 4),
    "d": torch.linspace(0.1, 0.9, 64).reshape(1, 4, 4, 4),
    "i": torch.tensor([0, 1]),
    "m": torch.tensor([True, False]),
    "z": torch.eye(3, dtype=torch.complex64),
}
CANDIDATES = {
    "tensor": tuple(TENSORS),
    "tensors": ("[a, a]", "[b, b]", "[i]"),
    "int": ("1", "2", "0"),
    "ints": ("[1]", "[2, 2]", "1", "[0, 1]", "[1, 1, 1]"),
    "number": ("1", "0.5"),
    "float": ("0.5", "1"),
    "floats": ("[1.0]",),
    "bool": ("True",),
    "str": ("'mean'", "'i->i'"),
    "dtype": ("float64",),
    "any": ("a", "1"),
}
BLOWN_UP = ("int", "ints", "number", "float", "floats")


def called(row: Row, signature: Signature, given: dict[str, str]) -> str:
    words: list[str] = []
    skipped = False
    for parameter in signature.parameters:
        if parameter.name not in given:
            skipped = True
        elif (parameter.keyword_only or skipped) and not parameter.variadic:
            words.append(f"{parameter.name}={given[parameter.name]}")
        else:
            words.append(given[parameter.name])
    return f"{row.name}({', '.join(words)})" if row.function else f"{words[0]}.{row.name}({', '.join(words[1:])})"


def largest(text: str, most: int) -> int:
    """Elements of the largest tensor that any part of the text gave."""
    sizes = [0]

    def measure(_: object, value: object, *_more: object) -> None:
        values = list(value)[:20] if isinstance(value, list | tuple) else [value]
        sizes.extend(item.numel() for item in values if isinstance(item, torch.Tensor))

    variables = {name: tensor.clone() for name, tensor in TENSORS.items()}
    evaluate(parse(text, bound=list(TENSORS)), variables, Context(max_elements=most), measure)
    return max(sizes)


def works(text: str) -> bool:
    try:
        largest(text, 10**6)
    except GradcliError as error:
        return "tensors, not one" in error.message
    except TorchError:
        return False
    return True


def small_calls(row: Row, signature: Signature, most: int) -> Iterator[dict[str, str]]:
    """Calls that work, with the required arguments only."""
    required = [p for p in signature.parameters if p.required or p.variadic]
    combinations = itertools.product(*(CANDIDATES[p.kind] for p in required))
    given = (
        {p.name: word for p, word in zip(required, words, strict=True)} for words in itertools.islice(combinations, 80)
    )
    return itertools.islice((call for call in given if works(called(row, signature, call))), most)


def exploded(parameter: Parameter) -> tuple[str, ...]:
    if parameter.kind in ("ints", "floats"):
        return (HUGE, f"[{HUGE}]", f"[{HUGE}, 1]", f"[{HUGE}, {HUGE}]")
    return (HUGE, f"-{HUGE}") if parameter.kind == "int" else (HUGE,)


@pytest.mark.filterwarnings("ignore")  # PyTorch's advice about single arguments
def test_no_number_in_any_call_of_the_catalogue_makes_a_tensor_beyond_the_bound() -> None:
    torch.manual_seed(0)
    too_large, rows_tried, calls = [], set(), 0
    for row in catalogue.all_rows():
        for signature in signatures_of(row):
            numbers = [p for p in signature.parameters if p.kind in BLOWN_UP]
            for base in small_calls(row, signature, 1) if numbers else ():
                rows_tried.add(row.name)
                for parameter in numbers:
                    for word in exploded(parameter):
                        text = called(row, signature, {**base, parameter.name: word})
                        calls += 1
                        try:
                            if largest(text, MOST) > MOST:
                                too_large.append(text)
                        except (GradcliError, TorchError):
                            continue
    assert too_large == []
    assert len(rows_tried) > 200
    assert calls > 1000


def test_what_is_counted_without_pytorch_is_counted_right() -> None:
    for text, function in (("one_hot(i)", torch.nn.functional.one_hot), ("bincount(i)", torch.bincount)):
        assert largest(text, MOST) == function(TENSORS["i"]).numel()
    with pytest.raises(BoundError):
        bounds.check_elements(11, "it", most=10)
    bounds.check_elements(10, "it", most=10)
    with pytest.raises(BoundError):
        bounds.check_kept(11, "it", most=10)
    bounds.check_kept(10, "it", most=10)


@pytest.mark.parametrize(
    "name", [f"{kind}chebyshev_polynomial_{letter}" for kind in ("", "shifted_") for letter in "tuvw"]
)
def test_a_polynomial_of_a_high_degree_is_computed_where_pytorch_takes_a_closed_form(name: str, run: Any) -> None:
    for points in ("0.3,0.7", "0,1", "1,0.5", "2,-3"):  # inside, at the ends, and where it overflows at once
        code, _, err = run(["retain-demo", f"sum(x * special.{name}(x.detach(), 2**62))", f"x={points}"])
        assert code == 0, (points, err)
