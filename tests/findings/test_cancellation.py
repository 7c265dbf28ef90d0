"""The rule `cancellation`: what it finds, and what it leaves alone."""

from __future__ import annotations

import shlex

import numpy as np
import pytest
from command_line import in_process_of_its_own
from each import each
from looking import Place, found, place

from gradcli.diagnose.rerun import Rerun

pytestmark = pytest.mark.usefixtures("no_fixes")

FOUND = {
    "trace 'sigmoid(x)' x=10": ("warning", Place("sigmoid", "x", [], "sigmoid(x)")),
    # float64 gives 1e30 too: exp(x) - 1 is 0
    "grad '(exp(x) - 1)/x' x=1e-30": ("warning", Place(None, "x", [], None)),
    "grad 'log(1 + x)/x' x=1e-30,1": ("warning", Place(None, "x", [0], None)),
    "trace 'gelu(x)' x=-5": ("warning", Place("gelu", "x", [], "gelu(x)")),
    "trace 'y = 1 + x; log(y)*1 + (y - 1)**2 * 1e6' x=1e-7": ("warning", Place("sub", "x", [], "y - 1")),
    "grad 'sigmoid(2*x) + 1e-12*x' x=10": ("warning", Place("sigmoid", "x", [], "sigmoid(2*x)")),
    "grad 'h = max(x, 0)[0]; sigmoid(h)' x=10,2": ("warning", Place("sigmoid", "x", [0], "sigmoid(h)")),
    "grad 'h = max((1 + x) - 1, 0)[0]; h**2' x=1e-7,-5": ("warning", Place("sub", "x", [0], "(1 + x) - 1")),
    "grad 'sigmoid(view_as_complex(x).abs())' x=10,0": (
        "warning",
        Place("sigmoid", "x", [0], "sigmoid(view_as_complex(x).abs())"),
    ),
    "grad 'sigmoid(2*x)' x=1e-6 --order 2": ("warning", Place(None, "x", [], None)),  # the tape is of the first order
    "grad 'std(x)' x='full([3000], 1e8) + 8*(arange(3000) % 2)'": ("warning", Place("std", "x", [], "std(x)")),
    "grad 'std(x)' x='full([3000], 1e7) + 64*(arange(3000) % 2)'": ("warning", Place("std", "x", [], "std(x)")),
    "grad 'std(x)' x='full([300], 1.2345678e10)'": ("warning", Place("std", "x", [], "std(x)")),
    "grad 'batch_norm(x, zeros(1), ones(1), training=True)[0, 0]' x='full([3, 1], 1.2345678e10)'": (
        "warning",
        Place("batch_norm", "x", [0, 0], "batch_norm(x, zeros(1), ones(1), training=True)"),
    ),
    "grad 'instance_norm(2 * x)[0, 0, 0]' x='full([1, 1, 3], 5e9)'": (
        "warning",
        Place("instance_norm", None, [0, 0, 0], "instance_norm(2 * x)"),
    ),
    "grad 'std(x)' x='full([3], 1.2345678e10)'": ("warning", Place("std", "x", [], "std(x)")),
    "grad 'sum(batch_norm(x, zeros(2), ones(2), training=True))' x='[[nan,1e30],[1,1e10]]'": (  # of two numbers -1, 1
        "warning",
        Place("batch_norm", "x", [0, 1], "batch_norm(x, zeros(2), ones(2), training=True)"),
    ),
    "grad 'h = unbind(cat([x, x[x*1e-30*1e-30 > 0]])); sigmoid(h[0])' x=10,": (  # float64 selects more elements
        "warning",
        Place("sigmoid", "x", [0], "sigmoid(h[0])"),
    ),
    "grad 'sum(sigmoid(x)) + sum(x[x*1e-30*1e-30 > 0])' x=10,11,12": (
        "warning",
        Place("mul", "x", [2], "x*1e-30*1e-30"),
    ),
    "grad 'h = unbind(x[x*1e-30*1e-30 > 0]); sigmoid(2*x) + 1e-12*x' x=10,": (  # and has more steps
        "warning",
        Place(None, "x", [0], None),
    ),
    "grad 'y * std(x)' x='full([3000], 1.2345678e10)' y=1 --frozen x": (
        "warning",
        Place("std", "x", [], "std(x)"),
    ),
    "grad 'y * var(x)' x='full([300], 1.2345678e10)' y=1 --frozen x": ("warning", Place("var", "x", [], "var(x)")),
}

LEFT_ALONE = (
    "grad 'rms_norm(x, [2])' x=0,0",  # whose eps is that of the dtype: in float64 it is another function
    "grad 'batch_norm(x, zeros(1), ones(1), training=True)[0, 0]' x='full([3, 1], 0.1)'",
    "grad 'batch_norm(x, zeros(1), ones(1), training=True)[0, 0]' x='[[1.2e10],[1.3e10],[1.4e10]]'",
    "grad 'batch_norm(x, zeros(1), ones(1))[0, 0]' x='full([3, 1], 1.2345678e10)'",
    "grad 'layer_norm(x, [3])[1]' x=1,2,3",
    "grad 'std(x)' x=1,2,3",
    # the logarithm of 0 is cut off at -100, and its derivative at 1e12
    "grad 'binary_cross_entropy(x, t)' x=0,1 t=1,0 --wrt x",
    "grad '1/x' x=1e-20",
    "grad 'linalg.solve(x, b)' x='[[1,2],[2,4.0001]]' b=1,2 --wrt b",
    "grad 'std(x)' x='full([3000], 0.1)' -t float64",
    "trace 'sigmoid(x)' x=2",
    "trace 'sigmoid(x)' x:float64=10",
    "trace 'gelu(x)' x=-1",
    "trace 'sum(sigmoid(x))' x=0,2",
    "trace 'sum(sigmoid(x))' x='zeros(0)'",
    "trace 'abs(z)**2 * 1e-5 + abs(z).sum()' z:complex64=1+1j",
    "grad 'sum(x * w)' x=1e-6,1e6 w=1,1",  # a small gradient beside a large one
    "grad 'sum(normalize(x, dim=0))' x=3e4,1,1,1,1,1,1,1",
    "grad 'y * std(x)' x=0,0,0 y=1 --frozen x",
    "grad 'sum(layer_norm(x, [3]))' x:float64='zeros(0, 3)'",
    "grad 'var(view_as_complex(x))' x='[[1,2],[3,4]]'",
)

SAYS = {
    # mpmath: the derivative at 10 is 4.5395807e-05, at 11 it is 1.6701143e-05
    "trace 'sigmoid(x)' x=10": ("x = 10: float32 gives 4.54167e-05 where the derivative is 4.53958e-05, 5,736 ULP off"),
    "grad 'sum(sigmoid(x))' x=10,11": (
        "x[1] = 11: float32 gives 1.6689e-05 where the derivative is 1.67011e-05 (and at 1 more), 6,663 ULP off"
    ),
    "grad 'std(x)' x='full([3], 1.2345678e10)'": (
        "std(x): float32 gives 1254.14 where the value is 0: the differences from the mean are lost in rounding"
    ),
}


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = found(line, "cancellation")
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"


def test_without_a_reference_float64_says_what_a_value_is() -> None:
    (finding,) = found("grad 'std(x)' x='full([3000], 1e8) + 8*(arange(3000) % 2)'", "cancellation")
    assert finding["message"].endswith("float64 gives 4.00067: the differences from the mean are lost in rounding")


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "cancellation") == []


def test_the_reference_overrules_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rerun, "shadow", lambda rerun, *, noisy=False: {"x": np.zeros(rerun.bound.leaves["x"].shape)})
    assert found("grad 'sin(x)' x='full([65], 1.)'", "cancellation") == []  # it is asked about 64 of them
    (loss,) = found("grad '1e5*sigmoid(x)' x=10", "cancellation")
    assert "where the derivative is 4.53958" in loss["message"]


def test_no_part_of_a_complex_number_is_discarded_which_would_be_warned_of() -> None:
    for line in ("grad 'var(view_as_complex(x))' x='[[1,2],[3,4]]'", "grad 'abs(z)**2' z:complex64=1+1j"):
        code, _, err = in_process_of_its_own(shlex.split(line))
        assert (code, err) == (0, "")


def test_a_value_that_is_rounding_is_held_against_the_reference() -> None:
    (only,) = found(
        "grad 'batch_norm(x, zeros(1), ones(1), training=True)[0, 0]' x='full([3, 1], 1.2345678e10)' -t float64",
        "cancellation",
    )
    assert only["message"].endswith(
        "where the value is 0 (and at 2 more): the differences from the mean are lost in rounding"
    )


@each("line", SAYS)
def test_it_is_told_what_came_out_and_what_is_true(line: str) -> None:
    assert [one["message"] for one in found(line, "cancellation")] == [SAYS[line]]
