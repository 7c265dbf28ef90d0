"""The rule `inf-backward`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from each import each
from looking import Place, findings, found, place, tape_of

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings import of_tape
from gradcli.diagnose.findings.table import NOT_FINITE

pytestmark = pytest.mark.usefixtures("no_fixes")

FOUND = {
    "trace 'sqrt(x)' x=0,4": ("error", Place("sqrt", "x", [0], "sqrt(x)")),
    "trace 'x**0.5' x=0": ("error", Place("pow", "x", None, "x**0.5")),
    "trace 'asin(x)' x=0.5,1": ("error", Place("asin", "x", [1], "asin(x)")),
    "grad 'y = x*1; y.acos_(); sum(y)' x=1,0": ("error", Place("acos_", None, [0], "y.acos_()")),
    "trace 'acos(sum(x))' x=0.5,0.5": ("error", Place("acos", None, None, "acos(sum(x))")),
    "trace 'sqrt(sum(x**2))' x=0,0": ("error", Place("sqrt", None, None, "sqrt(sum(x**2))")),
    "trace 'log(x)*2' x=1e-39": ("error", Place("log", "x", None, "log(x)")),
    f"trace 'h = x; {'h = h + h; ' * 60}sqrt(h)' x=0": ("error", Place("sqrt", None, None, "sqrt(h)")),  # 2**60 ways
}

LEFT_ALONE = (
    "trace 'sqrt(x)' x=1e-30",
    "trace 'where(x > 0, sqrt(x), 0)' x=0,4",
    "trace 'norm(x)' x=0,0",
    "trace 'asin(x)' x=0.99",
    "trace 'x**1.5' x=0",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = (one for one in findings(line) if one["code"] in NOT_FINITE)
    assert finding["code"] == "inf-backward"
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "inf-backward") == []


SAYS = {
    "grad 'sqrt(x)' x=0": "sqrt(x) at x = 0: local derivative 1/(2*sqrt(0)) = inf, times the incoming gradient 1 = inf",
    "grad 'x*1e30*1e30' x=1e-30": (
        "x*1e30 at x = 1e-30: local derivative 1e+30, times the incoming gradient 1e+30 = inf"
    ),
    # a logarithm, or an infinity, that goes into nothing of it is another trouble
    "grad 'log(x) + sqrt(y)' x=-1 y=0": (
        "sqrt(y) at y = 0: local derivative 1/(2*sqrt(0)) = inf, times the incoming gradient 1 = inf"
    ),
    "grad 'sqrt(x)' x=inf,0": (
        "sqrt(x) at x[1] = 0: local derivative 1/(2*sqrt(0)) = inf, times the incoming gradient 1 = inf"
    ),
    "grad 'x**0.5' x=0": (
        "x**0.5 at x = 0: local derivative 0.5*0**(0.5 - 1) = inf, times the incoming gradient 1 = inf"
    ),
    "grad 'special.entr(x)' x=0": "special.entr(x) at x = 0: local derivative inf, times the incoming gradient 1 = inf",
    "grad 'x*(y*1e30*1e30)' x=1 y=1e-30 --wrt y": (
        "y*1e30 at y = 1e-30: local derivative 1e+30, times the incoming gradient 1e+30 = inf"
    ),
    "grad 'sum(x*y*1e30)' x=1,2 y=3,1e30": (
        "x*y at x[1] = 2 and y[1] = 1e+30: local derivative 1e+30, times the incoming gradient 1e+30 = inf"
    ),
    "grad 'float_power(x, 0.5)' x=0": "float_power(x, 0.5) sends inf, though a finite gradient arrives",
    "grad 'y = x*1; y **= 0.5; y' x=0": "y **= 0.5 sends inf to x*1 = 0, though a finite gradient arrives",
    "grad 'h = x*1; v = h[0]; v.sqrt_(); sum(h)' x=0,1": "v.sqrt_() sends inf, though a finite gradient arrives",
    "grad 'real(z*1e30*1e30)' z:complex64=1e-30": "z*1e30 sends inf to z, though a finite gradient arrives",  # inf + 0j
    "grad 'real(x*t)*1e30' x=1e-30 t:complex64=1e30+1e30j": (
        "x*t sends inf to x = 1e-30, though a finite gradient arrives"
    ),
    "grad 'sqrt(sqrt(x) - c)' x=1,0 c=1,-1 --frozen c": (  # the infinity that arrives at x[0] is not its own
        "sqrt(x) at x[1] = 0: local derivative 1/(2*sqrt(0)) = inf, times the incoming gradient 0.5 = inf"
    ),
    "grad 'log(x)*c' x=1e-39,1e-39 c=1e-10,1 --frozen c": (  # 1e-10/1e-39 is finite
        "log(x) at x[1] = 1e-39: local derivative 1/1e-39 = inf, times the incoming gradient 1 = inf"
    ),
    "grad 'sum(xlogy(a, x)*c)' x=1e-39 a=1,2 c=1e-10,1 --frozen a,c": (
        "xlogy(a, x) at a[1] = 2 and x = 1e-39: local derivative 2/1e-39 = inf, times the incoming gradient 1 = inf"
    ),
    "grad 'sum(atan2(x, y)*c)' x=0 y=1e10 c=1e38 --frozen c": (  # 1e38*1e10/(0 + 1e20), multiplied from the left
        "atan2(x, y) sends inf to x = 0, though a finite gradient arrives"
    ),
}


@each("line", SAYS)
def test_it_is_told_what_is_multiplied(line: str) -> None:
    finding, *_ = found(line, "inf-backward")
    assert finding["message"].partition(". ")[0] == SAYS[line]


def test_the_node_is_named_that_sends_it_on() -> None:
    (finding,) = found("grad 'sqrt(x)' x=0", "inf-backward")
    assert finding["node"] == "SqrtBackward0"


@each(
    "text, inputs, told",
    [
        ("sqrt(x * y)", {"x": 2.0, "y": [0.0, 1.0]}, [("inf-backward", "sqrt(x * y)")]),
        ("sqrt(cumsum(x, 0))", {"x": [1.0, -1.0]}, [("inf-backward", "sqrt(cumsum(x, 0))")]),
        (
            "sqrt(3 * x) + sqrt(2 * x)",
            {"x": 0.0},
            [("inf-backward", "sqrt(3 * x)"), ("inf-backward", "sqrt(2 * x)")],
        ),
        (
            "sqrt(3 * x) - sqrt(2 * x)",
            {"x": 0.0},
            [("inf-backward", "sqrt(3 * x)"), ("inf-backward", "sqrt(2 * x)")],
        ),
        (
            "sqrt(sqrt(x) - c)",
            {"x": [1.0, 0.0], "c": [1.0, -1.0]},
            [("inf-backward", "sqrt(x)"), ("inf-backward", "sqrt(sqrt(x) - c)")],
        ),
        ("linalg.svd(x)[0][0]", {"x": [[1.0, 0.0], [0.0, 1.0]]}, [("nan-backward", "linalg.svd(x)")]),
    ],
)
def test_what_made_an_infinity_is_told_and_not_what_passes_it_on(
    text: str, inputs: dict[str, object], told: list[tuple[str, str]]
) -> None:
    tape = tape_of(text, **inputs)
    found = of_tape(Evidence(recorded=tape))
    assert sorted((one.code, one.expression) for one in found if one.code in NOT_FINITE) == sorted(told)
