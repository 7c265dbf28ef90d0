"""What people paste from a PyTorch program: constructors, conversions, shifts, stars, old names; value and gradient."""

from __future__ import annotations

import math

import pytest
import torch
from each import each
from torch.nn import functional as F  # noqa: N812 - as people write it

from gradcli.exceptions import ExpressionError, GradcliError
from gradcli.language.names import INSTEAD
from gradcli.language.parser import parse
from gradcli.numerics.evaluate import Context, evaluate

X = torch.tensor([[1.0, -2.5, 3.0], [0.5, 4.0, -1.0]])
K = torch.tensor([5, -3, 2])
PASTED = [
    ("torch.tensor([1, 0])", lambda x, k: torch.tensor([1, 0])),
    ("torch.tensor([1., 0])", lambda x, k: torch.tensor([1.0, 0])),
    ("torch.tensor([[True, False]])", lambda x, k: torch.tensor([[True, False]])),
    ("torch.tensor(16777217)", lambda x, k: torch.tensor(16777217)),
    ("torch.tensor(0.1, dtype=torch.float64)", lambda x, k: torch.tensor(0.1, dtype=torch.float64)),
    ("torch.tensor([1, 2], dtype=torch.float16)", lambda x, k: torch.tensor([1, 2], dtype=torch.float16)),
    ("torch.as_tensor([1, 2.5])", lambda x, k: torch.as_tensor([1, 2.5])),
    ("torch.LongTensor([1, 2])", lambda x, k: torch.LongTensor([1, 2])),
    ("torch.FloatTensor([1, 2])", lambda x, k: torch.FloatTensor([1, 2])),
    ("torch.Tensor([1, 2])", lambda x, k: torch.Tensor([1, 2])),
    ("x[torch.tensor([1, 0])]", lambda x, k: x[torch.tensor([1, 0])]),
    ("x[:, torch.tensor([True, False, True])]", lambda x, k: x[:, [True, False, True]]),
    ("cross_entropy(x, torch.tensor([2, 0]))", lambda x, k: F.cross_entropy(x, torch.tensor([2, 0]))),
    ("x.index_put((torch.tensor([1, 0]),), 2 * x)", lambda x, k: x.index_put((torch.tensor([1, 0]),), 2 * x)),
    ("x.index_put(([1, 0],), 2 * x)", lambda x, k: x.index_put((torch.tensor([1, 0]),), 2 * x)),
    ("x.gather(1, torch.tensor([[0], [2]]))", lambda x, k: x.gather(1, torch.tensor([[0], [2]]))),
    ("one_hot(torch.tensor([0, 2])) * x", lambda x, k: F.one_hot(torch.tensor([0, 2])) * x),
    ("where(x > 0, x, float('-inf'))", lambda x, k: torch.where(x > 0, x, -math.inf)),
    ("x * -float('inf') + float('nan') + float('1e-3')", lambda x, k: x * -math.inf + math.nan),
    ("x * math.pi + math.e - math.tau", lambda x, k: x * math.pi + math.e - math.tau),
    ("clamp(x, max=np.inf) * np.pi", lambda x, k: torch.clamp(x, max=math.inf) * math.pi),
    ("x[np.newaxis] * torch.inf", lambda x, k: x[None] * math.inf),
    ("x.unfold(1, 2, 1)", lambda x, k: x.unfold(1, 2, 1)),
    ("x.type(torch.float64)", lambda x, k: x.type(torch.float64)),
    ("x.type(torch.HalfTensor)", lambda x, k: x.type(torch.float16)),
    ("x.where(x > 0, 0)", lambda x, k: x.where(x > 0, 0)),
    ("x.where(condition=x > 0, other=0)", lambda x, k: torch.where(x > 0, x, 0)),
    ("abs(x).polygamma(2)", lambda x, k: x.abs().polygamma(2)),
    ("x.abs().polygamma(n=2)", lambda x, k: x.abs().polygamma(2)),
    ("x * (k << 2) - (k >> 1)", lambda x, k: x * (k << 2) - (k >> 1)),
    ("x * (1 << 3 + 1) + (17 >> 2 & 3)", lambda x, k: x * (1 << 3 + 1) + (17 >> 2 & 3)),
    ("j = k.clone(); j <<= 1; j >>= 2; x * j", lambda x, k: x * ((k << 1) >> 2)),
    ("torch.dot(*x.unbind(0))", lambda x, k: torch.dot(*x.unbind(0))),
    ("maximum(*x)", lambda x, k: torch.maximum(*x)),
    ("cat([*x.unbind(0), x[0]])", lambda x, k: torch.cat([*x.unbind(0), x[0]])),
    ("stack([2 * x[0], *x])", lambda x, k: torch.stack([2 * x[0], *x])),
    ("x.reshape(*x.T.shape)", lambda x, k: x.reshape(*x.T.shape)),
    ("x.permute(*[1, 0])", lambda x, k: x.permute(1, 0)),
    ("sub(*x, alpha=3)", lambda x, k: torch.sub(*x, alpha=3)),
    ("einsum('i,i->', *x)", lambda x, k: torch.einsum("i,i->", *x)),
    ("adaptive_avg_pool2d(x[None], 1)", lambda x, k: F.adaptive_avg_pool2d(x[None], 1)),
    ("adaptive_avg_pool2d(x[None], (None, 2))", lambda x, k: F.adaptive_avg_pool2d(x[None], (None, 2))),
    ("adaptive_max_pool2d(x[None], [2, None])", lambda x, k: F.adaptive_max_pool2d(x[None], (2, None))),
    ("round(x * 1.234, 2)", lambda x, k: torch.round(x * 1.234, decimals=2)),
    ("gradient(x, spacing=2.0)[1]", lambda x, k: torch.gradient(x, spacing=2.0)[1]),
    ("gradient(x, spacing=[0.5, 2.0])[0]", lambda x, k: torch.gradient(x, spacing=[0.5, 2.0])[0]),
    ("cholesky(x @ x.T)", lambda x, k: torch.linalg.cholesky(x @ x.T)),
    ("qr(x).R.abs()", lambda x, k: torch.linalg.qr(x).R.abs()),
    ("linalg.inv_ex(x @ x.T).inverse", lambda x, k: torch.linalg.inv_ex(x @ x.T).inverse),
    ("triangular_solve(x, triu(x @ x.T))[0]", lambda x, k: torch.triangular_solve(x, torch.triu(x @ x.T))[0]),
    ("rsub(x, k, alpha=2) + constant_pad_nd(x, [0, 0])", lambda x, k: k - 2 * x + x),
    ("x.narrow_copy(1, 0, 2)", lambda x, k: x[:, :2].clone()),
    ("x.as_strided((2, 2), (1, 2))", lambda x, k: x.as_strided((2, 2), (1, 2))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "function"), PASTED, ids=[text for text, _ in PASTED])
@pytest.mark.filterwarnings("ignore")
def test_what_is_pasted_gives_the_bits_of_pytorch(text: str, function: object) -> None:
    x, again = X.clone().requires_grad_(), X.clone().requires_grad_()
    found = evaluate(parse(text, bound=["x", "k"]), {"x": x, "k": K.clone()}, Context())
    expected = function(again, K.clone())  # type: ignore[operator]
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    assert torch.equal(found.nan_to_num(), expected.nan_to_num())
    assert found.requires_grad == expected.requires_grad
    if expected.requires_grad:
        one, other = (torch.autograd.grad(y.sum(), leaf)[0] for y, leaf in ((found, x), (expected, again)))
        assert torch.equal(one.nan_to_num(), other.nan_to_num())


@each(
    "text, place, words, hint",
    [
        ("x + float('one')", "'one'", "cannot read 'one'", "float('inf')"),
        ("torch.LongTensor(2, 3)", "torch.LongTensor(2, 3)", "whatever was in memory", "zeros(2, 3)"),
        ("torch.LongTensor(3)", "torch.LongTensor(3)", "whatever was in memory", "LongTensor([1, 2])"),
        ("x.type('torch.FloatTensor')", "'torch.FloatTensor'", "takes a dtype", "x.type(torch.float64)"),
        ("np.exp(x)", "np.exp", "unknown function", "Write exp(...)"),
        ("math.sqrt(x)", "math.sqrt", "unknown function", "Write sqrt(...)"),
        ("empty_like(x)", "empty_like", "unknown function", "Write zeros_like(x)"),
        ("torch.empty(3)", "torch.empty", "unknown function", "zeros(2, 3)"),
        ("lstsq(x, x)", "lstsq", "unknown function", "linalg.lstsq(A, b)"),
        ("inv_ex(x)", "inv_ex", "unknown function", "Write linalg.inv_ex(...)"),
        ("ndtri(x)", "ndtri", "unknown function", "Write special.ndtri(...)"),
        ("rfft(x)", "rfft", "unknown function", "Write fft.rfft(...)"),
        ("symeig(x)", "symeig", "unknown function", "linalg.eigh(x)"),
        ("torch.no_grad()", "torch.no_grad", "unknown function", "x.detach()"),
        ("x.item()", "item", "unknown tensor method", "x.detach()"),
        ("x.cuda()", "cuda", "unknown tensor method", "--device"),
        ("x.to('cuda')", "'cuda'", "and not the device", "--device"),
        ("x.to(device)", "device", "and not the device", "--device"),
        ("x.to(device='cpu')", "'cpu'", "and not the device", "--device"),
        ("torch.Tensor(2, 3)", "torch.Tensor(2, 3)", "whatever was in memory", "Tensor([1, 2])"),
        ("x * self.eps", "self.eps", "an object of a program", "Write eps alone, and give it a value: eps=1."),
        ("self.fc(x)", "self.fc", "an object of a program", "gradcli grad FILE.py:fc"),
        ("print(x)", "print", "unknown function", "its value is shown"),
        (
            "nn.utils.clip_grads(x)",
            "nn.utils.clip_grads",
            "unknown function",
            "'gradcli functions' lists what there is.",
        ),
        ("return x", "return x", "'return' is not", "Write the expression itself."),
        ("with torch.no_grad(): y = x", "with torch.no_grad(): y = x", "'with' is not", "x.detach()"),
        (">>> x**2", ">", "cannot read", "Leave the prompt >>> out."),
        ("torch.func.grad(f)(x)", "torch.func.grad(f)", "only a function of the catalogue", "Write grad(u, x)."),
        ("torch.vmap(f)(x)", "torch.vmap(f)", "only a function of the catalogue", "Write name(...)"),
        ("f(**x)", "x", "'**' arguments", "one by one"),
        ("[*x", "[", "never closed", "Close the bracket"),
        ("exp(*x, y__z=1)", None, "names such as 'y__z'", "double underscore"),
    ],
)
def test_the_nearest_wrong_neighbour_is_pointed_at(text: str, place: str | None, words: str, hint: str) -> None:
    with pytest.raises(GradcliError) as caught:
        parse(text, bound=["x"])
    error = caught.value
    assert words in error.message
    assert hint in (error.hint or "")
    assert error.span is not None
    assert place is None or text[slice(*error.span)] == place


@pytest.mark.parametrize(
    ("text", "words"),
    [("exp(*3)", "stands before a list or a tensor"), ("exp(*x)", "exp() takes 1 argument"), ("dot(*[x[0]])", "needs")],
)
def test_what_a_star_spreads_has_to_fit(text: str, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(parse(text, bound=["x"]), {"x": X}, Context())
    assert words in caught.value.message
    assert caught.value.span is not None


def test_a_shift_of_plain_numbers_ends() -> None:
    assert evaluate(parse("1 << 10**12"), {}, Context(torch.float64)).item() == math.inf
    assert evaluate(parse("-1 << 5"), {}, Context(torch.float64)).item() == -32
    assert evaluate(parse("0 << 10**12"), {}, Context(torch.float64)).item() == 0


def test_a_bare_list_keeps_the_rule_of_the_language() -> None:
    assert evaluate(parse("[1, 0]"), {}, Context()).dtype is torch.float32
    assert evaluate(parse("torch.tensor([1, 0])"), {}, Context()).dtype is torch.int64
    assert evaluate(parse("torch.tensor([1, 0.0])"), {}, Context()).dtype is torch.float32


def test_no_name_of_the_past_is_a_function_of_today() -> None:
    for name in INSTEAD:
        with pytest.raises(GradcliError):
            parse(f"{name}(x)", bound=["x"])
