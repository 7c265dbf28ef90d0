"""grad(u, x) inside an expression: values and gradients are those of PyTorch's create_graph, and of closed forms."""

from __future__ import annotations

import pytest
import torch
from command_line import answered, failed
from each import each

from gradcli.exceptions import GradcliError
from gradcli.language.parser import parse
from gradcli.numerics.evaluate import Context, evaluate

X = torch.tensor([0.5, -1.5, 2.0], dtype=torch.float64)
W = torch.tensor(0.7, dtype=torch.float64)


def leaves() -> dict[str, torch.Tensor]:
    return {"x": X.clone().requires_grad_(), "w": W.clone().requires_grad_()}


def found(text: str, values: dict[str, torch.Tensor]) -> torch.Tensor:
    return evaluate(parse(text, bound=list(values)), values, Context(torch.float64))


def gradient(output: torch.Tensor, values: dict[str, torch.Tensor]) -> list[torch.Tensor | None]:
    return list(torch.autograd.grad(output.sum(), list(values.values()), allow_unused=True))


CLOSED = [
    ("grad(x**3, x)", 3 * X**2, 6 * X),
    ("u = x**3; grad(u, x)**2", 9 * X**4, 36 * X**3),
    ("grad(grad(x**4, x), x)", 12 * X**2, 24 * X),
    ("grad(grad(grad(x**4, x), x), x)", 24 * X, torch.full_like(X, 24)),
    ("h = x**2; grad(h**3, h)", 3 * X**4, 12 * X**3),
    ("grad(sin(w * x), (x, w))[0]", W * torch.cos(W * X), -(W**2) * torch.sin(W * X)),
    ("x * grad(3 * x, x)", 3 * X, torch.full_like(X, 3)),
    ("x * grad(w**2, x)", 0 * X, 0 * X),
    ("x * grad(x.detach()**2, x)", 0 * X, 0 * X),
    ("autograd.grad(sum(exp(x)), x, create_graph=True)[0]", X.exp(), X.exp()),
    ("autograd.grad(sum(exp(x)), x, create_graph=True, only_inputs=True)[0]", X.exp(), X.exp()),
    ("x * torch.autograd.grad(sum(exp(x)), x)[0]", X * X.exp(), X.exp()),
]


@each("text, value, slope", CLOSED)
def test_value_and_gradient_are_those_of_the_closed_form(text: str, value: torch.Tensor, slope: torch.Tensor) -> None:
    values = leaves()
    output = found(text, values)
    torch.testing.assert_close(output.detach(), value)
    torch.testing.assert_close(gradient(output, values)[0], slope)


def test_a_physics_loss_is_the_one_of_the_same_program_in_pytorch() -> None:
    text = "u = tanh(w * x); r = grad(grad(u, x), x) + u * grad(u, x); mean(r**2)"
    values, again = leaves(), leaves()
    x, w = again["x"], again["w"]
    u = torch.tanh(w * x)
    first = torch.autograd.grad(u.sum(), x, create_graph=True)[0]
    second = torch.autograd.grad(first.sum(), x, create_graph=True)[0]
    expected = ((second + u * first) ** 2).mean()
    output = found(text, values)
    assert torch.equal(output, expected)
    assert all(map(torch.equal, gradient(output, values), gradient(expected, again)))  # type: ignore[arg-type]


def test_a_gradient_penalty_is_the_one_of_the_same_program_in_pytorch() -> None:
    text = "s = sum(relu(x * w)**2); g = torch.autograd.grad(s, x, create_graph=True)[0]; (g.norm(2) - 1)**2"
    values, again = leaves(), leaves()
    g = torch.autograd.grad((torch.relu(again["x"] * again["w"]) ** 2).sum(), again["x"], create_graph=True)[0]
    expected = (g.norm(2) - 1) ** 2
    output = found(text, values)
    assert torch.equal(output, expected)
    assert all(map(torch.equal, gradient(output, values), gradient(expected, again)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("torch.autograd.grad(x**2, x)[0]", "grad can be implicitly created only for scalar outputs"),
        ("torch.autograd.grad(sum(x**2), w)[0]", "appears to not have been used in the graph"),
        ("torch.autograd.grad(sum(x**2).detach(), x)[0]", "does not require grad"),
        ("y = sum(x**2); torch.autograd.grad(y, x)[0].sum() + y", "a second time"),
    ],
)
def test_the_long_form_raises_as_pytorch_does(text: str, words: str) -> None:
    assert words in failed(["grad", text, "x=1,2", "w=3"], 1)["message"]


def test_the_long_form_without_create_graph_is_a_constant_to_what_follows() -> None:
    with_graph, without = leaves(), leaves()
    text = "x * torch.autograd.grad(sum(x**2), x{})[0]"
    assert gradient(found(text.format(", create_graph=True"), with_graph), with_graph)[0].tolist() == (4 * X).tolist()  # type: ignore[union-attr]
    assert gradient(found(text.format(""), without), without)[0].tolist() == (2 * X).tolist()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text", ["grad(x**2, x[0])", "grad(x**2, 2 * x)", "autograd.grad(sum(x), (x, 1))", "grad(x, [x, [x]])"]
)
def test_a_derivative_is_taken_by_names_alone(text: str) -> None:
    with pytest.raises(GradcliError, match="differentiates by a name") as caught:
        parse(text, bound=["x"])
    assert caught.value.span is not None
    assert "h = ...; u = ...; grad(u, h)" in (caught.value.hint or "")


@pytest.mark.parametrize("wrt", [["--wrt", "w"], ["--wrt", "x"], []])
def test_an_input_inside_need_not_be_differentiated_outside(wrt: list[str]) -> None:
    answer = answered(["grad", "u = x**2 * w; sum(grad(u, x)**2)", "x=1,2", "w=3", *wrt])
    expected = {"w": 2 * 3 * (4 * 1 + 4 * 4), "x": [8 * 9 * 1, 8 * 9 * 2]}
    assert {name: found["values"] for name, found in answer["gradients"].items()} == {
        name: value for name, value in expected.items() if not wrt or name in wrt
    }


def test_a_frozen_input_is_in_no_graph() -> None:
    raised = failed(["grad", "sum(grad(x**2 * w, x)**2)", "x=1,2", "w=3", "--frozen", "x"], 1)
    assert "does not require grad" in raised["message"]


def test_points_of_an_elementwise_derivative_are_points() -> None:
    answer = answered(["grad", "grad(x**3, x)", "1", "2"])
    assert answer["method"]["elementwise"] is True
    assert answer["gradients"]["x"]["values"] == [6, 12]
    mixing = answered(["grad", "grad(x * y, x) * x", "x=1,2", "y=3,4"])
    assert mixing["method"]["elementwise"] is False  # with another variable the sum may mix


@pytest.mark.parametrize("words", [["--jvp", "x=1,0"], ["--hessian"], ["--via", "backward"]])
def test_every_mode_goes_through_a_derivative(words: list[str]) -> None:
    answer = answered(["grad", "sum(grad(x**3, x))", "x=1,2", *words])
    assert answer["gradients"]["x"]["values"] == [6, 12]
    if "--jvp" in words:
        assert answer["tangent"]["values"] == 6
    if "--hessian" in words:
        assert answer["hessians"]["x"]["x"]["values"] == [[6, 0], [0, 6]]


def test_a_trace_names_the_derivative_that_becomes_infinite() -> None:
    answer = answered(["trace", "u = sqrt(x); sum(grad(u, x)**2)", "x=0,1"])
    assert answer["findings"][0]["code"] == "inf-forward"
    assert answer["findings"][0]["expression"] == "grad(u, x)"
    assert answer["agrees"] is True


def test_a_loss_takes_a_derivative_as_its_input() -> None:
    answer = answered(["loss", "mse", "grad(w * x**2, x)", "[1, 2]", "x=1,2", "w=3", "--wrt", "w"])
    assert answer["loss"]["values"] == (25 + 100) / 2
    assert answer["gradients"]["w"]["values"] == 2 * (5 * 2 + 10 * 4) / 2


@pytest.mark.parametrize(
    ("argv", "agree"),
    [
        (["u = exp(x) * sin(x); sum(grad(u, x)**2)", "x=1,2"], 2),
        (["grad(grad(tanh(x), x), x)", "0.5", "1"], 2),
        (["h = x**2; sum(grad(h**3, h) * w)", "x=1,2", "w=3"], 3),
        (["grad(sum(x**3), x)[0] + grad(sum(exp(w)), w)", "x=1,2", "w=3"], 3),
    ],
)
def test_check_has_a_reference_for_a_derivative(argv: list[str], agree: int) -> None:
    answer = answered(["check", *argv, "--dtype", "float64"])
    assert answer["without_reference"] is None
    assert [row["verdict"] for row in answer["rows"]] == ["agree"] * agree
    assert all(row["reference"] is not None and row["ulp_error"] < 8 for row in answer["rows"])


def test_check_has_no_reference_at_a_kink_inside() -> None:
    answer = answered(["check", "sum(grad(relu(x), x) * x)", "x=0,1", "--dtype", "float64"])
    assert answer["without_reference"] == "grad at a kink"
    assert [row["verdict"] for row in answer["rows"]] == ["kink", "agree"]
