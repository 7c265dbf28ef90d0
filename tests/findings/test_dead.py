"""The rule `dead`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
import torch
from command_line import captured
from each import each
from looking import Place, findings, found, on_tape, place

pytestmark = pytest.mark.usefixtures("no_fixes")

FOUND = {
    "trace 'relu(x)' x=-1,-2": ("warning", Place("relu", "x", None, "relu(x)")),
    "trace 'clamp(x, 0, 1).sum()' x=-1,2": ("warning", Place("clamp", "x", None, "clamp(x, 0, 1)")),
    "trace 'x - x' x=1": ("warning", Place("sub", "x", None, "x - x")),
    "trace 'x * 0' x=1": ("warning", Place("mul", "x", None, "x * 0")),
    "trace 'softmax(x, dim=0).sum()' x=1,2": ("warning", Place("softmax", "x", None, "softmax(x, dim=0)")),
    "trace 'x**2' x=0": ("note", Place("pow", "x", None, "x**2")),
    "trace 'mse_loss(x, t)' x=1,2 t=1,2": ("note", Place("mse_loss", None, None, "mse_loss(x, t)")),
    "trace 'det(x)' x='[[0,1],[0,1]]'": ("warning", Place("det", "x", None, "det(x)")),
    "trace 'norm(x)' x=0,0": ("warning", Place("norm", "x", None, "norm(x)")),
    "trace 'cdist(a, b).sum()' a='[[0,0]]' b='[[0,0]]'": ("warning", Place("cdist", None, None, "cdist(a, b)")),
    "trace 'where(x > 0, x, 0)' x=-1,-2": ("warning", Place("where", "x", None, "where(x > 0, x, 0)")),
    "trace 'relu(x @ w).sum()' x='[[1,2],[3,4]]' w=0,0 --frozen x": (
        "warning",
        Place("relu", "w", None, "relu(x @ w)"),
    ),
    "trace 'relu(x)' x=2,-1": ("note", Place("relu", "x", [1], "relu(x)")),
    "trace 'clamp(x, 0, 1).sum()' x=-1,0.5": ("note", Place("clamp", "x", [0], "clamp(x, 0, 1)")),
    "grad 'sum(x.clamp_min(0) + x)' x=-1,-2": ("note", Place("clamp_min", "x", [0], "x.clamp_min(0)")),
    "grad 'sum(hardtanh(2 * x))' x='[[0.1],[3]]'": ("note", Place("hardtanh", None, [1, 0], "hardtanh(2 * x)")),
    "grad 'maximum(x, zeros(2))' x=1,-1": ("note", Place("maximum", "x", [1], "maximum(x, zeros(2))")),
    "grad 'minimum(x, zeros(2))' x=1,-1": ("note", Place("minimum", "x", [0], "minimum(x, zeros(2))")),
    "grad 'fmax(x, zeros(2))' x=1,-1": ("note", Place("fmax", "x", [1], "fmax(x, zeros(2))")),
    "grad 'fmin(x, zeros(2))' x=1,-1": ("note", Place("fmin", "x", [0], "fmin(x, zeros(2))")),
    "grad 'clamp_max(x, 1)' x=0,2": ("note", Place("clamp_max", "x", [1], "clamp_max(x, 1)")),
    "grad 'y = x * 1; y.relu_(); y' x=1,-1": ("note", Place("relu_", None, [1], "y.relu_()")),
    "grad 'where(x > 0, x, 0)' x=1,-1": ("note", Place("where", "x", [1], "where(x > 0, x, 0)")),
    "grad 'y = x.clone(); y.clamp_(0, 1); y' x=-2,0.5": ("note", Place("clamp_", None, [0], "y.clamp_(0, 1)")),
    "grad 'y = x * 1; threshold_(y, 3, 0.); y' x=2,4": ("note", Place("threshold_", None, [0], "threshold_(y, 3, 0.)")),
    "grad 'abs(z)' z:complex64=0": ("warning", Place("abs", "z", None, "abs(z)")),
    "grad 'sign(x)*3 + relu(2*x)' x=-1.": ("warning", Place("relu", "x", None, "relu(2*x)")),  # nearest to the output
    "trace 'cosh(x)' x=0": ("note", Place("cosh", "x", None, "cosh(x)")),
    "grad 'hardswish(x)' x=-4,1": ("note", Place("hardswish", "x", [0], "hardswish(x)")),
    "grad 'sum(scaled_dot_product_attention(q, q, q, attn_mask=m))' q='[[[1,2],[1,3]]]' m:bool='[[1,1],[0,0]]'": (
        "note",
        Place("scaled_dot_product_attention", "m", [1], "scaled_dot_product_attention(q, q, q, attn_mask=m)"),
    ),
    "grad 'sum(scaled_dot_product_attention(q, k, v, attn_mask=m))' q='[[[[1,2],[1,3]]]]' k='[[[[1,2],[3,1]]]]' "
    "v='[[[[1,2],[3,4]]]]' m='[[0,1],[-inf,-inf]]' --wrt q": (
        "note",
        Place("scaled_dot_product_attention", "m", [1], "scaled_dot_product_attention(q, k, v, attn_mask=m)"),
    ),
    "grad 'scaled_dot_product_attention(q, k, v, attn_mask=m).sum() + sum(q)' q='[[1,2]]' k='[[1,2]]' v='[[3,4]]' "
    "m:bool=0 --wrt q": (
        "note",
        Place("scaled_dot_product_attention", "m", None, "scaled_dot_product_attention(q, k, v, attn_mask=m)"),
    ),
    "grad 'maximum(t, x)' x=1,-1 t=0,0 --frozen t": ("note", Place("maximum", "x", [1], "maximum(t, x)")),
    "grad 'scaled_dot_product_attention(q, k, v)' q='[[[1,2]]]' k='[[[1,2]]]' v='[[[3,4]]]' --wrt q": (
        "warning",
        Place("scaled_dot_product_attention", "q", None, "scaled_dot_product_attention(q, k, v)"),
    ),
}

LEFT_ALONE = (
    "trace 'relu(x)' x=1,2",
    "trace 'relu(x)' x=0,2",
    "grad 'relu(x) * m' x=-1,2 m=0,1 --wrt x",
    "grad 'maximum(x, y)' x=1,-1 y=0,0",
    "grad 'where(m, x, 0)' x=1,-1 m:bool=1,0",
    "grad 'max(x)' x=1,2",
    "grad 'x[0]' x=1,2",
    "grad 'sigmoid(x)' x=200,1",
    "grad 'sum(scaled_dot_product_attention(q, q, q, attn_mask=m))' q='[[[1,2],[1,3]]]' m:bool='[[1,1],[0,1]]'",
    "trace 'x - 2 * x' x=1",
    "grad 'sign(x) + x' x=1,2",
    "grad '(relu(t) + 1) * x' x=1 t=-1 --frozen t",
    "grad 'h = relu(x); x * 2' x=-1,1",  # no gradient arrives at what the output does not use
    "trace 'x**2' x=1",
    "trace 'sign(x)' x=2",
    "trace 'tanh(x)' x=30",
    "trace 'clamp(x, 0, 1).sum()' x=0.2,0.5",
    "trace 'exp(x)' x=1 --vjp 0",  # nothing arrives that could be stopped
    "grad '1e20*x + x - 1e20*x' x=1",  # it is the sum that rounds: the derivative is 1
    "trace 'softmax(x, dim=0)[0]' x=1,2",
    "grad 'relu(x*nan)' x=1",
    "grad 'clamp(log(x), min=0)' x=-1",  # nan is not above 0: what is wrong is the logarithm
    "grad 'log(relu(x))' x=-1",  # an infinite gradient arrives: what is wrong is the logarithm
    "grad 'sum(scaled_dot_product_attention(q, q, q, attn_mask=m))' q='[[[nan,2],[1,3]]]' m:bool='[[1,1],[0,0]]'",
    "grad 'x * sum(scaled_dot_product_attention(q, q, q, attn_mask=m))' q='[[[1,2],[1,3]]]' m:bool='[[1,1],[0,0]]' "
    "x=1 --frozen q",
)

SAYS = {
    "grad 'relu(x)' x=-1": "relu(x) lets no gradient through: 1 arrives, 0 goes on to x",
    "grad '3 * relu(x)' x=0": (
        "relu(x) lets no gradient through (on a kink, where PyTorch takes 0): 3 arrives, 0 goes on to x"
    ),
    "grad 'sum(relu(x - y))' x=1 y=2": "relu(x - y) lets no gradient through: 1 arrives, 0 goes on to x and y",
    "grad 'x - x' x=1": "the gradients 1 and -1 meet at x and cancel: x - x does not depend on it here",
    "grad 'x*y - x*y' x=1 y=2": (
        "the gradients 2 and -2 meet at x and y and cancel: x*y - x*y does not depend on it here"
    ),
    "grad 'sum(exp(x)/sum(exp(x)))' x=1,1": (  # the quotient depends on x, and its sum does not
        "the gradients 0.5 and -0.5 meet at x and cancel: sum(exp(x)/sum(exp(x))) does not depend on it here"
    ),
    "grad 'u = exp(x); sum(u/sum(u))' x=0,0": (
        "the gradients 0.5 and -0.5 meet at exp(x) and cancel: sum(u/sum(u)) does not depend on it here"
    ),
    "grad '(x - mean(x))/(std(x) + 1e-5)' x=2,2": (  # what float64 has beside it is rounding
        "the gradients 100000 and -100000 meet at x and cancel: "
        "(x - mean(x))/(std(x) + 1e-5) does not depend on it here"
    ),
    "grad 'atan2(norm(x), sum(x + 1))' x=0,0": (  # atan2 stops what goes to the sum alone
        "norm(x) lets no gradient through (on a kink, where PyTorch takes 0): 0.5 arrives, 0 goes on to x"
    ),
    "grad 'sum(softmax(x, 0))' x=1,2": (
        "what arrives at softmax(x, 0) cancels inside it: 1 arrives, 0 goes on to x. "
        "This combination of its values is constant"
    ),
    "grad 'x**2' x=0": "x**2 is level at this very point: 1 arrives, 0 goes on to x. Beside it there is a slope",
    "grad 'sum(normalize(x, dim=0))' x=1,1": (  # sqrt(2) is the most that the sum can be
        "normalize(x, dim=0) is level at this very point: 1 arrives, 0 goes on to x. Beside it there is a slope"
    ),
    "grad 'var_mean(x)[0]' x=1,1": (
        "var_mean(x) is level at this very point: 1 arrives, 0 goes on to x. Beside it there is a slope"
    ),
    "grad 'maximum(a, b)' a=1 b=2 --wrt a": "maximum(a, b) lets no gradient through: 1 arrives, 0 goes on to a",
    "grad 'sum(maximum(a, b))' a=1 b=2,3 --wrt a": "maximum(a, b) lets no gradient through: 1 arrives, 0 goes on to a",
    "grad 'l1_loss(x, x)' x=1,2": (
        "l1_loss(x, x) lets no gradient through (on a kink, where PyTorch takes 0): 1 arrives, 0 goes on to x"
    ),
    "grad 'sum(l1_loss(x, y, reduction=\"none\"))' x=0 y=0,0.5,-0.5 --wrt x": (  # |x| + |x - 1/2| + |x + 1/2|
        'l1_loss(x, y, reduction="none") lets no gradient through (on a kink, where PyTorch takes 0): '
        "1 arrives, 0 goes on to x"
    ),
    # of two arguments only the one that the kink is of lies on it: prelu is linear in its weight
    "grad 'sum(prelu(x, w))' x=0,1 w=0.25": "prelu(x, w) lets no gradient through: 1 arrives, 0 goes on to w",
    "grad 'clamp(x, lo, hi)' x=2 lo=0 hi=2 --wrt x,lo": (
        "clamp(x, lo, hi) lets no gradient through: 1 arrives, 0 goes on to lo"
    ),
    "grad 'clamp(x, lo, hi)' x=2 lo=0 hi=2 --wrt x,hi": (
        "clamp(x, lo, hi) lets no gradient through (on a kink, where PyTorch takes 0): 1 arrives, 0 goes on to hi"
    ),
    "grad 'fmax(x, y)' x=1 y=1": (
        "fmax(x, y) lets no gradient through (on a kink, where PyTorch takes 0): 1 arrives, 0 goes on to y"
    ),
    "grad '0*x + (x - x)' x=1": "the gradients 1 and -1 meet at x and cancel: 0*x + (x - x) does not depend on it here",
    "grad '0*x + (sigmoid(x) - sigmoid(x))' x=0": (  # the sigmoids send something on
        "the gradients 0.25 and -0.25 meet at x and cancel: 0*x + (sigmoid(x) - sigmoid(x)) does not depend on it here"
    ),
    "grad 'maximum(x, 2*x) - 2*x' x=1": (  # what the maximum does not choose sends a zero to x beside them
        "the gradients -2 and 2 meet at x and cancel: maximum(x, 2*x) - 2*x does not depend on it here"
    ),
    "grad 'nan_to_num(softmax(masked_fill(x, m, -inf), -1))' m:bool='[[1,1],[1,0]]' x='[[1,2],[3,4]]'": (
        "masked_fill(x, m, -inf) lets no gradient through: nan arrives, 0 goes on to x"
    ),
    "grad 'sgn(complex(x, y)).real' x=0 y=0": (  # which turns with the number, and is not constant around it
        "sgn(complex(x, y)) lets no gradient through: 1 arrives, 0 goes on to x and y"
    ),
    "grad 'abs(1 + z - z)' z:complex64=1": (
        "the gradients -1 and 1 meet at z and cancel: abs(1 + z - z) does not depend on it here"
    ),
    "grad 'real(complex(x, y)**2)' x=3 y=0": (  # x**2 - y**2
        "what arrives at complex(x, y) has no imaginary part: 6 arrives, 0 goes on to y. Beside it there is a slope"
    ),
    "grad 'complex(x, y).imag' x=3 y=1": ("what arrives at complex(x, y) has no real part: 1 arrives, 0 goes on to x"),
    "grad 'cos(z).real' z:complex64=0": (
        "cos(z) is level at this very point: 1 arrives, 0 goes on to z. Beside it there is a slope"
    ),
    "loss gaussian_nll input=1 target=1 var=0": (  # 500000 arrives at one of the nodes inside
        "gaussian_nll_loss(input, target, var) is level at this very point: "
        "1 arrives, 0 goes on to input. Beside it there is a slope"
    ),
    "loss triplet_margin anchor='[[1,2]]' positive='[[1,2]]' negative='[[1,2]]'": (
        "triplet_margin_loss(anchor, positive, negative) lets no gradient through: 1 arrives, 0 goes on to anchor"
    ),
    "grad 'relu(x) + sqrt(y)' x=-1 y=0": "relu(x) lets no gradient through: 1 arrives, 0 goes on to x",
    "grad 'sum(scaled_dot_product_attention(q, q, q, attn_mask=m > 0))' "
    "q='[[[1,2],[1,3],[2,2]]]' m='[[1,1,1],[0,0,0],[0,0,0]]' --wrt q": (
        "scaled_dot_product_atte…q, q, attn_mask=m > 0): the mask leaves no key in the row m > 0[1] (and 1 more): "
        "its output is 0, and no gradient goes through"
    ),
}


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = found(line, "dead")
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "dead") == []


@each("line", SAYS)
def test_it_is_told_what_makes_the_zero(line: str) -> None:
    assert [one["message"] for one in found(line, "dead")] == [SAYS[line]]


ENDS = {
    "relu(x) + x + relu(y)": ({"x": -1.0, "y": -1.0}, [("warning", "y"), ("note", "x")]),  # x has a gradient
    "sum(x) + relu(y)": ({"x": torch.zeros(0), "y": -1.0}, [("warning", "y")]),
    "p = sigmoid(x); sum(-(1 - p)**2 * log(p))": ({"x": 1000.0}, [("note", "x")]),
    "y = x * 1; y *= 0; y": ({"x": 1.0}, [("warning", "x")]),
    "2**x": ({"x": -1e30}, [("warning", "x")]),
    "polar(r, t).real": ({"r": 0.0, "t": 1.0}, [("warning", "r"), ("note", "t")]),
    "complex(x, y).imag": ({"x": 1.0, "y": 1.0}, [("note", "x")]),
    "binary_cross_entropy(x, t)": ({"x": 0.0, "t": torch.zeros((), dtype=torch.float32)}, [("warning", "x")]),
    "scaled_dot_product_attention(q, k, v, attn_mask=m)": (  # of one key the weight is 1, whatever it is
        {"q": [[1.0, 2.0]], "k": [[1.0, 2.0], [3.0, 1.0]], "v": [[1.0, 2.0], [3.0, 4.0]], "m": [[True, False]]},
        [("warning", None)],
    ),
}


@each("text", ENDS)
def test_the_inputs_are_named_whose_whole_gradient_is_zero(text: str) -> None:
    inputs, expected = ENDS[text]
    assert [(one.severity, one.variable) for one in on_tape(text, **inputs) if one.code == "dead"] == expected


def test_inputs_on_a_kink_and_beside_it_are_told_apart() -> None:
    told = found("grad 'clamp(x, lo, hi)' x=2 lo=0 hi=2", "dead")
    assert [(one["variable"], "on a kink" in one["message"]) for one in told] == [("lo", False), ("hi", True)]


@each(
    "text, x, level",
    [
        ("x**2", 0.0, True),
        ("x**6", 0.0, True),
        ("x**8", 0.0, True),
        ("cosh(x)", 0.0, True),
        ("multi_margin_loss(x, tensor([1]), p=2)", [[0.0, 1.0]], True),  # where its margin is met: 0 on one side
        ("normalize(x, dim=0)", [-0.0155], False),  # the sign of one number: beside it there is rounding
        ("softmax(x, 0)", [2.0], False),
        ("x**0", 2.0, False),
    ],
)
def test_a_level_point_of_a_function_is_told_from_a_constant_function(text: str, x: object, level: bool) -> None:
    (only,) = (one for one in on_tape(text, x=x) if one.code == "dead")
    assert ("level at this very point" in only.message, only.severity) == (level, "note" if level else "warning")


def test_single_elements_are_counted_and_the_first_is_named() -> None:
    (only,) = findings("grad 'sum(3 * clamp(x, 0, 1))' x=0.5,-2,0.3,7,-1")
    assert only["message"] == (
        "clamp(x, 0, 1) lets no gradient through at 3 of 5 elements, first at x[1] = -2: 3 arrives, 0 goes on"
    )


def test_what_arrives_is_told_with_its_sign_and_of_a_complex_number_its_size() -> None:
    (only,) = found("grad 'sum(-2 * relu(x))' x=-1,1", "dead")
    assert only["message"].endswith("first at x[0] = -1: -2 arrives, 0 goes on")
    (only,) = found("grad 'sum(abs(3 * where(x > 1, x + 1j, 1j)))' x=0,2", "dead")
    assert only["message"].endswith(": 3 arrives, 0 goes on")


def test_gradients_that_cancel_stop_every_way_through_their_step() -> None:
    told = found("grad 'u = 2*x; v = 3*x; relu(v) + (u - u)' x=-1", "dead")
    assert [one["message"] for one in told if one["severity"] == "warning"] == [
        "the gradients 1 and -1 meet at 2*x and cancel: relu(v) + (u - u) does not depend on it here"
    ]


def test_an_element_is_only_named_of_what_has_elements() -> None:
    told = findings("grad 'sum(maximum(x, y) + x)' x=-1 y=1,2 --wrt x")
    assert [one for one in told if one["index"]] == []


def test_an_operation_is_named_once_and_two_are_named_twice() -> None:
    assert len(found("grad 'sum(relu(x)) + sum(relu(x) * 2)' x=-1,1", "dead")) == 2
    assert len(found("grad 'h = relu(x); sum(h) + sum(h * 2)' x=-1,1", "dead")) == 1


def test_single_elements_explain_nothing_about_the_rest() -> None:
    codes = [finding["code"] for finding in findings("grad 'relu(x) * 1e-5' x=-1,1")]
    assert codes == ["dead", "vanishing"]
    codes = [finding["code"] for finding in findings("grad 'relu(x)' x=-1,0,1")]
    assert codes == ["dead", "kink"]


def test_a_note_does_not_fail_on_warnings() -> None:
    line = ["grad", "relu", "-1", "1", "--fail-on"]
    assert captured([*line, "warning"])[0] == 0
    assert captured([*line, "dead"])[0] == 1
    assert captured(["grad", "relu", "-1", "--fail-on", "warning"])[0] == 1
