"""Which of the zeros that a step meets were rounded, what they spoil, and what is a zero of its own beside them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from each import each
from looking import findings, tape_of

from gradcli.diagnose.origins import forward, underflowed
from gradcli.numerics.literals import Context
from gradcli.recording.operation import Operation

pytestmark = pytest.mark.usefixtures("no_fixes")


def told(line: str) -> list[tuple[str, str]]:
    """Codes and first sentences of what is found, but for notes."""
    return [(one["code"], one["message"].split(". ")[0]) for one in findings(line) if one["severity"] != "note"]


SMALLEST = "the smallest float32 is 1.4013e-45"
INFINITE = "the gradient of x becomes infinite"
NAN = "the gradient of x becomes nan"
GIVEN = f"x[{{}}] = 1e-50 was given, and becomes 0: {SMALLEST}; "
TINY = f"{{}} is 1e-60, and comes out as 0: {SMALLEST}; "
SLOPE = "local derivative 1/(2*sqrt(0)) = inf, times the incoming gradient 1 = inf"

FOUND = {
    # what an element is made of: a transpose and a part have other places than the whole, in the same memory
    "grad 'h = x*z; sum(1/where(m, h, h.T))' x='[[1,1e-30],[0,1]]' z='[[1,1e-30],[1,1]]' m:bool='[[1,0],[1,1]]' "
    "--frozen z": [
        ("inf-forward", f"1/where(m, h, h.T) at where(m, h, h.T)[0, 1] = 0 is inf (and 1 more); {INFINITE}"),
    ],
    "grad 'h = x*z; sum(1/where(m, h, h[:1]))' x='[[1,2],[1e-30,1]]' z='[[0,1],[1e-30,1]]' m:bool='[[1,1],[0,1]]' "
    "--frozen z": [
        ("inf-forward", f"1/where(m, h, h[:1]) at where(m, h, h[:1])[0, 0] = 0 is inf (and 1 more); {NAN}"),
    ],
    # a number that is no operand's, an index and a mask take nothing away from the elements that are followed
    "grad 'sum(1/where(m, x*x, n))' x=1e-30,1 n:int64=0,0 m:bool=1,0": [
        (
            "underflow-forward",
            TINY.format("x*x at x[0] = 1e-30") + f"1/where(m, x*x, n) at where(m, x*x, n)[0] = 0 is inf; {INFINITE}",
        ),
        ("inf-forward", "1/where(m, x*x, n) at where(m, x*x, n)[1] = 0 is inf"),
    ],
    "grad 'sum(1/(x*m)[i])' x=1e-30,1e-30 m=1e-30,0 i:int64=1,0 --frozen m": [
        (
            "underflow-forward",
            TINY.format("x*m at x[0] = 1e-30 and m[0] = 1e-30") + f"1/(x*m)[i] at (x*m)[i][1] = 0 is inf; {INFINITE}",
        ),
        ("inf-forward", f"1/(x*m)[i] at (x*m)[i][0] = 0 is inf; {NAN}"),
    ],
    "grad 'sum(1/cat((x*x, y)))' x='[1e-30]' y='[0.]' --frozen y": [
        (
            "underflow-forward",
            TINY.format("x*x at x[0] = 1e-30") + f"1/cat((x*x, y)) at cat((x*x, y))[0] = 0 is inf; {INFINITE}",
        ),
        ("inf-forward", "1/cat((x*x, y)) at cat((x*x, y))[1] = 0 is inf"),
    ],
    "grad 'sum(log(split(exp(x), 1)[1]))' x=1,1000": [
        ("inf-forward", f"exp(x) at x[1] = 1000 is inf; {NAN}"),
    ],
    "grad 'sum(1/(split(x, 1)[1]*y))' x=1,1e-30 y='[1e-30]' --frozen y": [
        (
            "underflow-forward",
            TINY.format("split(x, 1)[1]*y at split(x, 1)[1][0] = 1e-30 and y[0] = 1e-30")
            + f"1/(split(x, 1)[1]*y) at (split(x, 1)[1]*y)[0] = 0 is inf; {INFINITE}",
        ),
    ],
    # how many elements share the trouble: of those that were not looked at nobody knows whose they are
    "grad 'sqrt(x)' x='zeros(20)'": [("inf-backward", f"sqrt(x) at x[0] = 0 (and 19 more): {SLOPE}")],
    "grad 'sqrt(x)' x='full([20], 1e-50)'": [
        ("underflow-forward", GIVEN.format(0) + f"sqrt(x) at x[0] = 0 (and 19 more): {SLOPE}; {INFINITE}"),
    ],
    f"grad 'sqrt(x)' x=0{',1e-50' * 15}": [
        ("underflow-forward", GIVEN.format(1) + f"sqrt(x) at x[1] = 0 (and 14 more): {SLOPE}; {INFINITE}"),
        ("inf-backward", f"sqrt(x) at x[0] = 0: {SLOPE}"),
    ],
    f"grad 'sqrt(x)' x=0{',1e-50' * 16}": [
        ("underflow-forward", GIVEN.format(1) + f"sqrt(x) at x[1] = 0: {SLOPE}; {INFINITE}"),
        ("inf-backward", f"sqrt(x) at x[0] = 0: {SLOPE}"),
    ],
    # each part has its own sign, and what it makes of the rest
    "grad 's/(x*y)' s=1,-1 x=1e-30,0 y=1e-30,1 --wrt x": [
        (
            "underflow-forward",
            TINY.format("x*y at x[0] = 1e-30 and y[0] = 1e-30")
            + f"s/(x*y) at s[0] = 1 and (x*y)[0] = 0 is inf; {INFINITE}",
        ),
        ("inf-forward", f"s/(x*y) at s[1] = -1 and (x*y)[1] = 0 is -inf; {INFINITE}"),
    ],
    "grad 'abs(z/(a*b))' z:complex64=1,1 a=1e-30,0 b=1e-30,1 --wrt a": [
        (
            "underflow-forward",
            TINY.format("a*b at a[0] = 1e-30 and b[0] = 1e-30")
            + "z/(a*b) at (a*b)[0] = 0 is nan; the gradient of a becomes nan",
        ),
        ("nan-forward", "z/(a*b) at (a*b)[1] = 0 is nan; the gradient of a becomes nan"),
    ],
    "grad 'abs(sqrt(z))' z:complex64=0,0": [
        ("nan-backward", "sqrt(z) sends nan to z[0] (and 1 more), though a finite gradient arrives"),
    ],
    "grad 'sum(s/(x*y))' x=1e-30,0,1 y=1e-30,1e-30,1 s=1,-1,1 --wrt x": [
        (
            "underflow-forward",
            TINY.format("x*y at x[0] = 1e-30 and y[0] = 1e-30")
            + f"s/(x*y) at s[0] = 1 and (x*y)[0] = 0 is inf; sum(s/(x*y)) is nan; {INFINITE}",
        ),
        ("nan-forward", f"s/(x*y) at s[1] = -1 and (x*y)[1] = 0 is -inf; sum(s/(x*y)) is nan; {INFINITE}"),
    ],
    "grad 'var_mean(1/(x*y))[0]' x=1e-30,0,1 y=1e-30,1e-30,1 --wrt x": [
        (
            "underflow-forward",
            TINY.format("x*y at x[0] = 1e-30 and y[0] = 1e-30")
            + f"1/(x*y) at (x*y)[0] = 0 is inf; var_mean(1/(x*y)) is nan; {NAN}",
        ),
        ("nan-forward", f"1/(x*y) at (x*y)[1] = 0 is inf; var_mean(1/(x*y)) is nan; {NAN}"),
    ],
    "grad 't*(1/(x*y))' x=1e-30,0 y=1e-30,1 t=0,1 --wrt x": [
        (
            "underflow-forward",
            TINY.format("x*y at x[0] = 1e-30 and y[0] = 1e-30")
            + f"1/(x*y) at (x*y)[0] = 0 is inf; t*(1/(x*y)) at t[0] = 0 and (1/(x*y))[0] = inf is nan; {NAN}",
        ),
        ("nan-forward", "t*(1/(x*y)) at t[0] = 0 and (1/(x*y))[0] = inf is nan"),
        ("inf-forward", f"1/(x*y) at (x*y)[1] = 0 is inf; {INFINITE}"),
    ],
    "grad 't*(1/(x*y))' x=1e-30,0 y=1e-30,1 t=1,0 --wrt x": [
        (
            "underflow-forward",
            TINY.format("x*y at x[0] = 1e-30 and y[0] = 1e-30") + f"1/(x*y) at (x*y)[0] = 0 is inf; {INFINITE}",
        ),
        (
            "nan-forward",
            f"1/(x*y) at (x*y)[1] = 0 is inf; t*(1/(x*y)) at t[1] = 0 and (1/(x*y))[1] = inf is nan; {NAN}",
        ),
    ],
    # what is computed twice is one cause, and each time shows elements of its own
    "grad 'stack([log(x*y)[0], log(x*y)[1]])' x=1e-30,0 y=1e-30,1 --wrt x": [
        (
            "underflow-forward",
            TINY.format("x*y at x[0] = 1e-30 and y[0] = 1e-30") + f"log(x*y) at (x*y)[0] = 0 is -inf; {NAN}",
        ),
        ("inf-forward", f"log(x*y) at (x*y)[1] = 0 is -inf; {NAN}"),
        (
            "masked-branch",
            "log(x*y) at (x*y)[0] = 0: local derivative 1/0 = inf, times the incoming gradient 0 = nan; "
            "the zero is from log(x*y)[1], which discards the element",
        ),
    ],
    # what divides by the zero meets it, though another number would be too large as well
    "grad 'x/(a*b)' x=3.4e38 a=1e-30 b=1e-30 --wrt x": [
        (
            "underflow-forward",
            TINY.format("a*b at a = 1e-30 and b = 1e-30") + f"x/(a*b) at x = 3.4e+38 and a*b = 0 is inf; {INFINITE}",
        ),
    ],
    "grad 'y = x*1; y.fmod_(a*b); y' x=1 a=1e-30 b=1e-30 --wrt x": [
        (
            "underflow-forward",
            TINY.format("a*b at a = 1e-30 and b = 1e-30") + "y.fmod_(a*b) at x*1 = 1 and a*b = 0 is nan",
        ),
    ],
    # what is detached, at an element whose gradient is finite, spoils no gradient
    "grad 'h = 1/(x*x).detach(); w = h + where(m, 1/(x*y), 0); w*w' x=1e-30,1e-10 y=1e20,1e-40 m:bool=0,1 --frozen y": [
        (
            "underflow-forward",
            TINY.format("x*x at x[0] = 1e-30") + "1/(x*x).detach() at (x*x).detach()[0] = 0 is inf",
        ),
        (
            "underflow-forward",
            "x*y at x[1] = 1e-10 and y[1] = 9.99995e-41 is 9.99995e-51, and comes out as 0: "
            f"{SMALLEST}; 1/(x*y) at (x*y)[1] = 0 is inf; {INFINITE}",
        ),
    ],
    # a norm that overflows is infinite whatever was rounded in another row
    "grad 'norm(x, dim=1)' x='[[1e30,1e30],[1e-50,1e-50]]'": [
        ("inf-forward", "norm(x, dim=1)[0] is inf: the largest float32 is 3.40282e+38"),
        ("underflow", "x[0, 0] = 1e+30: float32 gives 0 where the derivative is 0.707107 (and at 1 more)"),
    ],
    # an infinity that was written is computed with, and not made
    "grad 'inf*(a*b)' a=1e-30 b=1e-30 --wrt a": [
        ("nan-forward", "inf*(a*b) at a*b = 0 is nan; the gradient of a becomes infinite"),
    ],
    # the factor of an infinity was rounded too: it is no zero, and no mask is needed
    "grad '(a*b)*log(exp(x))' a=1e-30 b=1e-30 x=-200 --wrt x": [
        (
            "underflow-forward",
            f"exp(x) at x = -200 is 1.3839e-87, and comes out as 0: {SMALLEST}; log(exp(x)) at exp(x) = 0 is -inf; "
            f"(a*b)*log(exp(x)) at a*b = 0 and log(exp(x)) = -inf is nan; {NAN}",
        ),
    ],
    "grad 'y = x*1; y *= z; 1/y' x=1e-30 z=1e-30 --wrt x": [
        (
            "underflow-forward",
            TINY.format("y *= z at x*1 = 1e-30 and z = 1e-30") + f"1/y at y *= z = 0 is inf; {INFINITE}",
        ),
    ],
}
"""What is rounded is blamed for its own elements alone; everything else is told beside it."""


@each("line", FOUND)
def test_each_zero_has_its_own_cause(line: str) -> None:
    assert told(line) == FOUND[line]


def test_of_what_mixes_its_elements_the_first_is_told_by_its_own_zeros() -> None:
    """The second row is not finite for another reason: its squares are more than the largest float32."""
    line = "grad 'layer_norm(x, (2,), eps=0)' x='[[1e-50,1e-50],[3e38,-3e38]]'"
    assert [code for code, _ in told(line)] == ["underflow-forward"]


@pytest.mark.parametrize("given", ["an error", "no tensor"])
def test_where_other_numbers_give_nothing_the_zeros_are_taken_for_the_cause(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    tape = tape_of("normalize(x*x, dim=0, eps=0)", x=[1e-30, 1e-30])
    (origin,) = forward.origins(tape, {})

    kind = type(origin.step.operation)
    apply = kind.apply

    def refusing(operation: Operation, arguments: Sequence[object], context: Context) -> object:
        if operation.name != "normalize":
            return apply(operation, arguments, context)
        if given == "an error":
            raise RuntimeError("not these numbers")
        return given

    monkeypatch.setattr(kind, "apply", refusing)
    assert [one.step.text for one in underflowed.traced(tape, origin, {}, Context())] == ["x*x"]
