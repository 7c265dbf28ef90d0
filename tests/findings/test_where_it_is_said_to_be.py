"""What findings say of the place at which a number first is not finite: elements, operands, factors, and how many."""

from __future__ import annotations

from each import each
from looking import findings

NO_SLOPE = "its derivative divides by differences of eigenvalues, which must all differ"
SAYS = {
    "grad 'sum(log(x))' x=0,0": (
        "inf-forward",
        "log(x) at x[0] = 0 is -inf (and 1 more); the gradient of x becomes infinite",
    ),
    "grad 'sum(m*log(x))' x=0,1 m=0,1 --wrt x": (
        "nan-forward",
        "log(x) at x[0] = 0 is -inf; m*log(x) at m[0] = 0 and log(x)[0] = -inf is nan; the gradient of x becomes nan",
    ),
    "grad 'x/m' x=1 m:bool=0": ("inf-forward", "x/m at x = 1 is inf; the gradient of x becomes infinite"),
    "grad 'var(x)' x=1,": (
        "nan-forward",
        "var(x) at x[0] = 1 is nan: it divides by n - 1, which is 0 for one element; the gradient of x becomes nan",
    ),
    "grad 'sum(abs(1/z))' z:complex64=0,1": ("nan-forward", "(1/z)[0] is nan; the gradient of z becomes nan"),
    "grad 'sum(sqrt(x)*w)' x=[[0,1],[0,0]] w=1,2 --wrt x": (
        "inf-backward",
        "sqrt(x) at x[0, 0] = 0 (and 2 more): "
        "local derivative 1/(2*sqrt(0)) = inf, times the incoming gradient 1 = inf",
    ),
    "grad 'sum(x**y)' x=0,1 y=0.5 --wrt x": (
        "inf-backward",
        "x**y at x[0] = 0 and y = 0.5: local derivative 0.5*0**(0.5 - 1) = inf, times the incoming gradient 1 = inf",
    ),
    "grad '(x*1e30)*1e30' x=1e-30": (  # a factor that is a number is said once
        "inf-backward",
        "x*1e30 at x = 1e-30: local derivative 1e+30, times the incoming gradient 1e+30 = inf",
    ),
    "grad '(x*-1e30)*1e30' x=1e-30": (
        "inf-backward",
        "x*-1e30 at x = 1e-30: local derivative -1e+30, times the incoming gradient 1e+30 = -inf",
    ),
    "grad 'linalg.eigh(x)[1].sum()' x=[[1,0],[0,1]]": (
        "nan-backward",
        f"linalg.eigh(x) sends nan to x[0, 0] = 1 (and 3 more), though a finite gradient arrives: {NO_SLOPE}",
    ),
    "grad 'linalg.eigh(2*x)[1].sum()' x=[[1,0],[0,1]]": (
        "nan-backward",
        f"linalg.eigh(2*x) sends nan to (2*x)[0, 0] = 2 (and 3 more), though a finite gradient arrives: {NO_SLOPE}",
    ),
    "grad 'sum(sqrt(x) - sqrt(2*x))' x=0,1": (
        "nan-accumulated",
        "sqrt(x) sends inf to x[0], where it meets another gradient: the sum is nan",
    ),
    "grad 'sum(1e38*x + 1e38*x + 1e38*x + 1e38*x)' x=0,0": (
        "nan-accumulated",
        "the gradients that meet at x[0] are finite, and add up to inf",
    ),
    "grad 'where(x > 0, sqrt(x), 0)' x=0": (
        "masked-branch",
        "sqrt(x) at x = 0: local derivative 1/(2*sqrt(0)) = inf, times the incoming gradient 0 = nan; "
        "the zero is from where(x > 0, sqrt(x), 0), which discards the element",
    ),
    "grad 'sum(lv + a/exp(lv))' lv=-110 a=1": (
        "underflow-forward",
        "exp(lv) at lv = -110 is 1.68891e-48, and comes out as 0: the smallest float32 is 1.4013e-45; "
        "a/exp(lv) at a = 1 and exp(lv) = 0 is inf; "
        "the gradient of lv becomes nan and the gradient of a becomes infinite",
    ),
}
"""The first sentence of the one finding that is no note; what a fix would change stands behind it."""


@each("line", SAYS)
def test_a_sentence_names_the_element_and_the_numbers(line: str) -> None:
    code, sentence = SAYS[line]
    (finding,) = (one for one in findings(line) if one["severity"] != "note")
    assert (finding["code"], finding["message"].split(". ")[0]) == (code, sentence)


def test_the_element_is_that_of_the_input_or_of_the_step_where_it_is_no_input() -> None:
    (of_input,) = findings("grad 'sum(x**n)' x=0 n:int64=1,-1")
    assert (of_input["variable"], of_input["index"]) == ("x", None)
    (of_step,) = findings("grad 'h = x*0; sum(h**n)' x=1 n:int64=1,-1")
    assert (of_step["variable"], of_step["index"]) == (None, [1])
    (of_two,) = findings("grad 'sum(x/y)' x=1,2 y=1,0")
    assert (of_two["variable"], of_two["index"]) == (None, [1])
    (of_many,) = findings("grad 'sum(logsumexp(x/0, 0) * w)' x=1,2 w=1,2 --wrt x")
    assert (of_many["variable"], of_many["index"]) == ("x", [0])


@each(
    "line, node",
    [
        ("grad 'sqrt(x)' x=0", "SqrtBackward0"),
        ("grad 'abs(x).sum()' x=0,1", "AbsBackward0"),
        ("grad 'sum(softmax(x, 0))' x=1,2", "SoftmaxBackward0"),
        ("grad '1/x' x=0", "MulBackward0"),  # the reciprocal, times 1
    ],
)
def test_the_node_is_named_that_sent_the_gradient_on(line: str, node: str | None) -> None:
    assert [one["node"] for one in findings(line)] == [node]
