"""The rule `underflow`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from each import each
from looking import Place, findings, found, place, tape_of

from gradcli.diagnose.origins.zeros import doubtful, zero_origins
from gradcli.diagnose.rerun import Rerun
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.capture import TorchError
from gradcli.numerics.literals import Context

pytestmark = pytest.mark.usefixtures("no_fixes")

FOUND = {
    "trace 'sigmoid(x)' x=-200": ("warning", Place("sigmoid", "x", [], "sigmoid(x)")),
    "trace 'exp(x)' x=-120": ("warning", Place("exp", "x", [], "exp(x)")),
    "trace 'exp(x)' x:float16=-20": ("warning", Place("exp", "x", [], "exp(x)")),
    "trace 'x**20' x=0.001": ("warning", Place("pow", "x", [], "x**20")),
    "trace 'tanh(x)' x=-9.010913848876953": ("warning", Place("tanh", "x", [], "tanh(x)")),
    "trace 'x * 1e-30 * 1e-30' x=1": ("warning", Place("mul", "x", [], "x * 1e-30")),
    "trace 'x * 1e300 * 1e-200 * 1e-200' x:float64=1": ("warning", Place(None, "x", [], None)),  # 1e-100
    "trace 'x / 1e-300 / 1e200 / 1e200' x:float64=1": ("warning", Place(None, "x", [], None)),
    "trace 'x * 1e300 * w * w' x:float64=1,1 w:float64=1e-200,1 --frozen w": ("warning", Place(None, "x", [0], None)),
    "trace 'x**3 * 1e300' x:float64=1e-170": ("warning", Place(None, "x", [], None)),  # 3e-40
    "trace 'exp(x)' x=-120,-110": ("warning", Place("exp", "x", [1], "exp(x)")),  # where more is lost
    "trace 'sigmoid(x)' x=0,20": ("warning", Place("sigmoid", "x", [1], "sigmoid(x)")),  # an output of its own
    "grad '1e20*x + x - 1e20*x' x=1": ("warning", Place(None, "x", [], None)),  # nor has float64 the 1
    "grad '1e20*x + x - 1e20*x' x=1 -t float64": ("warning", Place(None, "x", [], None)),
    "grad 'exp(c)*x - 2.718281828459045*x' x=1 c=1 --frozen c -t float64": ("warning", Place(None, "x", [], None)),
    "grad 'exp(c)*x - 2.718281828459045*x' x=1,2 c=1,2 --frozen c -t float64": (  # e is no float64
        "warning",
        Place(None, "x", [0], None),
    ),
    # the kink is another input's
    "grad 'exp(-x) + abs(t - 1)' x=200 t=1 --wrt x": ("warning", Place("exp", "x", [], "exp(-x)")),
    "grad 'exp(-x)*(abs(t - 1) + 1)' x=200 t=1 --frozen t": ("warning", Place("exp", "x", [], "exp(-x)")),
    "grad 'minimum([1., 2.], exp(-x))' x=200,1": ("warning", Place("exp", "x", [0], "exp(-x)")),
    "grad 'expm1(x)/x' x=1e-30": ("warning", Place(None, "x", [], None)),  # 1/2: 1e30 and -1e30 meet
    "grad 'log1p(x)/x' x=0.5,1e-20": ("warning", Place(None, "x", [1], None)),  # -1/2
    "trace 'sinc(x)' x=1e-10": ("warning", Place("sinc", "x", [], "sinc(x)")),  # float64 has lost it too
}

LEFT_ALONE = (
    "trace 'sigmoid(x)' x=-20",
    "grad 'abs(x - 0.1)' x:float16=0.1",  # a kink in float16
    "grad 'relu(x - 0.3)' x:float16=0.3",
    "trace 'exp(x)' x=-20",
    "trace 'exp(x)' x:float16=-5",
    "trace 'relu(x)' x=-1",
    "trace 'exp(x)' x:float64=-120",
    "trace 'x * y' x:float64=1 y:float64=0 --wrt x",
    "grad 'sigmoid(x)' x:float16=1e15,1",  # which float64 has as well
    "trace 'sum(sigmoid(x))' x:float16=0,9",  # 1e-4 is less than what rounding does to 0.25
    "trace 'det(x)' x='[[0,1],[0,1]]'",  # no rounding makes a zero of 1
    "trace 'h = sum(softmax(x, 0)); h += 1; h' x=0,3",  # what float64 has instead of the zero is rounding
    "grad 'sigmoid(x) - sigmoid(x)' x=1",  # what meets cancels in truth
    "grad 'cos(x)**2 + sin(x)**2' x=0.5,1",
    "trace 'x**3' x:float64=1e-170",  # 3e-340, which no float64 is
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = found(line, "underflow")
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "underflow") == []


def test_those_that_the_reference_was_not_asked_about_are_counted_where_all_others_share_the_trouble() -> None:
    (loss,) = found("grad 'sum(sigmoid(x) * w @ w)' x='full([60], 33.0)' w='ones(60)' --wrt x", "underflow")
    assert "(and at 59 more)" in loss["message"]


def test_where_float64_cannot_be_computed_the_reference_alone_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a device that does not have the dtype."""

    class Narrow(Rerun):
        def tape(self) -> None:
            return None

        def gradients(self, output: object, **_: object) -> list[Gradients]:
            raise TorchError(TypeError("no float64"), stage="forward")

    monkeypatch.setattr(Rerun, "in_float64", lambda rerun: Narrow(rerun.bound))
    (loss,) = found("trace 'sinc(x) * 2' x=1e-10", "underflow")
    assert "where the derivative is -6.57974e-10" in loss["message"]  # -2/3 * pi**2 * x
    assert loss["operation"] is None


def test_a_list_of_numbers_is_no_tensor_and_no_trouble() -> None:
    # the deviation of 1e8 and 1e8 + 1, which float32 rounds to 1e8, is 0.7071 and the derivative by x with it
    assert [one["code"] for one in findings("grad 'std([1e8, 1e8+1]) * x' x=1")] == ["underflow"]
    told = findings("grad 'layer_norm([16777217., 16777217.], [2]) * x' x=1")  # numbers that do not vary become zeros
    assert [one["code"] for one in told] == ["dead", "not-scalar"]


@each(
    "text",
    [
        "sinc(x)",
        "sum(sinc(x))",
        "mean(sinc(x))",
        "mse_loss(sinc(x), x * 0)",
        "sinc(x)[0]",
        "frexp(sinc(x) + 1)[0]",
        "abs(sinc(x))",
        "sinc(x) @ tensor([1.0, 2.0])",
        "dot(sinc(x)[0], tensor([1.0, 2.0]))",
        "mv(sinc(x), tensor([1.0, 2.0]))",
        "mm(sinc(x), ones(2, 1))",
        "bmm(sinc(x)[None], ones(1, 2, 1))",
        "linear(sinc(x), ones(1, 2))",
        "reshape(sinc(x), [2, 1])",
        "sinc(x).view([2, 1])",
        "sinc(x).T",
        "sinc(x).mT",
        "transpose(sinc(x), 0, 1)",
    ],
)
def test_the_zero_of_a_smooth_function_is_doubted_whatever_its_value_goes_into(text: str) -> None:
    """The derivative of sinc at 1e-10 is -3.3e-10, and comes out as 0 in float64 too."""
    tape = tape_of(text, x=[[1.0, 1e-10]])
    assert doubtful(tape, "x", ()).tolist() == [[True, True]]


@each("text", ["relu(x - 2)", "softmax(x, 1)", "clamp(x, max=0.5)", "round(x)", "x * 2"])
def test_the_zero_of_a_mask_or_of_an_exact_operation_is_none_of_rounding(text: str) -> None:
    tape = tape_of(text, x=[[1.0, 1e-10]])
    assert doubtful(tape, "x", ()).tolist() == [[False, False]]


@each(
    "text, doubted",
    [
        ("where(x > 20, x, 0.)", False),
        ("hardswish(x - 10)", False),
        ("round(x)", False),
        ("x * 0", False),
        ("x - x", False),
        ("1e20*x + x - 1e20*x", True),
        ("sinc(x) * 0.", False),
        ("cos(x * 0. + pi)", False),
    ],
)
def test_the_zero_of_a_whole_input_is_doubted_where_rounding_may_have_made_it(text: str, doubted: bool) -> None:
    tape = tape_of(text, x=[[1.0, 1e-10]])
    (origin,) = zero_origins(tape, Context())
    assert doubtful(tape, "x", [origin]).tolist() == [[doubted, doubted]]
