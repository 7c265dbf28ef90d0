"""Programs evaluated here and the same lines written in PyTorch give the same tensors."""

from __future__ import annotations

import pytest
import torch
from each import each
from torch.nn import functional

from gradcli.exceptions import ArgumentError, ExpressionError, GradcliError, UnknownNameError
from gradcli.language.parser import parse
from gradcli.numerics.capture import TorchError
from gradcli.numerics.evaluate import Context, evaluate

X = torch.tensor([0.5, -1.5, 2.0], dtype=torch.float64)
M = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 10.0]], dtype=torch.float64)
T = torch.tensor([0, 2, 1])
DOUBLE = Context(torch.float64)


def value(text: str, context: Context = DOUBLE) -> torch.Tensor:
    variables = {"x": X.clone(), "m": M.clone(), "t": T.clone()}
    return evaluate(parse(text, bound=list(variables)), variables, context)


@each(
    "text, expected",
    [
        ("x + 1", X + 1),
        ("1 - x", 1 - X),
        ("2 * x / 3", 2 * X / 3),
        ("x // 0.4", X // 0.4),
        ("x % 0.4", X % 0.4),
        ("2 ** x", 2**X),
        ("x ** -2", X**-2),
        ("m @ x", M @ X),
        ("x @ [1, 2, 3]", X @ torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)),
        ("[[1, 2, 3]] @ m", torch.tensor([[1.0, 2.0, 3.0]], dtype=torch.float64) @ M),
        ("(x > 0) & (x < 1)", (X > 0) & (X < 1)),
        ("(x > 0) | ~(x < 1)", (X > 0) | ~(X < 1)),
        ("(x > 0) ^ (x < 1)", (X > 0) ^ (X < 1)),
        ("x >= 0.5", X >= 0.5),
        ("x != 2", X != 2),
        ("t == 2", T == 2),
        ("+x", X),
        ("x + [1, 2, 3]", X + torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)),
        ("[x, x * 2]", torch.stack([X, X * 2])),
        ("[[1, x[0]], [x[1], 2]]", torch.tensor([[1.0, 0.5], [-1.5, 2.0]], dtype=torch.float64)),
        ("(1, 2)", torch.tensor([1.0, 2.0], dtype=torch.float64)),
        ("x[0]", X[0]),
        ("x[-1]", X[-1]),
        ("x[::2]", X[::2]),
        ("m[:, 1]", M[:, 1]),
        ("m[1:, :-1]", M[1:, :-1]),
        ("x[x > 0]", X[X > 0]),
        ("m[[0, 2]]", M[[0, 2]]),
        ("m[0, 2]", M[0, 2]),
        ("m[(0, 2)]", M[0, 2]),
        ("m[t]", M[T]),
        ("x[[True, False, True]]", X[[True, False, True]]),
        ("x[None, ..., None]", X[None, ..., None]),
        ("m.T", M.T),
        ("m.shape[0] * x", 3 * X),
        ("m.T.sum(dim=0)", M.T.sum(dim=0)),
        ("sum(m, dim=(0, 1))", M.sum()),
        ("sum(m, 0, True)", M.sum(0, True)),
        ("sum(m, axis=1, keepdims=True)", M.sum(1, keepdim=True)),
        ("max(m, dim=0)[0]", M.max(dim=0)[0]),
        ("m.max(dim=1).values", M.max(dim=1).values),
        ("m.max(dim=1).indices", M.max(dim=1).indices),
        ("linalg.svd(m).S", torch.linalg.svd(M).S),
        ("linalg.svd(m)[1]", torch.linalg.svd(M)[1]),
        ("linalg.slogdet(m).logabsdet", torch.linalg.slogdet(M).logabsdet),
        ("F.cross_entropy(m, t, reduction='sum')", functional.cross_entropy(M, T, reduction="sum")),
        ("F.cross_entropy(m, [0, 2, 1])", functional.cross_entropy(M, T)),
        ("F.cross_entropy(m, target=[0, 2, 1])", functional.cross_entropy(M, T)),
        ("F.cross_entropy(m, [[0, 1, 0], [0, 0, 1], [1, 0, 0]])", functional.cross_entropy(M, torch.tensor([1, 2, 0]))),
        ("F.cross_entropy(x, 1)", functional.cross_entropy(X, torch.tensor(1))),
        ("F.cross_entropy(x, [0, 1, 0])", functional.cross_entropy(X, torch.tensor(1))),
        ("nll_loss(m, [0, 2, 1])", functional.nll_loss(M, T)),
        ("where(x > 0, x, 0)", torch.where(X > 0, X, 0)),
        ("x.clamp(min=0)", X.clamp(min=0)),
        ("clamp(x, -1, 1)", X.clamp(-1, 1)),
        ("x.view(3, 1)", X.view(3, 1)),
        ("x.reshape([1, 3])", X.reshape(1, 3)),
        ("m.permute(1, 0)", M.permute(1, 0)),
        ("cat([x, x])", torch.cat([X, X])),
        ("stack((x, x), dim=1)", torch.stack((X, X), dim=1)),
        ("einsum('ij,j->i', m, x)", torch.einsum("ij,j->i", M, X)),
        ("m.gather(1, [[0], [1], [2]])", M.gather(1, torch.tensor([[0], [1], [2]]))),
        ("index_select(m, 0, [0, 2])", M.index_select(0, torch.tensor([0, 2]))),
        ("x.to(float32)", X.to(torch.float32)),
        ("x.float()", X.float()),
        ("x.long()", X.long()),
        ("sum(m, dim=0, dtype=torch.float32)", M.sum(0, dtype=torch.float32)),
        ("full([2], 3)", torch.full([2], 3.0)),
        ("sqrt(2) * x", 2**0.5 * X),
        ("h = m @ x; h.sum() + h[0]", (M @ X).sum() + (M @ X)[0]),
        ("y = exp(x); y += 1; y *= 2; y", (X.exp() + 1) * 2),
        ("y = x * 1; y[0] = 5; y[1:] *= 2; y", torch.tensor([5.0, -3.0, 4.0], dtype=torch.float64)),
        ("y = x * 1; y[y < 0] = 0; y", X.clamp(min=0)),
        ("y = x * 1; y.mul_(2); y.add_(1); y", X * 2 + 1),
        ("y = m * 1; z = y[0]; z += 1; y", torch.cat([M[:1] + 1, M[1:]])),
        ("y = 5; y += x; y", X + 5),
        ("y = (1, 2); y += 1; y", torch.tensor([2.0, 3.0], dtype=torch.float64)),
        ("x = x * 2; x + x", X * 4),
        ("softmax(x, dim=0)", X.softmax(0)),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_the_language_says_what_pytorch_says(text: str, expected: torch.Tensor) -> None:
    found = value(text)
    assert torch.equal(found, expected.to(found.dtype))
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype or text == "full([2], 3)"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_literals_take_the_dtype_that_was_asked_for(dtype: torch.dtype) -> None:
    assert evaluate(parse("[1, 2.5]"), {}, Context(dtype)).dtype is dtype
    assert evaluate(parse("0.1"), {}, Context(dtype)).dtype is dtype


def test_literals_take_the_dtype_of_the_tensor_they_meet() -> None:
    half = torch.ones(2, dtype=torch.float16)
    for text in ("x + [1, 2]", "x @ [1, 2]", "maximum(x, [1, 2])", "where(x > 0, x, [1, 2])", "x * 0.1"):
        assert evaluate(parse(text), {"x": half}, Context(torch.float64)).dtype is torch.float16, text


def test_numbers_stay_in_double_precision_until_they_meet_a_tensor() -> None:
    single = torch.tensor(1.0, dtype=torch.float64)
    found = evaluate(parse("x * (sqrt(2) / 3)"), {"x": single}, Context(torch.float32))
    assert found.item() == 2**0.5 / 3


def test_a_constant_is_hidden_by_a_variable() -> None:
    assert evaluate(parse("e * 1", bound=["e"]), {"e": torch.tensor(5.0)}, DOUBLE).item() == 5
    assert evaluate(parse("e * 1"), {}, DOUBLE).item() == pytest.approx(2.718281828459045, rel=1e-15)


def test_the_callers_tensors_are_not_changed_by_a_rebinding() -> None:
    mine = X.clone()
    evaluate(parse("x = x * 2; x"), {"x": mine}, DOUBLE)
    assert torch.equal(mine, X)


@each(
    "text, error, message",
    [
        ("linalg.svd(m)", ExpressionError, "gives 3 tensors, not one"),
        ("max(m, dim=0)", ExpressionError, "gives 2 tensors, not one"),
        ("'mean'", ExpressionError, "is no tensor"),
        ("None", ExpressionError, "is no tensor"),
        ("...", ExpressionError, "is no tensor"),
        ("float64", ExpressionError, "is no tensor"),
        ("x.dtype", ExpressionError, "is no tensor"),
        ("y", UnknownNameError, "'y' has no value"),
        ("x + 'a'", ArgumentError, "'a' stands where a tensor is wanted"),
        ("x + None", ArgumentError, "None stands where a tensor is wanted"),
        ("x + float64", ArgumentError, "a dtype stands where a tensor is wanted"),
        ("x + ...", ArgumentError, "'...' stands where a tensor is wanted"),
        ("[1, [2]] + x", ArgumentError, "does not fit together"),
        ("[[1, 2], [3]]", ArgumentError, "does not fit together"),
        ("[x, m]", ArgumentError, "does not fit together"),
        ("['a', 1]", ArgumentError, "does not fit together"),
        ("x['a']", ExpressionError, "an index is an integer"),
        ("x[1.5]", ExpressionError, "an index is an integer"),
        ("5[0]", ExpressionError, "only a tensor can be indexed"),
        ("y = 5; y[0] = 1; y", ExpressionError, "only an element of a tensor can be assigned"),
        ("y = None; y += 1; y", ArgumentError, "None stands where a tensor is wanted"),
        ("x.S", UnknownNameError, "a tensor has no attribute 'S'"),
        ("linalg.svd(m).values", UnknownNameError, "these tensors have no attribute 'values'"),
        ("linalg.svd(m).T", UnknownNameError, "these tensors have no attribute 'T'"),
        ("softmax(x, dim='a')", ArgumentError, "dim of softmax() must be"),
        ("sum(x, dim=0.5)", ArgumentError, "must be"),
        ("exp('a')", ArgumentError, "input of exp() must be a tensor, not 'a'"),
    ],
)
def test_what_has_no_value_is_refused_with_its_place(text: str, error: type[GradcliError], message: str) -> None:
    with pytest.raises(error) as caught:
        value(text)
    assert message in caught.value.message
    assert caught.value.span is not None
    assert caught.value.expression == text


@pytest.mark.parametrize(
    ("text", "place", "kind"),
    [
        ("1 + m @ [1, 2]", "m @ [1, 2]", "RuntimeError"),
        ("x[7] + 1", "x[7]", "IndexError"),
        ("x + [1, 2]", "x + [1, 2]", "RuntimeError"),
        ("y = x * 1; y[7] = 1; y", "y[7]", "IndexError"),
        ("y = x * 1; y += [1, 2]; y", "y", "RuntimeError"),
        ("linalg.inv(m * 0)", "linalg.inv(m * 0)", "_LinAlgError"),
        ("softmax(x, dim=3)", "softmax(x, dim=3)", "IndexError"),
        ("embedding(t, m, 5000)", "embedding(t, m, 5000)", "AssertionError"),
        ("y = 5; y //= 1j; y", "y", "TypeError"),
        ("group_norm(m, 0)", "group_norm(m, 0)", "ZeroDivisionError"),
    ],
)
def test_what_pytorch_raises_is_kept_with_its_place(text: str, place: str, kind: str) -> None:
    with pytest.raises(TorchError) as caught:
        value(text)
    assert (type(caught.value.error).__name__, caught.value.stage) == (kind, "forward")
    assert caught.value.span is not None
    assert text[slice(*caught.value.span)] == place


def test_long_chains_are_evaluated() -> None:
    assert torch.equal(value("x" + " + x" * 2000), sum([X] * 2000, X))
    assert torch.equal(value("x" + ".neg()" * 900), X)
