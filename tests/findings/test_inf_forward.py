"""The rule `inf-forward`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from each import each
from looking import Place, findings, found, on_tape, place

pytestmark = pytest.mark.usefixtures("no_fixes")

FOUND = {
    "trace 1/x x=0,2": ("error", Place("div", "x", [0], "1/x")),
    "trace 'exp(x)' x=1,100": ("error", Place("exp", "x", [1], "exp(x)")),
    "trace 'x**2' x:float16=300": ("warning", Place("pow", "x", None, "x**2")),
    "trace 'log(relu(x))' x=-1,2": ("warning", Place("log", None, [0], "log(relu(x))")),
    "trace 'sum(x * x)' x:float16=200,200": ("warning", Place("sum", None, None, "sum(x * x)")),
    "trace 'lgamma(x)' x=-1,2": ("error", Place("lgamma", "x", [0], "lgamma(x)")),
}

LEFT_ALONE = (
    "trace 'exp(x)' x=10",
    "trace 'x + 1' x=inf",
    "trace 'exp(-exp(x))' x=100",
    "trace 'masked_fill(x, m, -inf)' x=1,2 m:bool=1,0",
    "trace 'x**2' x:bfloat16=300",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = found(line, "inf-forward")
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "inf-forward") == []


@pytest.mark.parametrize(
    ("line", "end"),
    [
        ("grad 'x.half()*2' x=1,70000", "x.half() at x[1] = 70000 is inf: the largest float16 is 65504"),
        ("grad 'x.to(torch.bfloat16)' x:float64=1e39", "is inf: the largest bfloat16 is 3.38953e+38"),
        ("grad '1/x' x=0", "1/x at x = 0 is inf; "),
    ],
)
def test_a_conversion_to_a_dtype_that_ends_before_the_number_says_where(line: str, end: str) -> None:
    (only,) = found(line, "inf-forward")
    assert end in only["message"]


SAYS = {
    "grad 'linalg.multi_dot([a, b])' a='[[1e30]]' b='[[1e30]]'": (
        "linalg.multi_dot([a, b]) at a[0, 0] = 1e+30 and b[0, 0] = 1e+30 is inf"
    ),
    "grad 'logit(x)' x=0,1": "logit(x) at x[0] = 0 is -inf (and 1 is inf); the gradient of x becomes infinite",
    "grad 'logit(x)' x=1,0,0,1,0.5": (
        "logit(x) at x[0] = 1 is inf (and 1 more, and 2 are -inf); the gradient of x becomes infinite"
    ),
    "grad '1/x' x=-0.0": "1/x at x = 0 (negative zero) is -inf; the gradient of x becomes infinite",
    "grad 'rsqrt(-x)' x=0": "rsqrt(-x) at -x = 0 (negative zero) is -inf; the gradient of x becomes infinite",
    "grad 'log(-x)' x=0": "log(-x) at -x = 0 is -inf; the gradient of x becomes infinite",  # as at 0
    "grad 'x/y' x=1,-1 y=0,0 --wrt x": (
        "x/y at x[0] = 1 and y[0] = 0 is inf (and 1 is -inf); the gradient of x becomes infinite"
    ),
    "grad 'linalg.multi_dot(unbind(w))' w='[[[1e30]],[[1e30]]]'": "linalg.multi_dot(unbind(w))[0, 0] is inf",
    "grad 'x @ y' x=1e30,1 y=1e30,1": "x @ y is inf: the largest float32 is 3.40282e+38",
    "grad 'x[1] * (x*1e38)[0]' x=1e10,1": (  # x[1] gets it, though x[0] made it
        "x*1e38 at x[0] = 1e+10 is inf: the largest float32 is 3.40282e+38; the gradient of x becomes infinite"
    ),
    "grad 'matrix_power(x, 100000)' x:float16='[[2]]'": (  # how often it is multiplied is no float16
        "matrix_power(x, 100000) at x[0, 0] = 2 is inf; the gradient of x becomes infinite"
    ),
    "grad 'x / m' x=1 m:bool=0": "x / m at x = 1 is inf; the gradient of x becomes infinite",
}


@each("line", SAYS)
def test_the_numbers_are_told_of_which_it_is_made(line: str) -> None:
    (only,) = found(line, "inf-forward")
    assert only["message"].partition(". ")[0] == SAYS[line]


@each(
    "line, said",
    [
        (
            "grad 'abs(z*1e30*1e30)' z:complex64=1",
            "z*1e30*1e30 is inf: the largest float32 is 3.40282e+38; the gradient of z becomes nan",
        ),
        (
            "grad 'log(complex(x, y)).real' x=0 y=0",
            "log(complex(x, y)) is -inf; the gradient of x becomes infinite and the gradient of y becomes nan",
        ),
        ("grad 'real(complex(x, y)**2)' x=1e20 y=0", "complex(x, y)**2 is inf: the largest float32 is 3.40282e+38"),
        ("grad 'abs(z*1e300*1e300)' z:complex128=1", "z*1e300*1e300 is inf; the gradient of z becomes nan"),
    ],
)
def test_a_complex_number_is_not_told_as_one(line: str, said: str) -> None:
    (only,) = found(line, "inf-forward")
    assert only["message"] == said


def test_a_derivative_inside_is_not_infinite_for_the_sake_of_the_dtype() -> None:
    (only,) = found("grad 'u = sqrt(x); grad(u, x)' x=0", "inf-forward")
    assert only["message"].partition(". ")[0] == (
        "grad(u, x) at sqrt(x) = 0 and x = 0 is inf; the gradient of x becomes infinite"
    )


@each("line", ["grad 'sqrt(x)' x=-1,0,4", "grad 'acosh(x)' x=0.5,1,2", "grad 'x**0.5' x=-1,0,4"])
def test_an_infinite_slope_beside_a_value_that_is_nan_is_told_too(line: str) -> None:
    assert [(one["code"], one["index"]) for one in findings(line)] == [("nan-forward", [0]), ("inf-backward", [1])]


def test_what_is_infinite_and_what_is_nan_in_one_step_are_told_apart() -> None:
    line = "grad 'x/y' x=0,1,2 y=0,0,1"
    assert [(one["code"], one["index"]) for one in findings(line)] == [("nan-forward", [0]), ("inf-forward", [1])]
    assert ["(and" in one["message"] for one in findings(line)] == [False, False]


def test_infinities_of_several_operations_explain_the_gradients_behind_them() -> None:
    first, second = on_tape("h = where(m, log(x), log(y)); h * h", x=[0.0, 1.0], y=[1.0, 0.0], m=[True, False])
    assert [(one.code, one.variable, one.index) for one in (first, second)] == [
        ("inf-forward", "x", (0,)),
        ("inf-forward", "y", (1,)),
    ]
    assert "the gradient" in first.message


def test_of_one_of_several_values_the_element_is_told_that_shows() -> None:
    """Both matrices are singular, and the first is masked."""
    told = on_tape("where(m, slogdet(x)[1], 0.)", x=[[[0.0]], [[0.0]]], m=[False, True])
    (only,) = (one for one in told if one.code == "inf-forward")
    assert only.index == (1,)


@pytest.mark.parametrize("split", ["(1/x).split(1)[1]", "(1/x).unbind(0)[1]", "sort(1/x)[0][1]"])
def test_an_infinity_is_followed_through_one_of_several_values(split: str) -> None:
    (only,) = (one for one in on_tape(split, x=[-0.0, 0.0]) if one.code == "inf-forward")
    assert (only.expression, only.index) == ("1/x", (1,))


# each operand that is infinite by itself has a finding of its own: mending one leaves the other
SEVERAL = {
    "grad 'exp(x) + exp(y)' x=100 y=100": [("inf-forward", "exp(x)"), ("inf-forward", "exp(y)")],
    "grad 'exp(x) - exp(y)' x=100 y=100": [("nan-forward", "exp(x)"), ("nan-forward", "exp(y)")],
    "grad '1/x + log(y)' x=0 y=0": [("nan-forward", "1/x"), ("nan-forward", "log(y)")],
    "grad 'stack([exp(x), exp(y)]).sum()' x=100 y=100": [("inf-forward", "exp(x)"), ("inf-forward", "exp(y)")],
    "grad 'exp(x) + exp(y)' x=100 y=1": [("inf-forward", "exp(x)")],
    "grad 'sum(where(m, exp(x), y))' x=100,1 y=1,2 m:bool=1,0": [("inf-forward", "exp(x)")],
    "grad 'exp(x)/sum(exp(x))' x=1000,1": [("nan-forward", "exp(x)")],  # which is written twice, and one cause
}


@each("line", SEVERAL)
def test_every_operand_that_is_infinite_is_told(line: str) -> None:
    told = [one for one in findings(line) if one["code"] in ("inf-forward", "nan-forward", "inf-backward")]
    assert [(one["code"], place(one, line).text) for one in told] == SEVERAL[line]
